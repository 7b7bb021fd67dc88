//! CodeDeploy: deployment groups, and deployments that take their lifecycle events one by one.
//!
//! - this file: what there is
//! - [`steps`]: how a deployment moves on, and how it ends

pub mod steps;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::version::Version;

/// Everything of CodeDeploy in an account.
#[derive(Debug, Default)]
pub struct CodeDeploy {
    /// Deployment groups.
    pub groups: Vec<DeploymentGroup>,
    /// Deployments, oldest first.
    pub deployments: Vec<CodeDeployment>,
    /// Whether it leaves out which task set is blue and which green, as the real one does at times.
    pub hides_labels: bool,
}

/// A deployment group: one ECS service, and how it is deployed.
#[derive(Clone, Debug)]
pub struct DeploymentGroup {
    /// Application.
    pub application: String,
    /// Its name.
    pub name: String,
    /// `cluster/name` of the service.
    pub service: String,
    /// How traffic is shifted.
    pub shift: Shift,
    /// The alarms that it watches.
    pub alarms: Vec<String>,
    /// Minutes that the old task set is kept after the shift.
    pub termination_wait_minutes: u32,
    /// Whether it rolls back when a deployment fails, or is stopped by an alarm.
    pub rolls_back: bool,
    /// Functions by lifecycle event, as an `AppSpec` has them.
    pub hooks: BTreeMap<String, String>,
    /// Whether roll-backs call them too.
    pub hooks_on_roll_back: bool,
    /// Where the `AppSpec` of each of its deployments is kept.
    pub kept: Kept,
}

/// Where an AppSpec is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    /// With CodeDeploy, in JSON.
    #[default]
    Content,
    /// In a bucket, in YAML.
    InS3,
    /// Nowhere any more: CodeDeploy knows its hash only.
    Nowhere,
}

/// The bucket that an `AppSpec` is kept in.
pub const BUCKET: &str = "app-specs";

/// How traffic is shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// All of it.
    AllAtOnce,
    /// So many percent, after so many minutes the rest.
    Canary(u32, u32),
    /// So many percent every so many minutes.
    Linear(u32, u32),
}

impl Shift {
    /// As CodeDeploy names its own.
    #[must_use]
    pub fn config(self) -> String {
        match self {
            Self::AllAtOnce => "CodeDeployDefault.ECSAllAtOnce".to_owned(),
            Self::Canary(percent, minutes) => format!("CodeDeployDefault.ECSCanary{percent}Percent{minutes}Minutes"),
            Self::Linear(percent, every) => format!("CodeDeployDefault.ECSLinear{percent}PercentEvery{every}Minutes"),
        }
    }

    /// The share that the new version has so long after the shift began, in percent.
    #[must_use]
    pub fn percent(self, after: SignedDuration) -> f64 {
        match self {
            Self::Canary(percent, minutes) if after.as_mins() < i64::from(minutes) => f64::from(percent),
            Self::AllAtOnce | Self::Canary(..) => 100.0,
            Self::Linear(percent, every) => {
                let steps = u32::try_from(after.as_mins() / i64::from(every.max(1))).unwrap_or(u32::MAX);
                f64::from(percent.saturating_mul(steps.saturating_add(1)).min(100))
            }
        }
    }
}

impl DeploymentGroup {
    /// A group that shifts all at once, rolls back, and keeps the old version for no time.
    #[must_use]
    pub fn new(service: &str) -> Self {
        let name = service.rsplit('/').next().unwrap_or(service);
        Self {
            application: format!("AppECS-{name}"),
            name: format!("DgpECS-{name}"),
            service: service.to_owned(),
            shift: Shift::AllAtOnce,
            alarms: Vec::new(),
            termination_wait_minutes: 0,
            rolls_back: true,
            hooks: BTreeMap::new(),
            hooks_on_roll_back: false,
            kept: Kept::Content,
        }
    }

    /// Shifts a first share, and after some minutes the rest.
    #[must_use]
    pub fn canary(self, percent: u32, minutes: u32) -> Self {
        Self { shift: Shift::Canary(percent, minutes), ..self }
    }

    /// Shifts share by share.
    #[must_use]
    pub fn linear(self, percent: u32, minutes: u32) -> Self {
        Self { shift: Shift::Linear(percent, minutes), ..self }
    }

    /// Keeps the old version for so many minutes after the shift.
    #[must_use]
    pub fn termination_wait(self, minutes: u32) -> Self {
        Self { termination_wait_minutes: minutes, ..self }
    }

    /// Watches an alarm.
    #[must_use]
    pub fn alarm(mut self, name: &str) -> Self {
        self.alarms.push(name.to_owned());
        self
    }

