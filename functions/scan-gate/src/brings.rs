//! Which images a deployment brings, and what runs already.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::{ContainerImage, Service};
use tidegate_aws::error::PortError;
use tidegate_aws::tasks::{TASKS_PER_CALL, Task, TaskDefinition, Tasks};
use tidegate_core::scan::image_name::ImageName;
use tidegate_lambda::deployments::{InProgress, Of, target_revision};
use tidegate_lambda::images::brings::{in_an_index, named};

/// What a deployment, or a task, runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Its images, by digest where ECS has resolved it.
    pub images: BTreeSet<ImageName>,
    /// What it runs on, as indexes write it; None where it may be any.
    pub architecture: Option<&'static str>,
}

/// What a deployment brings. None where that is not known yet.
///
/// # Errors
/// Where its task definition could not be read.
pub async fn by_deployment(
    ports: &impl Tasks,
    deadline: &Deadline,
    deployment: &InProgress,
) -> Result<Option<Brought>, PortError> {
    let Some(arn) = deployment.task_definition() else { return Ok(None) };
    let definition = deadline.bound("DescribeTaskDefinition", ports.task_definition(arn)).await?;
    let resolved = match &deployment.of {
        Of::Ecs { deployment, revisions } => target_revision(deployment, revisions).map(|revision| &revision.images),
        Of::CodeDeploy { .. } => None,
    };
    Ok(Some(brought(&definition, resolved.map_or(&[], Vec::as_slice))))
}

/// The images of a task definition, with the digests that some of its containers came to.
#[must_use]
pub fn brought(definition: &TaskDefinition, resolved: &[ContainerImage]) -> Brought {
    let digest = |container: &str| {
        resolved.iter().find(|image| image.container == container).and_then(|image| image.digest.clone())
    };
    let name = |image: &ContainerImage| named(image.image.as_deref()?, digest(&image.container)).into();
    Brought {
        images: definition.images.iter().filter_map(name).collect(),
        architecture: definition.architecture.map(in_an_index),
    }
}

/// The images of a task. Containers that AWS adds have none that anybody chose.
#[must_use]
pub fn by_task(task: &Task) -> BTreeSet<ImageName> {
    let name = |image: &ContainerImage| Some(named(image.image.as_deref()?, image.digest.clone()));
    task.images.iter().filter_map(name).collect()
}

/// The tasks of a cluster that should run.
///
/// # Errors
/// Where they could not be listed or described.
pub async fn tasks(ports: &impl Tasks, deadline: &Deadline, cluster: &str) -> Result<Vec<Task>, PortError> {
    let arns = deadline.bound("ListTasks", ports.list_tasks(cluster)).await?;
    let mut tasks = Vec::new();
    for arns in arns.chunks(TASKS_PER_CALL) {
        tasks.extend(deadline.bound("DescribeTasks", ports.describe_tasks(cluster, arns)).await?);
    }
    Ok(tasks)
}

/// What the tasks of some services run: each image, with the services that run it.
///
/// # Errors
/// Where the tasks of a cluster could not be read.
pub async fn running(
    ports: &impl Tasks,
    deadline: &Deadline,
    services: &[Service],
) -> Result<BTreeMap<ImageName, BTreeSet<String>>, PortError> {
    let clusters: BTreeSet<&str> = services.iter().map(|service| service.cluster.as_str()).collect();
    let mut running: BTreeMap<ImageName, BTreeSet<String>> = BTreeMap::new();
    for cluster in clusters {
        for task in tasks(ports, deadline, cluster).await?.iter().filter(|task| task.should_run()) {
            let name = task.group.strip_prefix("service:");
            let ours = |service: &&Service| service.cluster == cluster && Some(service.name.as_str()) == name;
            let Some(service) = services.iter().find(ours) else { continue };
            for image in by_task(task) {
                running.entry(image).or_default().insert(format!("{}/{}", service.cluster, service.name));
            }
        }
    }
    Ok(running)
}
