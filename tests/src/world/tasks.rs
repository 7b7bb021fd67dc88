//! Tasks: those that stand alone, and those of services, which follow from the services' counts.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::diagnosis::task::{Container, Task as Told};

use super::api::ApiError;
use super::definitions::{ContainerImage, Workload};
use super::native::ServiceDeployment;
use super::registry::manifest;
use super::service::Service;
use super::{ACCOUNT, Account, REGION, World};

/// From the launch of a task until its images are pulled.
const PULL: SignedDuration = SignedDuration::from_secs(20);

/// From the stop of a task until it is gone.
const STOP: SignedDuration = SignedDuration::from_secs(30);

/// What a container ends with that SIGTERM ends.
const STOPPED_BY_SIGNAL: i32 = 143;

/// ECS tells of a stopped task for so long.
const TOLD: SignedDuration = SignedDuration::from_hours(1);

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// Cluster name.
    pub cluster: String,
    /// `service:name`, or `family:name` for one that stands alone and says no other.
    pub group: String,
    /// The deployment or the task set that started it: `ecs-svc/...`; None for one that stands alone.
    pub started_by: Option<String>,
    /// What it runs.
    pub workload: Workload,
    /// All its tags.
    pub tags: Vec<(String, String)>,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub last_status: &'static str,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: &'static str,
    /// `HEALTHY` or `UNHEALTHY` by its containers' own checks; `UNKNOWN` where they have none.
    pub health: &'static str,
    /// Such as `UserInitiated`.
    pub stop_code: Option<&'static str>,
    /// Why it stopped.
    pub stopped_reason: Option<String>,
    /// What its first container ended with.
    pub exit_code: Option<i32>,
    /// Why its first container ended, where ECS knows more.
    pub container_reason: Option<&'static str>,
    /// When it was created.
    pub created: Timestamp,
    /// When it came to run.
    pub started: Option<Timestamp>,
    /// When it began to stop.
    pub stopping: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// When something becomes of it by itself.
    due: Option<Timestamp>,
}

/// What `RunTask` is asked for.
#[derive(Clone, Debug)]
pub struct RunTask {
    cluster: String,
    definition: String,
    group: Option<String>,
    tags: Vec<(String, String)>,
}

impl RunTask {
    /// A task of a task definition, by its ARN, in a cluster.
    #[must_use]
    pub fn of(definition: &str, cluster: &str) -> Self {
        let [cluster, definition] = [cluster, definition].map(str::to_owned);
        Self { cluster, definition, group: None, tags: Vec::new() }
    }

    /// It is of this group.
    #[must_use]
    pub fn group(self, group: &str) -> Self {
        Self { group: Some(group.to_owned()), ..self }
    }

    /// Adds a `tidegate:` tag.
    #[must_use]
    pub fn tag(mut self, tag: &str, value: &str) -> Self {
        self.tags.push((format!("tidegate:{tag}"), value.to_owned()));
        self
    }
}

impl World {
    /// `RunTask`: the task's ARN. It runs, or stops because its image can't be pulled, within half a minute.
    ///
    /// # Errors
    /// Where there is no such task definition, or it is not active any more.
    pub fn run_task(&self, wanted: RunTask) -> Result<String, ApiError> {
        self.lock().run_task(wanted)
    }

    /// A stand-alone task as it is.
    ///
    /// # Panics
    /// Where there is none: the test is wrong.
    #[must_use]
    pub fn task(&self, arn: &str) -> Task {
        let account = self.lock();
        let found = account.tasks.iter().find(|task| task.arn == arn);
        found.unwrap_or_else(|| panic!("there is no task {arn}")).clone()
    }
}

impl Account {
    fn run_task(&mut self, wanted: RunTask) -> Result<String, ApiError> {
        let definition = self.usable_definition(&wanted.definition)?.clone();
        self.tasks_run += 1;
        let task = Task {
            arn: arn(&wanted.cluster, &format!("task {} of {}", self.tasks_run, definition.arn())),
            cluster: wanted.cluster,
            group: wanted.group.unwrap_or_else(|| format!("family:{}", definition.family)),
            started_by: None,
            workload: self.workload_of(&definition.arn()),
            tags: wanted.tags,
            last_status: "PENDING",
            desired_status: "RUNNING",
            health: self.health_of(&definition.arn()),
            stop_code: None,
            stopped_reason: None,
            exit_code: None,
            container_reason: None,
            created: self.now,
            started: None,
            stopping: None,
            ended: None,
            due: Some(self.now + PULL),
        };
        self.send_task(&task, self.now);
        let arn = task.arn.clone();
        self.tasks.push(task);
        Ok(arn)
    }

