//! Readings made fit to decide on: complete, in order, finite and fresh, or refused with the reason.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use super::enrolment::MOST_TASKS;
use super::facts::{Point, Reading, TaskSample};

/// No utilisation is higher: a task that reserves an eighth of a vCPU and has the largest host to itself stays below.
const MOST_PERCENT: f64 = 100_000.0;

/// No count of requests or messages of one service is higher; past 2^53 a float no longer counts in ones.
const MOST: f64 = 9.0e15;

/// Samples of single tasks are another scaler's, whose quantities have 64 bits.
const MOST_OF_TASK: f64 = 1.0e19;

/// Samples of a minute: the most tasks that ECS runs of one service, three samples each.
const MOST_SAMPLES: f64 = 3.0 * MOST_TASKS as f64;

/// A reading that can be decided on.
#[derive(Clone, Debug, PartialEq)]
pub enum Series<'a> {
    /// Points that have ended, one per period; longer periods first, then by time.
    Points(Vec<Point>),
    /// One sample per task.
    Tasks(&'a [TaskSample]),
}

/// Why a reading can't be decided on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// It could not be read, with the cause.
    #[error("{0}")]
    Unread(String),
    /// There is nothing in it.
    #[error("it has no datapoints")]
    Empty,
    /// It holds a value that no such metric can have.
    #[error("it has the value {value}{when}, which is not between 0 and {most}")]
    Implausible {
        /// The value.
        value: f64,
        /// The most that is believed.
        most: f64,
        /// When, as part of the sentence.
        when: String,
    },
    /// Its newest point is too old.
    #[error("its newest datapoint ended {age_s} s ago, more than {most_s} s")]
    Stale {
        /// Its age in seconds.
        age_s: i64,
        /// The age that is allowed.
        most_s: u32,
    },
}

/// Checks a reading of a metric that is a percentage or is not.
///
/// # Errors
/// [`Unfit`]; the newest point may have ended `stale_after_s` ago at most.
pub fn check(reading: &Reading, percent: bool, stale_after_s: u32, now: Timestamp) -> Result<Series<'_>, Unfit> {
    match reading {
        Reading::Unreadable(why) => Err(Unfit::Unread(why.clone())),
        Reading::Tasks(samples) => {
            for value in samples.iter().filter_map(|sample| sample.value) {
                plausible(value, MOST_OF_TASK, None)?;
            }
            Ok(Series::Tasks(samples))
        }
        Reading::Points(points) => {
            let mut points: Vec<Point> = points.iter().copied().filter(|point| end(point) <= now).collect();
            points.sort_by_key(|point| (Reverse(point.period_s), point.at));
            // CloudWatch gives a period once; were it ever given twice, the busier answer is the safer one.
            points.dedup_by(|later, kept| {
                let same = later.at == kept.at && later.period_s == kept.period_s;
                if same && later.value > kept.value {
                    *kept = *later;
                }
                same
            });
            for point in &points {
                plausible(point.value, if percent { MOST_PERCENT } else { MOST }, Some(point.at))?;
                point.samples.map_or(Ok(()), |samples| plausible(samples, MOST_SAMPLES, Some(point.at)))?;
            }
            let newest = points.iter().map(end).max().ok_or(Unfit::Empty)?;
            let age_s = now.duration_since(newest).as_secs();
            if age_s > i64::from(stale_after_s) {
                return Err(Unfit::Stale { age_s, most_s: stale_after_s });
            }
            Ok(Series::Points(points))
        }
    }
}

fn plausible(value: f64, most: f64, at: Option<Timestamp>) -> Result<(), Unfit> {
    if (0.0..=most).contains(&value) {
        return Ok(());
    }
    let when = at.map_or_else(String::new, |at| format!(" at {}", clock(at)));
    Err(Unfit::Implausible { value, most, when })
}

/// When a point's period is over.
#[must_use]
pub fn end(point: &Point) -> Timestamp {
    point.at + SignedDuration::from_secs(i64::from(point.period_s))
}

