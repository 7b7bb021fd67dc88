//! Bounds for a service that has none, from what it needed in the last fifteen days.

use serde::{Deserialize, Serialize};

use super::facts::Point;
use super::history::samples_per_task;
use super::whole;

/// Days that the proposal looks back: as long as CloudWatch keeps minutes.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>
pub const DAYS: u32 = 15;

/// Periods that the proposal reads, in seconds.
pub const PERIOD_S: u32 = 3600;

/// Two tasks survive the loss of one.
const FEWEST: u32 = 2;

/// The busiest hour's mean says nothing of its busiest minute, and next month may be busier.
const ROOM: f64 = 2.0;

/// Proposed bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The tasks that the quietest hour needed, at least two.
    pub min: u32,
    /// Twice the tasks that the busiest hour needed, and at least the present count.
    pub max: u32,
}

/// Bounds from hourly CPU averages with their sample counts, of a service that runs so many tasks now. The first and
/// the last hour are not whole, and say nothing. None where no other is left, or where what a sample counts is not certain.
#[must_use]
pub fn propose(hours: &[Point], target_percent: f64, desired: u32, running: u32) -> Option<Bounds> {
    let first = hours.iter().map(|hour| hour.at).min()?;
    let last = hours.iter().map(|hour| hour.at).max()?;
    let whole_hours = || hours.iter().filter(|hour| hour.at > first && hour.at < last);
    let per_task = samples_per_task(&whole_hours().copied().collect::<Vec<_>>(), running)?;
    let needed = |hour: &Point| {
        let tasks = hour.samples? / per_task / (f64::from(hour.period_s) / 60.0);
        (tasks > 0.0 && hour.value.is_finite()).then(|| hour.value / target_percent * tasks)
    };
    let needs: Vec<f64> = whole_hours().filter_map(needed).collect();
    let least = needs.iter().copied().reduce(f64::min)?;
    let most = needs.iter().copied().reduce(f64::max)?;
    let min = whole(least.ceil()).max(FEWEST);
    Some(Bounds { min, max: whole((most * ROOM).ceil()).max(min).max(desired) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};

    /// Ten tasks for so many hours, at these utilisations.
    fn hours(values: &[f64]) -> Vec<Point> {
        let begin = Timestamp::constant(1_800_000_000, 0);
        let at = |index: usize| begin + SignedDuration::from_hours(i64::try_from(index).unwrap_or(0));
        let point = |(index, value): (usize, &f64)| Point {
            at: at(index),
            value: *value,
            samples: Some(600.0),
            period_s: PERIOD_S,
        };
        values.iter().enumerate().map(point).collect()
    }

    #[test]
    fn bounds_follow_from_the_quietest_and_the_busiest_whole_hour() {
        // The first and the last are cut off, and say nothing. 7 of 70 % on ten tasks is one, 84 are twelve.
        let bounds = propose(&hours(&[99.0, 35.0, 84.0, 42.0, 1.0]), 70.0, 10, 10);
        assert_eq!(bounds, Some(Bounds { min: 5, max: 24 }));
        assert_eq!(propose(&hours(&[9.0, 7.0, 7.0, 9.0]), 70.0, 10, 10), Some(Bounds { min: 2, max: 10 }));
    }

    #[test]
    fn twenty_second_metrics_have_three_samples_a_task() {
        let thrice = |hour: Point| Point { samples: Some(1800.0), ..hour };
        let hours: Vec<Point> = hours(&[99.0, 35.0, 84.0, 1.0]).into_iter().map(thrice).collect();
        assert_eq!(propose(&hours, 70.0, 10, 10), Some(Bounds { min: 5, max: 24 }));
    }

    #[test]
    fn without_a_whole_hour_nothing_is_proposed() {
        assert_eq!(propose(&[], 70.0, 10, 10), None);
        assert_eq!(propose(&hours(&[50.0, 50.0]), 70.0, 10, 10), None);
    }
}
