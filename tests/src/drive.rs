//! The real binaries of functions in a world whose time passes: the schedule's minutes, the hooks of deployments as they are
//! called, and what a function hands on to itself.
//!
//! There are as many processes as are needed, as Lambda has it: one that holds a hook answers nothing else meanwhile.
//! Time passes only while every invocation is asleep or over, so that a story is the same in every run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::lambda::{Answered, Lambda, Start, binary};
use crate::scene::{TOPIC, scheduled};
use crate::wire::Server;
use crate::world::World;
use crate::world::functions::{self, Waiting};
use crate::world::hooks::{Caller, HookCall};

/// Traffic and deployments are looked at this often.
const TICK_S: i64 = 10;

/// An invocation that is neither asleep nor over by then hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// Functions in a world; their processes end when this is dropped.
#[derive(Debug)]
pub struct Drive {
    /// The world.
    pub world: World,
    /// Seconds from an invocation's beginning to its deadline.
    pub timeout_s: i64,
    /// Events that nobody waited for, and the errors that they ended in: what Lambda tries again, and then puts into the
    /// on-failure queue.
    pub failures: Vec<(Value, Value)>,
    /// Where calls to AWS go in the place of the world's own server, and the key that they are signed with.
    detour: Option<(String, String)>,
    /// The first is the one that the schedule runs, and that is invoked where nobody says which.
    functions: Vec<Function>,
    server: Server,
    open: JoinSet<Ended>,
    answers: BTreeMap<u64, Answered>,
    /// Who waits for an invocation that is under way, by its number.
    asked: BTreeMap<u64, oneshot::Sender<functions::Answered>>,
    number: u64,
}

/// A function, with its processes that have nothing to do.
#[derive(Debug)]
struct Function {
    name: &'static str,
    binary: PathBuf,
    variables: Vec<(String, String)>,
    idle: Vec<Lambda>,
}

impl Function {
    fn new(function: &str, name: &'static str, variables: &[(&str, &str)]) -> Self {
        let ours = [("AWS_LAMBDA_FUNCTION_NAME", name), ("TIDEGATE_TOPIC_ARN", TOPIC)];
        let variables = ours.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { name, binary: binary(function), variables: variables.collect(), idle: Vec::new() }
    }
}

/// An invocation that is over.
#[derive(Debug)]
struct Ended {
    function: usize,
    number: u64,
    lambda: Lambda,
    event: Value,
    answered: Answered,
    deadline: Timestamp,
    /// The hook of ECS that waits for the answer.
    execution: Option<String>,
}

#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Next {
    /// An invocation is over; None where all sleep.
    Ended(Option<Result<Ended, JoinError>>),
    /// A function asks another one.
    Asked(Waiting),
}

impl Drive {
    /// A function by the name of its crate, and by the name under which hooks call it. It publishes to [`TOPIC`].
    pub async fn start(world: World, function: &str, name: &'static str, variables: &[(&str, &str)]) -> Self {
        Self {
            server: Server::start(world.clone()).await,
            world,
            timeout_s: 900,
            failures: Vec::new(),
            detour: None,
            functions: vec![Function::new(function, name, variables)],
            open: JoinSet::new(),
            answers: BTreeMap::new(),
            asked: BTreeMap::new(),
            number: 0,
        }
    }

    /// Another function in the same world, which hooks call by its name, and other functions may ask.
    #[must_use]
    pub fn and(mut self, function: &str, name: &'static str, variables: &[(&str, &str)]) -> Self {
        self.functions.push(Function::new(function, name, variables));
        self.world.driven_function(name);
        self
    }

    /// Lets calls to AWS go another way, signed with a key of their own; the clock stays where it is.
    #[must_use]
    pub fn by_way_of(self, url: &str, key: &str) -> Self {
        Self { detour: Some((url.to_owned(), key.to_owned())), ..self }
    }

