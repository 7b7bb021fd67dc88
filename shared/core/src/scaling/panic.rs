//! Knative's panic mode: a short window that may raise at once, and that holds what it raised.
//!
//! Source: `pkg/autoscaler/scaling/autoscaler.go` in github.com/knative/serving, whose published cases are in
//! `tests/tables/knative_kpa.json`. Alarm runs use it with the freshest minute as the panic window.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::whole;

/// The dials of the rule; the defaults are Knative's, but for the windows, which CloudWatch's minutes dictate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Panic begins where the panic window asks for at least this many times the tasks that are ready.
    pub threshold: f64,
    /// At most this many times the ready tasks, rounded up.
    pub max_up: f64,
    /// At least the ready tasks over this, rounded down.
    pub max_down: f64,
    /// Panic ends when the threshold was last crossed longer ago than this, in seconds.
    pub stable_window_s: u32,
    /// Where there is any load, at least this many tasks.
    pub activation: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { threshold: 2.0, max_up: 1000.0, max_down: 2.0, stable_window_s: 300, activation: 1 }
    }
}

/// The load in both windows, in the unit of the target per task, for the whole service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Over the stable window.
    pub stable: f64,
    /// Over the panic window.
    pub panic: f64,
    /// What one task should carry, in the same unit.
    pub target: f64,
}

/// An ongoing panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panic {
    /// When the threshold was last crossed.
    pub since: Timestamp,
    /// The most tasks asked for since it began.
    pub highest: u32,
}

/// The count the rule asks for, and the panic it leaves behind.
#[must_use]
pub fn evaluate(load: Load, ready: u32, ongoing: Option<Panic>, spec: &Spec, now: Timestamp) -> (u32, Option<Panic>) {
    let ready = f64::from(ready.max(1));
    let most = (spec.max_up * ready).ceil();
    let least = (ready / spec.max_down).floor();
    let wanted = |value: f64| {
        let tasks = whole((value / load.target).ceil().max(least).min(most));
        if value > 0.0 { tasks.max(if spec.activation > 1 { spec.activation } else { 0 }) } else { tasks }
    };
    let (stable, panicked) = (wanted(load.stable), wanted(load.panic));

    let over = (load.panic / load.target).ceil() / ready >= spec.threshold;
    let window = SignedDuration::from_secs(i64::from(spec.stable_window_s));
    let panic = match ongoing {
        _ if over => Some(Panic { since: now, highest: ongoing.map_or(0, |p| p.highest) }),
        Some(panic) if panic.since + window < now => None,
        other => other,
    };
    let Some(panic) = panic else {
        return (stable, None);
    };
    let highest = stable.max(panicked).max(panic.highest);
    (highest, Some(Panic { highest, ..panic }))
}
