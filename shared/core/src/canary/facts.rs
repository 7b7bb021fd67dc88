//! What the canary gate looked at: everything a judgement rests on, and nothing that it does not.
//!
//! The shape is the one in the decision record, in `tidegate judge` and in saved cases, so each field that has an
//! honest default may be left out there. Times are RFC 3339; counts are of one minute.
//!
//! Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::defaults::is_default;
pub use crate::deployment::State;

/// One deployment at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Why the deployment is being looked at.
    #[serde(default)]
    pub door: Door,
    /// How it stands.
    pub deployment: Deployment,
    /// Every minute since it began, any order, those that are not settled too.
    #[serde(default)]
    pub minutes: Vec<Minute>,
    /// The old version's minutes in the two hours before: how much its errors come in clumps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Before>,
    /// The old version at the same hour of the day before, where slow requests are judged without a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_before: Option<Counts>,
    /// Host health of the new version's target group, by the minute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Hosts>,
    /// The alarms of this deployment and of the service's tag, as they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
    /// Points of the user's own metrics, by the name in the policy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Vec<Point>>,
    /// The targets of the new version at this moment; read when the bake's hook is about to let it pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Targets>,
    /// What was asked for and could not be read, with the cause. Never treated as zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
}

/// The door that the look came through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The every-minute schedule.
    #[default]
    Schedule,
    /// A CloudWatch alarm.
    Alarm,
    /// A person's direct invocation.
    Person,
    /// A hook before a step of the traffic shift: it waits for the evidence of the step before.
    Step,
    /// A hook after the traffic shift: it holds for the bake.
    Bake,
}

impl Door {
    /// Whether somebody waits for the answer.
    #[must_use]
    pub fn is_hook(self) -> bool {
        matches!(self, Self::Step | Self::Bake)
    }
}

/// How a deployment stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// CodeDeploy's id, or the ARN of ECS's service deployment.
    pub id: String,
    /// Who deploys.
    pub platform: Platform,
    /// How traffic is shifted.
    #[serde(default)]
    pub strategy: Strategy,
    /// Where it is.
    #[serde(default)]
    pub state: State,
    /// Whether it brings an older version back: such a deployment is never stopped.
    #[serde(default)]
    pub roll_back: bool,
    /// Whether there is no old version: the service is being created.
    #[serde(default)]
    pub first: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When production traffic began to be shifted, where that is known: what the new version served before came from
    /// test listeners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_from: Option<Timestamp>,
    /// Which requests can be told apart.
    #[serde(default)]
    pub arms: Arms,
    /// The share of production traffic that the new version should have now, in percent; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_percent: Option<f64>,
    /// The share that it should have had at the step before, in percent; 0 where that is not known.
    #[serde(default)]
    pub previous_percent: f64,
    /// The share of the first step in percent, where that is known. Minutes in which the canary has much less come before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_percent: Option<f64>,
    /// When this hook was called first for this step, where the caller was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Since when the new version should have all traffic, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_since: Option<Timestamp>,
    /// Minutes that the platform itself will bake after the hook.
    #[serde(default)]
    pub platform_bake_minutes: u32,
    /// What the listener itself says of its weights; read where the split is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener_says: Option<String>,
    /// When the hook ends by itself, and with it the deployment; absent where nothing ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_ends_at: Option<Timestamp>,
}

/// Who deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// CodeDeploy.
    CodeDeploy,
    /// ECS itself.
    Ecs,
}

/// How traffic is shifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A first share, and then all.
    Canary,
    /// Share by share.
    Linear,
    /// All at once, with the old version kept.
    BlueGreen,
    /// Task by task, in one target group.
    Rolling,
    /// A word that this version does not know.
    #[default]
    Unknown,
}

/// Which requests can be told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arms {
    /// Old and new version have a target group each.
    #[default]
    Two,
    /// Both share one target group, whose requests are in the canary's counts.
    One,
    /// No load balancer that counts requests.
    None,
}

/// One minute of both versions. An arm that has no request count is absent: there is no evidence of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minute {
    /// Its start.
    pub at: Timestamp,
    /// The new version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Counts>,
    /// The old version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Counts>,
}

/// A minute of the old version from before the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// Its start.
    pub at: Timestamp,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What was counted of one version in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests for which the load balancer chose a target of this version.
    pub requests: u64,
    /// Answers of its targets with a 5xx status.
    #[serde(default, skip_serializing_if = "is_default")]
    pub errors: u64,
    /// Connections to its targets that failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub connection_errors: u64,
    /// Requests that no target answered: the load balancer did, with 502 or 504.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unanswered: u64,
    /// Answers slower than the policy's limit; absent where there is none, or they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow: Option<u64>,
    /// Mean time to the answer, in milliseconds; absent where it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_ms: Option<f64>,
}

/// Host health of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Its start.
    pub at: Timestamp,
    /// The most that were healthy in it.
    pub healthy: u32,
    /// The fewest that were unhealthy in it.
    pub unhealthy: u32,
}

/// An alarm as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Who named it.
    pub of: AlarmOf,
    /// Whether it is in ALARM; absent where CloudWatch knows no such alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_alarm: Option<bool>,
    /// Since when it is in its state, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Who named an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmOf {
    /// The deployment: ECS's deployment alarms or CodeDeploy's deployment group.
    Deployment,
    /// The service's tag `tidegate:alarms`.
    Tag,
}

/// One minute of a metric of the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Its start.
    pub at: Timestamp,
    /// The statistic's value, in the metric's unit.
    pub value: f64,
}

/// Targets at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Those that are healthy.
    pub healthy: u32,
    /// Why the others are not, one entry a target.
    #[serde(default)]
    pub others: Vec<String>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// What it is for.
    pub what: Part,
    /// The cause.
    pub why: String,
}

/// What facts are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Counts of requests and errors.
    Requests,
    /// Counts of slow requests, and response times.
    Latency,
    /// The old version's minutes before the deployment.
    Before,
    /// Host health.
    Hosts,
    /// Alarms.
    Alarms,
    /// Metrics of the user's own.
    Metrics,
    /// Targets at this moment.
    Targets,
}
