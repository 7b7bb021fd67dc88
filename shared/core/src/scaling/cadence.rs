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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::Prices;
    use jiff::SignedDuration;

    fn allowance() -> Allowance {
        Allowance { percent: 2.0, smallest_task_usd: Prices::new("us-east-1", Vec::new()).smallest_task_month_usd() }
    }

    #[test]
    fn queries_stay_within_the_allowance_and_no_shorter_interval_would() {
        for (tasks, metrics) in [(1, 1), (1, 5), (2, 2), (3, 3), (10, 2), (100, 4)] {
            let minutes = interval_minutes(tasks, metrics, allowance());
            let cost = |minutes: u32| f64::from(metrics) * METRIC_USD * MINUTES_A_MONTH / f64::from(minutes);
            let allowed = f64::from(tasks) * allowance().smallest_task_usd * 0.02;
            assert!(cost(minutes) <= allowed, "{tasks} tasks, {metrics} metrics");
            assert!(minutes == 1 || cost(minutes - 1) > allowed, "{tasks} tasks, {metrics} metrics");
        }
    }

    #[test]
    fn every_service_has_just_one_minute_of_an_interval() {
        let begin = Timestamp::constant(1_800_000_000, 0);
        for name in ["prod/shop", "prod/cart", "prod/search"] {
            let due = (0..5).filter(|minute| is_due(name, 5, begin + SignedDuration::from_mins(*minute)));
            assert_eq!(due.count(), 1, "{name}");
            assert!(is_due(name, 1, begin));
        }
    }
}