    /// Where the world's own server is, as `127.0.0.1:4566`.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.address.to_string()
    }

    /// So many minutes: hooks are called as they are due, and the schedule runs at the end of each.
    ///
    /// # Panics
    /// Where a run of the schedule fails as a whole.
    pub async fn run_for(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.pass(1).await;
            let answered = self.invoke(scheduled(self.now())).await;
            assert!(answered.is_ok(), "{answered:?}");
        }
    }

    /// So many minutes without a schedule: hooks are called as they are due.
    pub async fn pass(&mut self, minutes: u32) {
        let end = self.now() + SignedDuration::from_mins(minutes.into());
        self.settle().await;
        while self.now() < end {
            let now = self.now();
            let tick = SignedDuration::from_secs(TICK_S - now.as_second().rem_euclid(TICK_S));
            let next = self.world.wakes_up().into_iter().fold(end.min(now + tick), Timestamp::min);
            self.world.pass_for(next.duration_since(now));
            self.settle().await;
        }
    }

    /// Invokes the first function with an event, and waits for its answer.
    ///
    /// # Errors
    /// The function's own.
    ///
    /// # Panics
    /// Where it goes to sleep over it.
    pub async fn invoke(&mut self, event: Value) -> Answered {
        self.at_once([event]).await.pop().expect("one answer")
    }

    /// Invokes the first function with several events at the same time.
    ///
    /// # Panics
    /// Where it goes to sleep over any of them.
    pub async fn at_once(&mut self, events: impl IntoIterator<Item = Value>) -> Vec<Answered> {
        let mut numbers = Vec::new();
        for event in events {
            numbers.push(self.begin(0, event, None).await);
        }
        self.settle().await;
        numbers.into_iter().map(|number| self.answers.remove(&number).expect("an answer before its time")).collect()
    }

    /// Lets time pass until a deployment calls a function, and leaves the call to whoever asked.
    ///
    /// # Panics
    /// Where no call comes within the hour.
    #[must_use]
    pub fn next_call(&self) -> HookCall {
        self.world.next_call(SignedDuration::from_hours(1)).expect("a call")
    }

    /// Makes a call that a deployment waits for; a hook may still be held afterwards.
    pub async fn answer(&mut self, call: HookCall) {
        self.call(call).await;
        self.settle().await;
    }

    fn now(&self) -> Timestamp {
        self.world.lock().now
    }

    /// Makes every call that is due. Afterwards each invocation is over, or asleep.
    async fn settle(&mut self) {
        loop {
            // One after the other: what happens first must not be left to chance.
            self.rest().await;
            let (call, later) = {
                let mut account = self.world.lock();
                let later = (!account.invoked_later.is_empty()).then(|| account.invoked_later.remove(0));
                (account.hooks_due.pop_front(), later)
            };
            if call.is_none() && later.is_none() {
                return;
            }
            if let Some(call) = call {
                self.call(call).await;
                self.rest().await;
            }
            if let Some((function, payload)) = later {
                let own = self.function(&function).expect("a function invokes nobody but itself");
                self.begin(own, serde_json::from_str(&payload).expect("JSON"), None).await;
            }
        }
    }

    /// Waits until every invocation is over, or asleep.
    async fn rest(&mut self) {
        while !self.open.is_empty() {
            // Who has asked another function is not asleep, and does nothing until that one answers.
            let open = self.open.len() - self.asked.len();
            let world = self.world.clone();
            let next = async {
                tokio::select! {
                    biased;
                    ended = self.open.join_next() => Next::Ended(ended),
                    waiting = world.invocation() => Next::Asked(waiting),
                    () = world.asleep(open) => Next::Ended(None),
                }
            };
            match timeout(PATIENCE, next).await.expect("an invocation hangs") {
                Next::Ended(None) => return,
                Next::Ended(Some(ended)) => self.end(ended.expect("the function lives")),
                Next::Asked(waiting) => self.ask(waiting).await,
            }
        }
    }

    /// Invokes a function that another one has asked, and waits for.
    async fn ask(&mut self, Waiting { function, payload, answer }: Waiting) {
        let function = self.function(&function).expect("a function that may be asked");
        let number = self.begin(function, serde_json::from_str(&payload).expect("JSON"), None).await;
        self.asked.insert(number, answer);
    }

    /// Calls a hook. Functions of others succeed at once.
    async fn call(&mut self, call: HookCall) {
        let Some(function) = self.function(&call.function) else {
            self.world.lock().answer_native_hook(&call.execution, &Ok(json!({"hookStatus": "SUCCEEDED"})));
            return;
        };
        let execution = (call.caller == Caller::Ecs).then_some(call.execution);
        self.begin(function, call.payload, execution).await;
    }

    /// The function with this name or ARN.
    fn function(&self, name: &str) -> Option<usize> {
        self.functions.iter().position(|function| name.ends_with(function.name))
    }

    async fn begin(&mut self, function: usize, event: Value, execution: Option<String>) -> u64 {
        self.number += 1;
        let (number, timeout_s) = (self.number, self.timeout_s);
        let deadline = self.now() + SignedDuration::from_secs(timeout_s);
        let mut lambda = match self.functions[function].idle.pop() {
            Some(lambda) => lambda,
            None => self.process(function).await,
        };
        self.open.spawn(async move {
            let answered = lambda.invoke(event.clone(), timeout_s).await;
            Ended { function, number, lambda, event, answered, deadline, execution }
        });
        number
    }

    async fn process(&self, function: usize) -> Lambda {
        let url = self.server.url();
        let Function { binary, variables, .. } = &self.functions[function];
        let (binary, mut variables) = (binary.clone(), variables.clone());
        let mut endpoint = url.clone();
        if let Some((detour, key)) = &self.detour {
            endpoint.clone_from(detour);
            variables.push(("AWS_ACCESS_KEY_ID".to_owned(), key.clone()));
        }
        Lambda::start(Start { binary, clock: Some(url), endpoint, variables }, self.world.clone()).await
    }

    fn end(&mut self, ended: Ended) {
        assert!(self.now() <= ended.deadline, "Lambda would have ended it at {}", ended.deadline);
        if let Some(execution) = &ended.execution {
            self.world.lock().answer_native_hook(execution, &ended.answered);
        }
        let asked = self.asked.remove(&ended.number);
        if let (Err(error), None, None) = (&ended.answered, &ended.execution, &asked) {
            self.failures.push((ended.event, error.clone()));
        }
        if let Some(answer) = asked {
            // Whoever asked may be over meanwhile.
            let _ = answer.send(ended.answered.clone().map(|said| said.to_string()).map_err(|error| error.to_string()));
        }
        self.answers.insert(ended.number, ended.answered);
        self.functions[ended.function].idle.push(ended.lambda);
    }
}
