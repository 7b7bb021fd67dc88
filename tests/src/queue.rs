//! The queue between EventBridge and a function, as SQS and Lambda have it: events are collected, handed on in a batch, and
//! what the function does not deal with comes again.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A message that was handed on and not dealt with is handed on again after so long, as the template has it.
const VISIBILITY: SignedDuration = SignedDuration::from_mins(3);

/// A queue that hands everything on at once, unless it collects.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    window: SignedDuration,
    messages: VecDeque<Message>,
    sent: u32,
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    visible: Timestamp,
    in_flight: bool,
}

impl Queue {
    /// A queue that collects events for so long before it hands them on.
    #[must_use]
    pub fn collecting_for(window: SignedDuration) -> Self {
        Self { window, ..Self::default() }
    }

    /// Puts an event into the queue.
    pub fn send(&mut self, event: &Value, visible: Timestamp) {
        self.sent += 1;
        let (id, body) = (format!("m-{}", self.sent), event.to_string());
        self.messages.push_back(Message { id, body, visible, in_flight: false });
    }

    /// Everything that may be looked at, in one batch. None where nothing may, or events are still being collected.
    pub fn receive(&mut self, now: Timestamp) -> Option<Value> {
        let collected = |message: &Message| message.visible + self.window <= now;
        if !self.messages.iter().any(collected) {
            return None;
        }
        let mut records = Vec::new();
        for message in self.messages.iter_mut().filter(|message| message.visible <= now) {
            message.in_flight = true;
            message.visible = now + VISIBILITY;
            let (id, body) = (&message.id, &message.body);
            records.push(json!({"messageId": id, "body": body, "eventSource": "aws:sqs", "receiptHandle": "none"}));
        }
        Some(json!({"Records": records}))
    }

    /// What the function answered to the batch: the messages that it names come again, the others are gone.
    ///
    /// # Panics
    /// Where that is no answer to a batch: Lambda would hand all of it on again.
    pub fn answered(&mut self, answer: &Value) {
        let failures = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{answer}"));
        self.messages.retain_mut(|message| {
            let stays = failures.iter().any(|failure| failure["itemIdentifier"] == *message.id);
            let was_in_flight = std::mem::take(&mut message.in_flight);
            stays || !was_in_flight
        });
    }

    /// How many messages are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(batch: Option<Value>) -> Vec<String> {
        let records = batch.and_then(|batch| batch["Records"].as_array().cloned()).unwrap_or_default();
        records.iter().filter_map(|record| Some(record["messageId"].as_str()?.to_owned())).collect()
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn what_is_not_dealt_with_comes_again_later_and_the_rest_never() {
        let mut queue = Queue::default();
        queue.send(&json!({}), after(0));
        queue.send(&json!({}), after(0));
        assert_eq!(ids(queue.receive(after(0))), ["m-1", "m-2"]);
        queue.answered(&json!({"batchItemFailures": [{"itemIdentifier": "m-2"}]}));
        assert_eq!(queue.len(), 1);
        assert!(queue.receive(after(179)).is_none());
        assert_eq!(ids(queue.receive(after(180))), ["m-2"]);
        queue.answered(&json!({"batchItemFailures": []}));
        assert!(queue.is_empty());
    }

    #[test]
    fn events_are_collected_until_the_first_of_them_has_waited_for_the_window() {
        let mut queue = Queue::collecting_for(SignedDuration::from_secs(20));
        queue.send(&json!({}), after(0));
        queue.send(&json!({}), after(19));
        queue.send(&json!({}), after(30));
        assert!(queue.receive(after(19)).is_none());
        assert_eq!(ids(queue.receive(after(20))), ["m-1", "m-2"]);
        queue.answered(&json!({"batchItemFailures": []}));
        assert_eq!(queue.len(), 1, "what came too late for a batch is not lost with it");
    }
}
