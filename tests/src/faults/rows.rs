//! The trying: every situation without a fault, and then with each of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::json;
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use super::kinds::Kind;
use super::must::{self, Came};
use super::proxy::{Fired, signed_with};
use super::seen::Seen;
use super::situations::{Lane, Situation, Way};
use super::{Extent, Set, table};

/// Threads, each with a proxy of its own.
const THREADS: usize = 2;

/// Rows that one thread lives at the same time: most of them wait for an answer that is late.
const AT_ONCE: usize = 16;

/// A situation without any fault.
#[derive(Clone, Debug)]
pub struct Clean {
    /// The situation.
    pub situation: Situation,
    /// What came of it.
    pub seen: Seen,
    /// The services and operations that were called, as microburst names them.
    pub operations: BTreeSet<(String, String)>,
}

/// What is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Which of the situations.
    pub situation: usize,
    /// The service, as microburst names it.
    pub service: String,
    /// The API's name of the call that fails.
    pub operation: String,
    /// How it fails.
    pub kind: Kind,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The situation.
    pub situation: Situation,
    /// What was tried.
    pub trial: Trial,
    /// What came of it, in a word.
    pub came: Came,
    /// What should have held and did not.
    pub broken: Vec<String>,
    /// How often the fault struck.
    pub fired: usize,
    /// Everything that was to be seen.
    pub seen: Seen,
}

impl Row {
    /// Whether something that must hold did not.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Everything of it in lines, for whoever has to find out.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { situation, trial, came, broken, fired, seen } = self;
        let head = format!(
            "{} ({}) {} {}: {}, struck {fired} times",
            situation.function,
            situation.name,
            trial.operation,
            trial.kind.name(),
            came.word()
        );
        let broken = broken.iter().map(|broken| format!("  BROKEN: {broken}"));
        std::iter::once(head).chain(broken).chain(table::details(seen, &trial.operation)).collect::<Vec<_>>().join("\n")
    }
}

/// Lives every situation without a fault. microburst tells what was called, and the worlds are asked whether it saw all.
///
/// # Errors
/// Where a situation does not end as it should, or microburst has not seen everything.
pub fn clean(situations: &[Situation]) -> Result<Vec<Clean>, Box<dyn Error>> {
    let lived = on_this_thread(async {
        let lane = Lane::start().await?;
        let mut lived = Vec::new();
        for (index, situation) in situations.iter().enumerate() {
            let key = format!("CLEAN{index:04}");
            // It does nothing but to be told of.
            let rule = json!({"headers": signed_with(&key), "latency": {"min": 0, "max": 0}});
            let way = Way::with(&lane, &key, rule).await?;
            let seen = (situation.lives)(way.clone()).await;
            lived.push((*situation, seen, way.fired().await));
        }
        Ok::<_, std::io::Error>(lived)
    })?;
    let mut clean = Vec::new();
    for (situation, seen, fired) in lived {
        let name = format!("{} ({})", situation.function, situation.name);
        if !seen.errors.is_empty() || !seen.waiting.is_empty() || !seen.unanswered.is_empty() {
            return Err(format!("{name} fails without any fault: {}", table::details(&seen, "").join("\n")).into());
        }
        if seen.changes.is_empty() && seen.answers.is_empty() && seen.told.is_empty() {
            return Err(format!("{name} does nothing: {}", table::details(&seen, "").join("\n")).into());
        }
        let mut told: BTreeMap<String, u32> = BTreeMap::new();
        for Fired { operation, .. } in &fired {
            *told.entry(operation.clone().unwrap_or_default()).or_default() += 1;
        }
        if told != seen.calls {
            return Err(format!("{name}: microburst saw {told:?}, and the account {:?}", seen.calls).into());
        }
        let operations = fired.into_iter().filter_map(|fired| Some((fired.service, fired.operation?)));
        clean.push(Clean { situation, seen, operations: operations.collect() });
    }
    Ok(clean)
}

