//! What EventBridge brings, in the shapes in which AWS sends it, odd ones too.
//!
//! - this file: the envelope, and who takes the events
//! - `images`: ECR and Inspector
//! - `ecs`: tasks and deployments
//!
//! The world delivers nothing: a test or a demo takes the events, and hands them on in whichever order, twice or never.

mod ecs;
mod images;

pub(crate) use images::status;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ACCOUNT, Account, REGION, World};

impl World {
    /// The events since they were taken last, oldest first.
    #[must_use]
    pub fn take_events(&self) -> Vec<Value> {
        self.lock().events.drain(..).collect()
    }

    /// Of the events since they were taken last, those of a type, such as `Inspector2 Scan`. The others are gone too.
    #[must_use]
    pub fn take_events_of(&self, detail_type: &str) -> Vec<Value> {
        self.take_events().into_iter().filter(|event| event["detail-type"] == detail_type).collect()
    }
}

impl Account {
    fn send(&mut self, detail_type: &str, source: &str, at: Timestamp, resources: &[String], detail: &Value) {
        self.sent += 1;
        let event = json!({
            "version": "0", "id": format!("{:08x}-6d1c-4f0e-9b57-2f6f9d3a7c10", self.sent), "detail-type": detail_type,
            "source": source, "account": ACCOUNT, "time": seconds(at), "region": REGION, "resources": resources,
            "detail": detail,
        });
        self.events.push_back(event);
    }
}

/// As the envelope writes a time.
fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
