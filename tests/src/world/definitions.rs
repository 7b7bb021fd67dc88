//! Task definitions, and what their images come to when tasks start.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tidegate_core::scan::image_name::{ImageName, Registry as Host};
use tidegate_core::task_definition::{
    Container, LogConfiguration, PortMapping, RuntimePlatform, TaskDefinition as Whole, Variable,
};

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
    /// Everything else about it. A container whose image nobody cares about has none; a task without a size has that of the
    /// service that it is of, unless the whole was given as it is.
    pub whole: Whole,
    /// All its tags.
    pub tags: Vec<(String, String)>,
    /// Whether it can be used still.
    pub active: bool,
    as_it_is: bool,
}

/// What ECS says of a task whose log group is not there.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html>
const NO_LOG_GROUP: &str = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 \
    times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : \
    exit status 1";

/// Where the families of services begin that say nothing of their images.
const FIRST: u32 = 7;

impl TaskDefinition {
    /// A family's next revision, for Fargate, with no container.
    #[must_use]
    pub fn of(family: &str) -> Self {
        let whole = Whole {
            network_mode: "awsvpc".to_owned(),
            requires_compatibilities: vec!["FARGATE".to_owned()],
            runtime_platform: RuntimePlatform {
                cpu_architecture: "X86_64".to_owned(),
                operating_system_family: "LINUX".to_owned(),
            },
            execution_role_arn: Some(role("execution")),
            task_role_arn: Some(role(family)),
            ..Whole::default()
        };
        let (revision, tags) = (FIRST, Vec::new());
        Self { family: family.to_owned(), revision, whole, tags, active: true, as_it_is: false }
    }

    /// Just this task definition, whatever there is to say against it.
    #[must_use]
    pub fn raw(whole: Whole) -> Self {
        let family = whole.family.clone();
        Self { as_it_is: true, whole, ..Self::of(&family) }
    }

    /// It has a container of this image, with nothing about it that anybody would complain of. A name without a host, such
    /// as `shop:v1`, is one in the account's own registry.
    #[must_use]
    pub fn container(self, name: &str, image: &str) -> Self {
        self.with_container(name, &with_host(image))
    }

    /// It has a container whose image nobody cares about.
    #[must_use]
    pub fn any_container(self, name: &str) -> Self {
        self.with_container(name, "")
    }

    fn with_container(mut self, name: &str, image: &str) -> Self {
        let first = self.whole.container_definitions.is_empty();
        let port = PortMapping { container_port: Some(8080), host_port: Some(8080) };
        self.whole.container_definitions.push(Container {
            name: name.to_owned(),
            image: image.to_owned(),
            essential: Some(true),
            user: Some("1000:1000".to_owned()),
            readonly_root_filesystem: Some(true),
            log_configuration: Some(logs_to(&log_group_of(&self.family))),
            port_mappings: if first { vec![port] } else { Vec::new() },
            ..Container::default()
        });
        self
    }

    /// Its tasks run on ARM.
    #[must_use]
    pub fn arm64(mut self) -> Self {
        "ARM64".clone_into(&mut self.whole.runtime_platform.cpu_architecture);
        self
    }

