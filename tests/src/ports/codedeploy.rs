//! CodeDeploy: deployments, their targets, and the answers to their hooks.

use tidegate_aws::codedeploy::{
    Answered, CodeDeploy, CodeDeployment, DeploymentGroup, Hook, LifecycleEvent, Stopped, Target, TaskSetInfo,
};
use tidegate_aws::error::{Kind, PortError};

use super::refused;
use crate::world::World;
use crate::world::codedeploy as simulated;

impl CodeDeploy for World {
    async fn list_deployments_in_progress(&self) -> Result<Vec<String>, PortError> {
        self.call("ListDeployments").await?;
        let statuses = ["Created", "Queued", "InProgress", "Baking", "Ready"].map(str::to_owned);
        Ok(self.lock().list_deployments(None, &statuses))
    }

    async fn list_successful_deployments(&self, application: &str, group: &str) -> Result<Vec<String>, PortError> {
        self.call("ListDeployments").await?;
        Ok(self.lock().list_deployments(Some((application, group)), &["Succeeded".to_owned()]))
    }

    async fn batch_get_deployments(&self, ids: &[String]) -> Result<Vec<CodeDeployment>, PortError> {
        self.call("BatchGetDeployments").await?;
        let account = self.lock();
        let found = account.batch_get_deployments(ids).map_err(refused("BatchGetDeployments"))?;
        Ok(found.into_iter().map(deployment).collect())
    }

    async fn deployment_target(&self, id: &str) -> Result<Option<Target>, PortError> {
        const LIST: &str = "ListDeploymentTargets";
        const GET: &str = "BatchGetDeploymentTargets";
        self.call(LIST).await?;
        let listed = self.lock().list_deployment_targets(id);
        let targets = match listed {
            Err(error) if error.code == "DeploymentNotStartedException" => return Ok(None),
            Err(error) if refused(LIST)(error.clone()).kind == Kind::NotFound => return Ok(None),
            listed => listed.map_err(refused(LIST))?,
        };
        self.call(GET).await?;
        let found = self.lock().batch_get_deployment_targets(id, &targets);
        match found.map_err(refused(GET)) {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            found => Ok(found?.first().map(target)),
        }
    }

    async fn deployment_group(&self, application: &str, group: &str) -> Result<DeploymentGroup, PortError> {
        const OPERATION: &str = "GetDeploymentGroup";
        self.call(OPERATION).await?;
        let account = self.lock();
        let found = account.get_deployment_group(application, group).map_err(refused(OPERATION))?;
        let balancers = || account.balancers.iter().filter(|balancer| balancer.service == found.service);
        Ok(DeploymentGroup {
            alarms: found.alarms.clone(),
            termination_wait_minutes: found.termination_wait_minutes,
            rolls_back: found.rolls_back,
            listeners: balancers().map(|balancer| balancer.listener.arn.clone()).collect(),
            test_listeners: balancers()
                .filter_map(|balancer| balancer.test_listener.as_ref())
                .map(|own| own.arn.clone())
                .collect(),
            target_groups: balancers().flat_map(|balancer| &balancer.groups).map(|group| group.name.clone()).collect(),
        })
    }

    async fn stop_deployment(&self, id: &str) -> Result<Stopped, PortError> {
        const OPERATION: &str = "StopDeployment";
        self.call(OPERATION).await?;
        match self.lock().stop_deployment(id, true) {
            Ok(_) => Ok(Stopped::Stopping),
            Err(error) if error.code == "DeploymentAlreadyCompletedException" => Ok(Stopped::Over),
            Err(error) => Err(refused(OPERATION)(error)),
        }
    }

    async fn answer_hook(&self, hook: &Hook, succeeded: bool) -> Result<Answered, PortError> {
        const OPERATION: &str = "PutLifecycleEventHookExecutionStatus";
        self.call(OPERATION).await?;
        let status = if succeeded { "Succeeded" } else { "Failed" };
        let mut account = self.lock();
        match account.put_lifecycle_event_hook_execution_status(&hook.deployment, &hook.execution, status) {
            Ok(()) => Ok(Answered::Taken),
            Err(error) if error.code == "LifecycleEventAlreadyCompletedException" => Ok(Answered::Already),
            Err(error) => Err(refused(OPERATION)(error)),
        }
    }
}

fn deployment(found: &simulated::CodeDeployment) -> CodeDeployment {
    CodeDeployment {
        id: found.id.clone(),
        application: found.application.clone(),
        group: found.group.clone(),
        config: found.config.clone(),
        status: found.status.to_owned(),
        roll_back: found.creator == "codeDeployRollback" || found.rolls_back.is_some(),
        revision: Some(found.told_by()),
        created: found.created,
    }
}

fn target(found: &simulated::EcsTarget) -> Target {
    let (cluster, service) = found.id.split_once(':').unwrap_or_default();
    let event = |event: &simulated::LifecycleEvent| LifecycleEvent {
        name: event.name.to_owned(),
        status: event.status.to_owned(),
        started: event.started,
        ended: event.ended,
    };
    let task_set = |set: &simulated::TaskSetInfo| TaskSetInfo {
        green: set.label.map(|label| label == "Green"),
        id: set.id.clone(),
        traffic_percent: set.traffic_percent,
        target_group: Some(set.target_group.clone()),
    };
    Target {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        events: found.events.iter().map(event).collect(),
        task_sets: found.task_sets.iter().map(task_set).collect(),
    }
}