    /// Lets stand-alone tasks go as far as they can.
    pub(super) fn step_tasks(&mut self) {
        for index in 0..self.tasks.len() {
            let now = self.now;
            let mut task = self.tasks[index].clone();
            let Some(due) = task.due.filter(|due| *due <= now) else { continue };
            task.due = None;
            if task.desired_status == "STOPPED" {
                task.last_status = "STOPPED";
            } else if let Err(why) = self.prepare(&mut task.workload) {
                task.fail(why);
            } else {
                task.last_status = "RUNNING";
                task.started = Some(due);
                task.workload.started = Some(due);
            }
            task.ended = (task.last_status == "STOPPED").then_some(due);
            self.send_task(&task, due);
            self.tasks[index] = task;
        }
        let now = self.now;
        self.tasks.retain(|task| task.ended.is_none_or(|ended| now < ended + TOLD));
    }

    /// Whether no task is on its way somewhere.
    pub(super) fn tasks_rest(&self) -> bool {
        self.tasks.iter().all(|task| task.due.is_none())
    }

    /// Stops a stand-alone task. Of a service's nothing is seen: it is replaced at once.
    pub(super) fn stop(&mut self, arn: &str, reason: &str) {
        let until = self.now + STOP;
        for task in self.tasks.iter_mut().filter(|task| task.arn == arn && task.desired_status == "RUNNING") {
            task.desired_status = "STOPPED";
            task.stop_code = Some("UserInitiated");
            task.stopped_reason = Some(reason.to_owned());
            task.stopping = Some(until - STOP);
            task.due = Some(until);
        }
    }

    /// Every task that ECS tells of, in a cluster.
    #[must_use]
    pub fn tasks_in(&self, cluster: &str) -> Vec<Task> {
        let alone = self.tasks.iter().filter(|task| task.cluster == cluster).cloned();
        let services = self.services.iter().filter(|service| service.cluster == cluster && !service.deleted);
        alone.chain(services.flat_map(|service| self.tasks_of(service))).collect()
    }

    /// The tasks of a service that should run: those behind its load balancer, or as many as it runs.
    fn tasks_of(&self, service: &Service) -> Vec<Task> {
        let mut tasks = Vec::new();
        let mut add = |id: &str, count: u32| {
            if let Some(fleet) = self.fleets.get(id) {
                tasks.extend(fleet.tasks().cloned());
                return;
            }
            let default =
                || Workload { started: Some(service.created), ..self.workload_of(&service.task_definition()) };
            let workload = self.workloads.get(id).cloned().unwrap_or_else(default);
            if let Some(started) = workload.started {
                tasks.extend((0..count).map(|number| self.service_task(service, id, number, &workload, started)));
            }
        };
        if let Some(balancer) = self.balancers.iter().find(|balancer| balancer.service == service.id()) {
            for running in balancer.groups.iter().flat_map(|group| &group.running) {
                add(&running.id, running.tasks);
            }
            return tasks;
        }
        let revision = service.revision.clone().unwrap_or_else(|| service.id());
        let own = |deployment: &&ServiceDeployment| deployment.service == service.id() && deployment.in_progress();
        match self.native.deployments.iter().find(own) {
            Some(deployment) if deployment.rollback.is_none() => {
                let starts = matches!(deployment.stage(), "PRE_SCALE_UP" | "SCALE_UP");
                // While tasks are replaced there are some of both.
                add(&deployment.target, if starts { 1 } else { service.running() });
                add(&revision, if starts { service.running() } else { 0 });
            }
            _ => add(&revision, service.running()),
        }
        tasks
    }

