//! What can wake the scaler, read tolerantly: fields that are not needed may be missing, null or new.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sns::{SnsEvent, SnsRecord};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tidegate_core::mode::Mode;

/// An event that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The schedule's minute.
    Schedule {
        /// When it was due.
        at: Timestamp,
    },
    /// Alarms that changed their state; one for each record of the SNS event.
    Alarms(Vec<AlarmChange>),
    /// Somebody's direct invocation.
    Person(Request),
}

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

/// What a person may ask for; `{}` is everything, as the schedule does it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Only this cluster.
    pub cluster: Option<String>,
    /// Only this service.
    pub service: Option<String>,
    /// At most this far.
    #[serde(default, deserialize_with = "mode")]
    pub mode: Option<Mode>,
    /// Something else than scaling: `digest`.
    pub run: Option<Run>,
}

/// Runs that do something else than scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// What shadow mode would have saved in the last day.
    Digest,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        if event.get("Records").is_some() {
            let event: SnsEvent = read("an SNS event", event)?;
            return event.records.iter().map(alarm_change).collect::<Result<_, _>>().map(Self::Alarms);
        }
        if event.get("detail-type").is_some() {
            let event: EventBridgeEvent = read("an EventBridge event", event)?;
            if event.detail_type != "Scheduled Event" {
                return Err(format!("an EventBridge event {:?} is not for the scaler", event.detail_type));
            }
            let at = event.time.ok_or("a scheduled event without a time")?;
            return Ok(Self::Schedule { at: timestamp(at.timestamp())? });
        }
        read("a request", event).map(Self::Person)
    }
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

fn read<'a, T: Deserialize<'a>>(what: &str, event: &'a Value) -> Result<T, String> {
    T::deserialize(event).map_err(|error| format!("not {what}: {error}"))
}

fn timestamp(seconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(seconds).map_err(|error| error.to_string())
}

/// Enough of a text to recognise it by.
fn start(text: &str) -> String {
    text.chars().take(80).collect()
}

fn mode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Mode>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .map(|word| {
            Mode::from_word(&word)
                .ok_or_else(|| serde::de::Error::custom(format!("mode is {word:?}: must be off, shadow or on")))
        })
        .transpose()
}
