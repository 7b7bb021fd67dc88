//! ECS's own deployments: from one service revision to the next, stage by stage.
//!
//! - this file: what there is
//! - [`plan`]: the stages of each strategy
//! - [`steps`]: how a deployment moves on, and how it ends
//! - [`hooks`]: the functions that it calls at its stages

pub mod hooks;
pub mod plan;
pub mod steps;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use hooks::{HookExecution, LifecycleHook};
use plan::Stage;

/// Everything of ECS's own deployments in an account.
#[derive(Debug, Default)]
pub struct Native {
    /// How each service is deployed, by `cluster/name`; a service that is not here is deployed rolling.
    pub configurations: BTreeMap<String, DeploymentConfiguration>,
    /// Deployments, oldest first.
    pub deployments: Vec<ServiceDeployment>,
    /// Service revisions, oldest first.
    pub revisions: Vec<ServiceRevision>,
    /// Whether it does not resolve images to digests, as after three attempts that failed.
    pub hides_digests: bool,
    /// Whether hooks get the flat event that the documentation of 2025 shows.
    pub flat_events: bool,
}

/// How a service is deployed.
#[derive(Clone, Debug, Default)]
pub struct DeploymentConfiguration {
    /// How traffic is shifted.
    pub strategy: Strategy,
    /// Minutes that it bakes after the shift.
    pub bake_minutes: u32,
    /// Its deployment alarms.
    pub alarms: Vec<String>,
    /// Its hooks.
    pub hooks: Vec<LifecycleHook>,
    /// Whether it is rolled back when its tasks do not start.
    pub circuit_breaker: bool,
}

/// How traffic is shifted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Strategy {
    /// Task by task, within one target group.
    #[default]
    Rolling,
    /// All at once, with the old revision kept for the bake.
    BlueGreen,
    /// So many percent every so many minutes.
    Linear(f64, u32),
    /// So many percent, after so many minutes the rest.
    Canary(f64, u32),
}

impl Strategy {
    /// As ECS names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::BlueGreen => "BLUE_GREEN",
            Self::Linear(..) => "LINEAR",
            Self::Canary(..) => "CANARY",
        }
    }

    /// The share of the first step, in percent: a canary's, or that of each linear step.
    #[must_use]
    pub fn step_percent(self) -> Option<f64> {
        match self {
            Self::Linear(percent, _) | Self::Canary(percent, _) => Some(percent),
            Self::Rolling | Self::BlueGreen => None,
        }
    }

    /// Minutes of each step; None where there are none.
    #[must_use]
    pub fn step_minutes(self) -> Option<u32> {
        match self {
            Self::Linear(_, minutes) | Self::Canary(_, minutes) => Some(minutes),
            Self::Rolling | Self::BlueGreen => None,
        }
    }
}

impl DeploymentConfiguration {
    /// A strategy with no bake, no alarms and no hooks.
    #[must_use]
    pub fn new(strategy: Strategy) -> Self {
        Self { strategy, ..Self::default() }
    }

    /// A first share, and after some minutes the rest.
    #[must_use]
    pub fn canary(percent: f64, bake_minutes: u32) -> Self {
        Self::new(Strategy::Canary(percent, bake_minutes))
    }

    /// Share by share.
    #[must_use]
    pub fn linear(percent: f64, bake_minutes: u32) -> Self {
        Self::new(Strategy::Linear(percent, bake_minutes))
    }

    /// Bakes for so many minutes after the shift.
    #[must_use]
    pub fn bake(self, minutes: u32) -> Self {
        Self { bake_minutes: minutes, ..self }
    }

    /// Watches an alarm.
    #[must_use]
    pub fn alarm(mut self, name: &str) -> Self {
        self.alarms.push(name.to_owned());
        self
    }

    /// Is rolled back when its tasks do not start.
    #[must_use]
    pub fn circuit_breaker(self) -> Self {
        Self { circuit_breaker: true, ..self }
    }

