//! The simulated account.
//!
//! - [`service`]: ECS services and the load on them
//! - [`version`], [`balancer`], [`traffic`]: versions behind target groups, and the requests that reach them
//! - [`smoke`]: single requests to listeners
//! - [`codedeploy`], [`native`]: deployments from one version to the next; [`hooks`]: the functions that they call
//! - [`functions`]: functions that are asked, and answer
//! - [`definitions`], [`tasks`]: task definitions, and what runs of them
//! - [`failures`], [`fleets`]: what becomes of tasks that fail, one by one
//! - [`registry`]: images, and what their scans say while time passes
//! - [`events`]: what EventBridge brings of all that
//! - [`metrics`], [`histogram`]: what CloudWatch keeps
//! - [`clock`]: how time passes, and who waits for it
//! - [`faults`]: what goes wrong, and how often
//! - [`stack`]: the stack as it is deployed, and what its functions logged
//! - [`told`]: what can be told of it from outside
//! - [`api`]: the calls, in words of our own; [`crate::ports`] and [`crate::wire`] speak them

pub mod api;
pub mod balancer;
pub mod clock;
pub mod codedeploy;
pub mod definitions;
pub mod events;
pub mod failures;
pub mod faults;
pub mod fleets;
pub mod functions;
pub mod histogram;
pub mod hooks;
pub mod metrics;
pub mod native;
pub mod registry;
pub mod service;
pub mod smoke;
pub mod stack;
pub mod tasks;
pub mod told;
pub mod traffic;
pub mod version;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tidegate_core::scaling::facts::ScalableTarget;
use tokio::sync::Notify;
use tokio::time::Instant;

use api::ApiError;
use balancer::Balancer;
use clock::Sleepers;
use codedeploy::CodeDeploy;
use definitions::{TaskDefinition, Workload};
use failures::Failure;
use faults::Faults;
use fleets::Fleet;
use functions::Functions;
use hooks::HookCall;
use metrics::MetricStore;
use native::Native;
use registry::Registry;
use service::Service;
use smoke::Asked;
use tasks::Task;
use version::Version;

use crate::queue::Queue;

/// The account that everything is in.
pub const ACCOUNT: &str = "123456789012";

/// The region that everything is in.
pub const REGION: &str = "eu-west-1";

/// The account behind a lock, so that a server and a test can both hold it.
#[derive(Clone, Debug)]
pub struct World(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    account: Mutex<Account>,
    sleepers: Sleepers,
    /// That a function was asked.
    asked: Notify,
}

/// Everything that there is, at one moment.
#[derive(Debug)]
pub struct Account {
    /// The present moment.
    pub now: Timestamp,
    /// ECS services.
    pub services: Vec<Service>,
    /// Load balancers.
    pub balancers: Vec<Balancer>,
    /// CodeDeploy.
    pub codedeploy: CodeDeploy,
    /// ECS's own deployments.
    pub native: Native,
    /// Calls that deployments wait for, and nobody has made yet.
    pub hooks_due: VecDeque<HookCall>,
    /// Functions that were invoked without waiting, with their payloads.
    pub invoked_later: Vec<(String, String)>,
    /// Functions that may be asked.
    pub functions: Functions,
    /// Requests that came to listeners one by one, oldest first.
    pub asked: Vec<Asked>,
    /// Task definitions, oldest first.
    pub task_definitions: Vec<TaskDefinition>,
    /// What runs, by the ARN of the service revision or the id of the task set.
    pub workloads: BTreeMap<String, Workload>,
    /// Tasks that stand alone, and those of services that stopped within the last hour.
    pub tasks: Vec<Task>,
    /// Tasks of services one by one, where something happens to them, by what they run.
    pub fleets: BTreeMap<String, Fleet>,
    /// What happens to the tasks of a task set or a service revision when they start.
    failures: BTreeMap<String, Failure>,
    /// Log groups of CloudWatch Logs, by name.
    pub log_groups: BTreeSet<String>,
    /// ECR and Inspector.
    pub registry: Registry,
    /// SSM's parameters, by name.
    pub parameters: BTreeMap<String, String>,
    /// SQS's queues, by URL.
    pub queues: BTreeMap<String, Queue>,
    /// What EventBridge brings, and nobody has taken yet.
    pub events: VecDeque<Value>,
    /// What Application Auto Scaling has registered, by resource id.
    pub scalable_targets: BTreeMap<String, ScalableTarget>,
    /// CloudWatch alarms.
    pub alarms: Vec<Alarm>,
    /// CloudWatch metrics.
    pub metrics: MetricStore,
    /// What was published to topics.
    pub published: Vec<Published>,
    /// Every change of a desired count through the API.
    pub writes: Vec<Write>,
    /// What goes wrong.
    pub faults: Faults,
    /// When each call came, in the order in which they came.
    pub call_times: Vec<(String, Instant)>,
    /// Calls by operation, those that failed too.
    pub calls: BTreeMap<String, u32>,
    /// Of those, the ones that a function has reported.
    pub taken: BTreeMap<String, u32>,
    /// What somebody else does just before the nth call of an operation.
    pub meanwhile: Vec<Meanwhile>,
    /// How long every call takes on the wire.
    pub latency: Duration,
    /// The stack as it is deployed.
    pub deployed: stack::Deployed,
    /// Lines that functions have printed.
    pub printed: Vec<String>,
    numbers: u64,
    /// Events so far.
    sent: u64,
    /// Stand-alone tasks so far.
    tasks_run: u64,
}