/// What is to be tried.
#[must_use]
pub fn trials(clean: &[Clean], extent: &Extent) -> Vec<Trial> {
    // Who calls what, in which situations.
    let mut called: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (index, of) in clean.iter().enumerate() {
        for (service, operation) in &of.operations {
            called.entry((of.situation.function, service, operation)).or_default().push(index);
        }
    }
    let mut trials = Vec::new();
    for (turn, ((_, service, operation), situations)) in called.into_iter().enumerate() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            let one = situations[(turn + place) % situations.len()];
            let tried = match extent.set {
                Set::Every => situations.clone(),
                Set::Standard => vec![one],
                Set::Quick if place == turn % Kind::ALL.len() => vec![one],
                Set::Quick => Vec::new(),
            };
            for situation in tried {
                let Situation { function, name, .. } = clean[situation].situation;
                let told = format!("{function} {name} {service} {operation} {}", kind.name()).to_lowercase();
                if extent.words.iter().all(|word| told.contains(word)) {
                    let [service, operation] = [service, operation].map(str::to_owned);
                    trials.push(Trial { situation, service, operation, kind });
                }
            }
        }
    }
    trials
}

/// Tries all of it, many at the same time, each in a world of its own; in the order in which it was asked for.
///
/// What does not hold is tried once more with little beside it, and that counts: a machine that is busy is late itself.
///
/// # Panics
/// Where microburst does not start.
#[must_use]
pub fn tried(clean: &[Clean], trials: Vec<Trial>) -> Vec<Row> {
    let mut rows = tried_at_once(clean, trials, AT_ONCE);
    let broken: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].is_broken()).collect();
    let again = broken.iter().map(|row| rows[*row].trial.clone()).collect();
    for (row, again) in broken.into_iter().zip(tried_at_once(clean, again, AT_ONCE / 8)) {
        rows[row] = again;
    }
    rows
}

fn tried_at_once(clean: &[Clean], trials: Vec<Trial>, at_once: usize) -> Vec<Row> {
    if trials.is_empty() {
        return Vec::new();
    }
    let total = trials.len();
    let waiting: Mutex<VecDeque<(usize, Trial)>> = Mutex::new(trials.into_iter().enumerate().collect());
    // What takes long is begun first.
    lock(&waiting).make_contiguous().sort_by_key(|(number, trial)| (trial.kind != Kind::Late, *number));
    let rows: Mutex<BTreeMap<usize, Row>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..THREADS.min(total) {
            scope.spawn(|| on_this_thread(one_threads(clean, at_once, &waiting, &rows)));
        }
    });
    rows.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn on_this_thread<T>(work: impl Future<Output = T>) -> T {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, work)
}

/// What one thread tries, as long as there is anything left.
async fn one_threads(
    clean: &[Clean],
    at_once: usize,
    waiting: &Mutex<VecDeque<(usize, Trial)>>,
    rows: &Mutex<BTreeMap<usize, Row>>,
) {
    let lane = Lane::start().await.expect("microburst starts");
    let places = Arc::new(Semaphore::new(at_once));
    let mut tasks = Vec::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("it is never closed");
        let Some((number, trial)) = lock(waiting).pop_front() else { break };
        let (lane, situation, own) = (Rc::clone(&lane), clean[trial.situation].situation, trial.clone());
        let task = tokio::task::spawn_local(async move {
            let _place = place;
            lived(&lane, number, situation, &own).await
        });
        tasks.push((number, trial, task));
    }
    for (number, trial, task) in tasks {
        let of = &clean[trial.situation];
        let row = match task.await {
            Ok((seen, fired)) => must::row(of, trial, seen, fired),
            // The function died, or hung.
            Err(error) => {
                let said = error.try_into_panic().ok().and_then(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    text.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()))
                });
                let (broken, situation) = (vec![said.unwrap_or_default()], of.situation);
                Row { situation, trial, came: Came::Died, broken, fired: 0, seen: Seen::default() }
            }
        };
        lock(rows).insert(number, row);
    }
}

async fn lived(lane: &Rc<Lane>, number: usize, situation: Situation, trial: &Trial) -> (Seen, usize) {
    let key = format!("ROW{number:06}");
    let rule = trial.kind.rule(&trial.service, &trial.operation, &key);
    let way = Way::with(lane, &key, rule).await.expect("microburst takes the rule");
    let seen = (situation.lives)(way.clone()).await;
    (seen, way.fired().await.len())
}
