//! ECS: clusters, tasks and task definitions.

use tidegate_aws::ecs::ContainerImage;
use tidegate_aws::error::PortError;
use tidegate_aws::tasks::{Task, TaskDefinition, Tasks};
use tidegate_core::prices::Architecture;
use tidegate_core::tags::Tags;
use tidegate_core::task_definition::{Container, TaskDefinition as Whole};

use super::refused;
use crate::world::World;
use crate::world::{definitions, tasks};

impl Tasks for World {
    async fn list_clusters(&self) -> Result<Vec<String>, PortError> {
        self.call("ListClusters").await?;
        Ok(self.lock().list_clusters())
    }

    async fn list_services(&self, cluster: &str) -> Result<Vec<String>, PortError> {
        self.call("ListServices").await?;
        let found = self.lock().list_services(cluster).map_err(refused("ListServices"))?;
        Ok(found.iter().map(|arn| arn.rsplit('/').next().unwrap_or(arn).to_owned()).collect())
    }

    async fn list_tasks(&self, cluster: &str) -> Result<Vec<String>, PortError> {
        self.call("ListTasks").await?;
        self.lock().list_tasks(cluster, None, "RUNNING").map_err(refused("ListTasks"))
    }

    async fn describe_tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, PortError> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        self.call("DescribeTasks").await?;
        let (found, _) = self.lock().describe_tasks(cluster, arns).map_err(refused("DescribeTasks"))?;
        Ok(found.into_iter().map(task).collect())
    }

    async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), PortError> {
        self.call("StopTask").await?;
        self.lock().stop_task(cluster, arn, reason).map_err(refused("StopTask"))
    }

    async fn list_task_definitions(&self, family: Option<&str>, most: usize) -> Result<(Vec<String>, bool), PortError> {
        self.call("ListTaskDefinitions").await?;
        let mut found = self.lock().list_task_definitions(family, true);
        let more = found.len() > most;
        found.truncate(most);
        Ok((found, more))
    }

    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, PortError> {
        self.call("DescribeTaskDefinition").await?;
        let account = self.lock();
        let (found, whole) = account.describe_task_definition(arn).map_err(refused("DescribeTaskDefinition"))?;
        let image = |own: &Container| ContainerImage {
            container: own.name.clone(),
            image: Some(own.image.clone()).filter(|image| !image.is_empty()),
            digest: None,
        };
        Ok(TaskDefinition {
            arn: found.arn(),
            family: found.family.clone(),
            active: found.active,
            images: whole.container_definitions.iter().map(image).collect(),
            architecture: architecture(&whole),
            tags: Tags::new(found.tags.clone()),
        })
    }

    async fn deregister_task_definition(&self, arn: &str) -> Result<(), PortError> {
        self.call("DeregisterTaskDefinition").await?;
        self.lock().deregister_task_definition(arn).map_err(refused("DeregisterTaskDefinition"))
    }
}

/// `X86_64` is Fargate's default; on EC2 a task runs on whatever its instance is.
fn architecture(whole: &Whole) -> Option<Architecture> {
    match whole.runtime_platform.cpu_architecture.as_str() {
        "" if whole.is_for_fargate() => Some(Architecture::X86_64),
        "X86_64" => Some(Architecture::X86_64),
        "ARM64" => Some(Architecture::Arm64),
        _ => None,
    }
}

pub(super) fn image(found: &definitions::ContainerImage) -> ContainerImage {
    let definitions::ContainerImage { container, image, digest } = found.clone();
    ContainerImage { container, image, digest }
}

fn task(found: tasks::Task) -> Task {
    Task {
        arn: found.arn,
        cluster: found.cluster,
        group: found.group,
        task_definition: found.workload.task_definition,
        last_status: found.last_status.to_owned(),
        desired_status: found.desired_status.to_owned(),
        images: found.workload.images.iter().map(image).collect(),
        tags: Tags::new(found.tags),
    }
}
