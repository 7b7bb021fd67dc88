//! A scaler in a world, for scenario tests that read as sentences.

use cost_scaler::handler::{Reply, RunError, Scaler};
use cost_scaler::report::Summary;
use cost_scaler::settings::Settings;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_core::prices::Architecture;
use tidegate_core::scaling::Facts;
use tidegate_lambda::start::{Host, Invocation};

use crate::world::service::Service;
use crate::world::{REGION, World, Write};

/// When scenes begin: a Saturday at ten.
pub const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

/// The topic that scenes publish to.
pub const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:tidegate";

/// A world, and a scaler whose ports it is.
pub struct Scene {
    /// The world.
    pub world: World,
    scaler: Scaler<World>,
    /// Seconds from an invocation's beginning to its deadline.
    pub timeout_s: i64,
}

impl Scene {
    /// Services that have been running for half an hour when the scene begins, at [`TEN`].
    #[must_use]
    pub fn of(services: impl IntoIterator<Item = Service>) -> Self {
        Self::with(&[], services)
    }

    /// As [`Scene::of`], with variables in the function's environment.
    ///
    /// # Panics
    /// Where the variables can't be used: the test is wrong.
    #[must_use]
    pub fn with(variables: &[(&str, &str)], services: impl IntoIterator<Item = Service>) -> Self {
        let read = |name: &str| {
            let own = variables.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
            own.or_else(|| (name == "TIDEGATE_TOPIC_ARN").then_some(TOPIC)).map(str::to_owned)
        };
        let settings = Settings::read(read).unwrap_or_else(|faults| panic!("{faults}"));
        let world = World::new(TEN - SignedDuration::from_mins(30));
        services.into_iter().for_each(|service| world.add(service));
        world.pass(30);
        let host = Host { name: "function".to_owned(), memory_mib: 256, architecture: Architecture::X86_64 };
        Self { scaler: Scaler::new(world.clone(), settings, REGION, host), world, timeout_s: 60 }
    }

    /// Invokes the scaler with any event that it answers with a summary.
    ///
    /// # Errors
    /// The function's own.
    ///
    /// # Panics
    /// Where it is a batch.
    pub async fn invoke(&self, event: Value) -> Result<Summary, RunError> {
        match self.answer(event).await? {
            Reply::Summary(summary) => Ok(*summary),
            Reply::Parts(answer) => panic!("{answer:?}"),
        }
    }

    /// Invokes the scaler with any event.
    ///
    /// # Errors
    /// The function's own.
    pub async fn answer(&self, event: Value) -> Result<Reply, RunError> {
        let deadline = self.world.lock().now + SignedDuration::from_secs(self.timeout_s);
        let invocation = Invocation { request_id: "8f6d3f2c-0000-4000-8000-000000000000".to_owned(), deadline };
        self.scaler.handle(&event, &invocation).await
    }

    /// The schedule's minute.
    ///
    /// # Panics
    /// Where the run fails as a whole.
    pub async fn run(&self) -> Summary {
        let event = scheduled(self.world.lock().now);
        self.invoke(event).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// So many minutes, with a run at the end of each.
    pub async fn run_for(&self, minutes: u32) {
        for _ in 0..minutes {
            self.world.pass(1);
            self.run().await;
        }
    }

    /// The changes so far, as `service from -> to`.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        let say = |write: &Write| format!("{} {} -> {}", write.service, write.from, write.to);
        self.world.lock().writes.iter().map(say).collect()
    }

    /// How often an operation was called.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u32 {
        self.world.lock().calls.get(operation).copied().unwrap_or(0)
    }

    /// The newest record of a service.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn record(&self, service: &str) -> Value {
        let account = self.world.lock();
        let records = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut of_service = records.filter(|record| record["service"] == service && record["why"].is_string());
        of_service.next_back().unwrap_or_else(|| panic!("no record of {service} in {:#?}", account.printed))
    }

    /// The newest decision on a service, as `verdict reason`.
    #[must_use]
    pub fn decided(&self, service: &str) -> String {
        let record = self.record(service);
        let word = |key: &str| record[key].as_str().unwrap_or("?").to_owned();
        format!("{} {}", word("verdict"), word("reason"))
    }
}

/// What EventBridge sends for a schedule.
#[must_use]
pub fn scheduled(at: Timestamp) -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": at.to_string(), "region": REGION,
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/tidegate"], "detail": {},
    })
}

/// What SNS sends for alarms that changed their state, one record each.
#[must_use]
pub fn alarms(at: Timestamp, changes: &[(&str, &str)]) -> Value {
    let record = |(alarm, state): &(&str, &str)| {
        let message = json!({
            "AlarmName": alarm, "AlarmDescription": null, "AWSAccountId": "123456789012", "NewStateValue": state,
            "NewStateReason": "Threshold Crossed", "StateChangeTime": at.to_string(), "Region": "EU (Ireland)",
        });
        json!({
            "EventSource": "aws:sns", "EventVersion": "1.0",
            "EventSubscriptionArn": "arn:aws:sns:eu-west-1:123456789012:alarms:2bcfbf39",
            "Sns": {
                "Type": "Notification", "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
                "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms", "Subject": format!("{state}: {alarm}"),
                "Message": message.to_string(), "Timestamp": at.to_string(), "SignatureVersion": "1",
                "Signature": "none", "SigningCertUrl": "none", "UnsubscribeUrl": "none", "MessageAttributes": {},
            },
        })
    };
    json!({"Records": changes.iter().map(record).collect::<Vec<_>>()})
}

/// The facts of a service with everything that a decision can look at: what a live run gathers.
///
/// # Panics
/// Where they are not what the decision reads.
#[must_use]
pub fn facts_of_a_busy_service() -> Facts {
    let mut points = Vec::new();
    for minute in 2..=15_i64 {
        let at = TEN - SignedDuration::from_mins(minute);
        points.push(json!({"at": at.to_string(), "value": 45 + minute % 3, "samples": 20.0}));
    }
    let change = |hour: i64| json!({"at": (TEN - SignedDuration::from_hours(hour)).to_string(), "tasks": if hour % 2 == 0 { 2 } else { -2 }});
    let changes: Vec<Value> = (1..=30).rev().map(change).collect();
    let since = (TEN - SignedDuration::from_hours(30)).to_string();
    let readings = json!({"cpu": {"points": points}, "memory": {"points": points}, "requests": {"points": points}});
    let facts = json!({
        "desired": 20, "running": 20, "metrics": readings, "history": {"complete_since": since, "changes": changes},
        "deployments": [{"status": "PRIMARY", "rollout_state": "COMPLETED"}],
    });
    serde_json::from_value(facts).expect("facts")
}
