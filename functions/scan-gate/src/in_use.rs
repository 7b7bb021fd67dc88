//! Who needs an image: nothing that keeps an image from being pulled may be done to one that anybody needs, in any cluster.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::{Deployments, REVISIONS_PER_CALL};
use tidegate_aws::ecs::{ContainerImage, Ecs, SERVICES_PER_CALL, Service};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::pace::{Bucket, Pace};
use tidegate_aws::tasks::{TaskDefinition, Tasks};
use tidegate_core::scaling::facts::Controller;
use tidegate_core::scan::image_name::{ImageName, Registry};

use crate::brings;

/// The current revision of a service, and the one to go back to.
const REVISIONS: usize = 2;

/// An image with everything that it may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Its registry.
    pub registry: Registry,
    /// Its repository.
    pub repository: String,
    /// Its digest, and those of its platforms.
    pub digests: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Names {
    /// Whether a container runs it: what it came to says more than what it was called.
    #[must_use]
    pub fn is_run_by(&self, image: &ContainerImage) -> bool {
        if let Some(digest) = &image.digest
            && self.digests.contains(digest)
        {
            return true;
        }
        let named = image.image.as_deref().and_then(|name| ImageName::read(name).ok());
        named.is_some_and(|name| {
            let name = ImageName { digest: image.digest.clone().or(name.digest), ..name };
            name.names(&self.registry, &self.repository, &self.digests, &self.tags)
        })
    }

    /// Whether a task definition names it.
    #[must_use]
    pub fn are_in(&self, definition: &TaskDefinition) -> bool {
        definition.images.iter().any(|image| self.is_run_by(image))
    }
}

/// Looks for who needs an image.
pub struct Search<'a, P> {
    /// The world.
    pub ports: &'a P,
    /// The time that is left.
    pub deadline: &'a Deadline,
    service_reads: Pace,
    definition_reads: Pace,
    definitions: RefCell<BTreeMap<String, TaskDefinition>>,
}

impl<'a, P: Tasks + Ecs + Deployments> Search<'a, P> {
    /// At half the pace that the account has.
    #[must_use]
    pub fn new(ports: &'a P, deadline: &'a Deadline) -> Self {
        Self {
            ports,
            deadline,
            service_reads: Pace::new(Bucket::ECS_SERVICE_READ.half()),
            definition_reads: Pace::new(Bucket::ECS_TASK_DEFINITION_READ.half()),
            definitions: RefCell::default(),
        }
    }

    /// Who needs it, as a sentence; None where nobody does: no running task, and no current or previous revision of a
    /// service.
    ///
    /// # Errors
    /// Where anything could not be read: then nobody knows.
    pub async fn who_needs(&self, names: &Names) -> Result<Option<String>, PortError> {
        for cluster in self.deadline.bound("ListClusters", self.ports.list_clusters()).await? {
            let tasks = brings::tasks(self.ports, self.deadline, &cluster).await?;
            if let Some(task) = tasks.iter().find(|task| task.images.iter().any(|image| names.is_run_by(image))) {
                let id = task.arn.rsplit('/').next().unwrap_or(&task.arn);
                return Ok(Some(format!("the task {cluster}/{id} ({}) runs it", task.group)));
            }
            if let Some(why) = self.which_service(&cluster, names).await? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    async fn which_service(&self, cluster: &str, names: &Names) -> Result<Option<String>, PortError> {
        let services = self.deadline.bound("ListServices", self.ports.list_services(cluster)).await?;
        for chunk in services.chunks(SERVICES_PER_CALL) {
            self.service_reads.turn().await;
            let described = self.ports.describe_services(cluster, chunk);
            let described = self.deadline.bound("DescribeServices", described).await?;
            if let Some((name, why)) = described.failures.iter().find(|(_, why)| !why.starts_with("MISSING")) {
                let left_out = format!("{name} was not described: {why}");
                return Err(PortError::new("DescribeServices", Kind::Garbled, left_out));
            }
            for service in &described.services {
                if self.needs(service, names).await? {
                    let why =
                        format!("a current or previous revision of the service {cluster}/{} has it", service.name);
                    return Ok(Some(why));
                }
            }
        }
        Ok(None)
    }

    async fn needs(&self, service: &Service, names: &Names) -> Result<bool, PortError> {
        for arn in &service.task_definitions {
            if names.are_in(&self.definition(arn).await?) {
                return Ok(true);
            }
        }
        match service.controller {
            Controller::Ecs => self.of_revisions(service, names).await,
            // No API tells what other controllers would go back to: it is taken to be the revision before.
            _ => self.of_the_revision_before(service, names).await,
        }
    }

    async fn of_revisions(&self, service: &Service, names: &Names) -> Result<bool, PortError> {
        self.service_reads.turn().await;
        let listed = self.ports.successful_revisions(&service.cluster, &service.name, REVISIONS);
        let arns = self.deadline.bound("ListServiceDeployments", listed).await?;
        for arns in arns.chunks(REVISIONS_PER_CALL) {
            let described = self.ports.describe_service_revisions(arns);
            for revision in self.deadline.bound("DescribeServiceRevisions", described).await? {
                let resolved = revision.images.iter().any(|image| names.is_run_by(image));
                let defined = match &revision.task_definition {
                    Some(arn) if !resolved => names.are_in(&self.definition(arn).await?),
                    _ => false,
                };
                if resolved || defined {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn of_the_revision_before(&self, service: &Service, names: &Names) -> Result<bool, PortError> {
        for arn in &service.task_definitions {
            let family = self.definition(arn).await?.family;
            let listed = self.ports.list_task_definitions(Some(&family), MOST_REVISIONS);
            let (arns, _) = self.deadline.bound("ListTaskDefinitions", listed).await?;
            // The newest come first.
            let before = arns.iter().skip_while(|listed| *listed != arn).nth(1);
            if let Some(before) = before
                && names.are_in(&self.definition(before).await?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A task definition; a revision never changes.
    ///
    /// # Errors
    /// Where it could not be read.
    pub async fn definition(&self, arn: &str) -> Result<TaskDefinition, PortError> {
        if let Some(known) = self.definitions.borrow().get(arn) {
            return Ok(known.clone());
        }
        self.definition_reads.turn().await;
        let read = self.deadline.bound("DescribeTaskDefinition", self.ports.task_definition(arn)).await?;
        self.definitions.borrow_mut().insert(arn.to_owned(), read.clone());
        Ok(read)
    }
}

/// Revisions of one family that are looked through for the one before.
const MOST_REVISIONS: usize = 1000;
