//! ECS's own deployments: service deployments and the revisions that they go between.

use jiff::Timestamp;

use crate::codedeploy::Stopped;
use crate::error::PortError;

/// The calls that are used.
pub trait Deployments {
    /// `DescribeServiceDeployments`, at most [`DEPLOYMENTS_PER_CALL`] ARNs. Those that are gone are left out.
    async fn describe_service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, PortError>;

    /// `DescribeServiceRevisions`, at most [`REVISIONS_PER_CALL`] ARNs. Those that are gone are left out.
    async fn describe_service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, PortError>;

    /// `StopServiceDeployment` with `ROLLBACK`. One that is over already is [`Stopped::Over`].
    async fn stop_service_deployment(&self, arn: &str) -> Result<Stopped, PortError>;
}

/// The API takes no more.
pub const DEPLOYMENTS_PER_CALL: usize = 20;

/// The API takes no more.
pub const REVISIONS_PER_CALL: usize = 20;

/// A service deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub service: String,
    /// `IN_PROGRESS`, `ROLLBACK_IN_PROGRESS` and their like, as ECS writes it.
    pub status: String,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`, as ECS writes it; empty where it says none.
    pub strategy: String,
    /// Such as `PRODUCTION_TRAFFIC_SHIFT`; empty where it says none.
    pub stage: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The new version.
    pub target: Option<Revision>,
    /// The old versions; none where the service is being created.
    pub sources: Vec<Revision>,
    /// Names of its alarms; empty where they are switched off.
    pub alarms: Vec<String>,
    /// Of those, the ones that ECS has seen in ALARM.
    pub triggered_alarms: Vec<String>,
    /// Minutes that it bakes after the shift.
    pub bake_minutes: u32,
    /// Why it is being rolled back; None where it is not.
    pub rollback: Option<String>,
    /// Its hooks that call a function and have not ended.
    pub hooks: Vec<HookInProgress>,
}

/// A revision within a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// Share of the production traffic that it should have, in percent.
    pub production_percent: Option<f64>,
}

/// A hook that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct HookInProgress {
    /// ARN of the function.
    pub function: String,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

/// A service revision, as far as it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRevision {
    /// Its ARN.
    pub arn: String,
    /// ARNs of its target groups.
    pub target_groups: Vec<String>,
    /// ARN of the production listener rule, where ECS shifts the traffic.
    pub listener_rule: Option<String>,
}
