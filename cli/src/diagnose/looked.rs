//! What was looked at, and whether something failed.

use jiff::Timestamp;
use serde::Serialize;
use tidegate_core::diagnosis::{Diagnosis, Group, Task, grouped, of_event};

/// What was looked at.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Looked {
    /// `cluster/service`, or the file.
    pub of: String,
    /// How many tasks there are; absent for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Tasks that have not stopped, and say nothing of why they would.
    pub running: usize,
    /// Tasks that stopped or are about to, by what they did so for.
    pub stopped: Vec<Group>,
    /// What the service's events say that is wrong.
    pub events: Vec<Said>,
    /// Targets that are not healthy, by why.
    pub targets: Vec<Said>,
}

/// How many tasks a service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Those that it should run.
    pub desired: u32,
    /// Those that run.
    pub running: u32,
    /// Those that are about to.
    pub pending: u32,
}

/// The same diagnosis of several events, or targets.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// What is the matter.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
    /// How many.
    pub count: u32,
    /// When the last of the events was; absent for targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// The target group, by name; absent for events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group: Option<String>,
}

impl Looked {
    /// Tasks, those that run and those that do not.
    #[must_use]
    pub fn at_tasks(of: impl Into<String>, tasks: &[Task]) -> Self {
        let (stopped, running): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| says_why(task));
        Self { of: of.into(), running: running.len(), stopped: grouped(stopped), ..Self::default() }
    }

    /// With what events say.
    #[must_use]
    pub fn with_events(mut self, events: impl IntoIterator<Item = (Option<Timestamp>, String)>) -> Self {
        for (at, message) in events {
            if let Some(diagnosis) = of_event(&message) {
                add(&mut self.events, Said { diagnosis, count: 1, last: at, target_group: None });
            }
        }
        self
    }

    /// With a target that is not healthy.
    #[must_use]
    pub fn with_target(mut self, target_group: &str, diagnosis: Diagnosis) -> Self {
        let target_group = Some(target_group.to_owned());
        add(&mut self.targets, Said { diagnosis, count: 1, last: None, target_group });
        self
    }

    /// Every diagnosis, in the order in which they are told.
    pub fn diagnoses(&self) -> impl Iterator<Item = &Diagnosis> {
        let stopped = self.stopped.iter().map(|group| &group.diagnosis);
        stopped.chain(self.events.iter().chain(&self.targets).map(|said| &said.diagnosis))
    }

    /// Tasks that should run, and neither do nor are about to.
    #[must_use]
    pub fn missing(&self) -> u32 {
        self.counts.map_or(0, |counts| counts.desired.saturating_sub(counts.running + counts.pending))
    }

    /// Whether something is as it should not be.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.missing() > 0 || self.diagnoses().any(|diagnosis| !diagnosis.class.is_expected())
    }
}

/// The same is told once, with what AWS said last.
fn add(all: &mut Vec<Said>, one: Said) {
    let same = |own: &&mut Said| own.target_group == one.target_group && own.diagnosis.cause == one.diagnosis.cause;
    match all.iter_mut().find(same) {
        Some(own) => {
            let last = own.last.max(one.last);
            let diagnosis = if one.last > own.last { one.diagnosis } else { own.diagnosis.clone() };
            *own = Said { diagnosis, count: own.count + 1, last, target_group: one.target_group };
        }
        None => all.push(one),
    }
}

/// A task that runs has nothing to tell of why it stopped.
fn says_why(task: &Task) -> bool {
    task.has_stopped() || task.stop_code.is_some() || task.stopped_reason.is_some()
}
