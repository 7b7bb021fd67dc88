//! What the scaler is asked to keep to: targets, bounds and the dials of each rule.
//!
//! Every field has the default that the tags and the template have, so a saved case may say only what it is about.
//! A rule whose field is `null` is switched off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::flaps::Flaps;
use super::panic;
use super::rates::{Rate, Rates, Rounding, Select};
use super::ratio::{Readiness, Tolerance};
use super::stabilise::Windows;
use crate::mode::Mode;

/// From this memory utilisation on, in percent, nothing is taken away.
pub const MEMORY_GUARD_PERCENT: f64 = 80.0;

/// The policy of one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whether a decision is acted on.
    pub mode: Mode,
    /// Fewest tasks. There is no default: without it the service is not scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// Most tasks. There is no default: without it the service is not scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// What each metric is compared with, by the metric's name in the facts.
    pub targets: BTreeMap<String, Target>,
    /// How far off the target is near enough.
    pub tolerance: Tolerance,
    /// When a single task's CPU counts; only where facts carry per-task samples.
    pub readiness: Readiness,
    /// A minute is settled when it ended at least this many seconds ago.
    pub settle_s: u32,
    /// A metric whose newest point ended longer ago than this many seconds is unreadable.
    pub stale_after_s: u32,
    /// When an average CPU hides demand; `null` for never.
    pub saturation: Option<Saturation>,
    /// How long earlier recommendations hold a change back; `null` for not at all.
    pub stabilisation: Option<Windows>,
    /// How fast the count may move; `null` for as fast as it likes.
    pub rates: Option<RatePair>,
    /// How reversals are kept rare; `null` for not at all.
    pub flaps: Option<Flaps>,
    /// The rule of alarm runs; `null` for the plain ratio.
    pub panic: Option<panic::Spec>,
    /// During a deployment the count is raised only where a metric is at least this many times its target.
    pub overload: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::On,
            min: None,
            max: None,
            targets: BTreeMap::from([
                ("cpu".to_owned(), Target::Utilization(70.0)),
                ("memory".to_owned(), Target::Guard(MEMORY_GUARD_PERCENT)),
            ]),
            tolerance: Tolerance { up: 0.1, down: 0.1 },
            readiness: Readiness { initialisation_s: 300, initial_delay_s: 30 },
            settle_s: 120,
            stale_after_s: 300,
            saturation: Some(Saturation { at_percent: 95.0, at_least: 2.0 }),
            stabilisation: Some(Windows { up_s: 0, down_s: 300 }),
            rates: Some(RatePair::default()),
            flaps: Some(Flaps::default()),
            panic: Some(panic::Spec::default()),
            overload: 1.25,
        }
    }
}

impl Policy {
    /// What makes no sense in this policy, whatever the service: the field, the value and the rule. None where all does.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            return Some(format!("min {min} is above max {max}"));
        }
        for (metric, target) in &self.targets {
            let goal = target.goal();
            if !(goal.is_finite() && goal > 0.0) {
                return Some(format!("the target of {metric} is {goal}; it must be a number above 0"));
            }
        }
        let at_least = self.saturation.map(|saturation| saturation.at_least);
        let at_percent = self.saturation.map(|saturation| saturation.at_percent);
        let panic = self.panic.map(|panic| panic.max_down);
        let dials = [
            ("tolerance.up", Some(self.tolerance.up), 0.0),
            ("tolerance.down", Some(self.tolerance.down), 0.0),
            ("overload", Some(self.overload), 1.0),
            ("saturation.at_percent", at_percent, 1.0),
            ("saturation.at_least", at_least, 1.0),
            ("panic.max_down", panic, 1.0),
            ("flaps.headroom_percent", self.flaps.map(|flaps| flaps.headroom_percent), 0.0),
        ];
        dials.into_iter().find_map(|(name, value, least)| {
            let value = value.filter(|value| !(value.is_finite() && *value >= least))?;
            Some(format!("{name} is {value}; it must be a number, {least} or more"))
        })
    }
}

/// What a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Percent of what the tasks have reserved (Kubernetes: `Utilization`).
    Utilization(f64),
    /// The metric's own unit, on average per task (Kubernetes: `AverageValue` of a pods or resource metric).
    PerTask(f64),
    /// The metric's own unit, for the service as a whole (Kubernetes: `Value` of an object or external metric).
    Value(f64),
    /// A total of the whole service, so much of it for each task (Kubernetes: `AverageValue` of an external metric).
    TotalPerTask(f64),
    /// Percent from which on the count is not lowered; never raises.
    Guard(f64),
}

impl Target {
    /// The number that the metric is compared with: percent of a utilisation, else in the metric's unit per task.
    #[must_use]
    pub fn goal(self) -> f64 {
        let (Self::Utilization(goal)
        | Self::PerTask(goal)
        | Self::Value(goal)
        | Self::TotalPerTask(goal)
        | Self::Guard(goal)) = self;
        goal
    }

    /// Whether the metric is a percentage of what is reserved.
    #[must_use]
    pub fn is_percent(self) -> bool {
        matches!(self, Self::Utilization(_) | Self::Guard(_))
    }
}

/// At this utilisation and above an average no longer shows how much work there is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saturation {
    /// From this CPU utilisation on, in percent, it hides the demand.
    pub at_percent: f64,
    /// Where nothing else shows the demand, at least this many times the tasks.
    pub at_least: f64,
}

/// How fast the count may move, in each direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatePair {
    /// Raising.
    pub up: Rates,
    /// Lowering.
    pub down: Rates,
}

impl Default for RatePair {
    /// Up by the larger of 100 % and 4 tasks a minute; down by at most 20 % in 5 minutes, and at least one task.
    fn default() -> Self {
        Self {
            up: Rates {
                select: Select::Max,
                rounding: Rounding::Outward,
                policies: vec![Rate::Percent { value: 100.0, period_s: 60 }, Rate::Tasks { value: 4, period_s: 60 }],
            },
            down: Rates {
                select: Select::Max,
                rounding: Rounding::Inward,
                policies: vec![Rate::Percent { value: 20.0, period_s: 300 }, Rate::Tasks { value: 1, period_s: 300 }],
            },
        }
    }
}
