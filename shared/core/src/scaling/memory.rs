//! Whether more tasks help against memory. A process that keeps its memory would otherwise push the count to its
//! maximum, one raise after the other.

use jiff::{SignedDuration, Timestamp};

use super::facts::Point;
use super::series::clock;

/// A raise has this long to show in the memory per task.
const TO_SHOW: SignedDuration = SignedDuration::from_mins(10);

/// A fall that is worth the name, in percentage points.
const FALL: f64 = 1.0;

/// Why memory may not raise the count again: the last raise for it is too young to tell, or did not lower the memory per
/// task within ten minutes. None where it may.
///
/// `cpu` and `memory` are minutes, oldest first; the sample count of the CPU metric counts the tasks. A raise is a minute
/// with more tasks than any of the ten before it, and never as few again: not a deployment, whose tasks come and go, and
/// not a task that died and was put back. One that was made while memory was below `target` was not made for memory.
pub(super) fn holds_back(cpu: &[Point], memory: &[Point], target: f64, now: Timestamp) -> Option<String> {
    let counts: Vec<(Timestamp, f64)> = cpu.iter().filter_map(|minute| Some((minute.at, minute.samples?))).collect();
    let before = |at: Timestamp| memory.iter().rfind(|minute| minute.at < at).map(|minute| minute.value);
    let raise = (1..counts.len()).rev().find_map(|index| {
        let (at, tasks) = counts[index];
        let earlier = counts[..index].iter().filter(|(earlier, _)| *earlier >= at - TO_SHOW);
        let most = earlier.map(|(_, earlier)| *earlier).fold(0.0, f64::max);
        let stands = counts[index..].iter().all(|(_, later)| *later > most);
        let then = before(at).filter(|then| *then >= target)?;
        (tasks > most && most > 0.0 && stands).then_some((at, then))
    });
    let (at, then) = raise?;
    if now.duration_since(at) < TO_SHOW {
        return Some(format!("the raise at {} has ten minutes to show in memory", clock(at)));
    }
    let after = memory.iter().filter(|minute| minute.at > at && minute.at <= at + TO_SHOW);
    let least = after.map(|minute| minute.value).reduce(f64::min)?;
    let raised = format!("the raise at {} did not lower memory within ten minutes", clock(at));
    (least > then - FALL).then(|| format!("{raised}: {then:.1} % before, {least:.1} % after"))
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
        holds_back(&minutes(&points), &minutes(&points), 80.0, NOW)
    }

    #[test]
    fn a_raise_that_lowered_memory_may_be_followed_by_another() {
        assert_eq!(held(90.0, 70.0, 12), None);
        assert_eq!(
            holds_back(&minutes(&[(90.0, 4.0); 20]), &minutes(&[(90.0, 4.0); 20]), 80.0, NOW),
            None,
            "none was made"
        );
    }

    #[test]
    fn a_raise_that_did_not_is_not_repeated() {
        assert!(
            held(90.0, 89.5, 12).is_some_and(|why| why.contains("did not lower memory within ten minutes: 90.0 % before, 89.5 % after"))
        );
    }

    #[test]
    fn a_young_raise_is_waited_for() {
        assert!(held(90.0, 70.0, 9).is_some_and(|why| why.ends_with("has ten minutes to show in memory")));
    }

    #[test]
    fn what_a_raise_did_then_counts_and_not_what_came_an_hour_later() {
        let points = [vec![(90.0, 4.0); 5], vec![(65.0, 6.0); 55], vec![(92.0, 6.0); 3]].concat();
        assert_eq!(holds_back(&minutes(&points), &minutes(&points), 80.0, NOW), None);
    }

    #[test]
    fn a_task_that_died_and_a_deployment_are_no_raises() {
        let died = [vec![(92.0, 10.0); 20], vec![(92.0, 9.0); 2], vec![(92.0, 10.0); 3]].concat();
        let deployed = [vec![(90.0, 10.0); 20], vec![(90.0, 20.0); 5], vec![(92.0, 10.0); 5]].concat();
        for points in [died, deployed] {
            assert_eq!(holds_back(&minutes(&points), &minutes(&points), 80.0, NOW), None);
        }
    }

    #[test]
    fn neither_a_deployment_before_nor_a_death_after_hides_a_raise() {
        let deployed = [vec![(92.0, 10.0); 15], vec![(92.0, 20.0); 4], vec![(92.0, 10.0); 35], vec![(92.0, 12.0); 3]];
        let died = [vec![(92.0, 10.0); 8], vec![(92.0, 12.0); 14], vec![(92.0, 11.0); 1], vec![(92.0, 12.0); 2]];
        for points in [deployed.concat(), died.concat()] {
            assert!(holds_back(&minutes(&points), &minutes(&points), 80.0, NOW).is_some());
        }
    }
}
