//! The on-failure queue: what Lambda puts there, as SQS hands it to a function.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use serde_json::Value;

use crate::batches::{self, Message};

/// An event that a function did not answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Unanswered {
    /// The queue's id of it.
    pub message_id: String,
    /// What the function was invoked with; None where the message is none of Lambda's.
    pub event: Option<Value>,
}

impl Unanswered {
    /// Reads a message of the queue.
    #[must_use]
    pub fn read(message: Message) -> Self {
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        Self { message_id: message.message_id, event: body.get("requestPayload").cloned() }
    }
}

/// Whether the body of a message is Lambda's account of an event that was not answered.
#[must_use]
pub fn is_of_lambda(body: &Value) -> bool {
    body.get("requestPayload").is_some() && body.get("requestContext").is_some()
}

/// The events in a batch of the on-failure queue. None where the event is of another kind.
///
/// # Errors
/// What about it can't be understood.
pub fn unanswered(event: &Value) -> Result<Option<Vec<Unanswered>>, String> {
    Ok(batches::messages(event)?.map(|messages| messages.into_iter().map(Unanswered::read).collect()))
}
