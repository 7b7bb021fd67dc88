//! SQS: handing work on to further invocations.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bare::{Ask, Service};
use crate::error::PortError;
use crate::sdk::Aws;

/// SQS takes no more messages in one call.
pub const MESSAGES_PER_CALL: usize = 10;

/// Nor more bytes, over all messages of one call: 256 KiB, which some queues now exceed, less what is around them.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub const BYTES_PER_CALL: usize = 250_000;

/// The calls that are used.
pub trait Queues {
    /// `SendMessageBatch`: at most [`MESSAGES_PER_CALL`] messages. A call that is answered may still have refused some:
    /// those are named, by their place among the messages.
    async fn send_messages(&self, queue_url: &str, messages: &[Outgoing]) -> Result<Vec<Refused>, PortError>;
}

/// A message on its way into a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What it says.
    pub body: String,
    /// Seconds for which nobody sees it, at most 900.
    pub delay_s: u32,
}

/// A message that is not in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place among the messages.
    pub index: usize,
    /// What SQS said.
    pub why: String,
}

pub(crate) const SERVICE: Service = Service { id: "SQS", host: "sqs", signed_for: "sqs" };

const OPERATION: &str = "SendMessageBatch";

/// What `SendMessageBatch` answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    #[serde(default)]
    successful: Vec<Entry>,
    #[serde(default)]
    failed: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    code: Option<String>,
    message: Option<String>,
}

impl Queues for Aws {
    async fn send_messages(&self, queue_url: &str, messages: &[Outgoing]) -> Result<Vec<Refused>, PortError> {
        let entry = |(index, Outgoing { body, delay_s }): (usize, &Outgoing)| json!({"Id": index.to_string(), "MessageBody": body, "DelaySeconds": delay_s});
        let entries: Vec<Value> = messages.iter().enumerate().map(entry).collect();
        let question = json!({"QueueUrl": queue_url, "Entries": entries});
        let ask = Ask::older_rpc(&format!("AmazonSQS.{OPERATION}"), &question);
        let sent: Sent = self.sqs.json(OPERATION, ask).await?;
        let taken: BTreeSet<&str> = sent.successful.iter().map(|entry| entry.id.as_str()).collect();
        // What an answer does not name is in no queue for all that anybody knows. Sent twice it does no harm.
        let refused = |index: usize| {
            let id = index.to_string();
            (!taken.contains(id.as_str())).then(|| {
                let why = sent.failed.iter().find(|entry| entry.id == id).map(Entry::why);
                Refused { index, why: why.unwrap_or_else(|| format!("{OPERATION} left it out")) }
            })
        };
        Ok((0..messages.len()).filter_map(refused).collect())
    }
}

impl Entry {
    fn why(&self) -> String {
        [&self.code, &self.message].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;
    use crate::error::Kind;

    const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/parts";

    fn messages(count: usize) -> Vec<Outgoing> {
        let message = |index: usize| Outgoing { body: format!("part \"{index}\""), delay_s: 4 };
        (0..count).map(message).collect()
    }

    #[tokio::test]
    async fn messages_are_sent_together_and_those_that_are_refused_are_named() {
        let answer = r#"{"Successful": [{"Id": "0", "MessageId": "m-1", "MD5OfMessageBody": "x"}],
            "Failed": [{"Id": "1", "Code": "InternalError", "Message": "try again", "SenderFault": false}]}"#;
        let (aws, canned) = Canned::aws([(200, answer)]).await;
        let refused = aws.send_messages(QUEUE, &messages(3)).await.expect("an answer");
        let why = |index, why: &str| Refused { index, why: why.to_owned() };
        assert_eq!(refused, [why(1, "InternalError: try again"), why(2, "SendMessageBatch left it out")]);
        let asked = canned.asked();
        assert_eq!((&*asked[0].operation, asked.len()), (OPERATION, 1));
        assert_eq!(asked[0].headers["x-amz-target"], "AmazonSQS.SendMessageBatch");
        assert_eq!(asked[0].headers["content-type"], "application/x-amz-json-1.0");
        let body: Value = serde_json::from_str(&asked[0].body).expect("JSON");
        let entry = json!({"Id": "0", "MessageBody": "part \"0\"", "DelaySeconds": 4});
        assert_eq!((&body["QueueUrl"], &body["Entries"][0]), (&json!(QUEUE), &entry));
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_or_not_ours_is_said_in_sqss_words() {
        let gone =
            r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}"#;
        let denied = r#"{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not authorized to perform: sqs:sendmessage"}"#;
        let (aws, _) = Canned::aws([(400, gone), (403, denied), (200, "<html>")]).await;
        let mut failed = Vec::new();
        for _ in 0..3 {
            failed.push(aws.send_messages(QUEUE, &messages(1)).await.expect_err("an error"));
        }
        assert_eq!(failed[0].message, "QueueDoesNotExist: The specified queue does not exist.");
        assert_eq!(
            failed.iter().map(|error| error.kind).collect::<Vec<_>>(),
            [Kind::Refused, Kind::Denied, Kind::Garbled]
        );
    }
}
