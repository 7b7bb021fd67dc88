//! CodeDeploy: deployments to ECS, their targets, and the answers to their hooks.

use jiff::Timestamp;

use crate::error::PortError;

/// The calls that are used.
pub trait CodeDeploy {
    /// `ListDeployments` of the whole region that are created, queued, in progress, baking or ready: their ids, all pages.
    async fn list_deployments_in_progress(&self) -> Result<Vec<String>, PortError>;

    /// `BatchGetDeployments`, at most [`DEPLOYMENTS_PER_CALL`]: those on ECS. Deployments that are gone are left out.
    async fn batch_get_deployments(&self, ids: &[String]) -> Result<Vec<CodeDeployment>, PortError>;

    /// `ListDeploymentTargets` and `BatchGetDeploymentTargets`: the ECS target of a deployment. None where it has none
    /// yet, or is gone.
    async fn deployment_target(&self, id: &str) -> Result<Option<Target>, PortError>;

    /// `GetDeploymentGroup`.
    async fn deployment_group(&self, application: &str, group: &str) -> Result<DeploymentGroup, PortError>;

    /// `StopDeployment` with `autoRollbackEnabled`. One that is over already is [`Stopped::Over`].
    async fn stop_deployment(&self, id: &str) -> Result<Stopped, PortError>;

    /// `PutLifecycleEventHookExecutionStatus`. An event that is over already is [`Answered::Already`].
    async fn answer_hook(&self, hook: &Hook, succeeded: bool) -> Result<Answered, PortError>;
}

/// The API takes no more.
pub const DEPLOYMENTS_PER_CALL: usize = 25;

/// A deployment, as far as it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeDeployment {
    /// `d-...`.
    pub id: String,
    /// Application.
    pub application: String,
    /// Deployment group.
    pub group: String,
    /// Such as `CodeDeployDefault.ECSCanary10Percent5Minutes`.
    pub config: String,
    /// `InProgress` and its like, as CodeDeploy writes it.
    pub status: String,
    /// Whether it brings an older version back: its creator is a roll-back, or it says which deployment caused it.
    pub roll_back: bool,
    /// When it was created.
    pub created: Timestamp,
}

/// The ECS service that a deployment is for, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub service: String,
    /// Its lifecycle events, in their order.
    pub events: Vec<LifecycleEvent>,
    /// Its task sets.
    pub task_sets: Vec<TaskSetInfo>,
}

impl Target {
    /// The lifecycle event that is in progress: the one that a hook's event is about, as its payload does not say.
    #[must_use]
    pub fn in_progress(&self) -> Option<&LifecycleEvent> {
        self.events.iter().find(|event| event.status == "InProgress")
    }
}

/// A lifecycle event of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// Such as `AfterAllowTraffic`.
    pub name: String,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped`, as CodeDeploy writes it.
    pub status: String,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// A task set of a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSetInfo {
    /// Whether it is the new version's. None where CodeDeploy does not say.
    pub green: Option<bool>,
    /// ECS's id of it.
    pub id: String,
    /// Share of the production traffic, in percent.
    pub traffic_percent: f64,
    /// Name of its target group.
    pub target_group: Option<String>,
}

/// A deployment group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentGroup {
    /// Names of the alarms that it watches; empty where it watches none.
    pub alarms: Vec<String>,
    /// Minutes that the old version is kept after the shift.
    pub termination_wait_minutes: u32,
    /// Whether a deployment that fails is rolled back.
    pub rolls_back: bool,
    /// ARNs of the production listeners.
    pub listeners: Vec<String>,
}

/// What a hook was called with, and is answered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `d-...`.
    pub deployment: String,
    /// The execution's id.
    pub execution: String,
}

/// What came of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is being stopped, and rolled back.
    Stopping,
    /// It was over already.
    Over,
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was taken.
    Taken,
    /// Another had been taken before, or its time was over.
    Already,
}
