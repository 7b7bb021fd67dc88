//! Tasks: those that stand alone, and those of services, which follow from the services' counts.

use jiff::{SignedDuration, Timestamp};

use super::api::ApiError;
use super::definitions::Workload;
use super::native::ServiceDeployment;
use super::registry::manifest;
use super::service::Service;
use super::{ACCOUNT, Account, REGION, World};

/// From the launch of a task until its images are pulled.
const PULL: SignedDuration = SignedDuration::from_secs(20);

/// From the stop of a task until it is gone.
const STOP: SignedDuration = SignedDuration::from_secs(30);

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
    /// What it runs.
    pub workload: Workload,
    /// All its tags.
    pub tags: Vec<(String, String)>,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub last_status: &'static str,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: &'static str,
    /// Such as `UserInitiated`.
    pub stop_code: Option<&'static str>,
    /// Why it stopped.
    pub stopped_reason: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When something becomes of it by itself.
    due: Option<Timestamp>,
    /// When it ended.
    ended: Option<Timestamp>,
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
            workload: self.workload_of(&definition.arn()),
            tags: wanted.tags,
            last_status: "PENDING",
            desired_status: "RUNNING",
            stop_code: None,
            stopped_reason: None,
            created: self.now,
            due: Some(self.now + PULL),
            ended: None,
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
            } else if let Err(why) = self.pull(&mut task.workload) {
                task.fail(why);
            } else {
                task.last_status = "RUNNING";
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

    /// The tasks of a service: those behind its load balancer, or as many as it runs.
    fn tasks_of(&self, service: &Service) -> Vec<Task> {
        let mut tasks = Vec::new();
        let mut add = |id: &str, count: u32| {
            let default =
                || Workload { started: Some(service.created), ..self.workload_of(&service.task_definition()) };
            let workload = self.workloads.get(id).cloned().unwrap_or_else(default);
            if let Some(started) = workload.started {
                tasks.extend((0..count).map(|number| service_task(service, id, number, &workload, started)));
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
        if workload.images.iter().any(|own| own.image.is_some()) {
            // Each attempt is a task of its own.
            let number = if failure.is_some() { u32::try_from(now.as_second()).unwrap_or(0) } else { 0 };
            let mut task = service_task(self.service(service), id, number, &workload, now);
            if let Some(why) = failure {
                task.fail(why);
            }
            self.send_task(&task, now);
        }
    }
}

impl Task {
    fn fail(&mut self, why: String) {
        self.last_status = "STOPPED";
        self.desired_status = "STOPPED";
        self.stop_code = Some("TaskFailedToStart");
        self.stopped_reason = Some(why);
    }
}

fn service_task(service: &Service, id: &str, number: u32, workload: &Workload, created: Timestamp) -> Task {
    Task {
        arn: arn(&service.cluster, &format!("task {number} of {id}")),
        cluster: service.cluster.clone(),
        group: format!("service:{}", service.name),
        workload: workload.clone(),
        tags: Vec::new(),
        last_status: "RUNNING",
        desired_status: "RUNNING",
        stop_code: None,
        stopped_reason: None,
        created,
        due: None,
        ended: None,
    }
}

fn arn(cluster: &str, what: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster}/{}", &manifest::digest(what)[7..39])
}
