//! Stopping deployments. Each is read again just before, and left alone where it, or its service's tag, has changed.

use tidegate_aws::codedeploy::{CodeDeploy, Stopped};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::{Kind, PortError};
use tidegate_core::deployment::State;
use tidegate_core::mode::Mode;

use super::{InProgress, Of};
use crate::outcome::NotMade;

/// Why a deployment was not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStopped {
    /// It, or its service's tag, is not any more what it was when it was judged.
    Changed,
    /// The run had no time left.
    NotReached,
    /// It could not be read again, or the stop was refused.
    Failed,
}

/// Stops a deployment and rolls it back. The service's tag, named without its prefix, such as `gate`, has to say `on`.
///
/// # Errors
/// Where it changed since it was judged, or could not be stopped.
pub async fn stop(
    ports: &(impl CodeDeploy + Deployments + Ecs),
    deadline: &Deadline,
    deployment: &InProgress,
    tag: &str,
) -> Result<(), NotMade<NotStopped>> {
    let changed = |why: String| NotMade { reason: NotStopped::Changed, why };
    let failed = |error: PortError| NotMade {
        reason: if error.kind == Kind::NoTime { NotStopped::NotReached } else { NotStopped::Failed },
        why: error.to_string(),
    };
    if let Some(why) = changes(ports, deadline, deployment, tag).await.map_err(failed)? {
        return Err(changed(format!("{why}; nothing was stopped")));
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
        Stopped::Over => Err(changed("it was over before it could be stopped".to_owned())),
    }
}

/// What has changed since it was judged; None for nothing that matters.
async fn changes(
    ports: &(impl CodeDeploy + Deployments + Ecs),
    deadline: &Deadline,
    before: &InProgress,
    tag: &str,
) -> Result<Option<String>, PortError> {
    let (cluster, name) = (&before.service.cluster, std::slice::from_ref(&before.service.name));
    let services = deadline.bound("DescribeServices", ports.describe_services(cluster, name)).await?.services;
    let Some(service) = services.into_iter().next() else { return Ok(Some("its service is gone".to_owned())) };
    if service.tags.mode(tag) != Ok(Mode::On) {
        return Ok(Some(format!("tidegate:{tag} of its service is no longer on")));
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
    let now = InProgress { service, of };
    Ok(match now.state() {
        State::InProgress if now.is_roll_back() => Some("it is being rolled back already".to_owned()),
        State::InProgress => None,
        State::Stopping | State::Over => Some("it is over, or being stopped already".to_owned()),
        State::Unknown => Some("it is in a state that this version does not know".to_owned()),
    })
}