/// Somebody else's doing.
#[derive(Clone, Copy, Debug)]
pub struct Meanwhile {
    /// Just before a call of this operation,
    pub operation: &'static str,
    /// the nth one from the beginning,
    pub nth: u32,
    /// this happens.
    pub happens: fn(&mut Account),
}

/// A CloudWatch alarm.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `ALARM`, `OK` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Since when it is in its state, where CloudWatch says it.
    pub since: Option<Timestamp>,
    /// The dimensions of its metric; empty for a composite one.
    pub dimensions: Vec<(String, String)>,
    /// Whether the dimensions are those of a metric within metric math.
    pub math: bool,
    /// The alarms that a composite one is made of.
    pub children: Vec<String>,
    /// Whether its actions are switched off.
    pub muted: bool,
}

/// A message to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The topic.
    pub topic: String,
    /// The subject.
    pub subject: String,
    /// The body.
    pub body: String,
}

/// A change of a desired count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// When.
    pub at: Timestamp,
    /// `cluster/service`.
    pub service: String,
    /// Desired count before.
    pub from: u32,
    /// Desired count after.
    pub to: u32,
}

impl World {
    /// An empty account.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let account = Account {
            now,
            services: Vec::new(),
            balancers: Vec::new(),
            codedeploy: CodeDeploy::default(),
            native: Native::default(),
            hooks_due: VecDeque::new(),
            invoked_later: Vec::new(),
            functions: Functions::default(),
            asked: Vec::new(),
            task_definitions: Vec::new(),
            workloads: BTreeMap::new(),
            tasks: Vec::new(),
            fleets: BTreeMap::new(),
            failures: BTreeMap::new(),
            log_groups: BTreeSet::new(),
            registry: Registry::default(),
            parameters: BTreeMap::new(),
            queues: BTreeMap::new(),
            events: VecDeque::new(),
            scalable_targets: BTreeMap::new(),
            alarms: Vec::new(),
            metrics: MetricStore::default(),
            published: Vec::new(),
            writes: Vec::new(),
            faults: Faults::default(),
            meanwhile: Vec::new(),
            calls: BTreeMap::new(),
            call_times: Vec::new(),
            taken: BTreeMap::new(),
            latency: Duration::ZERO,
            deployed: stack::Deployed::default(),
            printed: Vec::new(),
            numbers: 0,
            sent: 0,
            tasks_run: 0,
        };
        let (account, asked) = (Mutex::new(account), Notify::new());
        Self(Arc::new(Shared { account, sleepers: Sleepers::default(), asked }))
    }

    /// The account.
    pub fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a service, which has been running its image, if it has one that can be pulled.
    pub fn add(&self, service: Service) {
        self.lock().add_service(service);
    }

    /// Puts a service behind a load balancer. The service is there already: what runs behind it is a task set or a
    /// service revision, after the service's controller.
    pub fn balance(&self, balancer: Balancer) {
        self.lock().add_balancer(balancer);
    }

    /// Begins to deploy a version, with the service's own controller: CodeDeploy's id, or the ARN of the service
    /// deployment.
    ///
    /// # Panics
    /// Where the service is not set up for it, is being deployed already, or ECS refuses the task definition: the test is
    /// wrong.
    #[expect(clippy::must_use_candidate, reason = "who looks at the service does not need the deployment's name")]
    pub fn deploy(&self, service: &str, version: Version) -> String {
        let begun = self.try_deploy(service, version);
        begun.unwrap_or_else(|error| panic!("{}: {}", error.code, error.message))
    }

    /// As [`World::deploy`], where ECS may refuse the task definition.
    ///
    /// # Errors
    /// Where it is not active any more. CodeDeploy does not look at it before it installs.
    pub fn try_deploy(&self, service: &str, version: Version) -> Result<String, ApiError> {
        self.lock().deploy(service, version)
    }

    /// The share of a service's production traffic that a version gets, in percent, by the version's name.
    #[must_use]
    pub fn share(&self, service: &str, version: &str) -> f64 {
        let mut account = self.lock();
        let balancer = account.balancer(service);
        balancer.group_of(version).map_or(0.0, |group| balancer.percent(&group.arn))
    }
}

