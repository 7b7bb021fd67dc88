//! ECS services: tasks that take time to start, and the load on them.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tidegate_core::backtest::service::{Service as Tasks, Shape};

use super::definitions::TaskDefinition;
use super::metrics::{Metric, MetricStore, Statistics};
use super::{ACCOUNT, REGION};

/// Load at a moment, in tasks that it would keep at 100 %.
pub type Load = Arc<dyn Fn(Timestamp) -> f64 + Send + Sync>;

/// Requests a minute that keep one task at 100 %.
pub const REQUESTS_PER_TASK: f64 = 600.0;

/// An ECS service.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone)]
pub struct Service {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub name: String,
    /// All its tags.
    pub tags: Vec<(String, String)>,
    /// What the tagging index has, where it lags behind.
    pub indexed_tags: Option<Vec<(String, String)>>,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// Status and rollout state of each deployment.
    pub deployments: Vec<(String, Option<String>)>,
    /// How many task sets it has.
    pub task_sets: u32,
    /// `FARGATE` or `EC2`; None where a strategy says it.
    pub launch_type: Option<String>,
    /// Capacity providers with base and weight.
    pub strategy: Vec<(String, i32, i32)>,
    /// CPU units and MiB of one task.
    pub size: (u32, u32),
    /// The last part of its target group's ARN.
    pub target_group: Option<String>,
    /// Tasks that are asked for.
    pub desired: u32,
    /// Tasks that stay up during a rolling deployment, in percent.
    pub minimum_healthy_percent: u32,
    /// Seconds from a task's start for which failing health checks are ignored; None where nobody has said.
    pub grace_s: Option<u32>,
    /// Whether its tasks are given public addresses.
    pub public_ip: bool,
    /// When it was created.
    pub created: Timestamp,
    /// Its events, oldest first.
    pub events: Vec<(Timestamp, String)>,
    /// The image of its one container, where somebody cares.
    pub image: Option<String>,
    /// Memory of each task in percent, with no load.
    pub memory_percent: f64,
    /// Whether it is gone, but for the tagging index.
    pub deleted: bool,
    /// Whether its metrics reach CloudWatch.
    pub publishes: bool,
    /// Whether it publishes CPU every 20 seconds, three samples a minute and task.
    pub every_20_seconds: bool,
    /// Work that arrived, in tasks at 100 % and minutes.
    pub work: f64,
    /// Work that found no capacity.
    pub unmet: f64,
    /// ARN of the task definition that it is told to run.
    pub(super) definition: Option<String>,
    /// The service revision that runs, where no load balancer says it.
    pub(super) revision: Option<String>,
    load: Load,
    tasks: Tasks,
}

impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = (self.desired, self.tasks.running(), self.tasks.pending());
        out.debug_struct("Service").field("id", &self.id()).field("tasks", &tasks).finish_non_exhaustive()
    }
}

/// A task serves this long after its launch.
const START_S: i64 = 90;

impl Service {
    /// A service on Fargate that has been running `tasks` tasks for a month, at rest and not enrolled.
    ///
    /// # Panics
    /// Where `id` is not `cluster/name`: the test is wrong.
    #[must_use]
    pub fn new(id: &str, tasks: u32, now: Timestamp) -> Self {
        let (cluster, name) = id.split_once('/').unwrap_or_else(|| panic!("{id} is not cluster/name"));
        let created = now - jiff::SignedDuration::from_hours(24 * 30);
        Self {
            cluster: cluster.to_owned(),
            name: name.to_owned(),
            tags: Vec::new(),
            indexed_tags: None,
            status: "ACTIVE".to_owned(),
            scheduling: "REPLICA".to_owned(),
            controller: "ECS".to_owned(),
            deployments: vec![("PRIMARY".to_owned(), Some("COMPLETED".to_owned()))],
            task_sets: 0,
            launch_type: Some("FARGATE".to_owned()),
            strategy: Vec::new(),
            size: (1024, 2048),
            target_group: None,
            desired: tasks,
            minimum_healthy_percent: 100,
            grace_s: None,
            public_ip: false,
            created,
            events: vec![(created, format!("(service {name}) has reached a steady state."))],
            image: None,
            memory_percent: 30.0,
            deleted: false,
            publishes: true,
            every_20_seconds: false,
            work: 0.0,
            unmet: 0.0,
            definition: None,
            revision: None,
            load: Arc::new(|_| 0.0),
            tasks: Tasks::new(Shape { capacity: 1.0, start_s: START_S, metric_delay_s: 0 }, tasks),
        }
    }

    /// Adds a `tidegate:` tag.
    #[must_use]
    pub fn tag(mut self, tag: &str, value: &str) -> Self {
        self.tags.push((format!("tidegate:{tag}"), value.to_owned()));
        self
    }

    /// Enrols it with bounds.
    #[must_use]
    pub fn enrolled(self, mode: &str, min: u32, max: u32) -> Self {
        self.tag("scale", mode).tag("min", &min.to_string()).tag("max", &max.to_string())
    }

    /// Puts a load on it, in tasks that it would keep at 100 %.
    #[must_use]
    pub fn load(mut self, load: impl Fn(Timestamp) -> f64 + Send + Sync + 'static) -> Self {
        self.load = Arc::new(load);
        self
    }

