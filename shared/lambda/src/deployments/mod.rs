//! Deployments in progress, CodeDeploy's and ECS's own: what is known of one, whoever looks at it and why.
//!
//! - [`in_progress`]: those of some services; [`described`], [`code_deploy`], [`of_target`] and [`with_group`]: one that is named
//! - [`InProgress`]: one, with the answers that every function needs of it
//! - [`mod@stop`]: stopping one, where it still is what it was

mod gather;
mod steps;
mod stop;
#[cfg(test)]
mod tests;

use tidegate_aws::codedeploy::{CodeDeployment, DeploymentGroup, Target, TaskSetInfo};
use tidegate_aws::deployments::{ServiceDeployment, ServiceRevision};
use tidegate_aws::ecs::{Service, TaskSet};
use tidegate_core::deployment::State;

pub use gather::{Unread, code_deploy, described, in_progress, is_being_deployed, of_target, with_group};
pub use stop::{NotStopped, stop};

/// A deployment in progress, and its service.
#[derive(Clone, Debug, PartialEq)]
pub struct InProgress {
    /// The service.
    pub service: Service,
    /// The deployment.
    pub of: Of,
}

/// Who deploys, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    /// CodeDeploy.
    CodeDeploy {
        /// The deployment.
        deployment: CodeDeployment,
        /// Its ECS target.
        target: Target,
        /// Its deployment group.
        group: DeploymentGroup,
    },
    /// ECS itself.
    Ecs {
        /// The deployment.
        deployment: ServiceDeployment,
        /// Its revisions.
        revisions: Vec<ServiceRevision>,
    },
}

impl InProgress {
    /// `cluster/service`, as records name it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.service.cluster, self.service.name)
    }

    /// CodeDeploy's id, or the ARN of ECS's service deployment.
    #[must_use]
    pub fn deployment_id(&self) -> &str {
        match &self.of {
            Of::CodeDeploy { deployment, .. } => &deployment.id,
            Of::Ecs { deployment, .. } => &deployment.arn,
        }
    }

    /// Names of the alarms that the deployment itself watches.
    #[must_use]
    pub fn alarms(&self) -> &[String] {
        match &self.of {
            Of::CodeDeploy { group, .. } => &group.alarms,
            Of::Ecs { deployment, .. } => &deployment.alarms,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.of {
            Of::CodeDeploy { deployment, .. } => match deployment.status.as_str() {
                "Created" | "Queued" | "InProgress" | "Baking" | "Ready" => State::InProgress,
                "Succeeded" | "Failed" | "Stopped" => State::Over,
                _ => State::Unknown,
            },
            Of::Ecs { deployment, .. } => match deployment.status.as_str() {
                "PENDING" | "IN_PROGRESS" | "ROLLBACK_IN_PROGRESS" => State::InProgress,
                "STOP_REQUESTED" | "ROLLBACK_REQUESTED" => State::Stopping,
                "SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => State::Over,
                _ => State::Unknown,
            },
        }
    }

    /// Whether it brings an older version back, by a roll-back of the platform's: such a deployment is never stopped.
    #[must_use]
    pub fn is_roll_back(&self) -> bool {
        match &self.of {
            Of::CodeDeploy { deployment, .. } => deployment.roll_back,
            // The weights of a hook's event look the same going forward and going back; the status does not.
            Of::Ecs { deployment, .. } => deployment.status.starts_with("ROLLBACK") || deployment.rollback.is_some(),
        }
    }

    /// Whether there is no old version: the service is being created. CodeDeploy deploys none of those.
    #[must_use]
    pub fn is_first(&self) -> bool {
        match &self.of {
            Of::CodeDeploy { .. } => false,
            Of::Ecs { deployment, .. } => deployment.sources.is_empty(),
        }
    }

    /// ARN of the task definition that it brings. None where that is not known, or there is none yet.
    #[must_use]
    pub fn task_definition(&self) -> Option<&str> {
        match &self.of {
            Of::CodeDeploy { deployment, target, .. } => {
                let (green, _) = green_and_blue(&self.service, deployment, target);
                let of_deployment = |set: &&TaskSet| set.external_id.as_deref() == Some(&deployment.id);
                let own = self.service.task_sets.iter().find(|set| green.is_some_and(|green| green.id == set.id));
                own.or_else(|| self.service.task_sets.iter().find(of_deployment))?.task_definition.as_deref()
            }
            Of::Ecs { deployment, revisions } => target_revision(deployment, revisions)?.task_definition.as_deref(),
        }
    }
}

/// The task sets of the new version and of the old one, as CodeDeploy tells them.
#[must_use]
pub fn green_and_blue<'a>(
    service: &Service,
    deployment: &CodeDeployment,
    target: &'a Target,
) -> (Option<&'a TaskSetInfo>, Option<&'a TaskSetInfo>) {
    let of_deployment = service.task_sets.iter().find(|set| set.external_id.as_deref() == Some(&deployment.id));
    // CodeDeploy may leave its own label out. ECS knows which deployment made a task set.
    let is_green = |set: &&TaskSetInfo| set.green.unwrap_or_else(|| of_deployment.is_some_and(|own| own.id == set.id));
    (target.task_sets.iter().find(is_green), target.task_sets.iter().find(|set| !is_green(set)))
}

/// The revision that a deployment of ECS's brings.
#[must_use]
pub fn target_revision<'a>(
    deployment: &ServiceDeployment,
    revisions: &'a [ServiceRevision],
) -> Option<&'a ServiceRevision> {
    let target = deployment.target.as_ref()?;
    revisions.iter().find(|revision| revision.arn == target.arn)
}
