//! What can wake the scaler, read tolerantly: fields that are not needed may be missing, null or new.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tidegate_core::mode::Mode;
use tidegate_lambda::batches::{self, Message};
use tidegate_lambda::events::{self, AlarmChange};

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
    /// Parts of a run of the schedule, out of the queue; each is read when it is its turn.
    Parts(Vec<Message>),
    /// Somebody's direct invocation.
    Person(Request),
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
    #[serde(default, deserialize_with = "events::mode")]
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
        if let Some(messages) = batches::messages(event)? {
            return Ok(Self::Parts(messages));
        }
        if let Some(changes) = events::alarm_changes(event)? {
            return Ok(Self::Alarms(changes));
        }
        if let Some(at) = events::schedule(event, "the scaler")? {
            return Ok(Self::Schedule { at });
        }
        events::read("a request", event).map(Self::Person)
    }
}
