//! The queue between EventBridge and a function, or between a function and itself, as SQS and Lambda have it: messages are
//! collected, handed on in a batch, and what the function does not deal with comes again.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A message that was handed on and not dealt with is handed on again after so long, as the template has it.
const VISIBILITY: SignedDuration = SignedDuration::from_mins(3);

/// A queue that hands everything on at once, unless it collects.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    window: SignedDuration,
    /// How long a message that was handed on is not handed on again, where it is not [`VISIBILITY`].
    visibility: Option<SignedDuration>,
    /// Messages of a batch, at most.
    most: Option<usize>,
    /// After so many times a message is not handed on any more.
    tries: Option<u32>,
    messages: VecDeque<Message>,
    /// Messages that were handed on too often.
    dead: Vec<String>,
    sent: u32,
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    visible: Timestamp,
    in_flight: bool,
    received: u32,
}

impl Queue {
    /// A queue that collects events for so long before it hands them on.
    #[must_use]
    pub fn collecting_for(window: SignedDuration) -> Self {
        Self { window, ..Self::default() }
    }

    /// The queue of a run's parts: one at a time, handed on again after so long, and so often.
    #[must_use]
    pub fn of_parts(visibility: SignedDuration, tries: u32) -> Self {
        Self { visibility: Some(visibility), most: Some(1), tries: Some(tries), ..Self::default() }
    }

    /// The same queue with batches of so many messages.
    #[must_use]
    pub fn in_batches_of(self, most: usize) -> Self {
        Self { most: Some(most), ..self }
    }

    /// Puts an event into the queue.
    pub fn send(&mut self, event: &Value, visible: Timestamp) {
        self.send_body(event.to_string(), visible);
    }

    /// Puts a message into the queue, which nobody sees before then.
    pub fn send_body(&mut self, body: String, visible: Timestamp) {
        self.sent += 1;
        let id = format!("m-{}", self.sent);
        self.messages.push_back(Message { id, body, visible, in_flight: false, received: 0 });
    }

    /// Everything that may be looked at, in one batch. None where nothing may, or events are still being collected.
    pub fn receive(&mut self, now: Timestamp) -> Option<Value> {
        let collected = |message: &Message| message.visible + self.window <= now;
        if !self.messages.iter().any(collected) {
            return None;
        }
        let tries = self.tries.unwrap_or(u32::MAX);
        let gone = |message: &Message| message.visible <= now && message.received >= tries;
        self.dead.extend(self.messages.iter().filter(|message| gone(message)).map(|message| message.body.clone()));
        self.messages.retain(|message| !gone(message));
        let mut records = Vec::new();
        let visible = self.messages.iter_mut().filter(|message| message.visible <= now);
        for message in visible.take(self.most.unwrap_or(usize::MAX)) {
            message.in_flight = true;
            message.received += 1;
            message.visible = now + self.visibility.unwrap_or(VISIBILITY);
            let (id, body) = (&message.id, &message.body);
            records.push(json!({"messageId": id, "body": body, "eventSource": "aws:sqs", "receiptHandle": "none"}));
        }
        (!records.is_empty()).then(|| json!({"Records": records}))
    }

    /// What the function answered to one of several batches that are under way: as [`Queue::answered`], and the messages
    /// of the others stay.
    ///
    /// # Panics
    /// Where that is no answer to a batch: Lambda would hand all of it on again.
    pub fn answered_to(&mut self, batch: &Value, answer: &Value) {
        let failures = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let named = |ids: &[Value], key: &str, id: &str| ids.iter().any(|entry| entry[key] == *id);
        let records = batch["Records"].as_array().map_or(&[][..], Vec::as_slice);
        self.messages.retain_mut(|message| {
            let (mine, stays) =
                (named(records, "messageId", &message.id), named(failures, "itemIdentifier", &message.id));
            message.in_flight &= !mine;
            stays || !mine
        });
    }

    /// Messages that were handed on too often.
    #[must_use]
    pub fn dead(&self) -> &[String] {
        &self.dead
    }

    /// What the messages say, in the order in which they were sent.
    pub fn bodies(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(|message| message.body.as_str())
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
    fn a_part_comes_alone_and_not_too_often_and_the_others_are_not_touched_by_its_answer() {
        let mut queue = Queue::of_parts(SignedDuration::from_secs(60), 2);
        queue.send(&json!("first"), after(0));
        queue.send(&json!("second"), after(4));
        let (first, none) = (queue.receive(after(0)).expect("a batch"), queue.receive(after(3)));
        let second = queue.receive(after(4)).expect("a batch");
        assert_eq!(
            (ids(Some(first.clone())), none, ids(Some(second.clone()))),
            (vec!["m-1".into()], None, vec!["m-2".into()])
        );
        queue.answered_to(&second, &json!({"batchItemFailures": []}));
        queue.answered_to(&first, &json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]}));
        assert_eq!(queue.bodies().collect::<Vec<_>>(), [r#""first""#]);
        assert_eq!(ids(queue.receive(after(60))), ["m-1"]);
        assert!(queue.dead().is_empty());
        assert_eq!((queue.receive(after(120)), queue.dead()), (None, &[r#""first""#.to_owned()][..]));
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
