//! Task definitions, and what their images come to when tasks start.

use jiff::Timestamp;
use tidegate_core::scan::image_name::{ImageName, Registry as Host};

use super::registry::{Repository, Storage, manifest};
use super::service::Service;
use super::version::Version;
use super::{ACCOUNT, Account, REGION, World};

/// A task-definition revision.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Its family.
    pub family: String,
    /// Its number in its family.
    pub revision: u32,
    /// Names of its containers, with their images; None for one whose image nobody cares about.
    pub containers: Vec<(String, Option<String>)>,
    /// `X86_64` or `ARM64`.
    pub architecture: &'static str,
    /// All its tags.
    pub tags: Vec<(String, String)>,
    /// Whether it can be used still.
    pub active: bool,
}

/// Where the families of services begin that say nothing of their images.
const FIRST: u32 = 7;

impl TaskDefinition {
    /// A family's next revision, with no container.
    #[must_use]
    pub fn of(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            revision: FIRST,
            containers: Vec::new(),
            architecture: "X86_64",
            tags: Vec::new(),
            active: true,
        }
    }

    /// It has a container of this image. A name without a host, such as `shop:v1`, is one in the account's own registry.
    #[must_use]
    pub fn container(mut self, name: &str, image: &str) -> Self {
        self.containers.push((name.to_owned(), Some(with_host(image))));
        self
    }

    /// Its tasks run on ARM.
    #[must_use]
    pub fn arm64(self) -> Self {
        Self { architecture: "ARM64", ..self }
    }

    /// Adds a `tidegate:` tag.
    #[must_use]
    pub fn tag(mut self, tag: &str, value: &str) -> Self {
        self.tags.push((format!("tidegate:{tag}"), value.to_owned()));
        self
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{}:{}", self.family, self.revision)
    }

    /// The platform of its images, as an index writes it.
    fn platform(&self) -> &'static str {
        if self.architecture == "ARM64" { "linux/arm64" } else { "linux/amd64" }
    }
}

/// What a service revision, a task set or a task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// ARN of its task definition.
    pub task_definition: String,
    /// Its containers' images: those that are resolved keep their digest, wherever their tags move.
    pub images: Vec<ContainerImage>,
    /// When its first task started.
    pub started: Option<Timestamp>,
}

/// The image of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// The container's name.
    pub container: String,
    /// As the task definition names it.
    pub image: Option<String>,
    /// What that came to.
    pub digest: Option<String>,
}

impl World {
    /// Registers the next revision of a family: its ARN.
    #[must_use]
    pub fn register(&self, definition: TaskDefinition) -> String {
        self.lock().register(definition)
    }
}

impl Account {
    pub(super) fn register(&mut self, definition: TaskDefinition) -> String {
        let own = self.task_definitions.iter().filter(|own| own.family == definition.family);
        let revision = own.map(|own| own.revision + 1).max().unwrap_or(definition.revision);
        self.task_definitions.push(TaskDefinition { revision, ..definition });
        self.task_definitions.last().map(TaskDefinition::arn).unwrap_or_default()
    }

