//! Which deployments are in progress, and what they are made of.
//!
//! For described services with nothing in progress that is one call, to CodeDeploy, where any of them is deployed by it.

use futures_util::{StreamExt, stream};
use tidegate_aws::codedeploy::{self, CodeDeploy, CodeDeployment, Target};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::{self, Deployments, ServiceDeployment, ServiceRevision};
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::error::PortError;
use tidegate_core::deployment::State;
use tidegate_core::scaling::facts::Controller;

use super::{InProgress, Of};

/// A deployment that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Unread {
    /// `cluster/service`; None where not even that is known.
    pub service: Option<String>,
    /// Why.
    pub error: PortError,
}

/// The deployments in progress of some services, and what could not be read.
pub async fn in_progress(
    ports: &(impl CodeDeploy + Deployments),
    deadline: &Deadline,
    concurrency: usize,
    services: &[Service],
) -> (Vec<InProgress>, Vec<Unread>) {
    let (mut found, mut unread) = of_ecs(ports, deadline, services).await;
    let (more, and_unread) = of_code_deploy(ports, deadline, concurrency, services).await;
    found.extend(more);
    unread.extend(and_unread);
    (found, unread)
}

/// Whether a deployment of the service is under way, as far as the service itself tells.
#[must_use]
pub fn is_being_deployed(service: &Service) -> bool {
    if service.controller == Controller::CodeDeploy { service.task_sets.len() > 1 } else { is_deploying(service) }
}

/// Whether ECS has a deployment of the service under way. A service that is at rest may still name its last one.
fn is_deploying(service: &Service) -> bool {
    let rests = |state: &Option<String>| state.as_deref().is_none_or(|state| state == "COMPLETED");
    service.deployments.len() > 1 || !service.deployments.iter().all(|deployment| rests(&deployment.rollout_state))
}

async fn of_ecs(ports: &impl Deployments, deadline: &Deadline, services: &[Service]) -> (Vec<InProgress>, Vec<Unread>) {
    let deploying: Vec<&Service> = services.iter().filter(|service| is_deploying(service)).collect();
    let arns: Vec<String> = deploying.iter().filter_map(|service| service.service_deployment.clone()).collect();
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for arns in arns.chunks(deployments::DEPLOYMENTS_PER_CALL) {
        let named = |service: &&&Service| service.service_deployment.as_ref().is_some_and(|arn| arns.contains(arn));
        match described(ports, deadline, arns).await {
            Ok(described) => found.extend(described),
            Err(error) => {
                let of = |service: &&Service| Unread { service: Some(id(service)), error: error.clone() };
                unread.extend(deploying.iter().filter(named).map(of));
            }
        }
    }
    let service = |deployment: &ServiceDeployment| {
        deploying.iter().find(|service| service.service_deployment.as_deref() == Some(&deployment.arn))
    };
    let found = found.into_iter().filter_map(|(deployment, revisions)| {
        let service = (*service(&deployment)?).clone();
        Some(InProgress { service, of: Of::Ecs { deployment, revisions } })
    });
    (found.filter(|found| found.state() != State::Over).collect(), unread)
}

/// Service deployments with their revisions.
///
/// # Errors
/// Where either could not be read.
pub async fn described(
    ports: &impl Deployments,
    deadline: &Deadline,
    arns: &[String],
) -> Result<Vec<(ServiceDeployment, Vec<ServiceRevision>)>, PortError> {
    let deployments = deadline.bound("DescribeServiceDeployments", ports.describe_service_deployments(arns)).await?;
    let of = |deployment: &ServiceDeployment| -> Vec<String> {
        deployment.target.iter().chain(&deployment.sources).map(|revision| revision.arn.clone()).collect()
    };
    let mut arns: Vec<String> = deployments.iter().flat_map(of).collect();
    arns.sort();
    arns.dedup();
    let mut revisions = Vec::new();
    for arns in arns.chunks(deployments::REVISIONS_PER_CALL) {
        revisions.extend(deadline.bound("DescribeServiceRevisions", ports.describe_service_revisions(arns)).await?);
    }
    let with = |deployment: ServiceDeployment| {
        let own = of(&deployment);
        let revisions = revisions.iter().filter(|revision| own.contains(&revision.arn)).cloned().collect();
        (deployment, revisions)
    };
    Ok(deployments.into_iter().map(with).collect())
}

