//! The calls of ECS's API that are about clusters, tasks and task definitions.

use std::collections::BTreeSet;

use tidegate_core::task_definition::TaskDefinition as Whole;

use super::ApiError;
use crate::world::Account;
use crate::world::definitions::TaskDefinition;
use crate::world::tasks::Task;

impl Account {
    /// `ListClusters`: their names.
    #[must_use]
    pub fn list_clusters(&self) -> Vec<String> {
        let services = self.services.iter().filter(|service| !service.deleted).map(|service| &service.cluster);
        let all: BTreeSet<&String> = services.chain(self.tasks.iter().map(|task| &task.cluster)).collect();
        all.into_iter().cloned().collect()
    }

    /// `ListServices`: their ARNs.
    ///
    /// # Errors
    /// Where there is no such cluster.
    pub fn list_services(&self, cluster: &str) -> Result<Vec<String>, ApiError> {
        self.cluster_is_there(cluster)?;
        let own = self.services.iter().filter(|service| service.cluster == cluster && !service.deleted);
        Ok(own.map(crate::world::service::Service::arn).collect())
    }

    /// `ListTasks` by desired status, of a cluster or of one of its services: their ARNs.
    ///
    /// # Errors
    /// Where there is no such cluster or service.
    pub fn list_tasks(&self, cluster: &str, service: Option<&str>, desired: &str) -> Result<Vec<String>, ApiError> {
        self.cluster_is_there(cluster)?;
        let there =
            |name: &str| self.services.iter().any(|own| own.cluster == cluster && own.name == name && !own.deleted);
        if service.is_some_and(|name| !there(name)) {
            return Err(ApiError { code: "ServiceNotFoundException", message: "Service not found.".to_owned() });
        }
        let group = service.map(|name| format!("service:{name}"));
        let of_group = |task: &Task| group.as_ref().is_none_or(|group| task.group == *group);
        let wanted = self.tasks_in(cluster).into_iter().filter(|task| task.desired_status == desired && of_group(task));
        Ok(wanted.map(|task| task.arn).collect())
    }

    /// `DescribeTasks`: those that are found, and the ARNs of those that are not.
    ///
    /// # Errors
    /// Where there is no such cluster, and for more than 100.
    pub fn describe_tasks(&self, cluster: &str, arns: &[String]) -> Result<(Vec<Task>, Vec<String>), ApiError> {
        self.cluster_is_there(cluster)?;
        if arns.len() > 100 {
            let message = "Tasks must be 100 or less.".to_owned();
            return Err(ApiError { code: "InvalidParameterException", message });
        }
        let all = self.tasks_in(cluster);
        let (there, gone): (Vec<_>, Vec<_>) = arns.iter().partition(|arn| all.iter().any(|task| task.arn == **arn));
        let there = there.into_iter().filter_map(|arn| all.iter().find(|task| task.arn == *arn).cloned());
        Ok((there.collect(), gone.into_iter().cloned().collect()))
    }

    /// `StopTask`. A service replaces its own at once.
    ///
    /// # Errors
    /// Where there is no such cluster or task.
    pub fn stop_task(&mut self, cluster: &str, arn: &str, reason: &str) -> Result<(), ApiError> {
        let (there, _) = self.describe_tasks(cluster, &[arn.to_owned()])?;
        if there.is_empty() {
            let message = "The referenced task was not found.".to_owned();
            return Err(ApiError { code: "InvalidParameterException", message });
        }
        self.stop(arn, reason);
        Ok(())
    }

    /// `ListTaskDefinitions` by status, of a family or of all: their ARNs, from the last family's last revision on.
    #[must_use]
    pub fn list_task_definitions(&self, family: Option<&str>, active: bool) -> Vec<String> {
        let wanted = |own: &&TaskDefinition| own.active == active && family.is_none_or(|family| own.family == family);
        let mut found: Vec<_> = self.task_definitions.iter().filter(wanted).collect();
        found.sort_by(|a, b| (&b.family, b.revision).cmp(&(&a.family, a.revision)));
        found.into_iter().map(TaskDefinition::arn).collect()
    }

    /// `DescribeTaskDefinition`, and everything that it tells.
    ///
    /// # Errors
    /// Where there is none.
    pub fn describe_task_definition(&self, name: &str) -> Result<(&TaskDefinition, Whole), ApiError> {
        let message = "Unable to describe task definition.".to_owned();
        let found = self.definition(name).ok_or(ApiError { code: "ClientException", message })?;
        let runs = self.services.iter().find(|service| service.task_definition() == found.arn());
        Ok((found, found.told(runs.map_or((1024, 2048), |service| service.size))))
    }

    /// `DeregisterTaskDefinition`.
    ///
    /// # Errors
    /// Where there is none, or it is inactive already.
    pub fn deregister_task_definition(&mut self, name: &str) -> Result<(), ApiError> {
        let arn = self.usable_definition(name)?.arn();
        self.task_definitions.iter_mut().filter(|own| own.arn() == arn).for_each(|own| own.active = false);
        Ok(())
    }

    /// A task definition that tasks can be made of.
    ///
    /// # Errors
    /// Where there is none, or it is inactive.
    pub(in crate::world) fn usable_definition(&self, name: &str) -> Result<&TaskDefinition, ApiError> {
        let refused = |message: &str| ApiError { code: "ClientException", message: message.to_owned() };
        let found = self.definition(name).ok_or_else(|| refused("Unable to find the task definition."))?;
        if found.active { Ok(found) } else { Err(refused("TaskDefinition is inactive")) }
    }

    fn cluster_is_there(&self, cluster: &str) -> Result<(), ApiError> {
        let message = "Cluster not found.".to_owned();
        let there = self.list_clusters().iter().any(|own| own == cluster);
        if there { Ok(()) } else { Err(ApiError { code: "ClusterNotFoundException", message }) }
    }
}
