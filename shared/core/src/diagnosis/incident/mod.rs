//! What stops of a running service come to: whether all of its tasks are gone (P1), more than half of them (P2), or one (P3),
//! and whether that is news.
//!
//! - [`facts`]: what is known of the service, and what a batch of events tells
//! - [`judge()`]: the decision
//! - [`reason`]: its codes

pub mod facts;
mod judge;
pub mod reason;

pub use facts::Facts;
pub use judge::judge;
pub use reason::Reason;

use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::verdict::Verdict;

use super::Diagnosis;
use super::group::Group;

/// How bad an incident is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// It is none.
    #[default]
    #[serde(rename = "none")]
    None,
    /// A task stopped that should not have, or did not start.
    P3,
    /// More than half of the tasks are gone or unhealthy.
    P2,
    /// All tasks have stopped.
    P1,
}

impl Level {
    /// Those that are incidents, the worst first.
    pub const ALL: [Self; 3] = [Self::P1, Self::P2, Self::P3];

    /// As in metrics and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::P3 => "P3",
            Self::P2 => "P2",
            Self::P1 => "P1",
        }
    }
}

/// What a batch of events comes to for one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// `fail` for an incident, `pass` for none, `error` where it could not be told.
    pub verdict: Verdict,
    /// Its stable code.
    pub reason: Reason,
    /// One sentence.
    pub why: String,
    /// How bad it is. A record has another `level` beside it, that of the log.
    #[serde(rename = "incident")]
    pub level: Level,
    /// Whether it has not been told yet: it is worse than before, or of another class. Nothing is remembered; this follows
    /// from the stops before.
    pub is_news: bool,
    /// Why the tasks stopped that this batch tells of, what failed first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Group>,
    /// What the service's own events say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Diagnosis>,
}

impl Incident {
    /// One that rests on nothing that was looked at.
    #[must_use]
    pub fn plain(verdict: Verdict, reason: Reason, why: impl Into<String>) -> Self {
        let (level, stops, events) = (Level::None, Vec::new(), Vec::new());
        Self { verdict, reason, why: why.into(), level, is_news: false, stops, events }
    }
}

/// By what incidents are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Stops that are so many seconds apart belong together.
    pub together_s: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { together_s: 900 }
    }
}

/// What an incident asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is told.
    Tell,
}

/// The record of what a batch of events came to for one service.
pub type IncidentRecord = Record<Facts, Policy, Incident, Action>;
