//! The calls of CodeDeploy's API.

use super::ApiError;
use crate::world::Account;
use crate::world::codedeploy::{CodeDeployment, DeploymentGroup, EcsTarget, Kept, TaskSetInfo};

impl Account {
    /// `ListDeployments` by status, of an application's group or in the whole region: their ids, newest first.
    #[must_use]
    pub fn list_deployments(&self, of: Option<(&str, &str)>, statuses: &[String]) -> Vec<String> {
        let wanted = |own: &&CodeDeployment| {
            let in_group = of.is_none_or(|of| of == (&own.application, &own.group));
            in_group && (statuses.is_empty() || statuses.iter().any(|status| status == own.status))
        };
        self.codedeploy.deployments.iter().rev().filter(wanted).map(|deployment| deployment.id.clone()).collect()
    }

    /// `BatchGetDeployments`: those that there are.
    ///
    /// # Errors
    /// For more than 25.
    pub fn batch_get_deployments(&self, ids: &[String]) -> Result<Vec<&CodeDeployment>, ApiError> {
        if ids.len() > 25 {
            let message = "The maximum number of names or IDs allowed for this request (25) was exceeded.".to_owned();
            return Err(ApiError { code: "BatchLimitExceededException", message });
        }
        Ok(ids.iter().filter_map(|id| self.code_deployment(id).ok()).collect())
    }

    /// `ListDeploymentTargets`: `cluster:service`.
    ///
    /// # Errors
    /// Where there is no such deployment, or it has not begun.
    pub fn list_deployment_targets(&self, id: &str) -> Result<Vec<String>, ApiError> {
        let deployment = self.code_deployment(id)?;
        if matches!(deployment.status, "Created" | "Queued") {
            let message = format!("The deployment {id} has not started.");
            return Err(ApiError { code: "DeploymentNotStartedException", message });
        }
        Ok(vec![deployment.target_id()])
    }

    /// `BatchGetDeploymentTargets`.
    ///
    /// # Errors
    /// Where there is no such deployment, or it has no such target.
    pub fn batch_get_deployment_targets(&self, id: &str, targets: &[String]) -> Result<Vec<EcsTarget>, ApiError> {
        let deployment = self.code_deployment(id)?;
        if let Some(unknown) = targets.iter().find(|target| **target != deployment.target_id()) {
            let message = format!("The deployment target {unknown} does not exist.");
            return Err(ApiError { code: "DeploymentTargetDoesNotExistException", message });
        }
        Ok(targets.iter().map(|_| self.ecs_target(deployment)).collect())
    }

    /// `GetApplicationRevision` of an AppSpec by its hash: its text.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get_application_revision(&self, application: &str, hash: &str) -> Result<&str, ApiError> {
        let own = |own: &&CodeDeployment| own.application == application && own.revision == hash;
        let found = self.codedeploy.deployments.iter().find(own).filter(|own| own.kept == Kept::Content);
        let message = "The revision does not exist.".to_owned();
        found.map(|own| &*own.app_spec).ok_or(ApiError { code: "RevisionDoesNotExistException", message })
    }

    /// S3's `GetObject`, of an AppSpec.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get_object(&self, key: &str) -> Result<&str, ApiError> {
        let mut all = self.codedeploy.deployments.iter();
        let found = all.find(|own| own.object_key().as_deref() == Some(key));
        let message = "The specified key does not exist.".to_owned();
        found.map(|own| &*own.app_spec).ok_or(ApiError { code: "NoSuchKey", message })
    }

    /// `GetDeploymentGroup`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get_deployment_group(&self, application: &str, name: &str) -> Result<&DeploymentGroup, ApiError> {
        let groups = &self.codedeploy.groups;
        if !groups.iter().any(|group| group.application == application) {
            let message = format!("No application found for name: {application}");
            return Err(ApiError { code: "ApplicationDoesNotExistException", message });
        }
        let found = groups.iter().find(|group| group.application == application && group.name == name);
        let message = format!("No Deployment Group found for name: {name}");
        found.ok_or(ApiError { code: "DeploymentGroupDoesNotExistException", message })
    }

    /// `StopDeployment`: the status of the stop.
    ///
    /// # Errors
    /// Where there is no such deployment, or it is over.
    pub fn stop_deployment(&mut self, id: &str, auto_rollback: bool) -> Result<&'static str, ApiError> {
        if !self.code_deployment(id)?.in_progress() {
            let message = format!("The deployment {id} is already completed.");
            return Err(ApiError { code: "DeploymentAlreadyCompletedException", message });
        }
        self.stop_code_deployment(id, auto_rollback);
        Ok("Pending")
    }

    /// `PutLifecycleEventHookExecutionStatus`.
    ///
    /// # Errors
    /// For ids or a status that CodeDeploy does not take, and where the event is over.
    pub fn put_lifecycle_event_hook_execution_status(
        &mut self,
        id: &str,
        execution: &str,
        status: &str,
    ) -> Result<(), ApiError> {
        self.code_deployment(id)?;
        let error = |code, message: &str| ApiError { code, message: message.to_owned() };
        if !matches!(status, "Succeeded" | "Failed") {
            let code = "InvalidLifecycleEventHookExecutionStatusException";
            return Err(error(code, "Only Succeeded and Failed are accepted."));
        }
        let mut events =
            self.codedeploy.deployments.iter().find(|own| own.id == id).into_iter().flat_map(|d| &d.events);
        let event = events.find(|event| event.execution.as_deref() == Some(execution));
        let unknown = error("InvalidLifecycleEventHookExecutionIdException", "The execution id is not valid.");
        if event.ok_or(unknown)?.status != "InProgress" {
            let message = "An attempt to return the status of an already completed lifecycle event occurred.";
            return Err(error("LifecycleEventAlreadyCompletedException", message));
        }
        self.answer_lifecycle_event(id, execution, status == "Succeeded");
        Ok(())
    }

    /// The deployment with this id.
    ///
    /// # Errors
    /// Where there is none.
    pub fn code_deployment(&self, id: &str) -> Result<&CodeDeployment, ApiError> {
        if !id.starts_with("d-") {
            let message = "Specified DeploymentId is not in the valid format".to_owned();
            return Err(ApiError { code: "InvalidDeploymentIdException", message });
        }
        let found = self.codedeploy.deployments.iter().find(|deployment| deployment.id == id);
        let message = format!("The deployment {id} could not be found");
        found.ok_or(ApiError { code: "DeploymentDoesNotExistException", message })
    }

    fn ecs_target(&self, deployment: &CodeDeployment) -> EcsTarget {
        let mut task_sets = Vec::new();
        let balancer = self.balancers.iter().find(|balancer| balancer.service == deployment.service);
        for (balancer, group) in balancer.into_iter().flat_map(|b| b.groups.iter().map(move |group| (b, group))) {
            let label = if group.arn == deployment.to { "Green" } else { "Blue" };
            task_sets.extend(group.running.iter().map(|running| TaskSetInfo {
                id: running.id.clone(),
                label: (!self.codedeploy.hides_labels).then_some(label),
                status: running.status,
                tasks: running.tasks,
                traffic_percent: balancer.percent(&group.arn),
                target_group: group.name.clone(),
            }));
        }
        EcsTarget {
            deployment: deployment.id.clone(),
            id: deployment.target_id(),
            status: deployment.status,
            events: deployment.events.clone(),
            task_sets,
        }
    }
}
