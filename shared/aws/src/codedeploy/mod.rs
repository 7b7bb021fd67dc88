//! CodeDeploy: deployments to ECS, their targets, and the answers to their hooks.
//!
//! - `said`: what it answers, and what that is in our words

pub(crate) mod said;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bare::{Answer, Ask, Failure, Service};
use crate::error::{Kind, PortError};
use crate::pages::{all, page_of};
use crate::sdk::Aws;
pub use crate::stopped::Stopped;

/// The calls that are used.
pub trait CodeDeploy {
    /// `ListDeployments` of the whole region that are created, queued, in progress, baking or ready: their ids, all
    /// pages.
    async fn list_deployments_in_progress(&self) -> Result<Vec<String>, PortError>;

    /// `ListDeployments` of a group that succeeded: their ids, the newest first, the first page.
    async fn list_successful_deployments(&self, application: &str, group: &str) -> Result<Vec<String>, PortError>;

    /// `BatchGetDeployments`, at most [`DEPLOYMENTS_PER_CALL`]: those on ECS. Deployments that are gone are left out.
    async fn batch_get_deployments(&self, ids: &[String]) -> Result<Vec<CodeDeployment>, PortError>;

    /// `ListDeploymentTargets` and `BatchGetDeploymentTargets`: the ECS target of a deployment. None where it has none
    /// yet, or is gone.
    async fn deployment_target(&self, id: &str) -> Result<Option<Target>, PortError>;

    /// `GetDeploymentGroup`.
    async fn deployment_group(&self, application: &str, group: &str) -> Result<DeploymentGroup, PortError>;

    /// `StopDeployment` with `autoRollbackEnabled`, whatever the group is set to. One that is over already is
    /// [`Stopped::Over`].
    async fn stop_deployment(&self, id: &str) -> Result<Stopped, PortError>;

    /// `PutLifecycleEventHookExecutionStatus`. An event that is over already is [`Answered::Already`].
    async fn answer_hook(&self, hook: &Hook, succeeded: bool) -> Result<Answered, PortError>;
}

/// The API takes no more.
pub const DEPLOYMENTS_PER_CALL: usize = 25;

/// A list that gets no further than this is not paging but looping.
const MOST_PAGES: usize = 50;

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
    /// What it deploys: the hash of its AppSpec, or where that is kept. Deployments with the same one deploy the same.
    pub revision: Option<String>,
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
    /// ARNs of the test listeners.
    pub test_listeners: Vec<String>,
    /// Names of the target groups that the two versions swap.
    pub target_groups: Vec<String>,
}

/// What a hook was called with, and is answered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `d-...`.
    pub deployment: String,
    /// The execution's id.
    pub execution: String,
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was taken.
    Taken,
    /// Another had been taken before, or its time was over.
    Already,
}

pub(crate) const SERVICE: Service = Service { id: "CodeDeploy", host: "codedeploy", signed_for: "codedeploy" };

/// The statuses of deployments that are not over.
const IN_PROGRESS: [&str; 5] = ["Created", "Queued", "InProgress", "Baking", "Ready"];

