//! CodeDeploy: deployments to ECS, their targets, and the answers to their hooks.

use aws_sdk_codedeploy::types::{
    AutoRollbackConfiguration, AutoRollbackEvent, ComputePlatform, DeploymentCreator, DeploymentGroupInfo,
    DeploymentInfo, DeploymentStatus, EcsTarget, EcsTaskSet, InstanceAction, LifecycleEventStatus, RevisionLocation,
    TargetLabel,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use crate::convert::time;
use crate::error::{Kind, PortError};
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

impl CodeDeploy for Aws {
    async fn list_deployments_in_progress(&self) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "ListDeployments";
        let mut ids = Vec::new();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let answer = self
                .codedeploy
                .list_deployments()
                .include_only_statuses(DeploymentStatus::Created)
                .include_only_statuses(DeploymentStatus::Queued)
                .include_only_statuses(DeploymentStatus::InProgress)
                .include_only_statuses(DeploymentStatus::Baking)
                .include_only_statuses(DeploymentStatus::Ready)
                .set_next_token(next)
                .send()
                .await
                .map_err(PortError::of(OPERATION))?;
            ids.extend(answer.deployments.unwrap_or_default());
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(ids);
            }
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn list_successful_deployments(&self, application: &str, group: &str) -> Result<Vec<String>, PortError> {
        let call = self.codedeploy.list_deployments().application_name(application).deployment_group_name(group);
        let answer = call.include_only_statuses(DeploymentStatus::Succeeded).send().await;
        Ok(answer.map_err(PortError::of("ListDeployments"))?.deployments.unwrap_or_default())
    }

    async fn batch_get_deployments(&self, ids: &[String]) -> Result<Vec<CodeDeployment>, PortError> {
        const OPERATION: &str = "BatchGetDeployments";
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.codedeploy.batch_get_deployments().set_deployment_ids(Some(ids.to_vec()));
        let answer = call.send().await.map_err(PortError::of(OPERATION))?;
        let deployments = answer.deployments_info.unwrap_or_default().into_iter();
        let ecs = deployments.filter(|deployment| deployment.compute_platform == Some(ComputePlatform::Ecs));
        ecs.map(|info| {
            let id = info.deployment_id.clone().unwrap_or_default();
            let undated = || PortError::new(OPERATION, Kind::Garbled, format!("{id} has no time of creation"));
            deployment(info).ok_or_else(undated)
        })
        .collect()
    }

    async fn deployment_target(&self, id: &str) -> Result<Option<Target>, PortError> {
        const OPERATION: &str = "BatchGetDeploymentTargets";
        let listed = match self.codedeploy.list_deployment_targets().deployment_id(id).send().await {
            Err(error) if has_no_target(error.code()) => return Ok(None),
            answer => answer.map_err(PortError::of("ListDeploymentTargets"))?.target_ids,
        };
        // A deployment to ECS has one target: its service.
        let Some(target) = listed.into_iter().flatten().next() else { return Ok(None) };
        let call = self.codedeploy.batch_get_deployment_targets().deployment_id(id).target_ids(target);
        let found = match call.send().await {
            Err(error) if has_no_target(error.code()) => return Ok(None),
            answer => answer.map_err(PortError::of(OPERATION))?.deployment_targets,
        };
        let Some(target) = found.into_iter().flatten().find_map(|target| target.ecs_target) else { return Ok(None) };
        let unnamed = format!("{:?} does not name a cluster and a service", target.target_id);
        ours(target).map(Some).ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, unnamed))
    }

    async fn deployment_group(&self, application: &str, group: &str) -> Result<DeploymentGroup, PortError> {
        const OPERATION: &str = "GetDeploymentGroup";
        let call = self.codedeploy.get_deployment_group().application_name(application).deployment_group_name(group);
        let answer = call.send().await.map_err(PortError::of(OPERATION))?;
        let info = answer.deployment_group_info;
        info.map(group_of).ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, "it describes no deployment group"))
    }

    async fn stop_deployment(&self, id: &str) -> Result<Stopped, PortError> {
        let call = self.codedeploy.stop_deployment().deployment_id(id).auto_rollback_enabled(true);
        match call.send().await {
            Err(error) if error.code() == Some("DeploymentAlreadyCompletedException") => Ok(Stopped::Over),
            answer => answer.map(|_| Stopped::Stopping).map_err(PortError::of("StopDeployment")),
        }
    }

    async fn answer_hook(&self, hook: &Hook, succeeded: bool) -> Result<Answered, PortError> {
        let status = if succeeded { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        let call = self.codedeploy.put_lifecycle_event_hook_execution_status().deployment_id(&hook.deployment);
        match call.lifecycle_event_hook_execution_id(&hook.execution).status(status).send().await {
            Err(error) if error.code() == Some("LifecycleEventAlreadyCompletedException") => Ok(Answered::Already),
            answer => answer.map(|_| Answered::Taken).map_err(PortError::of("PutLifecycleEventHookExecutionStatus")),
        }
    }
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

/// None where it says no time of creation, from which on it would be judged.
fn deployment(info: DeploymentInfo) -> Option<CodeDeployment> {
    let creators = [DeploymentCreator::CodeDeployRollback, DeploymentCreator::CloudFormationRollback];
    let caused = info.rollback_info.and_then(|rollback| rollback.rollback_triggering_deployment_id);
    Some(CodeDeployment {
        created: time(&info.create_time?)?,
        revision: info.revision.and_then(revision),
        id: info.deployment_id.unwrap_or_default(),
        application: info.application_name.unwrap_or_default(),
        group: info.deployment_group_name.unwrap_or_default(),
        config: info.deployment_config_name.unwrap_or_default(),
        status: info.status.map_or_else(String::new, |status| status.as_str().to_owned()),
        roll_back: info.creator.is_some_and(|creator| creators.contains(&creator)) || caused.is_some(),
    })
}

/// What tells a revision from others.
fn revision(location: RevisionLocation) -> Option<String> {
    let content = location.app_spec_content.and_then(|content| content.sha256);
    #[expect(deprecated, reason = "what deployments before AppSpecContent have")]
    let string = location.string.and_then(|string| string.sha256);
    let object = || {
        let object = location.s3_location?;
        // Without either, the object may have been another one then.
        let version = object.version.or(object.e_tag)?;
        Some(format!("s3://{}/{}?{version}", object.bucket?, object.key?))
    };
    content.or(string).or_else(object)
}

/// None where it does not say for which service it is.
fn ours(target: EcsTarget) -> Option<Target> {
    let (cluster, service) = match target.target_id.as_deref().and_then(|id| id.split_once(':')) {
        Some(named) => named,
        // `arn:aws:ecs:region:account:service/cluster/name`
        None => target.target_arn.as_deref()?.split_once(":service/")?.1.split_once('/')?,
    };
    let event = |event: aws_sdk_codedeploy::types::LifecycleEvent| LifecycleEvent {
        name: event.lifecycle_event_name.unwrap_or_default(),
        status: event.status.map_or_else(String::new, |status| status.as_str().to_owned()),
        started: event.start_time.as_ref().and_then(time),
        ended: event.end_time.as_ref().and_then(time),
    };
    Some(Target {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        events: target.lifecycle_events.unwrap_or_default().into_iter().map(event).collect(),
        task_sets: target.task_sets_info.unwrap_or_default().into_iter().map(task_set).collect(),
    })
}

fn task_set(set: EcsTaskSet) -> TaskSetInfo {
    TaskSetInfo {
        green: match set.task_set_label {
            Some(TargetLabel::Green) => Some(true),
            Some(TargetLabel::Blue) => Some(false),
            _ => None,
        },
        id: set.identifer.unwrap_or_default(),
        traffic_percent: set.traffic_weight,
        target_group: set.target_group.and_then(|group| group.name),
    }
}

fn group_of(info: DeploymentGroupInfo) -> DeploymentGroup {
    let watched = info.alarm_configuration.filter(|alarms| alarms.enabled).and_then(|alarms| alarms.alarms);
    let ends = info.blue_green_deployment_configuration;
    let ends = ends.and_then(|ends| ends.terminate_blue_instances_on_deployment_success);
    let ends = ends.filter(|ends| ends.action != Some(InstanceAction::KeepAlive));
    let failure = AutoRollbackEvent::DeploymentFailure;
    let rolls_back = |set: &AutoRollbackConfiguration| set.enabled && set.events().contains(&failure);
    let pairs = info.load_balancer_info.and_then(|balancers| balancers.target_group_pair_info_list);
    let (mut listeners, mut test_listeners, mut target_groups) = (Vec::new(), Vec::new(), Vec::new());
    for pair in pairs.into_iter().flatten() {
        listeners.extend(pair.prod_traffic_route.and_then(|route| route.listener_arns).into_iter().flatten());
        test_listeners.extend(pair.test_traffic_route.and_then(|route| route.listener_arns).into_iter().flatten());
        target_groups.extend(pair.target_groups.into_iter().flatten().filter_map(|group| group.name));
    }
    DeploymentGroup {
        alarms: watched.into_iter().flatten().filter_map(|alarm| alarm.name).collect(),
        termination_wait_minutes: ends
            .and_then(|ends| u32::try_from(ends.termination_wait_time_in_minutes).ok())
            .unwrap_or(0),
        rolls_back: info.auto_rollback_configuration.as_ref().is_some_and(rolls_back),
        listeners,
        test_listeners,
        target_groups,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_codedeploy::types::{AppSpecContent, S3Location};

    use super::*;

    #[test]
    fn a_target_without_an_id_is_named_by_its_arn() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop";
        let named = ours(EcsTarget::builder().target_arn(arn).build()).map(|target| (target.cluster, target.service));
        assert_eq!(named, Some(("prod".to_owned(), "shop".to_owned())));
        let short = "arn:aws:ecs:eu-west-1:123456789012:service/shop";
        assert_eq!(ours(EcsTarget::builder().target_arn(short).build()), None);
        assert_eq!(ours(EcsTarget::builder().build()), None);
    }

    #[test]
    fn a_revision_is_told_by_its_hash_or_by_the_very_object() {
        let content = AppSpecContent::builder().sha256("abc").build();
        assert_eq!(revision(RevisionLocation::builder().app_spec_content(content).build()).as_deref(), Some("abc"));

        let object = || S3Location::builder().bucket("builds").key("appspec.yaml");
        let at = |object: S3Location| revision(RevisionLocation::builder().s3_location(object).build());
        assert_eq!(at(object().version("3").build()).as_deref(), Some("s3://builds/appspec.yaml?3"));
        assert_eq!(at(object().e_tag("e1").build()).as_deref(), Some("s3://builds/appspec.yaml?e1"));
        assert_eq!(at(object().build()), None, "it may have been another object then");
        assert_eq!(revision(RevisionLocation::builder().build()), None);
    }
}
