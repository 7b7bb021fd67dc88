//! Who needs an image: nothing that keeps an image from being pulled may be done to one that anybody needs, in any cluster.
//!
//! [`Reading`] reads who runs what, once for all images of a run; [`Usage`] tells who needs one.

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

/// Task definitions by ARN. A revision never changes, so a process may keep what it has read.
pub type Definitions = RefCell<BTreeMap<String, TaskDefinition>>;

/// What a process keeps of them.
const MOST_KEPT: usize = 5000;

/// Revisions of one family that are looked through for those before.
const MOST_REVISIONS: usize = 1000;

/// Those that a service may go back to whose controller does not tell: the last ones may never have run.
const REVISIONS_BEFORE: usize = 3;

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

/// Who runs what, or would go back to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage(Vec<User>);

/// One that runs images.
#[derive(Clone, Debug, PartialEq, Eq)]
struct User {
    /// As in `the task prod/1a2b (family:batch)`.
    who: String,
    images: Vec<ContainerImage>,
}

impl Usage {
    /// Who needs an image: a running task, or a current or previous revision of a service. None where nobody does.
    #[must_use]
    pub fn who_needs(&self, names: &Names) -> Option<&str> {
        let needs = |user: &&User| user.images.iter().any(|image| names.is_run_by(image));
        self.0.iter().find(needs).map(|user| user.who.as_str())
    }

    fn add(&mut self, who: String, images: Vec<ContainerImage>) {
        self.0.push(User { who, images });
    }
}

/// Reads who runs what, at a quarter of the pace that the account has: two runs may do so at once.
pub struct Reading<'a, P> {
    ports: &'a P,
    deadline: &'a Deadline,
    definitions: &'a Definitions,
    service_reads: Pace,
    definition_reads: Pace,
}

impl<'a, P: Tasks + Ecs + Deployments> Reading<'a, P> {
    /// With the task definitions that are known already.
    #[must_use]
    pub fn new(ports: &'a P, deadline: &'a Deadline, definitions: &'a Definitions) -> Self {
        Self {
            ports,
            deadline,
            definitions,
            service_reads: Pace::new(Bucket::ECS_SERVICE_READ.half().half()),
            definition_reads: Pace::new(Bucket::ECS_TASK_DEFINITION_READ.half().half()),
        }
    }

    /// Every cluster's running tasks, and the current and previous revisions of its services.
    ///
    /// # Errors
    /// Where anything could not be read: then nobody knows who needs an image.
    pub async fn usage(&self) -> Result<Usage, PortError> {
        let mut usage = Usage::default();
        for cluster in self.deadline.bound("ListClusters", self.ports.list_clusters()).await? {
            for task in brings::tasks(self.ports, self.deadline, &cluster).await? {
                let id = task.arn.rsplit('/').next().unwrap_or(&task.arn);
                usage.add(format!("the task {cluster}/{id} ({})", task.group), task.images);
            }
            self.services(&cluster, &mut usage).await?;
        }
        Ok(usage)
    }

    async fn services(&self, cluster: &str, usage: &mut Usage) -> Result<(), PortError> {
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
        let told = self.of_deployments(cluster, &services, usage).await?;
        for service in services.iter().filter(|service| !told.contains(&service.name)) {
            self.of_definitions(service, usage).await?;
        }
        Ok(())
    }

    /// Of the services that ECS deploys, the revision that the last deployment goes to, and those that it comes from: back
    /// to them it would go. Asked in twenties, so that a cluster of a thousand services takes 150 calls. The answer is the
    /// services whose last deployment could be described with all of its revisions.
    async fn of_deployments(
        &self,
        cluster: &str,
        services: &[Service],
        usage: &mut Usage,
    ) -> Result<BTreeSet<String>, PortError> {
        let arns: Vec<String> = services.iter().filter_map(|service| service.service_deployment.clone()).collect();
        let mut told = BTreeSet::new();
        for arns in arns.chunks(DEPLOYMENTS_PER_CALL) {
            self.service_reads.turn().await;
            for (deployment, revisions) in described(self.ports, self.deadline, arns).await? {
                if revisions.len() == deployment.sources.len() + usize::from(deployment.target.is_some()) {
                    told.insert(deployment.service.clone());
                }
                for revision in revisions {
                    let images = self.images_of(revision).await?;
                    usage.add(revision_of(cluster, &deployment.service), images);
                }
            }
        }
        Ok(told)
    }

    async fn images_of(&self, revision: ServiceRevision) -> Result<Vec<ContainerImage>, PortError> {
        let mut images = revision.images;
        // ECS may leave out containers whose images it has not resolved.
        if let Some(arn) = revision.task_definition {
            let resolved =
                |container: &str| images.iter().any(|image| image.container == container && image.digest.is_some());
            let defined = self.definition(&arn).await?.images;
            let open: Vec<_> = defined.into_iter().filter(|image| !resolved(&image.container)).collect();
            images.extend(open);
        }
        Ok(images)
    }

    /// Of any other service its task definitions, and the active revisions before each: which of them it ran, and would go
    /// back to, is not told.
    async fn of_definitions(&self, service: &Service, usage: &mut Usage) -> Result<(), PortError> {
        for arn in &service.task_definitions {
            let definition = self.definition(arn).await?;
            let listed = self.ports.list_task_definitions(Some(&definition.family), MOST_REVISIONS);
            let (arns, more) = self.deadline.bound("ListTaskDefinitions", listed).await?;
            if more {
                let why = format!("{} has more than {MOST_REVISIONS} active revisions", definition.family);
                return Err(PortError::new("ListTaskDefinitions", Kind::Garbled, why));
            }
            let mut images = definition.images;
            // The newest come first; its own may be deregistered.
            let before = arns.iter().filter(|listed| revision(listed) < revision(arn));
            for before in before.take(REVISIONS_BEFORE) {
                images.extend(self.definition(before).await?.images);
            }
            usage.add(revision_of(&service.cluster, &service.name), images);
        }
        Ok(())
    }

    /// A task definition.
    ///
    /// # Errors
    /// Where it could not be read.
    pub async fn definition(&self, arn: &str) -> Result<TaskDefinition, PortError> {
        if let Some(known) = self.definitions.borrow().get(arn) {
            return Ok(known.clone());
        }
        self.definition_reads.turn().await;
        let read = self.deadline.bound("DescribeTaskDefinition", self.ports.task_definition(arn)).await?;
        let mut definitions = self.definitions.borrow_mut();
        if definitions.len() >= MOST_KEPT {
            definitions.clear();
        }
        definitions.insert(arn.to_owned(), read.clone());
        Ok(read)
    }
}

/// The number of a task-definition revision, from its ARN.
fn revision(arn: &str) -> u64 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}

fn revision_of(cluster: &str, service: &str) -> String {
    format!("a current or previous revision of the service {cluster}/{service}")
}
