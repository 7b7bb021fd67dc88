//! Batches of a queue, as SQS hands them to a function, and which of their messages stay in it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::read;

/// A message of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The queue's id of it.
    pub message_id: String,
    /// What it says.
    pub body: String,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

/// The messages of a batch. None where the event is of another kind.
///
/// # Errors
/// What about it can't be understood.
pub fn messages(event: &Value) -> Result<Option<Vec<Message>>, String> {
    if event["Records"][0]["eventSource"] != "aws:sqs" {
        return Ok(None);
    }
    let batch: Batch = read("a batch of SQS", event)?;
    Ok(Some(batch.records))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_is_told_from_other_records() {
        let record = json!({"messageId": "m-1", "body": "{}", "eventSource": "aws:sqs", "attributes": {"new": 1}});
        let message = Message { message_id: "m-1".to_owned(), body: "{}".to_owned() };
        assert_eq!(messages(&json!({"Records": [record]})), Ok(Some(vec![message])));
        for other in [json!({}), json!({"Records": []}), json!({"Records": [{"EventSource": "aws:sns"}]}), json!([])] {
            assert_eq!(messages(&other), Ok(None), "{other}");
        }
        let without = messages(&json!({"Records": [{"messageId": "m-1", "eventSource": "aws:sqs"}]}));
        assert_eq!(without, Err("not a batch of SQS: missing field `body`".to_owned()));
    }

    #[test]
    fn only_what_was_not_dealt_with_stays() {
        let answer = BatchAnswer::of(["m-2".to_owned()]);
        let answer = serde_json::to_value(answer).unwrap();
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m-2"}]}));
        let none = serde_json::to_value(BatchAnswer::default()).unwrap();
        assert_eq!(none, json!({"batchItemFailures": []}));
    }
}
