//! The ratio rule of the Kubernetes Horizontal Pod Autoscaler's replica calculator, in every corner.
//!
//! `ceil(tasks x value / target)`, with no change inside the tolerance, with tasks that start set aside, and with
//! tasks that have no sample counted against the direction of the change.
//!
//! Source: `pkg/controller/podautoscaler/replica_calculator.go` in github.com/kubernetes/kubernetes, whose published
//! cases are in `tests/tables/hpa_replicas.json`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::{TaskSample, TaskState};
use super::up;

/// How far from 1 the ratio of value to target may be without a change, in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Above 1.
    pub up: f64,
    /// Below 1.
    pub down: f64,
}

impl Tolerance {
    fn holds(self, ratio: f64) -> bool {
        1.0 - self.down <= ratio && ratio <= 1.0 + self.up
    }
}

/// When a running task's CPU sample counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// Seconds after its start in which a task that is not ready, or whose sample began before it was, is set aside.
    pub initialisation_s: u32,
    /// Seconds after its start in which a task may turn unready and still count as never having been ready.
    pub initial_delay_s: u32,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Percent of what the tasks have reserved.
    Utilization(f64),
    /// The metric's own unit, on average per task.
    PerTask(f64),
}

/// The count that one metric asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Tasks.
    pub tasks: u32,
    /// What was compared with the target, before missing and starting tasks were counted: percent or the metric's unit.
    pub observed: f64,
}

/// Why a metric asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProposal {
    /// There is nothing to divide by.
    #[error("there are no tasks")]
    NoTasks,
    /// Every sample belongs to a task that is starting, stopping or failed, or there is none.
    #[error("no running task has a sample")]
    NoSamples,
    /// A utilisation needs to know what is reserved.
    #[error("a task's reservation is not known")]
    NoRequest,
}

/// What a group of tasks uses and has reserved, together.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    tasks: u32,
    usage: f64,
    request: f64,
}

impl Group {
    fn add(&mut self, usage: f64, request: f64) {
        self.tasks += 1;
        self.usage += usage;
        self.request += request;
    }

    fn and(self, other: Self) -> Self {
        Self { tasks: self.tasks + other.tasks, usage: self.usage + other.usage, request: self.request + other.request }
    }

    fn using(self, usage: f64) -> Self {
        Self { usage, ..self }
    }

    /// What the target is compared with. Kubernetes divides integers here (whole percent; thousandths of a metric's
    /// unit), and its cases show the truncation. An `average` is CloudWatch's, whose metric may be in seconds.
    fn observed(self, goal: Goal, average: bool) -> f64 {
        match goal {
            Goal::Utilization(_) => (self.usage * 100.0 / self.request).floor(),
            Goal::PerTask(_) if average => self.usage / f64::from(self.tasks),
            Goal::PerTask(_) => (self.usage * 1000.0 / f64::from(self.tasks)).floor() / 1000.0,
        }
    }
}

/// Tasks sorted by what their samples are worth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tasks {
    ready: Group,
    starting: Group,
    missing: Group,
    average: bool,
}

impl Tasks {
    /// Sorts per-task samples. `initialisation` applies to CPU only: a task's CPU while it starts says nothing of load.
    ///
    /// # Errors
    /// [`NoProposal::NoRequest`] where a utilisation is asked for and a task says no `request`.
    pub fn sort(
        samples: &[TaskSample],
        goal: Goal,
        initialisation: Option<Readiness>,
        now: Timestamp,
    ) -> Result<Self, NoProposal> {
        let mut tasks = Self::default();
        for sample in samples.iter().filter(|s| s.state != TaskState::Stopping) {
            let request = match (goal, sample.request) {
                (Goal::Utilization(_), None) => return Err(NoProposal::NoRequest),
                (Goal::Utilization(_), Some(request)) => request,
                (Goal::PerTask(_), _) => 0.0,
            };
            match sample.value {
                _ if sample.state == TaskState::Pending => tasks.starting.add(0.0, request),
                None => tasks.missing.add(0.0, request),
                Some(_) if initialisation.is_some_and(|rule| starting(sample, rule, now)) => {
                    tasks.starting.add(0.0, request);
                }
                Some(value) => tasks.ready.add(value, request),
            }
        }
        Ok(tasks)
    }

