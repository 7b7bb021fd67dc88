//! What runs of the new version: its tasks, and its targets.

use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::loadbalancing::{TargetGroup, TargetHealth};
use tidegate_core::diagnosis::Task;
use tidegate_core::hook::facts::{Event, Target, Targets, Tasks};
use tidegate_lambda::deployments::{InProgress, Of, green_and_blue};

use super::{Gather, Ports};
use crate::deployment::{began, groups};

/// Tasks that are listed of a service beside those of its two versions: those that stopped in the last hour.
const ALSO: u32 = 100;

impl<P: Ports> Gather<'_, P> {
    /// The tasks of the new version, those that stopped too, and what the service's events said since it began.
    ///
    /// # Errors
    /// Where they could not be listed or described.
    pub(super) async fn tasks(&self, deployment: &InProgress) -> Result<Tasks, PortError> {
        let service = &deployment.service;
        let most = usize::try_from(service.desired.saturating_mul(2).saturating_add(ALSO)).unwrap_or(usize::MAX);
        let listed = self.ports.tasks_of_service(&service.cluster, &service.name, most);
        let mut tasks = self.deadline.bound("DescribeTasks", listed).await?;
        tasks.retain(|task| is_new(deployment, task));
        let since = began(deployment);
        let events = service.messages.iter().filter(|(at, _)| *at >= since);
        let events = events.map(|(at, message)| Event { at: *at, message: message.clone() }).collect();
        Ok(Tasks { desired: service.desired, tasks, events })
    }

    /// The targets of the new version. None where no load balancer is before the service.
    ///
    /// # Errors
    /// Where they could not be read.
    pub(super) async fn targets(&self, deployment: &InProgress) -> Result<Option<Targets>, PortError> {
        let desired = deployment.service.desired;
        let groups = groups(deployment);
        let Some(named) = groups.new else {
            return Ok(groups.any.then(|| Targets { desired, ..Targets::default() }));
        };
        let group = self.group(&named).await?;
        let healths = self.deadline.bound("DescribeTargetHealth", self.ports.target_health(&group.arn)).await?;
        let targets = healths.into_iter().map(target).collect();
        Ok(Some(Targets { desired, group: Some(group.name), targets }))
    }

    /// A target group by its ARN, or by its name.
    ///
    /// # Errors
    /// Where it could not be read, or there is none.
    pub(super) async fn group(&self, named: &str) -> Result<TargetGroup, PortError> {
        let names = [named.to_owned()];
        let by_arn = named.starts_with("arn:");
        let found = async {
            if by_arn {
                self.ports.target_groups_by_arn(&names).await
            } else {
                self.ports.target_groups_by_name(&names).await
            }
        };
        let found = self.deadline.bound("DescribeTargetGroups", found).await?;
        let gone =
            || PortError::new("DescribeTargetGroups", Kind::NotFound, format!("there is no target group {named}"));
        found.into_iter().next().ok_or_else(gone)
    }
}

fn target(health: TargetHealth) -> Target {
    Target { target: health.target, state: health.state, why: health.why }
}

/// Whether a task is of the new version, and was started since the deployment began.
fn is_new(deployment: &InProgress, task: &Task) -> bool {
    if let Of::CodeDeploy { deployment: of, target, .. } = &deployment.of {
        let (green, _) = green_and_blue(&deployment.service, of, target);
        if let Some(green) = green.filter(|_| !task.started_by.is_empty()) {
            return task.started_by == green.id;
        }
    }
    // A deployment that only starts the tasks anew brings the same task definition.
    let since = began(deployment);
    let new = task.created_at.is_none_or(|created| created >= since);
    new && deployment.task_definition().is_some_and(|arn| arn == task.task_definition_arn)
}