    /// Its containers run as this user.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        self.each(|container| container.user = Some(user.to_owned()))
    }

    /// Its containers log to this group of CloudWatch Logs, which nobody makes for it.
    #[must_use]
    pub fn log_group(self, name: &str) -> Self {
        self.each(|container| container.log_configuration = Some(logs_to(name)))
    }

    /// Its tasks have this many CPU units and MiB.
    #[must_use]
    pub fn fargate(mut self, cpu: u32, memory: u32) -> Self {
        self.whole.cpu = Some(cpu.to_string());
        self.whole.memory = Some(memory.to_string());
        self
    }

    /// Its containers have this variable in the clear.
    #[must_use]
    pub fn environment(self, name: &str, value: &str) -> Self {
        let variable = || Variable { name: name.to_owned(), value: value.to_owned() };
        self.each(|container| container.environment.push(variable()))
    }

    /// Whatever else there is about each of its containers.
    #[must_use]
    pub fn each(mut self, change: impl FnMut(&mut Container)) -> Self {
        self.whole.container_definitions.iter_mut().for_each(change);
        self
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

    /// As `DescribeTaskDefinition` tells it, with the size of tasks that say none themselves.
    pub(super) fn told(&self, (cpu, memory): (u32, u32)) -> Whole {
        let mut whole = Whole { task_definition_arn: self.arn(), family: self.family.clone(), ..self.whole.clone() };
        if !self.as_it_is {
            whole.cpu = whole.cpu.or_else(|| Some(cpu.to_string()));
            whole.memory = whole.memory.or_else(|| Some(memory.to_string()));
        }
        // ECS says a number for every container.
        whole.container_definitions.iter_mut().for_each(|own| own.cpu = own.cpu.or(Some(0)));
        whole
    }

    /// The platform of its images, as an index writes it.
    fn platform(&self) -> &'static str {
        if self.whole.runtime_platform.cpu_architecture == "ARM64" { "linux/arm64" } else { "linux/amd64" }
    }

    /// The first log group that its tasks need and nobody makes for them.
    fn missing_log_group(&self, there: &BTreeSet<String>) -> Option<&str> {
        let logs = self.whole.container_definitions.iter().filter_map(|own| own.log_configuration.as_ref());
        let to_cloudwatch = logs.filter(|logs| logs.log_driver == "awslogs");
        let made = |logs: &&LogConfiguration| logs.options.get("awslogs-create-group").is_some_and(|own| own == "true");
        let groups = to_cloudwatch.filter(|logs| !made(logs)).filter_map(|logs| logs.options.get("awslogs-group"));
        groups.map(String::as_str).find(|name| !there.contains(*name))
    }
}

/// The log group that goes with a family, and that is there as soon as the family is.
#[must_use]
pub fn log_group_of(family: &str) -> String {
    format!("/ecs/{family}")
}

fn logs_to(group: &str) -> LogConfiguration {
    let options = [("awslogs-group", group), ("awslogs-region", REGION), ("awslogs-stream-prefix", "ecs")];
    LogConfiguration {
        log_driver: "awslogs".to_owned(),
        options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        secret_options: Vec::new(),
    }
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/ecs-{name}")
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
        let newest = own.map(|own| own.revision + 1).max();
        if newest.is_none() {
            self.log_groups.insert(log_group_of(&definition.family));
        }
        let revision = newest.unwrap_or(definition.revision);
        self.task_definitions.push(TaskDefinition { revision, ..definition });
        self.task_definitions.last().map(TaskDefinition::arn).unwrap_or_default()
    }

    /// The task definition with this ARN, or `family:revision`, or the newest active one of a family.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<&TaskDefinition> {
        let name = name.rsplit('/').next().unwrap_or(name);
        let mut own = self.task_definitions.iter();
        let Some((family, revision)) = name.rsplit_once(':') else {
            return own.filter(|own| own.family == name && own.active).max_by_key(|own| own.revision);
        };
        own.find(|own| own.family == family && own.revision.to_string() == revision)
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
                self.log_groups.insert(log_group_of(&service.name));
                self.task_definitions.push(TaskDefinition::of(&service.name).any_container("app"));
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
                match next.whole.container_definitions.first_mut() {
                    Some(own) => own.image = with_host(image),
                    None => next = next.container("app", image),
                }
                self.register(next)
            }
        }
    }

    /// A workload of a task definition of which no task has started.
    pub(super) fn workload_of(&self, definition: &str) -> Workload {
        let containers = self.definition(definition).into_iter().flat_map(|own| &own.whole.container_definitions);
        let unresolved = |own: &Container| ContainerImage {
            container: own.name.clone(),
            image: Some(own.image.clone()).filter(|image| !image.is_empty()),
            digest: None,
        };
        let task_definition = definition.to_owned();
        Workload { task_definition, images: containers.map(unresolved).collect(), started: None }
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
    pub(super) fn start_workload(&mut self, service: &str, id: &str) -> Result<(), String> {
        let mut workload = self.workload(id).clone();
        self.prepare(&mut workload)?;
        workload.started = workload.started.or(Some(self.now));
        self.workloads.insert(id.to_owned(), workload);
        self.launch(service, id);
        Ok(())
    }

    /// Pulls the images of a workload, and opens what it logs to.
    ///
    /// # Errors
    /// Why a task would stop before it runs.
    pub(super) fn prepare(&self, workload: &mut Workload) -> Result<(), String> {
        self.pull(workload)?;
        let definition = self.definition(&workload.task_definition);
        match definition.and_then(|own| own.missing_log_group(&self.log_groups)) {
            None => Ok(()),
            Some(_) => Err(NO_LOG_GROUP.to_owned()),
        }
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
