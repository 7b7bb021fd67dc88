//! Breaking the glass: opening a gate for a while, with a reason, whatever it would say.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The glass can't be broken for longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(4);

/// The gate is open until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Until when.
    pub until: Timestamp,
    /// Why, in the words of whoever opened it.
    pub reason: String,
}

impl BreakGlass {
    /// Reads `2026-11-21T12:00:00Z why it had to be`.
    ///
    /// # Errors
    /// The rule, where it is anything else or reaches too far ahead.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, String> {
        let rule = || "must be a time such as 2026-11-21T12:00:00Z, a space, and the reason".to_owned();
        let (until, reason) = text.split_once(' ').ok_or_else(rule)?;
        let until: Timestamp = until.parse().map_err(|_| rule())?;
        Self::until(until, reason, now)
    }

    /// Until a moment, with a reason. One that is past is closed again.
    ///
    /// # Errors
    /// The rule, where it reaches too far ahead.
    pub fn until(until: Timestamp, reason: &str, now: Timestamp) -> Result<Self, String> {
        if until.duration_since(now) > LONGEST {
            return Err(format!("must be at most {} hours ahead", LONGEST.as_hours()));
        }
        Ok(Self { until, reason: reason.trim().to_owned() })
    }

    /// Whether the gate is open.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.until
    }
}