async fn of_code_deploy(
    ports: &impl CodeDeploy,
    deadline: &Deadline,
    concurrency: usize,
    services: &[Service],
) -> (Vec<InProgress>, Vec<Unread>) {
    let ours: Vec<&Service> = services.iter().filter(|service| service.controller == Controller::CodeDeploy).collect();
    if ours.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let everybody = |error: PortError| {
        let of = |service: &&Service| Unread { service: Some(id(service)), error: error.clone() };
        (Vec::new(), ours.iter().map(of).collect())
    };
    let ids = match deadline.bound("ListDeployments", ports.list_deployments_in_progress()).await {
        Ok(ids) => ids,
        Err(error) => return everybody(error),
    };
    let mut deployments: Vec<CodeDeployment> = Vec::new();
    for ids in ids.chunks(codedeploy::DEPLOYMENTS_PER_CALL) {
        match deadline.bound("BatchGetDeployments", ports.batch_get_deployments(ids)).await {
            Ok(found) => deployments.extend(found),
            Err(error) => return everybody(error),
        }
    }
    let read = stream::iter(deployments).map(async |deployment| {
        let target = code_deploy(ports, deadline, deployment, &ours).await;
        target.map_err(|error| Unread { service: None, error })
    });
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for read in read.buffered(concurrency).collect::<Vec<_>>().await {
        match read {
            Ok(deployment) => found.extend(deployment),
            Err(error) => unread.push(error),
        }
    }
    (found, unread)
}

/// A deployment of CodeDeploy's with its target and its group. None where it is for none of these services, or gone.
///
/// # Errors
/// Where its target or its group could not be read.
pub async fn code_deploy(
    ports: &impl CodeDeploy,
    deadline: &Deadline,
    deployment: CodeDeployment,
    services: &[&Service],
) -> Result<Option<InProgress>, PortError> {
    let target = deadline.bound("BatchGetDeploymentTargets", ports.deployment_target(&deployment.id)).await?;
    let Some(target) = target else { return Ok(None) };
    let of = |service: &&&Service| (&service.cluster, &service.name) == (&target.cluster, &target.service);
    let Some(service) = services.iter().find(of).map(|service| (*service).clone()) else { return Ok(None) };
    with_group(ports, deadline, service, deployment, target).await.map(Some)
}

/// A deployment of CodeDeploy's by its id and its target, with its service and its group. None where one of them is gone.
///
/// # Errors
/// Where any of them could not be read.
pub async fn of_target(
    ports: &(impl CodeDeploy + Ecs),
    deadline: &Deadline,
    id: &str,
    target: &Target,
) -> Result<Option<InProgress>, PortError> {
    let ids = [id.to_owned()];
    let deployments = deadline.bound("BatchGetDeployments", ports.batch_get_deployments(&ids)).await?;
    let Some(deployment) = deployments.into_iter().next() else { return Ok(None) };
    let names = [target.service.clone()];
    let described = ports.describe_services(&target.cluster, &names);
    let services = deadline.bound("DescribeServices", described).await?.services;
    let Some(service) = services.into_iter().next() else { return Ok(None) };
    with_group(ports, deadline, service, deployment, target.clone()).await.map(Some)
}

/// A deployment of CodeDeploy's whose target is known already, with its group.
///
/// # Errors
/// Where its group could not be read.
pub async fn with_group(
    ports: &impl CodeDeploy,
    deadline: &Deadline,
    service: Service,
    deployment: CodeDeployment,
    target: Target,
) -> Result<InProgress, PortError> {
    let group = ports.deployment_group(&deployment.application, &deployment.group);
    let group = deadline.bound("GetDeploymentGroup", group).await?;
    Ok(InProgress { service, of: Of::CodeDeploy { deployment, target, group } })
}

fn id(service: &Service) -> String {
    format!("{}/{}", service.cluster, service.name)
}