    /// Calls a function at a lifecycle event.
    #[must_use]
    pub fn hook(mut self, event: &str, function: &str) -> Self {
        self.hooks.insert(event.to_owned(), function.to_owned());
        self
    }

    /// Keeps each `AppSpec` in a bucket.
    #[must_use]
    pub fn revisions_in_s3(self) -> Self {
        Self { kept: Kept::InS3, ..self }
    }

    /// No `AppSpec` of it can be read any more.
    #[must_use]
    pub fn without_revisions(self) -> Self {
        Self { kept: Kept::Nowhere, ..self }
    }

    /// Never rolls back by itself.
    #[must_use]
    pub fn without_roll_back(self) -> Self {
        Self { rolls_back: false, ..self }
    }
}

/// A deployment.
#[derive(Clone, Debug)]
pub struct CodeDeployment {
    /// `d-...`.
    pub id: String,
    /// Application.
    pub application: String,
    /// Deployment group.
    pub group: String,
    /// `cluster/name` of the service.
    pub service: String,
    /// Such as `CodeDeployDefault.ECSCanary10Percent5Minutes`.
    pub config: String,
    /// `InProgress` and its like.
    pub status: &'static str,
    /// `user` or `codeDeployRollback`.
    pub creator: &'static str,
    /// When it was created.
    pub created: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Code and message of the error that ended it.
    pub error: Option<(&'static str, String)>,
    /// The deployment that rolls this one back.
    pub rolled_back_by: Option<String>,
    /// The deployment that this one rolls back.
    pub rolls_back: Option<String>,
    /// Its lifecycle events, in order.
    pub events: Vec<LifecycleEvent>,
    /// ARN of the task definition that it brings.
    pub task_definition: String,
    /// Its AppSpec.
    pub app_spec: String,
    /// Where that is kept.
    pub kept: Kept,
    /// The hash of its AppSpec: deployments with the same one deploy the same.
    pub revision: String,
    /// ARN of the target group that it moves traffic to.
    pub to: String,
    /// ARN of the target group that it moves traffic from.
    pub from: String,
    shift: Shift,
    /// What Install makes a task set of; None in a roll-back, whose task set is there.
    version: Option<Version>,
    termination_wait: SignedDuration,
    /// When the last task of it did not start.
    failed_task: Option<Timestamp>,
    /// The share of the traffic that it gave the new version last.
    given: Option<f64>,
}

/// A lifecycle event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// Such as `AfterAllowTraffic`.
    pub name: &'static str,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed` or `Skipped`.
    pub status: &'static str,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The function that is called at it.
    pub function: Option<String>,
    /// The id of that call.
    pub execution: Option<String>,
    answer: Option<bool>,
}

/// The ECS service of a deployment, as CodeDeploy tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct EcsTarget {
    /// `d-...`.
    pub deployment: String,
    /// `cluster:service`.
    pub id: String,
    /// The deployment's own.
    pub status: &'static str,
    /// Its lifecycle events, in order.
    pub events: Vec<LifecycleEvent>,
    /// Its task sets.
    pub task_sets: Vec<TaskSetInfo>,
}

/// A task set, as CodeDeploy tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSetInfo {
    /// `ecs-svc/...`.
    pub id: String,
    /// `Blue` or `Green`; None where CodeDeploy does not say.
    pub label: Option<&'static str>,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: &'static str,
    /// Tasks.
    pub tasks: u32,
    /// Share of the production traffic.
    pub traffic_percent: f64,
    /// Name of its target group.
    pub target_group: String,
}

impl CodeDeployment {
    /// Whether it is not over.
    #[must_use]
    pub fn in_progress(&self) -> bool {
        self.ended.is_none()
    }

    /// `cluster:service`, its only target.
    #[must_use]
    pub fn target_id(&self) -> String {
        self.service.replace('/', ":")
    }

    /// The key of its AppSpec in the [`BUCKET`], where it is kept there.
    #[must_use]
    pub fn object_key(&self) -> Option<String> {
        (self.kept == Kept::InS3).then(|| format!("{}/appspec {}.yaml", self.application, &self.revision[..8]))
    }

    /// What tells its AppSpec from others.
    #[must_use]
    pub fn told_by(&self) -> String {
        let object = |key| format!("s3://{BUCKET}/{key}?{}", &self.revision[..32]);
        self.object_key().map_or_else(|| self.revision.clone(), object)
    }

    /// The lifecycle event with this name.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&LifecycleEvent> {
        self.events.iter().find(|event| event.name == name)
    }
}
