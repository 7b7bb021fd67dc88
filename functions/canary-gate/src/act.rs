//! Stopping deployments. Each is read again just before, and left alone where it, or its service's tag, has changed.

use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::{Deployments, Stopped};
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::{Kind, PortError};
use tidegate_core::canary::Reason;
use tidegate_core::canary::enrolment::GATE;
use tidegate_core::canary::facts::State;
use tidegate_core::mode::Mode;

use crate::deployment::{InProgress, Of};

/// What deployments are stopped through.
pub trait Ports: CodeDeploy + Deployments + Ecs {}
impl<T: CodeDeploy + Deployments + Ecs> Ports for T {}

/// Why a deployment was not stopped.
pub type NotMade = tidegate_lambda::outcome::NotMade<Reason>;

/// Stops a deployment and rolls it back.
///
/// # Errors
/// Where it changed since it was judged, or could not be stopped.
pub async fn stop(ports: &impl Ports, deadline: &Deadline, deployment: &InProgress) -> Result<(), NotMade> {
    let failed = |error: PortError| NotMade {
        reason: if error.kind == Kind::NoTime { Reason::NotReached } else { Reason::StopFailed },
        why: error.to_string(),
    };
    let again = read_again(ports, deadline, deployment).await.map_err(failed)?;
    if let Some(why) = again {
        return Err(NotMade { reason: Reason::ChangedMeanwhile, why: format!("{why}; nothing was stopped") });
    }
    let stopped = match &deployment.of {
        Of::CodeDeploy { deployment, .. } => {
            deadline.bound_write("StopDeployment", ports.stop_deployment(&deployment.id)).await
        }
        Of::Ecs { deployment, .. } => {
            deadline.bound_write("StopServiceDeployment", ports.stop_service_deployment(&deployment.arn)).await
        }
    };
    match stopped.map_err(failed)? {
        Stopped::Stopping => Ok(()),
        Stopped::Over => {
            Err(NotMade { reason: Reason::ChangedMeanwhile, why: "it was over before it could be stopped".to_owned() })
        }
    }
}

/// What has changed since it was judged; None for nothing that matters.
async fn read_again(ports: &impl Ports, deadline: &Deadline, before: &InProgress) -> Result<Option<String>, PortError> {
    let (cluster, name) = (&before.service.cluster, std::slice::from_ref(&before.service.name));
    let services = deadline.bound("DescribeServices", ports.describe_services(cluster, name)).await?.services;
    let Some(service) = services.into_iter().next() else { return Ok(Some("its service is gone".to_owned())) };
    if service.tags.mode(GATE) != Ok(Mode::On) {
        return Ok(Some(format!("tidegate:{GATE} of its service is no longer on")));
    }
    let of = match &before.of {
        Of::CodeDeploy { deployment, target, group } => {
            let ids = std::slice::from_ref(&deployment.id);
            let found = deadline.bound("BatchGetDeployments", ports.batch_get_deployments(ids)).await?;
            found.into_iter().next().map(|now| Of::CodeDeploy {
                deployment: now,
                target: target.clone(),
                group: group.clone(),
            })
        }
        Of::Ecs { deployment, revisions } => {
            let arns = std::slice::from_ref(&deployment.arn);
            let found = deadline.bound("DescribeServiceDeployments", ports.describe_service_deployments(arns)).await?;
            found.into_iter().next().map(|now| Of::Ecs { deployment: now, revisions: revisions.clone() })
        }
    };
    let Some(of) = of else { return Ok(Some("the deployment is gone".to_owned())) };
    let (now, _) = InProgress { service, of }.facts("");
    Ok(match now.state {
        State::InProgress if now.roll_back => Some("it is being rolled back already".to_owned()),
        State::InProgress => None,
        State::Stopping | State::Over => Some("it is over, or being stopped already".to_owned()),
        State::Unknown => Some("it is in a state that this version does not know".to_owned()),
    })
}
