//! Which minute reads which service, so that the queries of a service cost a small share of its tasks.
//!
//! A service of two small tasks is worth a look every few minutes, one of twenty a look every minute. The interval
//! follows from the task count and the price of a metric, so that nothing has to be remembered.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use crate::prices::{METRIC_USD, MINUTES_A_MONTH};

/// What the queries of a service may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// Percent of what its tasks cost, were they of the smallest size.
    pub percent: f64,
    /// What a task of the smallest size costs, in dollars a month.
    pub smallest_task_usd: f64,
}

/// Every how many minutes a service of `tasks` tasks is read with `metrics` metrics: the smallest interval that keeps
/// within the allowance.
#[must_use]
pub fn interval_minutes(tasks: u32, metrics: u32, allowance: Allowance) -> u32 {
    let every_minute = f64::from(metrics) * METRIC_USD * MINUTES_A_MONTH;
    let allowed = f64::from(tasks) * allowance.smallest_task_usd * allowance.percent / 100.0;
    super::whole((every_minute / allowed).ceil()).max(1)
}

/// Whether this minute is one of a service's own. Services are spread over the interval by their names.
#[must_use]
pub fn is_due(service: &str, interval_minutes: u32, now: Timestamp) -> bool {
    let mut hasher = DefaultHasher::new();
    service.hash(&mut hasher);
    let interval = u64::from(interval_minutes.max(1));
    let minute = u64::try_from(now.as_second().div_euclid(60)).unwrap_or(0);
    minute % interval == hasher.finish() % interval
}
