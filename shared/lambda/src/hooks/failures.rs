//! The on-failure queue: what Lambda puts there, as SQS hands it to a function.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::read;

/// An event that a function did not answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Unanswered {
    /// The queue's id of it.
    pub message_id: String,
    /// What the function was invoked with; None where the message is none of Lambda's.
    pub event: Option<Value>,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

/// The events in a batch of the on-failure queue. None where the event is of another kind.
///
/// # Errors
/// What about it can't be understood.
pub fn unanswered(event: &Value) -> Result<Option<Vec<Unanswered>>, String> {
    if event["Records"][0]["eventSource"] != "aws:sqs" {
        return Ok(None);
    }
    let batch: Batch = read("a batch of SQS", event)?;
    let of_lambda = |message: Message| {
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        Unanswered { message_id: message.message_id, event: body.get("requestPayload").cloned() }
    };
    Ok(Some(batch.records.into_iter().map(of_lambda).collect()))
}

/// Which messages of a batch stay in the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// Those that were not dealt with.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// A message that stays in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// The queue's id of it.
    pub item_identifier: String,
}

impl BatchAnswer {
    /// These stay.
    pub fn of(messages: impl IntoIterator<Item = String>) -> Self {
        let failure = |item_identifier| ItemFailure { item_identifier };
        Self { batch_item_failures: messages.into_iter().map(failure).collect() }
    }
}
