//! Which minute reads which service, so that the queries of a service cost a small share of its tasks.
//!
//! A service of two small tasks is worth a look every few minutes, one of twenty a look every minute. The interval
//! follows from the task count and the price of a metric, so that nothing has to be remembered.
//!
//! Where there are more services than each minute can look at, a service has its [`Turn`] in every second minute, or in
//! every third, and its interval is counted in turns.

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

/// A minute of the schedule, as one service sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When the schedule's minute was due.
    pub at: Timestamp,
    /// Every how many minutes the service has its turn.
    pub every_minutes: u32,
}

impl Turn {
    /// A turn of a service that has one in each minute.
    #[must_use]
    pub fn each_minute(at: Timestamp) -> Self {
        Self { at, every_minutes: 1 }
    }

    /// How many turns the service has had before, since 1970.
    #[must_use]
    pub fn round(self) -> u64 {
        self.minute() / self.every()
    }

    /// The minute of its round, from 0.
    #[must_use]
    pub fn minute_of_round(self) -> u32 {
        u32::try_from(self.minute() % self.every()).unwrap_or(0)
    }

    /// The interval that a service has which is worth a look every so many minutes: whole turns.
    #[must_use]
    pub fn interval_minutes(self, interval_minutes: u32) -> u32 {
        let every = self.every_minutes.max(1);
        interval_minutes.max(1).div_ceil(every).saturating_mul(every)
    }

    /// Whether a service that is worth a look every so many minutes gets it in this turn. Services are spread over the
    /// interval by their names. It is counted in turns: a service whose turn is in even minutes would never be looked at
    /// where its name says odd ones.
    #[must_use]
    pub fn looks_at(self, service: &str, interval_minutes: u32) -> bool {
        let mut hasher = DefaultHasher::new();
        service.hash(&mut hasher);
        let turns = u64::from(self.interval_minutes(interval_minutes)) / self.every();
        self.round() % turns == hasher.finish() % turns
    }

    fn minute(self) -> u64 {
        u64::try_from(self.at.as_second().div_euclid(60)).unwrap_or(0)
    }

    fn every(self) -> u64 {
        u64::from(self.every_minutes.max(1))
    }
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
        let turn = |minute| Turn::each_minute(begin + SignedDuration::from_mins(minute));
        for name in ["prod/shop", "prod/cart", "prod/search"] {
            assert_eq!((0..5).filter(|minute| turn(*minute).looks_at(name, 5)).count(), 1, "{name}");
            assert!(turn(0).looks_at(name, 1));
        }
    }

    #[test]
    fn an_interval_is_counted_in_turns_so_that_no_service_is_left_out_for_ever() {
        let begin = Timestamp::constant(1_800_000_000, 0);
        for (every, asked, interval) in [(2, 1, 2), (2, 2, 2), (2, 3, 4), (3, 4, 6), (3, 60, 60), (7, 60, 63)] {
            for service in 0..50 {
                let name = format!("prod/service-{service}");
                // Its turns are in the same minute of each round, whichever that is.
                let minutes = (0..i64::from(interval)).map(|minute| i64::from(every) * minute + service % 2);
                let turns =
                    minutes.map(|minute| Turn { at: begin + SignedDuration::from_mins(minute), every_minutes: every });
                let looks: Vec<bool> = turns.map(|turn| turn.looks_at(&name, asked)).collect();
                let turn = Turn { at: begin, every_minutes: every };
                assert_eq!(turn.interval_minutes(asked), interval);
                let turns = usize::try_from(interval / every).unwrap();
                for window in looks.windows(turns) {
                    assert_eq!(window.iter().filter(|look| **look).count(), 1, "{name} {every} {asked}: {looks:?}");
                }
            }
        }
    }
}
