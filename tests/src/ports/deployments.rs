//! ECS's own deployments.

use tidegate_aws::codedeploy::Stopped;
use tidegate_aws::deployments::{Deployments, HookInProgress, Revision, ServiceDeployment, ServiceRevision};
use tidegate_aws::error::PortError;

use super::refused;
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
            task_definition: None,
            images: Vec::new(),
            target_groups: found.target_groups.clone(),
            listener_rule: found.listener_rule.clone(),
        };
        Ok(found.0.into_iter().map(revision).collect())
    }

    async fn successful_revisions(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<String>, PortError> {
        self.call("ListServiceDeployments").await?;
        let (account, id) = (self.lock(), format!("{cluster}/{service}"));
        let own = account.native.deployments.iter().rev().filter(|deployment| deployment.service == id);
        let good = own.filter(|deployment| deployment.status == "SUCCESSFUL");
        Ok(good.take(most).map(|deployment| deployment.target.clone()).collect())
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