/// The minute that a moment lies in.
#[must_use]
pub fn minute_of(at: Timestamp) -> Timestamp {
    at - SignedDuration::from_secs(at.as_second().rem_euclid(60))
        - SignedDuration::from_nanos(at.subsec_nanosecond().into())
}

/// Whole minutes only, oldest first: shorter periods become the minute they lie in, where all of it is there and the
/// minute itself is not. Its value is then the mean weighted by samples, and its samples are their sum, as CloudWatch
/// would have it.
#[must_use]
pub fn minutes(points: &[Point]) -> Vec<Point> {
    let mut minutes: Vec<Point> = Vec::with_capacity(points.len());
    for group in points.chunk_by(|a, b| a.period_s == b.period_s && minute_of(a.at) == minute_of(b.at)) {
        let at = group.first().map(|point| minute_of(point.at));
        let whole = group.iter().map(|point| point.period_s).sum::<u32>() == 60;
        let Some(at) = at.filter(|at| whole && !minutes.iter().any(|minute| minute.at == *at)) else { continue };
        let weight = |point: &Point| point.samples.unwrap_or(1.0).max(f64::MIN_POSITIVE);
        let total: f64 = group.iter().map(weight).sum();
        minutes.push(Point {
            at,
            value: group.iter().map(|point| point.value * weight(point)).sum::<f64>() / total,
            samples: group.iter().map(|point| point.samples).sum(),
            period_s: 60,
        });
    }
    minutes.sort_by_key(|minute| minute.at);
    minutes
}

/// The freshest point: the one that ended last, and of those the shortest.
#[must_use]
pub fn newest(points: &[Point]) -> Option<&Point> {
    points.iter().max_by_key(|point| (end(point), Reverse(point.period_s)))
}

/// A moment as people read it in a sentence: hours and minutes, UTC.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

    fn point(seconds: i64, value: f64, period_s: u32) -> Point {
        Point { at: TEN + SignedDuration::from_secs(seconds), value, samples: Some(2.0), period_s }
    }

    fn unfit(points: Vec<Point>) -> String {
        check(&Reading::Points(points), true, 300, TEN).map_or_else(|unfit| unfit.to_string(), |_| "fit".to_owned())
    }

    #[test]
    fn values_that_no_metric_can_have_are_named() {
        assert_eq!(unfit(vec![point(-60, 50.0, 60)]), "fit");
        for (value, said) in [
            (f64::NAN, "it has the value NaN at 09:59, which is not between 0 and 100000"),
            (-3.0, "it has the value -3 at 09:59, which is not between 0 and 100000"),
            (f64::INFINITY, "it has the value inf at 09:59, which is not between 0 and 100000"),
        ] {
            assert_eq!(unfit(vec![point(-60, value, 60)]), said);
        }
        assert_eq!(unfit(vec![]), "it has no datapoints");
        assert_eq!(unfit(vec![point(-30, 50.0, 60)]), "it has no datapoints", "the minute has not ended");
        assert_eq!(unfit(vec![point(-420, 50.0, 60)]), "its newest datapoint ended 360 s ago, more than 300 s");
    }

    #[test]
    fn a_period_that_comes_twice_counts_once_with_the_busier_value() {
        let reading = Reading::Points(vec![point(-60, 40.0, 60), point(-60, 50.0, 60), point(-120, 30.0, 60)]);
        let Ok(Series::Points(points)) = check(&reading, true, 300, TEN) else { unreachable!("it is fit") };
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [30.0, 50.0]);
    }

    #[test]
    fn shorter_periods_become_the_minute_they_fill() {
        let thirds = [point(-60, 30.0, 20), point(-40, 60.0, 20), point(-20, 90.0, 20)];
        let filled = minutes(&thirds);
        assert_eq!(
            filled,
            [Point { at: TEN - SignedDuration::from_secs(60), value: 60.0, samples: Some(6.0), period_s: 60 }]
        );
        assert_eq!(minutes(&thirds[..2]), [], "a part of a minute is no minute");
    }
}
