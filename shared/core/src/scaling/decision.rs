//! What was decided, and the arithmetic behind it.

use serde::{Deserialize, Serialize};

use crate::prices::UsdRange;
use crate::record::Record;

use super::facts::Facts;
use super::minute::Asked;
use super::policy::Policy;
use super::reason::Reason;

/// What becomes of the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// More tasks.
    Raise,
    /// Fewer tasks.
    Lower,
    /// As many as before.
    Stay,
    /// Nothing could be decided, and nothing changes.
    Error,
}

impl Verdict {
    /// The word in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Lower => "lower",
            Self::Stay => "stay",
            Self::Error => "error",
        }
    }

    /// Whether the count is to change.
    #[must_use]
    pub fn moves(self) -> bool {
        matches!(self, Self::Raise | Self::Lower)
    }
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What becomes of the count.
    pub verdict: Verdict,
    /// The stable code.
    pub reason: Reason,
    /// One sentence with the numbers.
    pub why: String,
    /// The desired count that should stand; the present one unless the verdict is to raise or lower.
    pub desired: u32,
    /// What each metric asks for, judged on its freshest value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Ask>,
}

/// What one metric asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The metric.
    pub metric: String,
    /// Tasks; absent where the metric can't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u32>,
    /// The arithmetic, or why the metric can't say.
    pub why: String,
}

impl Ask {
    pub(super) fn new(metric: &str, asked: &Result<Asked, String>) -> Self {
        let why = asked.as_ref().map_or_else(Clone::clone, ToString::to_string);
        Self { metric: metric.to_owned(), tasks: asked.as_ref().ok().map(|asked| asked.tasks), why }
    }
}

impl Decision {
    /// The count stays as it is.
    pub fn stay(desired: u32, reason: Reason, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Stay, reason, why: why.into(), desired, asks: Vec::new() }
    }

    /// Nothing could be decided, and the count stays as it is.
    pub fn error(desired: u32, reason: Reason, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Error, ..Self::stay(desired, reason, why) }
    }
}

/// The scaler's record.
pub type ScalingRecord = Record<Facts, Policy, Decision, Action>;

/// What a decision to raise or lower asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The desired count before.
    pub from: u32,
    /// The desired count after.
    pub to: u32,
    /// What the tasks cost before, in dollars a month; absent where the price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_usd_before: Option<UsdRange>,
    /// What they cost after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_usd_after: Option<UsdRange>,
}