    /// Where only an average is known: `sampled` tasks at `value` each, and `starting` ones without a sample.
    /// A percentage is taken as the usage of tasks that have reserved 100 each.
    #[must_use]
    pub fn average(value: f64, sampled: u32, starting: u32) -> Self {
        let group = |tasks: u32| Group { tasks, usage: 0.0, request: 100.0 * f64::from(tasks) };
        Self {
            ready: group(sampled).using(value * f64::from(sampled)),
            starting: group(starting),
            missing: Group::default(),
            average: true,
        }
    }

    /// Tasks whose samples count.
    #[must_use]
    pub fn ready(&self) -> u32 {
        self.ready.tasks
    }

    /// The rule itself. `current` is the count that stays when nothing should change.
    ///
    /// # Errors
    /// [`NoProposal`] where there is nothing to compare.
    pub fn propose(&self, goal: Goal, tolerance: Tolerance, current: u32) -> Result<Proposal, NoProposal> {
        let (Goal::Utilization(target) | Goal::PerTask(target)) = goal;
        if self.ready.tasks + self.starting.tasks + self.missing.tasks == 0 {
            return Err(NoProposal::NoTasks);
        }
        if self.ready.tasks == 0 {
            return Err(NoProposal::NoSamples);
        }
        if matches!(goal, Goal::Utilization(_)) && self.ready.request <= 0.0 {
            return Err(NoProposal::NoRequest);
        }
        let observed = self.ready.observed(goal, self.average);
        let ratio = observed / target;
        let stay = Proposal { tasks: current, observed };

        let up_with_starting = self.starting.tasks > 0 && ratio > 1.0;
        if !up_with_starting && self.missing.tasks == 0 {
            let tasks = up(ratio * f64::from(self.ready.tasks));
            return Ok(if tolerance.holds(ratio) { stay } else { Proposal { tasks, observed } });
        }

        let mut counted = self.ready;
        if let Some(usage) = self.missing_usage(goal, ratio) {
            counted = counted.and(self.missing.using(usage));
        }
        if up_with_starting {
            counted = counted.and(self.starting);
        }
        let recounted = counted.observed(goal, self.average) / target;
        let turned = (ratio < 1.0 && recounted > 1.0) || (ratio > 1.0 && recounted < 1.0);
        if tolerance.holds(recounted) || turned {
            return Ok(stay);
        }
        let tasks = up(recounted * f64::from(counted.tasks));
        let against = (recounted < 1.0 && tasks > current) || (recounted > 1.0 && tasks < current);
        Ok(if against { stay } else { Proposal { tasks, observed } })
    }

    /// What tasks without a sample are taken to use: all of their request when the rest says down (or the target,
    /// where it is higher), nothing when it says up. None at the target itself,
    /// where they are not counted.
    fn missing_usage(&self, goal: Goal, ratio: f64) -> Option<f64> {
        match goal {
            _ if self.missing.tasks == 0 => None,
            _ if ratio > 1.0 => Some(0.0),
            Goal::Utilization(target) if ratio < 1.0 => Some(self.missing.request * target.max(100.0) / 100.0),
            Goal::PerTask(target) if ratio < 1.0 => Some(target * f64::from(self.missing.tasks)),
            _ => None,
        }
    }
}

/// A running task whose CPU sample is still that of its start.
fn starting(sample: &TaskSample, rule: Readiness, now: Timestamp) -> bool {
    let (Some(ready), Some(started)) = (sample.ready, sample.started_at) else {
        return true;
    };
    let changed = sample.ready_changed_at.unwrap_or(started);
    if started + seconds(rule.initialisation_s) > now {
        let sampled = sample.sampled_at.unwrap_or(now);
        !ready || sampled < changed + seconds(sample.window_s)
    } else {
        !ready && started + seconds(rule.initial_delay_s) > changed
    }
}

/// A value for the whole service against a target for the whole service: the tasks that are ready, times the ratio.
/// With no task at all, the ratio itself says how many to begin with.
#[must_use]
pub fn whole_value(value: f64, target: f64, ready: u32, current: u32, tolerance: Tolerance) -> Proposal {
    let ratio = value / target;
    let tasks = match current {
        0 => up(ratio),
        _ if tolerance.holds(ratio) => current,
        _ => up(ratio * f64::from(ready)),
    };
    Proposal { tasks, observed: value }
}

/// A total of the whole service, shared out at so much a task.
#[must_use]
pub fn total_per_task(total: f64, target: f64, current: u32, tolerance: Tolerance) -> Proposal {
    let ratio = total / (target * f64::from(current));
    let tasks = if tolerance.holds(ratio) { current } else { up(total / target) };
    Proposal { tasks, observed: total }
}

fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}
