//! An account with images, and a scan gate behind its queue: for scenario tests that read as sentences.

use jiff::{SignedDuration, Timestamp};
use scan_gate::handler::{Gate, Reply, RunError};
use scan_gate::report::Summary;
use scan_gate::settings::Settings;
use serde_json::Value;
use tidegate_core::prices::Architecture;
use tidegate_lambda::start::{Host, Invocation};

use crate::queue::Queue;
use crate::scene::{TEN, TOPIC, scheduled};
use crate::world::World;

/// The parameter that holds the policy.
pub const POLICY: &str = "/tidegate/scan-policy";

/// A world, a scan gate whose ports it is, and the queue between them.
pub struct Scanning {
    /// The world.
    pub world: World,
    gate: Gate<World>,
    queue: Queue,
    /// Seconds from an invocation's beginning to its deadline.
    pub timeout_s: i64,
}

impl Scanning {
    /// A gate that acts wherever it may, over an account at [`TEN`], with this policy.
    #[must_use]
    pub fn under(policy: &str) -> Self {
        Self::with(&ALL_ON, policy)
    }

    /// As [`Scanning::under`], with these variables in the function's environment.
    ///
    /// # Panics
    /// Where the variables can't be used: the test is wrong.
    #[must_use]
    pub fn with(variables: &[(&str, &str)], policy: &str) -> Self {
        let read = |name: &str| {
            let own = variables.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
            let named = own.or(match name {
                "TIDEGATE_TOPIC_ARN" => Some(TOPIC),
                "TIDEGATE_SCAN_POLICY" => Some(POLICY),
                _ => None,
            });
            named.map(str::to_owned)
        };
        let settings = Settings::read(read).unwrap_or_else(|faults| panic!("{faults}"));
        let world = World::new(TEN);
        world.lock().parameters.insert(POLICY.to_owned(), policy.to_owned());
        let host = Host { name: "function".to_owned(), memory_mib: 256, architecture: Architecture::X86_64 };
        let gate = Gate::new(world.clone(), settings, host);
        Self { world, gate, queue: Queue::default(), timeout_s: 120 }
    }

    /// Invokes the gate with any event.
    ///
    /// # Errors
    /// The function's own.
    pub async fn invoke(&self, event: &Value) -> Result<Reply, RunError> {
        let deadline = self.world.lock().now + SignedDuration::from_secs(self.timeout_s);
        let invocation = Invocation { request_id: "8f6d3f2c-0000-4000-8000-000000000000".to_owned(), deadline };
        self.gate.handle(event, &invocation).await
    }

    /// A run whose answer is a summary.
    ///
    /// # Panics
    /// Where it is none.
    pub async fn run(&self, event: &Value) -> Summary {
        match self.invoke(event).await {
            Ok(Reply::Summary(summary)) => *summary,
            other => panic!("{other:?}"),
        }
    }

    /// The daily run.
    pub async fn run_daily(&self) -> Summary {
        let event = scheduled(self.world.lock().now);
        self.run(&event).await
    }

    /// What the account has sent since goes into the queue.
    pub fn queue_events(&mut self) {
        let now = self.world.lock().now;
        for event in self.world.take_events() {
            self.send(&event, now);
        }
    }

    /// Puts an event into the queue.
    pub fn send(&mut self, event: &Value, visible: Timestamp) {
        self.queue.send(event, visible);
    }

    /// Hands the gate everything in the queue that may be looked at, in one batch; what it leaves comes again later.
    ///
    /// # Panics
    /// Where the batch fails as a whole.
    pub async fn deliver(&mut self) {
        self.queue_events();
        let now = self.world.lock().now;
        let Some(batch) = self.queue.receive(now) else { return };
        match self.invoke(&batch).await {
            Ok(reply @ Reply::Batch(_)) => self.queue.answered(&serde_json::to_value(reply).expect("JSON")),
            other => panic!("{other:?}"),
        }
    }

    /// So many minutes, with the queue delivered at the beginning and at the end of each.
    pub async fn run_for(&mut self, minutes: u32) {
        self.deliver().await;
        for _ in 0..minutes {
            self.world.pass(1);
            self.deliver().await;
        }
    }

    /// Messages that are still in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The judgements so far that were recorded, as `verdict reason`, each once in a row.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        self.world.records()
    }

    /// The steps of all records so far, as `action: what became of it`.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        let records = self.world.full_records();
        let steps = records.iter().filter_map(|record| record["action"].as_array()).flatten();
        steps.map(|step| format!("{}: {}", word(step, "action"), word(step, "came"))).collect()
    }

    /// The newest record.
    #[must_use]
    pub fn record(&self) -> Value {
        self.world.record()
    }

    /// Why steps were not taken, in all records so far.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let records = self.world.full_records();
        let steps = records.iter().filter_map(|record| record["action"].as_array()).flatten();
        steps.filter_map(|step| Some(step["why"].as_str()?.to_owned())).collect()
    }

    /// How often an operation was called.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u32 {
        self.world.calls(operation)
    }

    /// None of these was called.
    ///
    /// # Panics
    /// Where one was.
    pub fn never_called(&self, operations: &[&str]) {
        for operation in operations {
            assert_eq!(self.calls(operation), 0, "{operation}");
        }
    }
}

/// Every switch as far as it goes.
pub const ALL_ON: [(&str, &str); 4] = [
    ("TIDEGATE_STOP_DEPLOYMENTS", "on"),
    ("TIDEGATE_DEREGISTER", "on"),
    ("TIDEGATE_ARCHIVE", "on"),
    ("TIDEGATE_STOP_TASKS", "on"),
];

/// Everything that changes something about an image, or about what brings or runs it.
pub const WRITES: [&str; 5] =
    ["StopDeployment", "StopServiceDeployment", "DeregisterTaskDefinition", "UpdateImageStorageClass", "StopTask"];

fn word(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("?").to_owned()
}
