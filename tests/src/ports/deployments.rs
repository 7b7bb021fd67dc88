//! ECS's own deployments.

use tidegate_aws::codedeploy::Stopped;
use tidegate_aws::deployments::{Deployments, HookInProgress, Revision, ServiceDeployment, ServiceRevision};
use tidegate_aws::error::PortError;

use super::refused;
use super::tasks::image;
use crate::world::World;
use crate::world::native as simulated;

impl Deployments for World {
    async fn describe_service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, PortError> {
        self.call("DescribeServiceDeployments").await?;
        let account = self.lock();
        let found = account.describe_service_deployments(arns).map_err(refused("DescribeServiceDeployments"))?;
        Ok(found.0.into_iter().map(deployment).collect())
    }

    async fn describe_service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, PortError> {
        self.call("DescribeServiceRevisions").await?;
        let account = self.lock();
        let found = account.describe_service_revisions(arns).map_err(refused("DescribeServiceRevisions"))?;
        let revision = |found: &simulated::ServiceRevision| ServiceRevision {
            arn: found.arn.clone(),
            task_definition: account.definition_of_revision(found).map(str::to_owned),
            images: account.images_of(found).iter().map(image).collect(),
            target_groups: found.target_groups.clone(),
            listener_rule: found.listener_rule.clone(),
            test_listener_rule: found.test_listener_rule.clone(),
        };
        Ok(found.0.into_iter().map(revision).collect())
    }

    async fn successful_revisions(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<String>, PortError> {
        self.call("ListServiceDeployments").await?;
        let found = self.lock().list_successful_deployments(&format!("{cluster}/{service}"));
        let found = found.map_err(refused("ListServiceDeployments"))?;
        Ok(found.into_iter().take(most).map(|deployment| deployment.revision).collect())
    }

    async fn stop_service_deployment(&self, arn: &str) -> Result<Stopped, PortError> {
        const OPERATION: &str = "StopServiceDeployment";
        self.call(OPERATION).await?;
        match self.lock().stop_service_deployment(arn) {
            Ok(()) => Ok(Stopped::Stopping),
            Err(error) if error.code == "ConflictException" => Ok(Stopped::Over),
            Err(error) => Err(refused(OPERATION)(error)),
        }
    }
}

fn deployment(found: &simulated::ServiceDeployment) -> ServiceDeployment {
    let (cluster, service) = found.service.split_once('/').unwrap_or_default();
    let percents = found.percents();
    let source = |arn: &String| Revision { arn: arn.clone(), production_percent: percents.map(|(_, old)| old) };
    let hook = |hook: &simulated::hooks::HookExecution| HookInProgress {
        function: hook.function.clone(),
        expires: Some(hook.expires),
    };
    ServiceDeployment {
        arn: found.arn.clone(),
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        status: found.status.to_owned(),
        strategy: found.strategy.name().to_owned(),
        step_percent: found.strategy.step_percent(),
        step_minutes: found.strategy.step_minutes(),
        stage: found.stage().to_owned(),
        created: found.created,
        started: found.started,
        target: Some(Revision { arn: found.target.clone(), production_percent: percents.map(|(new, _)| new) }),
        sources: found.sources.iter().map(source).collect(),
        alarms: if found.monitors_alarms { found.alarms.clone() } else { Vec::new() },
        triggered_alarms: found.triggered_alarms.clone(),
        bake_minutes: found.bake_minutes,
        rollback: found.rollback.as_ref().map(|rollback| rollback.reason.clone()),
        hooks: found.open_hooks().map(hook).collect(),
    }
}