    /// Puts it behind a load balancer.
    #[must_use]
    pub fn behind_load_balancer(mut self) -> Self {
        self.target_group = Some(format!("targetgroup/{}/73e2d6bc24d8a067", self.name));
        self
    }

    /// During a rolling deployment so many percent of its tasks stay up.
    #[must_use]
    pub fn minimum_healthy(self, percent: u32) -> Self {
        Self { minimum_healthy_percent: percent, ..self }
    }

    /// From a task's start, failing health checks are ignored for so many seconds.
    #[must_use]
    pub fn grace(self, seconds: u32) -> Self {
        Self { grace_s: Some(seconds), ..self }
    }

    /// Its tasks are given public addresses.
    #[must_use]
    pub fn public_ip(self) -> Self {
        Self { public_ip: true, ..self }
    }

    /// It runs this image, such as `shop:v1`, in a container `app`.
    #[must_use]
    pub fn image(self, name: &str) -> Self {
        Self { image: Some(name.to_owned()), ..self }
    }

    /// It runs this task definition, by its ARN.
    #[must_use]
    pub fn runs(self, task_definition: &str) -> Self {
        Self { definition: Some(task_definition.to_owned()), ..self }
    }

    /// Leaves its deployments to CodeDeploy.
    #[must_use]
    pub fn by_code_deploy(mut self) -> Self {
        "CODE_DEPLOY".clone_into(&mut self.controller);
        self.deployments.clear();
        self
    }

    /// `cluster/name`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{}/{}", self.cluster, self.name)
    }

    /// The ARN of the task definition that it is told to run.
    #[must_use]
    pub fn task_definition(&self) -> String {
        self.definition.clone().unwrap_or_else(|| TaskDefinition::of(&self.name).arn())
    }

    /// Tasks that serve.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.tasks.running()
    }

    /// Tasks that start.
    #[must_use]
    pub fn pending(&self) -> u32 {
        self.tasks.pending()
    }

    /// The load at a moment, in tasks that it would keep at 100 %.
    #[must_use]
    pub fn load_at(&self, at: Timestamp) -> f64 {
        (self.load)(at)
    }

    /// Task-seconds that were billed so far.
    #[must_use]
    pub fn billed_s(&self) -> i64 {
        self.tasks.billed_s()
    }

    /// Changes the desired count, and lets ECS write its events.
    pub fn set_desired(&mut self, desired: u32, now: Timestamp) {
        let before = self.tasks.running() + self.tasks.pending();
        self.desired = desired;
        self.tasks.set_desired(desired);
        let moved = i64::from(desired) - i64::from(before);
        let (name, count) = (&self.name, moved.unsigned_abs());
        let tasks: Vec<String> =
            (0..count).map(|task| format!("(task {:032x})", task + now.as_second().unsigned_abs())).collect();
        let tasks = tasks.join(" ");
        match moved {
            1.. => self.events.push((now, format!("(service {name}) has started {count} tasks: {tasks}."))),
            ..=-1 => {
                self.events.push((now, format!("(service {name}) has begun draining connections on {count} tasks.")));
                self.events.push((now, format!("(service {name}) has stopped {count} running tasks: {tasks}.")));
            }
            0 => {}
        }
    }

    /// Lets the minute that begins at `at` pass, and publishes its metrics.
    pub fn pass_minute(&mut self, at: Timestamp, metrics: &mut MetricStore) {
        let load = (self.load)(at);
        let starting = self.tasks.pending();
        let served = self.tasks.advance(60, load);
        self.work += served.demand;
        self.unmet += served.unmet;
        if starting > 0 && self.tasks.pending() == 0 {
            let steady = format!("(service {}) has reached a steady state.", self.name);
            self.events.push((at, steady));
        }
        let tasks = f64::from(self.tasks.running());
        if !self.publishes || served.running_s <= 0.0 || tasks <= 0.0 {
            return;
        }
        let cpu = served.busy_s / served.running_s * 100.0;
        let metric = |name: &str| Metric::of_service(&self.cluster, &self.name, name);
        if self.every_20_seconds {
            for part in 0..3 {
                let at = at + jiff::SignedDuration::from_secs(part * 20);
                metrics.put(metric("CPUUtilization"), at, Statistics::of(cpu, tasks));
            }
        } else {
            metrics.put(metric("CPUUtilization"), at, Statistics::of(cpu, tasks));
        }
        metrics.put(metric("MemoryUtilization"), at, Statistics::of(self.memory_percent, tasks));
        if let Some(group) = &self.target_group {
            let requests = Metric::new("AWS/ApplicationELB", "RequestCountPerTarget", &[("TargetGroup", group)]);
            metrics.put(requests, at, Statistics::of(load * REQUESTS_PER_TASK / tasks, 1.0));
        }
    }

    /// Fills the events up to the hundred that ECS keeps, as any service does in time.
    pub fn fill_events(&mut self, now: Timestamp) {
        let steady = format!("(service {}) has reached a steady state.", self.name);
        let hours = |event: i64| jiff::SignedDuration::from_hours(6 * (100 - event));
        self.events = (0..100).map(|event| (now - hours(event), steady.clone())).collect();
    }
}
