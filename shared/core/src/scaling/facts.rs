//! What the scaler looked at: everything a decision rests on, and nothing that it does not.
//!
//! The shape is the one in the decision record, in `tidegate recommend` and in saved cases, so each field that has
//! an honest default may be left out there. Times are RFC 3339, durations are seconds.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::history::EventHistory;
use super::stabilise::Recommendation;

/// One ECS service at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Why this service is being looked at; an alarm may only raise.
    #[serde(default)]
    pub trigger: Trigger,
    /// `status` of DescribeServices.
    #[serde(default)]
    pub status: Status,
    /// `schedulingStrategy` of DescribeServices.
    #[serde(default)]
    pub scheduling: Scheduling,
    /// `deploymentController.type` of DescribeServices.
    #[serde(default)]
    pub controller: Controller,
    /// Tasks that the service is asked to run.
    pub desired: u32,
    /// Tasks in `RUNNING`.
    pub running: u32,
    /// Tasks in `PENDING` or `PROVISIONING`.
    #[serde(default)]
    pub pending: u32,
    /// `deployments` of DescribeServices, as they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<Deployment>,
    /// Number of `taskSets`; more than one while a blue/green deployment of CodeDeploy is under way.
    #[serde(default)]
    pub task_sets: u32,
    /// The Application Auto Scaling target of the service's desired count, where one is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalable_target: Option<ScalableTarget>,
    /// What the service's own events tell of earlier counts; absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<EventHistory>,
    /// Earlier recommendations, where the caller keeps them. The scaler itself keeps none and leaves this out: it then
    /// recommends for each settled minute from that minute's own points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendations: Option<Vec<Recommendation>>,
    /// What was read for each metric of the policy, by the metric's name there.
    #[serde(default)]
    pub metrics: BTreeMap<String, Reading>,
}

/// No service has more tasks, by far, and counts below it can be added up.
const MOST_TASKS: u32 = 1_000_000;

/// No period of CloudWatch's is longer.
const LONGEST_PERIOD_S: u32 = 86_400;

impl Facts {
    /// What no service can have, so that a decision can do its arithmetic: the field, the value and the rule. None where
    /// all can be.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<String> {
        let counts = [("desired", self.desired), ("running", self.running), ("pending", self.pending)];
        if let Some((name, count)) = counts.into_iter().find(|(_, count)| *count > MOST_TASKS) {
            return Some(format!("{name} is {count}; it must be at most {MOST_TASKS}"));
        }
        if let Some(change) = self.history.iter().flat_map(|h| &h.changes).find(|c| c.tasks.unsigned_abs() > MOST_TASKS)
        {
            return Some(format!("a change is of {} tasks; it must be at most {MOST_TASKS}", change.tasks));
        }
        let known = Timestamp::UNIX_EPOCH..=FAR;
        if let Some(at) = self.times().chain([now]).find(|at| !known.contains(at)) {
            return Some(format!("{at} is no time of a service; it must be from 1970 to 2200"));
        }
        let mut periods = self.metrics.values().flat_map(Reading::points).map(|point| point.period_s);
        let wrong = periods.find(|period| !(1..=LONGEST_PERIOD_S).contains(period))?;
        Some(format!("a period is {wrong} s; it must be from 1 to {LONGEST_PERIOD_S}"))
    }

    /// Every moment in it.
    fn times(&self) -> impl Iterator<Item = Timestamp> {
        let complete = self.history.iter().map(|history| history.complete_since);
        let changes = self.history.iter().flat_map(|history| &history.changes).map(|change| change.at);
        let recommended = self.recommendations.iter().flatten().map(|recommendation| recommendation.at);
        let points = self.metrics.values().flat_map(Reading::points).map(|point| point.at);
        let samples = self.metrics.values().flat_map(Reading::tasks);
        let samples = samples.flat_map(|sample| [sample.started_at, sample.ready_changed_at, sample.sampled_at]);
        complete.chain(changes).chain(recommended).chain(points).chain(samples.flatten())
    }
}

/// 2200: well within what a timestamp can be reckoned with.
const FAR: Timestamp = Timestamp::constant(7_258_118_400, 0);

/// The door that the run came through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The every-minute schedule: may raise and lower.
    #[default]
    Schedule,
    /// A CloudWatch alarm: looks at the freshest data and may only raise.
    Alarm,
    /// A person's direct invocation: as the schedule.
    Person,
}

/// `status` of an ECS service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Running, and the only one that is ever scaled.
    #[default]
    Active,
    /// Deleted, its tasks still stopping.
    Draining,
    /// Deleted.
    Inactive,
    /// A word that this version does not know.
    Unknown,
}

/// `schedulingStrategy` of an ECS service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheduling {
    /// A desired number of tasks.
    #[default]
    Replica,
    /// One task per container instance: there is no count to set.
    Daemon,
    /// A word that this version does not know.
    Unknown,
}

/// `deploymentController.type` of an ECS service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Controller {
    /// Rolling, and ECS's own blue/green, linear and canary.
    #[default]
    Ecs,
    /// Blue/green by CodeDeploy.
    CodeDeploy,
    /// Task sets managed by somebody else.
    External,
    /// A word that this version does not know.
    Unknown,
}

/// One entry of a service's `deployments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`, as ECS writes it.
    pub status: String,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`; only the ECS controller has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<String>,
}

/// What Application Auto Scaling has registered for `ecs:service:DesiredCount`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalableTarget {
    /// Its lower bound.
    pub min: u32,
    /// Its upper bound.
    pub max: u32,
}

/// What one metric of the policy answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// One point per period, any order, gaps left out.
    Points(Vec<Point>),
    /// One value per task at one moment. CloudWatch never answers like this; tables of cases and other scalers do.
    Tasks(Vec<TaskSample>),
    /// It was asked for and could not be read, with the cause. Never treated as zero.
    Unreadable(String),
}

impl Reading {
    /// Its points, where it has any.
    fn points(&self) -> &[Point] {
        if let Self::Points(points) = self { points } else { &[] }
    }

    /// Its samples of single tasks, where it has any.
    fn tasks(&self) -> &[TaskSample] {
        if let Self::Tasks(samples) = self { samples } else { &[] }
    }
}

/// One period of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Start of the period.
    pub at: Timestamp,
    /// The statistic's value over the period, in the metric's unit: percent for CPU and memory.
    pub value: f64,
    /// `SampleCount` over the period; read for the CPU metric, where it counts the tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<f64>,
    /// Length of the period, in seconds.
    #[serde(default = "sixty", skip_serializing_if = "is_sixty")]
    pub period_s: u32,
}

const fn sixty() -> u32 {
    60
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_sixty(seconds: &u32) -> bool {
    *seconds == 60
}

/// One task at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSample {
    /// The metric's value for this task; absent where there is no sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What the task has reserved, in the value's unit: a utilisation is the value over this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<f64>,
    /// Where the task stands in its life.
    #[serde(default)]
    pub state: TaskState,
    /// Whether it passes its health checks; absent where nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When `ready` last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_changed_at: Option<Timestamp>,
    /// When the sample was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled_at: Option<Timestamp>,
    /// How many seconds before `sampled_at` the sample covers.
    #[serde(default)]
    pub window_s: u32,
}

/// Where a task stands in its life, as far as scaling cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Starting: counted as on its way.
    Pending,
    /// Running.
    #[default]
    Running,
    /// Failed, or being stopped: dropped from the arithmetic.
    Stopping,
}
