//! ECS's own deployments: service deployments and the revisions that they go between.

use aws_sdk_ecs::types::{
    DeploymentLifecycleHookStatus, DeploymentLifecycleHookTargetType, DeploymentStrategy, Failure, LoadBalancer,
    ServiceDeploymentRollbackMonitorsStatus, ServiceDeploymentStatus, ServiceRevisionSummary,
    StopServiceDeploymentStopType,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use crate::batch::those_there;
use crate::convert::time;
use crate::ecs::ContainerImage;
use crate::error::{Kind, PortError};
use crate::sdk::Aws;
pub use crate::stopped::Stopped;

/// The calls that are used.
pub trait Deployments {
    /// `DescribeServiceDeployments`, at most [`DEPLOYMENTS_PER_CALL`] ARNs. Those that are gone are left out.
    async fn describe_service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, PortError>;

    /// `DescribeServiceRevisions`, at most [`REVISIONS_PER_CALL`] ARNs. Those that are gone are left out.
    async fn describe_service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, PortError>;

    /// `ListServiceDeployments` of a service that were successful: the ARNs of the revisions that they brought, the newest
    /// first, at most `most`.
    async fn successful_revisions(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<String>, PortError>;

    /// `StopServiceDeployment` with `ROLLBACK`. One that is over already is [`Stopped::Over`]; where ECS's error leaves
    /// that open, `DescribeServiceDeployments` is asked.
    async fn stop_service_deployment(&self, arn: &str) -> Result<Stopped, PortError>;
}

/// The API takes no more.
pub const DEPLOYMENTS_PER_CALL: usize = 20;

/// The API takes no more.
pub const REVISIONS_PER_CALL: usize = 20;

/// A list that gets no further than this is not paging but looping.
const MOST_PAGES: usize = 50;

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
    /// The share of the first step, in percent: a canary's, or that of each linear step. None for the other strategies.
    pub step_percent: Option<f64>,
    /// Minutes of the first step, before there is a next one. None for the other strategies.
    pub step_minutes: Option<u32>,
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

impl ServiceDeployment {
    /// Whether it is still on its way forward.
    #[must_use]
    pub fn can_be_stopped(&self) -> bool {
        matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS")
    }
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
    /// ARN of its task definition.
    pub task_definition: Option<String>,
    /// Its containers' images; those of which ECS has not resolved the digest yet are here without one, or not at all.
    pub images: Vec<ContainerImage>,
    /// ARNs of its target groups. Where ECS has not resolved which of a pair is this revision's, both.
    pub target_groups: Vec<String>,
    /// ARN of the production listener rule, where ECS shifts the traffic; of the listener, on a Network Load Balancer.
    pub listener_rule: Option<String>,
    /// The same of the test listener.
    pub test_listener_rule: Option<String>,
}

impl Deployments for Aws {
    async fn describe_service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, PortError> {
        const OPERATION: &str = "DescribeServiceDeployments";
        let ask = async |arns: &[String]| {
            let call = self.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns.to_vec()));
            let answer = call.send().await.map_err(PortError::of(OPERATION))?;
            left_out(OPERATION, answer.failures());
            let undated = || PortError::new(OPERATION, Kind::Garbled, "a deployment has no time of creation");
            let deployments = answer.service_deployments.unwrap_or_default().into_iter();
            deployments.map(|found| deployment(found).ok_or_else(undated)).collect()
        };
        those_there(arns, DEPLOYMENTS_PER_CALL, ask).await
    }

    async fn describe_service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, PortError> {
        const OPERATION: &str = "DescribeServiceRevisions";
        let ask = async |arns: &[String]| {
            let call = self.ecs.describe_service_revisions().set_service_revision_arns(Some(arns.to_vec()));
            let answer = call.send().await.map_err(PortError::of(OPERATION))?;
            left_out(OPERATION, answer.failures());
            Ok(answer.service_revisions.unwrap_or_default().into_iter().map(revision).collect())
        };
        those_there(arns, REVISIONS_PER_CALL, ask).await
    }

    async fn successful_revisions(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "ListServiceDeployments";
        let per_page = i32::try_from(most.clamp(1, 100)).unwrap_or(100);
        let (mut revisions, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let call = self.ecs.list_service_deployments().cluster(cluster).service(service).max_results(per_page);
            let call = call.status(ServiceDeploymentStatus::Successful).set_next_token(next);
            let answer = call.send().await.map_err(PortError::of(OPERATION))?;
            let found = answer.service_deployments.unwrap_or_default().into_iter();
            revisions.extend(found.filter_map(|deployment| deployment.target_service_revision_arn));
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() || revisions.len() >= most {
                revisions.truncate(most);
                return Ok(revisions);
            }
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn stop_service_deployment(&self, arn: &str) -> Result<Stopped, PortError> {
        let call = self.ecs.stop_service_deployment().service_deployment_arn(arn);
        match call.stop_type(StopServiceDeploymentStopType::Rollback).send().await {
            Ok(_) => Ok(Stopped::Stopping),
            // ECS does not say which error it gives for a deployment that is over: the deployment itself does.
            Err(error) if CAN_MEAN_OVER.contains(&error.code().unwrap_or_default()) => {
                let found = self.describe_service_deployments(&[arn.to_owned()]).await;
                match found.ok().and_then(|found| found.into_iter().next()) {
                    Some(found) if !found.can_be_stopped() => Ok(Stopped::Over),
                    _ => Err(PortError::of("StopServiceDeployment")(error)),
                }
            }
            Err(error) => Err(PortError::of("StopServiceDeployment")(error)),
        }
    }
}

/// The errors of `StopServiceDeployment` that may be about a deployment that is over.
const CAN_MEAN_OVER: [&str; 3] = ["ConflictException", "ClientException", "InvalidParameterException"];

/// What was not described for any other reason than that it is gone should not go unseen.
fn left_out(operation: &str, failures: &[Failure]) {
    for failure in failures.iter().filter(|failure| failure.reason() != Some("MISSING")) {
        tracing::warn!(operation, arn = failure.arn(), reason = failure.reason(), "it is left out");
    }
}

/// None where it says no time of creation, from which on it would be judged.
fn deployment(found: aws_sdk_ecs::types::ServiceDeployment) -> Option<ServiceDeployment> {
    let last = |arn: Option<String>| arn.and_then(|arn| arn.rsplit('/').next().map(str::to_owned)).unwrap_or_default();
    let config = found.deployment_configuration;
    let strategy = config.as_ref().and_then(|config| config.strategy.as_ref());
    let bake = config.as_ref().and_then(|config| config.bake_time_in_minutes);
    let step = config.as_ref().and_then(|config| match strategy? {
        DeploymentStrategy::Canary => config.canary_configuration.as_ref()?.canary_percent,
        DeploymentStrategy::Linear => config.linear_configuration.as_ref()?.step_percent,
        _ => None,
    });
    let step_minutes = config.as_ref().and_then(|config| match strategy? {
        DeploymentStrategy::Canary => config.canary_configuration.as_ref()?.canary_bake_time_in_minutes,
        DeploymentStrategy::Linear => config.linear_configuration.as_ref()?.step_bake_time_in_minutes,
        _ => None,
    });
    let disabled = Some(ServiceDeploymentRollbackMonitorsStatus::Disabled);
    let alarms = found.alarms.filter(|alarms| alarms.status != disabled);
    let (alarms, triggered) = alarms.map_or((None, None), |alarms| (alarms.alarm_names, alarms.triggered_alarm_names));
    let hooks = found.lifecycle_hook_details.unwrap_or_default().into_iter().filter(|hook| {
        let waits = [DeploymentLifecycleHookStatus::InProgress, DeploymentLifecycleHookStatus::AwaitingAction];
        let calls = hook.target_type != Some(DeploymentLifecycleHookTargetType::Pause);
        calls && hook.status.as_ref().is_some_and(|status| waits.contains(status))
    });
    Some(ServiceDeployment {
        created: time(&found.created_at?)?,
        arn: found.service_deployment_arn.unwrap_or_default(),
        cluster: last(found.cluster_arn),
        service: last(found.service_arn),
        status: found.status.map_or_else(String::new, |status| status.as_str().to_owned()),
        strategy: strategy.map_or_else(String::new, |strategy| strategy.as_str().to_owned()),
        step_percent: step,
        step_minutes: step_minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        stage: found.lifecycle_stage.map_or_else(String::new, |stage| stage.as_str().to_owned()),
        started: found.started_at.as_ref().and_then(time),
        target: found.target_service_revision.and_then(summary),
        sources: found.source_service_revisions.unwrap_or_default().into_iter().filter_map(summary).collect(),
        alarms: alarms.unwrap_or_default(),
        triggered_alarms: triggered.unwrap_or_default(),
        bake_minutes: bake.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(0),
        rollback: found.rollback.map(|rollback| rollback.reason.unwrap_or_default()),
        hooks: hooks
            .filter_map(|hook| {
                Some(HookInProgress { function: hook.target_arn?, expires: hook.expires_at.as_ref().and_then(time) })
            })
            .collect(),
    })
}

fn summary(found: ServiceRevisionSummary) -> Option<Revision> {
    Some(Revision { arn: found.arn?, production_percent: found.requested_production_traffic_weight })
}

fn revision(found: aws_sdk_ecs::types::ServiceRevision) -> ServiceRevision {
    let resolved = found.resolved_configuration.and_then(|resolved| resolved.load_balancers).unwrap_or_default();
    let configured = found.load_balancers.unwrap_or_default();
    let advanced = || configured.iter().filter_map(LoadBalancer::advanced_configuration);
    let mut target_groups: Vec<String> =
        resolved.iter().filter_map(|balancer| balancer.target_group_arn.clone()).collect();
    if target_groups.is_empty() {
        let alternate = advanced().filter_map(|advanced| advanced.alternate_target_group_arn.clone());
        target_groups = configured.iter().filter_map(|balancer| balancer.target_group_arn.clone()).collect();
        target_groups.extend(alternate);
    }
    let rule = resolved.iter().find_map(|balancer| balancer.production_listener_rule.clone());
    let image = |image: aws_sdk_ecs::types::ContainerImage| ContainerImage {
        container: image.container_name.unwrap_or_default(),
        image: image.image,
        digest: image.image_digest,
    };
    ServiceRevision {
        arn: found.service_revision_arn.unwrap_or_default(),
        task_definition: found.task_definition,
        images: found.container_images.unwrap_or_default().into_iter().map(image).collect(),
        target_groups,
        listener_rule: rule.or_else(|| advanced().find_map(|advanced| advanced.production_listener_rule.clone())),
        test_listener_rule: advanced().find_map(|advanced| advanced.test_listener_rule.clone()),
    }
}