impl Account {
    /// The service with this `cluster/name`.
    ///
    /// # Panics
    /// Where there is none: the test is wrong.
    pub fn service(&mut self, id: &str) -> &mut Service {
        let found = self.services.iter_mut().find(|service| service.id() == id);
        found.unwrap_or_else(|| panic!("there is no service {id}"))
    }

    /// The load balancer of the service with this `cluster/name`.
    ///
    /// # Panics
    /// Where it has none: the test is wrong.
    pub fn balancer(&mut self, service: &str) -> &mut Balancer {
        let found = self.balancers.iter_mut().find(|balancer| balancer.service == service);
        found.unwrap_or_else(|| panic!("{service} has no load balancer"))
    }

    /// Deletes a service, which the tagging index goes on listing for a while.
    pub fn forget_but_index(&mut self, id: &str) {
        self.service(id).deleted = true;
    }

    /// Begins to deploy a version, with the service's own controller.
    ///
    /// # Errors
    /// Where ECS refuses its task definition.
    pub fn deploy(&mut self, service: &str, version: Version) -> Result<String, ApiError> {
        let definition = self.definition_of(service, &version);
        if self.service(service).controller == "CODE_DEPLOY" {
            return Ok(self.create_code_deployment(service, version, definition));
        }
        self.usable_definition(&definition)?;
        Ok(self.create_service_deployment(service, version, definition))
    }

    /// Sets an alarm's state, from now on; an alarm that is not there is made.
    pub fn set_alarm(&mut self, name: &str, state: &str) {
        let since = Some(self.now);
        if let Some(alarm) = self.alarms.iter_mut().find(|alarm| alarm.name == name) {
            state.clone_into(&mut alarm.state);
            alarm.since = since;
        } else {
            let [name, state] = [name, state].map(str::to_owned);
            self.alarms.push(Alarm { name, state, since, ..Alarm::default() });
        }
    }

    fn in_alarm(&self, name: &str) -> bool {
        self.alarms.iter().any(|alarm| alarm.name == name && alarm.state == "ALARM")
    }

    fn add_service(&mut self, mut service: Service) {
        self.give_definition(&mut service);
        let has_image = service.definition.is_some();
        let id = service.id();
        self.services.push(service);
        // Where nobody cares about images, the first deployment finds out what runs.
        if has_image {
            let revision = self.add_revision(&id, Vec::new(), None);
            self.service(&id).revision = Some(revision.clone());
            self.founded(&id, &revision);
        }
    }

    /// Takes for granted that what a service has been running could be pulled, where that is not known to be wrong.
    fn founded(&mut self, service: &str, id: &str) {
        let created = self.service(service).created;
        let definition = self.service(service).task_definition();
        let mut workload = self.workload_of(&definition);
        // A test need not have the images that nothing is asked about.
        let _ = self.pull(&mut workload);
        workload.started = Some(created);
        self.workloads.insert(id.to_owned(), workload);
    }

    fn add_balancer(&mut self, mut balancer: Balancer) {
        let codedeploy = self.service(&balancer.service).controller == "CODE_DEPLOY";
        let rule = (balancer.groups.len() > 1).then(|| balancer.production_rule().to_owned());
        for group in &mut balancer.groups {
            for running in &mut group.running {
                let number = self.next_number();
                let definition = self.definition_of(&balancer.service, &running.version);
                if definition != self.service(&balancer.service).task_definition() {
                    self.service(&balancer.service).definition = Some(definition);
                }
                (running.id, running.external_id) = if codedeploy {
                    (format!("ecs-svc/{number:019}"), Some(format!("d-{number:09}")))
                } else {
                    (self.add_revision(&balancer.service, vec![group.arn.clone()], rule.clone()), None)
                };
                self.founded(&balancer.service, &running.id);
            }
        }
        self.balancers.push(balancer);
    }

    /// A number that no other id has.
    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}
