//! How far the count may move in one period: the scaling policies of the Kubernetes HPA.
//!
//! A policy allows so many tasks, or so many percent, of the count at the start of its period, which is worked back
//! from the current count and the changes since. A limit never crosses the current count.
//!
//! Source: `convertDesiredReplicasWithBehaviorRate` in `pkg/controller/podautoscaler/horizontal.go` of
//! github.com/kubernetes/kubernetes, whose published cases are in `tests/tables/hpa_behaviour.json`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::history::Change;
use super::whole;

/// Which of several policies speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// The one that allows the largest change.
    #[default]
    Max,
    /// The one that allows the smallest change.
    Min,
    /// None: no change in this direction at all.
    Disabled,
}

/// What becomes of the fraction of a task that a percentage leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// In favour of the change, as Kubernetes does: 20 % of 6 tasks lets two go.
    #[default]
    Outward,
    /// Never beyond the percentage: 20 % of 6 tasks lets one go.
    Inward,
}

/// So much in so long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rate {
    /// Percent of the count at the start of the period.
    Percent {
        /// Percent.
        value: f64,
        /// Length of the period in seconds.
        period_s: u32,
    },
    /// Tasks.
    Tasks {
        /// Tasks.
        value: u32,
        /// Length of the period in seconds.
        period_s: u32,
    },
}

/// The policies for one direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Which policy speaks.
    #[serde(default)]
    pub select: Select,
    /// How percentages round.
    #[serde(default)]
    pub rounding: Rounding,
    /// At least one, unless disabled.
    #[serde(default)]
    pub policies: Vec<Rate>,
}

/// The highest count that may be set now. Never below `current`.
#[must_use]
pub fn highest(current: u32, changes: &[Change], rates: &Rates, now: Timestamp) -> u32 {
    let limits = rates.policies.iter().map(|rate| match *rate {
        Rate::Tasks { value, period_s } => at_start(current, changes, period_s, now) + f64::from(value),
        Rate::Percent { value, period_s } => {
            let start = at_start(current, changes, period_s, now);
            let most = start * (1.0 + value / 100.0);
            if rates.rounding == Rounding::Outward { most.ceil() } else { most.floor() }
        }
    });
    let limit = match rates.select {
        Select::Disabled => None,
        Select::Max => limits.reduce(f64::max),
        Select::Min => limits.reduce(f64::min),
    };
    limit.map_or(current, |limit| whole(limit).max(current))
}

/// The lowest count that may be set now. Never above `current`.
#[must_use]
pub fn lowest(current: u32, changes: &[Change], rates: &Rates, now: Timestamp) -> u32 {
    let limits = rates.policies.iter().map(|rate| match *rate {
        Rate::Tasks { value, period_s } => at_start(current, changes, period_s, now) - f64::from(value),
        Rate::Percent { value, period_s } => {
            let start = at_start(current, changes, period_s, now);
            let least = start * (1.0 - value / 100.0);
            if rates.rounding == Rounding::Outward { least.floor() } else { least.ceil() }
        }
    });
    let limit = match rates.select {
        Select::Disabled => None,
        Select::Max => limits.reduce(f64::min),
        Select::Min => limits.reduce(f64::max),
    };
    limit.map_or(current, |limit| whole(limit).min(current))
}

/// The count when the period began: today's, less what was added since, plus what was taken away.
fn at_start(current: u32, changes: &[Change], period_s: u32, now: Timestamp) -> f64 {
    let since = now - SignedDuration::from_secs(i64::from(period_s));
    let net: i64 = changes.iter().filter(|change| change.at > since).map(|change| i64::from(change.tasks)).sum();
    #[expect(clippy::cast_precision_loss, reason = "task counts are far below 2^52")]
    let start = (i64::from(current) - net) as f64;
    start
}