    /// Tells of the first task of a service that starts, or does not, where anybody cares about its image.
    pub(super) fn send_service_task(&mut self, service: &str, id: &str, failure: Option<String>) {
        let now = self.now;
        let workload = self.workload(id).clone();
        // Each attempt is a task of its own.
        let number = if failure.is_some() { u32::try_from(now.as_second()).unwrap_or(0) } else { 0 };
        let service = self.services.iter().find(|own| own.id() == service);
        let Some(mut task) = service.map(|service| self.service_task(service, id, number, &workload, now)) else {
            return;
        };
        if let Some(why) = failure {
            task.fail(why);
            task.stopping = Some(now);
            task.ended = Some(now);
            self.tasks.push(task.clone());
        }
        if workload.images.iter().any(|own| own.image.is_some()) {
            self.send_task(&task, now);
        }
    }

    /// A task of a service that runs.
    pub(super) fn service_task(
        &self,
        service: &Service,
        id: &str,
        number: u32,
        workload: &Workload,
        created: Timestamp,
    ) -> Task {
        Task {
            arn: arn(&service.cluster, &format!("task {number} of {id}")),
            cluster: service.cluster.clone(),
            group: format!("service:{}", service.name),
            started_by: Some(self.starter_of(id)),
            workload: workload.clone(),
            tags: Vec::new(),
            last_status: "RUNNING",
            desired_status: "RUNNING",
            health: self.health_of(&workload.task_definition),
            stop_code: None,
            stopped_reason: None,
            exit_code: None,
            container_reason: None,
            created,
            started: Some(created),
            stopping: None,
            ended: None,
            due: None,
        }
    }

    /// Who starts the tasks of a task set, or of a service revision.
    pub(super) fn starter_of(&self, id: &str) -> String {
        if id.starts_with("ecs-svc/") {
            return id.to_owned();
        }
        let deployment = self.native.deployments.iter().rev().find(|own| own.target == id);
        let name = deployment.map_or(id, |own| &own.arn);
        format!("ecs-svc/{}", name.rsplit('/').next().unwrap_or(name).trim_start_matches('0'))
    }

    fn health_of(&self, definition: &str) -> &'static str {
        let definition = self.definition(definition);
        let checked =
            definition.is_some_and(|own| own.whole.container_definitions.iter().any(|c| c.health_check.is_some()));
        if checked { "HEALTHY" } else { "UNKNOWN" }
    }
}

impl Task {
    /// The last part of its ARN.
    #[must_use]
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    pub(super) fn fail(&mut self, why: String) {
        self.stop("TaskFailedToStart", why);
        self.last_status = "STOPPED";
        self.started = None;
    }

    pub(super) fn stop(&mut self, code: &'static str, why: String) {
        self.desired_status = "STOPPED";
        self.stop_code = Some(code);
        self.stopped_reason = Some(why);
    }

    /// As `DescribeTasks` tells of it.
    #[must_use]
    pub fn told(&self) -> Told {
        let container = |(number, own): (usize, &ContainerImage)| Container {
            name: own.container.clone(),
            image: own.image.clone(),
            image_digest: own.digest.clone(),
            last_status: self.last_status.to_owned(),
            // The others are stopped when the first one ends.
            exit_code: self.exit_code.map(|code| if number == 0 { code } else { STOPPED_BY_SIGNAL }),
            reason: self.container_reason.filter(|_| number == 0).map(str::to_owned),
            health_status: self.health.to_owned(),
        };
        Told {
            task_arn: self.arn.clone(),
            cluster_arn: format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{}", self.cluster),
            task_definition_arn: self.workload.task_definition.clone(),
            group: self.group.clone(),
            started_by: self.started_by.clone().unwrap_or_default(),
            last_status: self.last_status.to_owned(),
            desired_status: self.desired_status.to_owned(),
            health_status: self.health.to_owned(),
            stop_code: self.stop_code.map(str::to_owned),
            stopped_reason: self.stopped_reason.clone(),
            created_at: Some(self.created),
            started_at: self.started,
            stopping_at: self.stopping,
            stopped_at: self.ended,
            containers: self.workload.images.iter().enumerate().map(container).collect(),
        }
    }
}

pub(super) fn arn(cluster: &str, what: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster}/{}", &manifest::digest(what)[7..39])
}
