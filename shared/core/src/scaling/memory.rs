//! Whether more tasks help against memory. A process that keeps its memory would otherwise push the count to its
//! maximum, one raise after the other.

use jiff::{SignedDuration, Timestamp};

use super::facts::Point;
use super::series::clock;

/// A raise has this long to show in the memory per task.
const TO_SHOW: SignedDuration = SignedDuration::from_mins(10);

/// A fall that is worth the name, in percentage points.
const FALL: f64 = 1.0;

/// Why memory may not raise the count again: the last raise that the points show is too young to tell, or did not
/// lower the memory per task. None where it may.
///
/// `cpu` and `memory` are minutes, oldest first; the sample count of the CPU metric counts the tasks.
pub(super) fn holds_back(cpu: &[Point], memory: &[Point], now: Timestamp) -> Option<String> {
    let counts: Vec<(Timestamp, f64)> = cpu.iter().filter_map(|minute| Some((minute.at, minute.samples?))).collect();
    let raise = counts.windows(2).rev().find_map(|pair| match *pair {
        [(_, before), (at, after)] if after > before => Some((at, before, after)),
        _ => None,
    });
    let (at, from, to) = raise?;
    let before = memory.iter().rfind(|minute| minute.at < at)?.value;
    let newest = memory.last()?.value;
    let raised = format!("the raise from {from} to {to} tasks at {}", clock(at));
    if now.duration_since(at) < TO_SHOW {
        return Some(format!("{raised} has ten minutes to show in memory"));
    }
    (newest > before - FALL).then(|| format!("{raised} did not lower memory: {before:.1} % before, {newest:.1} % now"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    /// One point a minute up to now, oldest first, with the tasks that were counted.
    fn minutes(points: &[(f64, f64)]) -> Vec<Point> {
        let oldest = i64::try_from(points.len()).unwrap_or(0);
        let at = |index: usize| NOW - SignedDuration::from_mins(oldest - i64::try_from(index).unwrap_or(0));
        let point = |(index, (value, tasks)): (usize, &(f64, f64))| Point {
            at: at(index),
            value: *value,
            samples: Some(*tasks),
            period_s: 60,
        };
        points.iter().enumerate().map(point).collect()
    }

    fn held(before: f64, after: f64, minutes_since: usize) -> Option<String> {
        let points = [vec![(before, 4.0); 5], vec![(after, 6.0); minutes_since]].concat();
        holds_back(&minutes(&points), &minutes(&points), NOW)
    }

    #[test]
    fn a_raise_that_lowered_memory_may_be_followed_by_another() {
        assert_eq!(held(90.0, 70.0, 12), None);
        assert_eq!(holds_back(&minutes(&[(90.0, 4.0); 20]), &minutes(&[(90.0, 4.0); 20]), NOW), None, "none was made");
    }

    #[test]
    fn a_raise_that_did_not_is_not_repeated() {
        assert!(
            held(90.0, 89.5, 12).is_some_and(|why| why.contains("did not lower memory: 90.0 % before, 89.5 % now"))
        );
    }

    #[test]
    fn a_young_raise_is_waited_for() {
        assert!(held(90.0, 70.0, 9).is_some_and(|why| why.ends_with("has ten minutes to show in memory")));
    }
}
