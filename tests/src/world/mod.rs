//! The simulated account.
//!
//! - [`service`]: ECS services and the load on them
//! - [`metrics`]: what CloudWatch keeps
//! - [`faults`]: what goes wrong, and how often
//! - [`api`]: the calls, in words of our own; [`crate::ports`] and [`crate::wire`] speak them

pub mod api;
pub mod faults;
pub mod metrics;
pub mod service;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tidegate_core::scaling::facts::ScalableTarget;

use faults::Faults;
use metrics::MetricStore;
use service::Service;

/// The account that everything is in.
pub const ACCOUNT: &str = "123456789012";

/// The region that everything is in.
pub const REGION: &str = "eu-west-1";

/// The account behind a lock, so that a server and a test can both hold it.
#[derive(Clone, Debug)]
pub struct World(Arc<Mutex<Account>>);

/// Everything that there is, at one moment.
#[derive(Debug)]
pub struct Account {
    /// The present moment.
    pub now: Timestamp,
    /// ECS services.
    pub services: Vec<Service>,
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
    /// Calls by operation, those that failed too.
    pub calls: BTreeMap<String, u32>,
    /// Of those, the ones that a function has reported.
    pub taken: BTreeMap<String, u32>,
    /// What somebody else does just before the nth call of an operation.
    pub meanwhile: Vec<Meanwhile>,
    /// How long every call takes on the wire.
    pub latency: Duration,
    /// Lines that functions have printed.
    pub printed: Vec<String>,
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
    /// The dimensions of its metric; empty for a composite one.
    pub dimensions: Vec<(String, String)>,
    /// Whether the dimensions are those of a metric within metric math.
    pub math: bool,
    /// The alarms that a composite one is made of.
    pub children: Vec<String>,
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
        Self(Arc::new(Mutex::new(Account {
            now,
            services: Vec::new(),
            scalable_targets: BTreeMap::new(),
            alarms: Vec::new(),
            metrics: MetricStore::default(),
            published: Vec::new(),
            writes: Vec::new(),
            faults: Faults::default(),
            meanwhile: Vec::new(),
            calls: BTreeMap::new(),
            taken: BTreeMap::new(),
            latency: Duration::ZERO,
            printed: Vec::new(),
        })))
    }

    /// The account.
    pub fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a service.
    pub fn add(&self, service: Service) {
        self.lock().services.push(service);
    }

    /// Lets whole minutes pass.
    pub fn pass(&self, minutes: u32) {
        let mut account = self.lock();
        for _ in 0..minutes {
            account.pass_minute();
        }
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

    /// Deletes a service, which the tagging index goes on listing for a while.
    pub fn forget_but_index(&mut self, id: &str) {
        self.service(id).deleted = true;
    }

    fn pass_minute(&mut self) {
        for service in &mut self.services {
            service.pass_minute(self.now, &mut self.metrics);
        }
        self.now += SignedDuration::from_mins(1);
    }
}
