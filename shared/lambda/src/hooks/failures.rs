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

/// The events in a batch of the on-failure queue. None where the event is of another kind.
///
/// # Errors
/// What about it can't be understood.
pub fn unanswered(event: &Value) -> Result<Option<Vec<Unanswered>>, String> {
    let of_lambda = |message: Message| {
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        Unanswered { message_id: message.message_id, event: body.get("requestPayload").cloned() }
    };
    Ok(batches::messages(event)?.map(|messages| messages.into_iter().map(of_lambda).collect()))
}
