//! What can wake the gate, read tolerantly: fields that are not needed may be missing, null or new.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tidegate_core::mode::Mode;
use tidegate_lambda::events::{self, AlarmChange};
use tidegate_lambda::hooks::codedeploy::CodeDeployHook;
use tidegate_lambda::hooks::failures::{Unanswered, unanswered};
use tidegate_lambda::hooks::native::NativeHook;

/// An event that is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The schedule's minute.
    Schedule {
        /// When it was due.
        at: Timestamp,
    },
    /// Alarms that changed their state; one for each record of the SNS event.
    Alarms(Vec<AlarmChange>),
    /// A hook of an ECS deployment.
    Native(NativeHook),
    /// A hook of a CodeDeploy deployment.
    CodeDeploy(CodeDeployHook),
    /// Events that were not answered, out of the on-failure queue.
    Unanswered(Vec<Unanswered>),
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
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        if CodeDeployHook::is(event) {
            return CodeDeployHook::read(event).map(Self::CodeDeploy);
        }
        if NativeHook::is(event) {
            return NativeHook::read(event).map(Self::Native);
        }
        if let Some(unanswered) = unanswered(event)? {
            return Ok(Self::Unanswered(unanswered));
        }
        if let Some(changes) = events::alarm_changes(event)? {
            return Ok(Self::Alarms(changes));
        }
        if let Some(at) = events::schedule(event, "the canary gate")? {
            return Ok(Self::Schedule { at });
        }
        events::read("a request", event).map(Self::Person)
    }
}