impl CodeDeploy for Aws {
    async fn list_deployments_in_progress(&self) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "ListDeployments";
        let question = json!({"includeOnlyStatuses": IN_PROGRESS});
        all(OPERATION, MOST_PAGES, async |next| {
            let page: Listed = self.deploys(OPERATION, &page_of(&question, "nextToken", next)).await?;
            Ok((page.deployments.unwrap_or_default(), page.next_token))
        })
        .await
    }

    async fn list_successful_deployments(&self, application: &str, group: &str) -> Result<Vec<String>, PortError> {
        let question = json!({
            "applicationName": application, "deploymentGroupName": group, "includeOnlyStatuses": ["Succeeded"],
        });
        let page: Listed = self.deploys("ListDeployments", &question).await?;
        Ok(page.deployments.unwrap_or_default())
    }

    async fn batch_get_deployments(&self, ids: &[String]) -> Result<Vec<CodeDeployment>, PortError> {
        const OPERATION: &str = "BatchGetDeployments";
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let answer: Deployments = self.deploys(OPERATION, &json!({"deploymentIds": ids})).await?;
        let deployments = answer.deployments_info.unwrap_or_default().into_iter();
        let ecs = deployments.filter(said::DeploymentInfo::is_to_ecs);
        ecs.map(|info| {
            let id = info.deployment_id.clone().unwrap_or_default();
            let undated = || PortError::new(OPERATION, Kind::Garbled, format!("{id} has no time of creation"));
            said::deployment(info).ok_or_else(undated)
        })
        .collect()
    }

    async fn deployment_target(&self, id: &str) -> Result<Option<Target>, PortError> {
        const OPERATION: &str = "BatchGetDeploymentTargets";
        const LIST: &str = "ListDeploymentTargets";
        let listed: TargetIds = match self.codedeploy.send(LIST, ask(LIST, &json!({"deploymentId": id}))).await {
            Err(error) if has_no_target(error.code()) => return Ok(None),
            answer => read(LIST, answer)?,
        };
        // A deployment to ECS has one target: its service.
        let Some(target) = listed.target_ids.into_iter().flatten().next() else { return Ok(None) };
        let question = json!({"deploymentId": id, "targetIds": [target]});
        let found: Targets = match self.codedeploy.send(OPERATION, ask(OPERATION, &question)).await {
            Err(error) if has_no_target(error.code()) => return Ok(None),
            answer => read(OPERATION, answer)?,
        };
        let target = found.deployment_targets.into_iter().flatten().find_map(|target| target.ecs_target);
        let Some(target) = target else { return Ok(None) };
        let unnamed = format!("{:?} does not name a cluster and a service", target.target_id);
        said::target(target).map(Some).ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, unnamed))
    }

    async fn deployment_group(&self, application: &str, group: &str) -> Result<DeploymentGroup, PortError> {
        const OPERATION: &str = "GetDeploymentGroup";
        let question = json!({"applicationName": application, "deploymentGroupName": group});
        let answer: Group = self.deploys(OPERATION, &question).await?;
        let none = || PortError::new(OPERATION, Kind::Garbled, "it describes no deployment group");
        answer.deployment_group_info.map(said::group).ok_or_else(none)
    }

    async fn stop_deployment(&self, id: &str) -> Result<Stopped, PortError> {
        const OPERATION: &str = "StopDeployment";
        let question = json!({"deploymentId": id, "autoRollbackEnabled": true});
        match self.codedeploy.send(OPERATION, ask(OPERATION, &question)).await {
            Err(error) if error.code() == Some("DeploymentAlreadyCompletedException") => Ok(Stopped::Over),
            answer => read::<Value>(OPERATION, answer).map(|_| Stopped::Stopping),
        }
    }

    async fn answer_hook(&self, hook: &Hook, succeeded: bool) -> Result<Answered, PortError> {
        const OPERATION: &str = "PutLifecycleEventHookExecutionStatus";
        let question = json!({
            "deploymentId": hook.deployment,
            "lifecycleEventHookExecutionId": hook.execution,
            "status": if succeeded { "Succeeded" } else { "Failed" },
        });
        match self.codedeploy.send(OPERATION, ask(OPERATION, &question)).await {
            Err(error) if error.code() == Some("LifecycleEventAlreadyCompletedException") => Ok(Answered::Already),
            answer => read::<Value>(OPERATION, answer).map(|_| Answered::Taken),
        }
    }
}

impl Aws {
    /// What CodeDeploy says.
    pub(crate) async fn deploys<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        question: &Value,
    ) -> Result<T, PortError> {
        self.codedeploy.json(operation, ask(operation, question)).await
    }
}

fn ask(operation: &str, question: &Value) -> Ask {
    Ask::rpc(&format!("CodeDeploy_20141006.{operation}"), question)
}

fn read<T: DeserializeOwned>(operation: &'static str, answer: Result<Answer, Failure>) -> Result<T, PortError> {
    answer.map_err(PortError::of(operation))?.json(operation)
}

/// What `ListDeployments` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    deployments: Option<Vec<String>>,
    next_token: Option<String>,
}

/// What `BatchGetDeployments` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployments {
    deployments_info: Option<Vec<said::DeploymentInfo>>,
}

/// What `ListDeploymentTargets` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetIds {
    target_ids: Option<Vec<String>>,
}

/// What `BatchGetDeploymentTargets` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    deployment_targets: Option<Vec<OneTarget>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneTarget {
    ecs_target: Option<said::EcsTarget>,
}

/// What `GetDeploymentGroup` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    deployment_group_info: Option<said::DeploymentGroupInfo>,
}

/// Whether this is how CodeDeploy says that a deployment has no target yet, or is gone.
fn has_no_target(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "DeploymentNotStartedException"
                | "DeploymentDoesNotExistException"
                | "DeploymentTargetDoesNotExistException"
        )
    )
}

#[cfg(test)]
mod tests;
