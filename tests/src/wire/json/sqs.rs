//! SQS: queues.

use serde_json::{Value, json};

use super::{Answer, text};
use crate::world::Account;
use crate::world::api::QUEUE_REFUSAL;

pub(super) fn send_message_batch(account: &mut Account, input: &Value) -> Answer {
    let entries = input["Entries"].as_array().map_or(&[][..], Vec::as_slice);
    let message = |entry: &Value| (text(&entry["MessageBody"]), entry["DelaySeconds"].as_i64().unwrap_or(0));
    let messages: Vec<(String, i64)> = entries.iter().map(message).collect();
    let refused = account.send_messages(&text(&input["QueueUrl"]), &messages)?;
    let (failed, successful): (Vec<_>, Vec<_>) =
        entries.iter().enumerate().partition(|(index, _)| refused.contains(index));
    let (code, message) = QUEUE_REFUSAL;
    let successful = successful.into_iter().map(|(index, entry)| {
        json!({"Id": entry["Id"], "MessageId": format!("m-{index}"), "MD5OfMessageBody": "not looked at"})
    });
    let failed = failed
        .into_iter()
        .map(|(_, entry)| json!({"Id": entry["Id"], "Code": code, "Message": message, "SenderFault": false}));
    Ok(json!({"Successful": successful.collect::<Vec<_>>(), "Failed": failed.collect::<Vec<_>>()}))
}
