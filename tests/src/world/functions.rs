//! Functions that are asked, and whose answers are waited for.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Account, World};

/// What a function answered, as JSON, or the error that it ended in.
pub type Answered = Result<String, String>;

/// What a function does.
pub type Does = Arc<dyn Fn(&World, &str) -> Answered + Send + Sync>;

/// What a function does that has to wait for something; in process only.
pub type Works = Arc<dyn Fn(World, String) -> Pin<Box<dyn Future<Output = Answered>>> + Send + Sync>;

/// The functions of an account that may be asked.
#[derive(Default)]
pub struct Functions {
    /// Who was asked, and what, oldest first.
    pub asked: Vec<(String, String)>,
    does: BTreeMap<String, Does>,
    works: BTreeMap<String, Works>,
    /// Functions of which somebody takes the invocations and answers them.
    driven: Vec<String>,
    waiting: VecDeque<Waiting>,
}

/// An invocation that is waited for.
#[derive(Debug)]
pub struct Waiting {
    /// The function.
    pub function: String,
    /// What it is asked.
    pub payload: String,
    /// Where its answer goes.
    pub answer: oneshot::Sender<Answered>,
}

/// Who answers.
pub(crate) enum Answers {
    /// A closure, at once.
    Does(Does),
    /// A closure, in its time.
    Works(Works),
    /// Whoever takes the invocation.
    Driven(oneshot::Receiver<Answered>),
    /// Nobody: there is no such function.
    Nobody,
}

impl fmt::Debug for Functions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Functions").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl World {
    /// A function that does this whenever it is asked.
    pub fn function(&self, name: &str, does: impl Fn(&Self, &str) -> Answered + Send + Sync + 'static) {
        self.lock().functions.does.insert(name.to_owned(), Arc::new(does));
    }

    /// A function that does this whenever it is asked in process, and that may take its time for it.
    pub fn working_function(
        &self,
        name: &str,
        works: impl Fn(Self, String) -> Pin<Box<dyn Future<Output = Answered>>> + Send + Sync + 'static,
    ) {
        self.lock().functions.works.insert(name.to_owned(), Arc::new(works));
    }

    /// A function whose invocations somebody takes: [`World::invocation`].
    pub fn driven_function(&self, name: &str) {
        self.lock().functions.driven.push(name.to_owned());
    }

    /// Waits until a driven function is asked.
    pub async fn invocation(&self) -> Waiting {
        loop {
            let asked = self.0.asked.notified();
            let waiting = self.lock().functions.waiting.pop_front();
            match waiting {
                Some(waiting) => return waiting,
                None => asked.await,
            }
        }
    }

    /// `Invoke` with the type `RequestResponse`: who answers.
    pub(crate) fn ask_function(&self, function: &str, payload: &str) -> Answers {
        let answers = self.lock().ask_function(function, payload);
        // Whoever takes invocations has to look.
        self.0.asked.notify_one();
        answers
    }
}

impl Account {
    fn ask_function(&mut self, function: &str, payload: &str) -> Answers {
        let [function, payload] = [function, payload].map(str::to_owned);
        let functions = &mut self.functions;
        functions.asked.push((function.clone(), payload.clone()));
        if let Some(does) = functions.does.get(&function) {
            return Answers::Does(Arc::clone(does));
        }
        if let Some(works) = functions.works.get(&function) {
            return Answers::Works(Arc::clone(works));
        }
        if !functions.driven.contains(&function) {
            return Answers::Nobody;
        }
        let (answer, answered) = oneshot::channel();
        functions.waiting.push_back(Waiting { function, payload, answer });
        Answers::Driven(answered)
    }
}