    /// Calls a function.
    #[must_use]
    pub fn hook(mut self, hook: LifecycleHook) -> Self {
        self.hooks.push(hook);
        self
    }
}

/// A service deployment.
#[derive(Clone, Debug)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// `cluster/name` of the service.
    pub service: String,
    /// How traffic is shifted.
    pub strategy: Strategy,
    /// `IN_PROGRESS` and its like.
    pub status: &'static str,
    /// When it was created.
    pub created: Timestamp,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// ARN of the new revision.
    pub target: String,
    /// ARNs of the old revisions; none where the service is being created.
    pub sources: Vec<String>,
    /// The share that the new revision should have, in percent.
    pub target_percent: f64,
    /// Its alarms.
    pub alarms: Vec<String>,
    /// Whether ECS looks at them: it does not where one was in ALARM when the deployment began.
    pub monitors_alarms: bool,
    /// Of those, the ones that were seen in ALARM.
    pub triggered_alarms: Vec<String>,
    /// Minutes that it bakes after the shift.
    pub bake_minutes: u32,
    /// Its roll-back.
    pub rollback: Option<Rollback>,
    /// Calls of its hooks, oldest first, those that have ended too.
    pub hooks: Vec<HookExecution>,
    plan: Vec<Stage>,
    position: usize,
    stage_began: Option<Timestamp>,
    configured: Vec<LifecycleHook>,
    circuit_breaker: bool,
    /// Tasks that did not start, and when the last of them did not.
    failed_tasks: (u32, Option<Timestamp>),
}

/// A roll-back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// Why.
    pub reason: String,
    /// Since when.
    pub started: Timestamp,
    /// ARN of the revision that is brought back; None where there is none.
    pub revision: Option<String>,
}

/// A service revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRevision {
    /// Its ARN.
    pub arn: String,
    /// `cluster/name` of the service.
    pub service: String,
    /// ARNs of its target groups.
    pub target_groups: Vec<String>,
    /// ARN of the production listener rule; None where ECS shifts no traffic.
    pub listener_rule: Option<String>,
    /// The same of the test listener.
    pub test_listener_rule: Option<String>,
}

impl ServiceDeployment {
    /// Whether it is not over.
    #[must_use]
    pub fn in_progress(&self) -> bool {
        self.finished.is_none()
    }

    /// The stage that it is in, as `DescribeServiceDeployments` names it: the API has no word for what comes before a
    /// shift of production traffic.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        match self.plan.get(self.position).map_or("CLEAN_UP", |stage| stage.name) {
            "PRE_PRODUCTION_TRAFFIC_SHIFT" => "PRODUCTION_TRAFFIC_SHIFT",
            name => name,
        }
    }

    /// What the new revision, and each old one, should have of production traffic, in percent; None where traffic is not
    /// shifted by weight.
    #[must_use]
    pub fn percents(&self) -> Option<(f64, f64)> {
        (self.strategy != Strategy::Rolling).then_some((self.target_percent, 100.0 - self.target_percent))
    }

    /// `DISABLED`, `MONITORING`, `TRIGGERED` or `MONITORING_COMPLETE`.
    #[must_use]
    pub fn alarm_status(&self) -> &'static str {
        match (self.alarms.is_empty() || !self.monitors_alarms, self.triggered_alarms.is_empty(), self.finished) {
            (true, ..) => "DISABLED",
            (_, false, _) => "TRIGGERED",
            (.., None) => "MONITORING",
            (.., Some(_)) => "MONITORING_COMPLETE",
        }
    }

    /// Calls of its hooks that have not ended.
    pub fn open_hooks(&self) -> impl Iterator<Item = &HookExecution> {
        self.hooks.iter().filter(|hook| hook.status == "IN_PROGRESS")
    }
}

/// What a function answered, or the error that it ended in.
pub type HookAnswer = Result<Value, Value>;

/// A task serves this long after its launch.
const START: SignedDuration = SignedDuration::from_secs(90);