    /// The task definition with this ARN, or `family:revision`.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<&TaskDefinition> {
        let name = name.rsplit('/').next().unwrap_or(name);
        let (family, revision) = name.rsplit_once(':')?;
        let own = self.task_definitions.iter();
        own.into_iter().find(|own| own.family == family && own.revision.to_string() == revision)
    }

    /// Gives a service that is added the task definition that its image asks for, or one without images.
    pub(super) fn give_definition(&mut self, service: &mut Service) {
        if service.definition.is_some() {
            return;
        }
        match service.image.clone() {
            Some(image) => {
                let definition = TaskDefinition::of(&service.name).container("app", &image);
                service.definition = Some(self.register(definition));
            }
            None if self.definition(&service.task_definition()).is_none() => {
                let containers = vec![("app".to_owned(), None)];
                self.task_definitions.push(TaskDefinition { containers, ..TaskDefinition::of(&service.name) });
            }
            None => {}
        }
    }

    /// The task definition of a version that is deployed: its own, the service's with another image, or the service's.
    pub(super) fn definition_of(&mut self, service: &str, version: &Version) -> String {
        let current = self.service(service).task_definition();
        match (&version.task_definition, &version.image) {
            (Some(own), _) => own.clone(),
            (None, None) => current,
            (None, Some(image)) => {
                let family = self.service(service).name.clone();
                let mut next = self.definition(&current).cloned().unwrap_or_else(|| TaskDefinition::of(&family));
                next.active = true;
                match next.containers.first_mut() {
                    Some((_, own)) => *own = Some(with_host(image)),
                    None => next = next.container("app", image),
                }
                self.register(next)
            }
        }
    }

    /// A workload of a task definition of which no task has started.
    pub(super) fn workload_of(&self, definition: &str) -> Workload {
        let containers = self.definition(definition).map(|own| own.containers.clone()).unwrap_or_default();
        let unresolved = |(container, image)| ContainerImage { container, image, digest: None };
        let task_definition = definition.to_owned();
        Workload { task_definition, images: containers.into_iter().map(unresolved).collect(), started: None }
    }

    /// What a service revision or a task set runs, by its ARN or id.
    ///
    /// # Panics
    /// Where there is none: the test is wrong.
    #[must_use]
    pub fn workload(&self, id: &str) -> &Workload {
        self.workloads.get(id).unwrap_or_else(|| panic!("nothing is known of {id}"))
    }

    /// Starts tasks of a workload: its images are pulled, and those that are new are resolved.
    ///
    /// # Errors
    /// Why a task stopped before it ran.
    pub(super) fn start_workload(&mut self, id: &str) -> Result<(), String> {
        let mut workload = self.workload(id).clone();
        self.pull(&mut workload)?;
        workload.started = workload.started.or(Some(self.now));
        self.workloads.insert(id.to_owned(), workload);
        Ok(())
    }

    /// Pulls the images of a workload, and resolves those that are new.
    ///
    /// # Errors
    /// Why a task would stop before it runs.
    pub(super) fn pull(&self, workload: &mut Workload) -> Result<(), String> {
        let platform = self.definition(&workload.task_definition).map_or("linux/amd64", TaskDefinition::platform);
        for own in &mut workload.images {
            if let Some(image) = &own.image {
                own.digest = Some(self.resolve(image, own.digest.as_deref(), platform)?);
            }
        }
        Ok(())
    }

    /// The digest that a name comes to; the one that is resolved already, if it can be pulled.
    fn resolve(&self, image: &str, resolved: Option<&str>, platform: &str) -> Result<String, String> {
        let failed = |why: &str| {
            let digest = resolved.map(|digest| format!("@{digest}")).unwrap_or_default();
            format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
                 {image}{digest}: {why}"
            )
        };
        let name = ImageName::read(image).map_err(|why| failed(&why))?;
        let Host::Ecr { account, region, .. } = &name.registry else { return Ok(manifest::digest(image)) };
        let repository = Repository { account: account.clone(), region: region.clone(), name: name.repository.clone() };
        let digest = resolved.or(name.digest.as_deref());
        let find = |digest, tag| {
            let found = self.registry.find(&repository, digest, tag);
            found.filter(|image| image.storage == Storage::Active).ok_or_else(|| failed("404 Not Found"))
        };
        let found = find(digest, name.tag_or_latest())?;
        if !found.is_index() {
            return Ok(found.digest.clone());
        }
        let child = found.children.iter().find(|child| child.platform == platform);
        let child = child.ok_or_else(|| failed(&format!("it has no descriptor that matches platform '{platform}'")))?;
        find(Some(&child.digest), "")?;
        Ok(if self.registry.tells_platforms { child.digest.clone() } else { found.digest.clone() })
    }
}

/// The name of an image with the host of its registry: the account's own, where it has none.
#[must_use]
pub fn with_host(image: &str) -> String {
    let has_host = image.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost");
    if has_host { image.to_owned() } else { format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{image}") }
}
