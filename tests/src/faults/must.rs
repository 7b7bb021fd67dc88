//! What has to hold, whatever fails.
//!
//! 1. Nothing is written that would not have been without the fault, and nothing that stops or lowers where the fact that
//!    it rests on could not be read: [`rests_on`].
//!    A hook is not passed that would not have been without the fault, but where the service's policy says so of steps that
//!    find no evidence in time (`tidegate:on-inconclusive`), or where the next stage looks at the same before any traffic.
//! 2. Every hook is answered, or its event is in a queue that answers it.
//! 3. No event is lost: it was dealt with, or is in a queue, or what comes next deals with it.
//! 4. Where a fault was not absorbed, what was printed names the operation and what became of it.
//! 5. What fails once is absorbed.
//! 6. The fault was tried: microburst says so.

use super::kinds::Kind;
use super::rows::{Clean, Row, Trial};
use super::seen::Seen;

/// What came of a fault, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// The same as without it.
    Same,
    /// The same, and the record tells of the fault.
    Told,
    /// Something was not done, and the next run does it.
    Later,
    /// The hook was failed, as unknown is not good.
    Failed,
    /// The event waits in a queue.
    Queued,
    /// The function died, or hung.
    Died,
}

impl Came {
    /// As the table has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Told => "told",
            Self::Later => "later",
            Self::Failed => "failed",
            Self::Queued => "queue",
            Self::Died => "DIED",
        }
    }
}

/// The words of a failure that an SDK gives where it says nothing.
const EMPTY_WORDS: [&str; 3] = [": service error\"", ": unhandled error\"", ": dispatch failure\""];

/// What a row comes to.
#[must_use]
pub fn row(clean: &Clean, trial: Trial, seen: Seen, fired: usize) -> Row {
    let came = came(clean, &trial, &seen);
    let mut broken = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            broken.push(what);
        }
    };
    let Trial { operation, kind, .. } = &trial;

    for change in seen.changes.difference(&clean.seen.changes) {
        must(is_the_last_door(operation, change), format!("{change} would not have been done without the fault"));
    }
    for answer in seen.answers.difference(&clean.seen.answers) {
        let failed = answer.ends_with("Failed") || answer.ends_with("FAILED") || answer.ends_with("Skipped");
        let without_proof = seen.decided.iter().any(|decided| decided.ends_with("passed_without_proof"));
        let by_policy = operation == "GetMetricData" && without_proof;
        must(
            failed || by_policy || is_looked_at_later(operation),
            format!("{answer} where it is not without the fault"),
        );
    }
    if is_unknown(*kind) {
        for change in &seen.changes {
            let rests = rests_on(clean.situation.function, clean.situation.name, operation, change);
            must(!rests, format!("{change}, which rests on {operation}"));
        }
    }

    let queued = !seen.waiting.is_empty();
    must(seen.unanswered.is_empty() || queued, format!("no answer: {}", seen.unanswered.join(", ")));

    let undone = clean.seen.changes.difference(&seen.changes).next().is_some() && seen.answers.is_empty();
    if undone || queued {
        let dealt_with = seen.after.as_deref().is_some_and(|after| made_good(clean, after));
        must(dealt_with || seen.after.is_none() && queued, "the event is lost".to_owned());
    }

    if came != Came::Same {
        must(says(&trial, &seen), format!("no line says that {operation} {}", kind.words().join(" or ")));
    }
    let empty = seen.about(operation).find(|line| EMPTY_WORDS.iter().any(|words| line.contains(words)));
    must(empty.is_none(), format!("a line that nobody understands: {}", empty.map_or("", String::as_str)));

    must(!kind.is_once() || came == Came::Same, "a fault that strikes once is not absorbed".to_owned());
    must(fired > 0, "not tried: microburst says that the rule has not struck".to_owned());
    Row { situation: clean.situation, trial, came, broken, fired, seen }
}

fn came(clean: &Clean, trial: &Trial, seen: &Seen) -> Came {
    let says = || says(trial, seen);
    let failed = |answer: &String| answer.to_lowercase().ends_with("failed") || answer.ends_with("Skipped");
    if !seen.waiting.is_empty() {
        Came::Queued
    } else if seen.is_like(&clean.seen) {
        if says() { Came::Told } else { Came::Same }
    } else if seen.answers.iter().any(failed)
        && (seen.answers != clean.seen.answers || seen.decided != clean.seen.decided)
    {
        Came::Failed
    } else if seen.changes != clean.seen.changes {
        Came::Later
    } else {
        Came::Told
    }
}

/// Whether something that was printed names the operation, and what became of it.
fn says(trial: &Trial, seen: &Seen) -> bool {
    let in_words = |line: &String| trial.kind.words().iter().any(|word| line.contains(word));
    // What is in a bucket is no answer of AWS's, but a document that somebody wrote.
    let unread = ["the AppSpec can't be read", "the AppSpec could not be read"];
    let document = trial.operation == "GetObject" && unread.iter().any(|said| seen.about(said).next().is_some());
    seen.about(&trial.operation).any(in_words) || document
}

/// Whether a fault leaves unknown what was asked for.
fn is_unknown(kind: Kind) -> bool {
    !kind.is_once() && kind != Kind::WrongType && kind != Kind::Late
}

/// Where the answer to a hook is refused, the last door stops its deployment.
fn is_the_last_door(operation: &str, change: &str) -> bool {
    operation == "PutLifecycleEventHookExecutionStatus" && change.starts_with("StopDeployment")
}

/// What says which task definition is new. Where that can't be read, it is looked at when its tasks are there, before any
/// traffic is: the stage warns, and passes.
fn is_looked_at_later(operation: &str) -> bool {
    matches!(operation, "GetDeployment" | "GetApplicationRevision" | "GetObject")
}

/// Whether what came after everything was well again makes good what was left.
fn made_good(clean: &Clean, after: &Seen) -> bool {
    // A minute later another number of tasks may be right; the service is the same.
    let subject = |change: &String| change.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let done: Vec<String> = after.changes.iter().map(subject).collect();
    after.waiting.is_empty() && clean.seen.changes.iter().map(subject).all(|change| done.contains(&change))
}

/// Whether a change may not be made where an operation says nothing: what it rests on is then not known.
#[must_use]
pub fn rests_on(function: &str, situation: &str, operation: &str, change: &str) -> bool {
    let is = |write: &str| change.starts_with(write);
    match (function, operation) {
        // No count is changed without its metrics, and none that may be somebody else's.
        (
            "cost-scaler",
            "GetResources" | "DescribeServices" | "GetMetricData" | "DescribeAlarms" | "DescribeScalableTargets",
        ) => is("UpdateService"),
        // No deployment is stopped without evidence by a run. A hook that finds none in its time is failed, and where
        // all traffic has moved its deployment is stopped, as `Failed` alone brings nothing back. An alarm is evidence
        // by itself.
        ("canary-gate", "GetMetricData" | "DescribeAlarms" | "GetResources" | "DescribeServices") => {
            is("Stop") && !situation.starts_with("hook") && !(situation == "alarm" && operation == "GetMetricData")
        }
        // Nothing is done to an image whose findings, or policy, could not be read.
        ("scan-gate", "GetParameter" | "DescribeImages" | "DescribeImageScanFindings" | "BatchGetImage") => true,
        // Nor is anything taken away that may be in use.
        ("scan-gate", "ListClusters" | "ListTasks" | "DescribeTasks" | "ListServices") => {
            is("DeregisterTaskDefinition") || is("UpdateImageStorageClass")
        }
        ("deploy-hook", _) => is("Stop") && !is_the_last_door(operation, change),
        _ => false,
    }
}
