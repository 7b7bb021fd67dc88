//! The shapes in which AWS wakes a function, read tolerantly: fields that are not needed may be missing, null or new.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sns::{SnsEvent, SnsRecord};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use tidegate_core::mode::Mode;

/// An event older than this is declined: the next run is due, or was.
const OLDEST_EVENT: SignedDuration = SignedDuration::from_mins(2);

/// One alarm that changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmChange {
    /// When the message was published.
    pub at: Timestamp,
    /// The alarm's name.
    pub alarm: String,
    /// The state that it is said to have now: `ALARM`, `OK` or `INSUFFICIENT_DATA`.
    pub state: String,
}

/// The alarms of an SNS event, one for each of its records. None where the event is of another kind.
///
/// # Errors
/// What about the event can't be understood.
pub fn alarm_changes(event: &Value) -> Result<Option<Vec<AlarmChange>>, String> {
    if event.get("Records").is_none() {
        return Ok(None);
    }
    let event: SnsEvent = read("an SNS event", event)?;
    event.records.iter().map(alarm_change).collect::<Result<_, _>>().map(Some)
}

/// When a schedule's event was due. None where the event does not come from EventBridge.
///
/// # Errors
/// What about the event can't be understood; `whom` in it is the function, such as `the scaler`.
pub fn schedule(event: &Value, whom: &str) -> Result<Option<Timestamp>, String> {
    if event.get("detail-type").is_none() {
        return Ok(None);
    }
    let event: EventBridgeEvent = read("an EventBridge event", event)?;
    if event.detail_type != "Scheduled Event" {
        return Err(format!("an EventBridge event {:?} is not for {whom}", event.detail_type));
    }
    let at = event.time.ok_or("a scheduled event without a time")?;
    timestamp(at.timestamp()).map(Some)
}

/// Why an event of this time is declined at that one. None for one that is young enough.
#[must_use]
pub fn too_old(at: Timestamp, now: Timestamp) -> Option<String> {
    let age = now.duration_since(at);
    (age > OLDEST_EVENT)
        .then(|| format!("the event is {} s old, more than {} s", age.as_secs(), OLDEST_EVENT.as_secs()))
}

/// Reads a part of an event, named as in `an SNS event`.
///
/// # Errors
/// What about it can't be understood.
pub fn read<'a, T: Deserialize<'a>>(what: &str, event: &'a Value) -> Result<T, String> {
    // A list would be read as well, as the fields one after the other.
    if !event.is_object() {
        return Err(format!("not {what}: it is no JSON object"));
    }
    T::deserialize(event).map_err(|error| format!("not {what}: {error}"))
}

/// A time of an event, which the event types have in a form of their own.
///
/// # Errors
/// Where it is none that a clock could show.
pub fn timestamp(seconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(seconds).map_err(|error| error.to_string())
}

/// Enough of a text to recognise it by.
#[must_use]
pub fn start(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A mode that a request may leave out; for `#[serde(deserialize_with)]`.
///
/// # Errors
/// Where it is another word, which is named with the rule.
pub fn mode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Mode>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .map(|word| {
            Mode::from_word(&word)
                .ok_or_else(|| serde::de::Error::custom(format!("mode is {word:?}: must be off, shadow or on")))
        })
        .transpose()
}

/// The part of an alarm's message that only wakes us. Everything else is read from CloudWatch, where it is true now.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AlarmMessage {
    alarm_name: String,
    new_state_value: String,
}

fn alarm_change(record: &SnsRecord) -> Result<AlarmChange, String> {
    let message: Value = serde_json::from_str(&record.sns.message).map_err(|error| {
        format!("an SNS message that is not an alarm's ({error}): {:?}", start(&record.sns.message))
    })?;
    let message: AlarmMessage = read("an alarm's message", &message)?;
    let at = timestamp(record.sns.timestamp.timestamp())?;
    Ok(AlarmChange { at, alarm: message.alarm_name, state: message.new_state_value })
}
