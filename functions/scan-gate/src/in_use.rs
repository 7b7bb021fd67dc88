//! Who needs an image: nothing that keeps an image from being pulled may be done to one that anybody needs, in any cluster.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::{DEPLOYMENTS_PER_CALL, Deployments, ServiceRevision};
use tidegate_aws::ecs::{ContainerImage, Ecs, SERVICES_PER_CALL, Service};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::pace::{Bucket, Pace};
use tidegate_aws::tasks::{TaskDefinition, Tasks};
use tidegate_core::scan::image_name::{ImageName, Registry};
use tidegate_lambda::deployments::described;

use crate::brings;

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
        let listed = self.deadline.bound("ListServices", self.ports.list_services(cluster)).await?;
        let mut services = Vec::new();
        for chunk in listed.chunks(SERVICES_PER_CALL) {
            self.service_reads.turn().await;
            let described = self.ports.describe_services(cluster, chunk);
            let described = self.deadline.bound("DescribeServices", described).await?;
            if let Some((name, why)) = described.failures.iter().find(|(_, why)| !why.starts_with("MISSING")) {
                let left_out = format!("{name} was not described: {why}");
                return Err(PortError::new("DescribeServices", Kind::Garbled, left_out));
            }
            services.extend(described.services);
        }
        let mut told = BTreeSet::new();
        let needs = match self.of_deployments(&services, names, &mut told).await? {
            Some(service) => Some(service),
            None => self.of_definitions(services.iter().filter(|service| !told.contains(&service.name)), names).await?,
        };
        let why = |name| format!("a current or previous revision of the service {cluster}/{name} has it");
        Ok(needs.map(why))
    }

    /// Of the services that ECS deploys, the one whose last deployment goes to the image, or comes from it: to the one it
    /// would go forward, to the other back. Asked in twenties, so that a cluster of a thousand services takes 150 calls.
    /// `told` are the services whose last deployment could be described with all of its revisions.
    async fn of_deployments(
        &self,
        services: &[Service],
        names: &Names,
        told: &mut BTreeSet<String>,
    ) -> Result<Option<String>, PortError> {
        let arns: Vec<String> = services.iter().filter_map(|service| service.service_deployment.clone()).collect();
        for arns in arns.chunks(DEPLOYMENTS_PER_CALL) {
            self.service_reads.turn().await;
            for (deployment, revisions) in described(self.ports, self.deadline, arns).await? {
                for revision in &revisions {
                    if self.has(revision, names).await? {
                        return Ok(Some(deployment.service));
                    }
                }
                if revisions.len() == deployment.sources.len() + usize::from(deployment.target.is_some()) {
                    told.insert(deployment.service);
                }
            }
        }
        Ok(None)
    }

    async fn has(&self, revision: &ServiceRevision, names: &Names) -> Result<bool, PortError> {
        if revision.images.iter().any(|image| names.is_run_by(image)) {
            return Ok(true);
        }
        // Where ECS has resolved every image, its task definition has nothing to add.
        let open = |image: &ContainerImage| image.image.is_some() && image.digest.is_none();
        match &revision.task_definition {
            Some(arn) if revision.images.is_empty() || revision.images.iter().any(open) => {
                Ok(names.are_in(&self.definition(arn).await?))
            }
            _ => Ok(false),
        }
    }

    /// Of the other services, the one whose task definition names the image, or whose task definition before does: no API
    /// tells what they would go back to.
    async fn of_definitions<'s>(
        &self,
        services: impl Iterator<Item = &'s Service>,
        names: &Names,
    ) -> Result<Option<String>, PortError> {
        for service in services {
            for arn in &service.task_definitions {
                if names.are_in(&self.definition(arn).await?) {
                    return Ok(Some(service.name.clone()));
                }
            }
            if self.of_the_revision_before(service, names).await? {
                return Ok(Some(service.name.clone()));
            }
        }
        Ok(None)
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
