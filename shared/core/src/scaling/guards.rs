//! Services that are left alone, whatever their load, and deployments in progress.

use super::decision::Decision;
use super::facts::{Controller, Facts, Scheduling, Status};
use super::policy::Policy;
use super::reason::Reason;

/// The decision for a service that is not the scaler's to touch. None where it is. It needs no metrics, so that a
/// run asks for none.
#[must_use]
pub fn leave_alone(facts: &Facts, policy: &Policy) -> Option<Decision> {
    let stay = |reason, why: String| Some(Decision::stay(facts.desired, reason, why));
    if facts.status != Status::Active {
        return stay(Reason::NotActive, format!("the service is {:?}, not Active", facts.status));
    }
    if facts.scheduling != Scheduling::Replica {
        return stay(
            Reason::Daemon,
            format!("its scheduling strategy is {:?}: there is no count to set", facts.scheduling),
        );
    }
    if !matches!(facts.controller, Controller::Ecs | Controller::CodeDeploy) {
        return stay(Reason::ExternalController, format!("its deployment controller is {:?}", facts.controller));
    }
    if let Some(target) = &facts.scalable_target {
        let (min, max) = (target.min, target.max);
        return stay(
            Reason::ScalableTarget,
            format!("Application Auto Scaling has registered it with {min} to {max} tasks and owns the count"),
        );
    }
    if facts.desired == 0 && policy.min != Some(0) {
        return stay(Reason::DesiredIsZero, "its desired count is 0, which only a person sets".to_owned());
    }
    None
}

/// What shows that a deployment is in progress; each controller tells it differently. None where none is.
///
/// Under the ECS controller `rolloutState` says it, and a second deployment; under CodeDeploy there is no
/// `rolloutState`, and a second task set stands until the old one is terminated.
#[must_use]
pub fn deployment_in_progress(facts: &Facts) -> Option<String> {
    let deployments = facts.deployments.len();
    if facts.controller == Controller::CodeDeploy {
        let sets = facts.task_sets.max(u32::try_from(deployments).unwrap_or(u32::MAX));
        return (sets > 1).then(|| format!("{sets} task sets"));
    }
    if let Some(rolling) = facts.deployments.iter().find(|d| d.rollout_state.as_deref() == Some("IN_PROGRESS")) {
        return Some(format!("the {} deployment is IN_PROGRESS", rolling.status));
    }
    (deployments > 1).then(|| format!("{deployments} deployments"))
}
