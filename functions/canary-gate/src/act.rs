//! Acting: the one thing that the gate does of itself is to stop a deployment.

use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_core::canary::Reason;
use tidegate_core::canary::enrolment::GATE;
use tidegate_lambda::deployments::{self, InProgress, NotStopped};

/// Why a deployment was not stopped.
pub type NotMade = tidegate_lambda::outcome::NotMade<Reason>;

/// Stops a deployment and rolls it back.
///
/// # Errors
/// Where it changed since it was judged, or could not be stopped.
pub async fn stop(
    ports: &(impl CodeDeploy + Deployments + Ecs),
    deadline: &Deadline,
    deployment: &InProgress,
) -> Result<(), NotMade> {
    deployments::stop(ports, deadline, deployment, GATE).await.map_err(|not_stopped| NotMade {
        reason: match not_stopped.reason {
            NotStopped::Changed => Reason::ChangedMeanwhile,
            NotStopped::NotReached => Reason::NotReached,
            NotStopped::Failed => Reason::StopFailed,
        },
        why: not_stopped.why,
    })
}
