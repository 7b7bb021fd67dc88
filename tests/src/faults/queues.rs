//! Where events wait that were not dealt with, as the template has it: Lambda's own retries, the on-failure queues with
//! their last doors, and the queues before functions.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::seen::hooks;
use crate::drive::Drive;
use crate::queue::Queue;

/// Lambda tries again what nobody waits for, after one minute and then after two.
const RETRIES: usize = 2;

/// The on-failure queue hands an event to the last door at once, and then every so often.
const HANDED_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// And so often at most; then it is in the queue at the end of the line, which has an alarm.
const HANDED_AT_MOST: u32 = 4;

/// CodeDeploy waits an hour for the answer to a hook.
const LONGEST_MINUTES: u32 = 70;

/// Batches of a queue that are handed on before it is looked what is left.
const BATCHES: u32 = 3;

/// Minutes until a batch comes again.
const AGAIN_MINUTES: u32 = 3;

/// What is left of events when time is up.
#[derive(Debug, Default)]
pub struct Left {
    /// Where they are.
    pub waiting: Vec<String>,
    /// Errors of invocations on the way.
    pub errors: Vec<String>,
}

struct Letter {
    event: Value,
    next: Timestamp,
    handed: u32,
}

/// Lets time pass until every hook is answered, or nobody waits for it any more.
pub async fn until_answered(drive: &mut Drive, function: &str) -> Left {
    let mut left = Left::default();
    let mut tried: Vec<Value> = Vec::new();
    let mut again: Vec<(Timestamp, Value)> = Vec::new();
    let mut letters: Vec<Letter> = Vec::new();
    for _ in 0..LONGEST_MINUTES {
        drive.pass(1).await;
        let now = drive.world.lock().now;
        for (event, error) in std::mem::take(&mut drive.failures) {
            left.errors.push(error.to_string());
            let tries = tried.iter().filter(|own| **own == event).count();
            tried.push(event.clone());
            if tries < RETRIES {
                let after = SignedDuration::from_mins(i64::try_from(tries).unwrap_or(0) + 1);
                again.push((now + after, event));
            } else {
                letters.push(Letter { event, next: now, handed: 0 });
            }
        }
        for (_, event) in again.extract_if(.., |(at, _)| *at <= now) {
            drive.world.lock().invoked_later.push((function.to_owned(), event.to_string()));
        }
        let mut kept = Vec::new();
        for mut letter in letters {
            if letter.next > now || letter.handed >= HANDED_AT_MOST {
                kept.push(letter);
                continue;
            }
            let answer = drive.invoke(unanswered(&letter.event)).await;
            letter.handed += 1;
            letter.next = now + HANDED_EVERY;
            match answer {
                Ok(answer) if answer["batchItemFailures"] == json!([]) => {}
                Ok(_) => kept.push(letter),
                Err(error) => {
                    left.errors.push(error.to_string());
                    kept.push(letter);
                }
            }
            drive.failures.clear();
        }
        letters = kept;
        let (answers, open) = hooks(&drive.world);
        if !answers.is_empty() && open.is_empty() && again.is_empty() && letters.is_empty() {
            break;
        }
    }
    left.waiting.extend(again.iter().map(|_| "Lambda's retries".to_owned()));
    let place = |letter: &Letter| {
        if letter.handed >= HANDED_AT_MOST { "queue of the unanswered" } else { "on-failure queue" }
    };
    left.waiting.extend(letters.iter().map(|letter| place(letter).to_owned()));
    left
}

/// What SQS hands over from the on-failure queue.
fn unanswered(event: &Value) -> Value {
    let body = json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event});
    json!({"Records": [{"messageId": "m-1", "eventSource": "aws:sqs", "body": body.to_string()}]})
}

/// Hands on what is in a queue, batch after batch, until nothing is left or it is time to look what is.
pub async fn delivered(drive: &mut Drive, queue: &mut Queue) -> Left {
    let mut left = Left::default();
    for batch in 0..BATCHES {
        if batch > 0 {
            drive.pass(AGAIN_MINUTES).await;
        }
        let now = drive.world.lock().now;
        let Some(batch) = queue.receive(now) else { break };
        match drive.invoke(batch).await {
            Ok(answer) => queue.answered(&answer),
            Err(error) => left.errors.push(error.to_string()),
        }
    }
    if !queue.is_empty() {
        left.waiting.push("queue".to_owned());
    }
    left
}
