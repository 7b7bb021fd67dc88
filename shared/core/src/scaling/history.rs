//! The task count of the last minutes, worked back without a memory of our own.
//!
//! Two witnesses are heard: the CPU metric's sample count, which counts the running tasks of a minute, and the
//! service's own events, which say when tasks were started and stopped. A minute's count is known where they agree.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::CPU;
use super::facts::{Facts, Point, Reading};

/// A task that was launched counts in the metric at the latest this long after: image pull and start.
const START: SignedDuration = SignedDuration::from_secs(300);

/// A task that was told to stop may count in the metric for this long: `stopTimeout` is at most 120 s on Fargate, and the
/// minute in which it ends still has its samples.
const STOP: SignedDuration = SignedDuration::from_secs(240);

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// Tasks that ECS started (above zero) or stopped (below zero) at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// When it began.
    pub at: Timestamp,
    /// How many tasks, with their sign.
    pub tasks: i32,
}

/// The changes that a service's events tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventHistory {
    /// No change since this moment is missing from `changes`. ECS keeps the last 100 events of a service.
    pub complete_since: Timestamp,
    /// Oldest first.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// The fewest and the most tasks that can have been running in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRange {
    /// Fewest.
    pub least: i64,
    /// Most.
    pub most: i64,
}

impl CountRange {
    /// Whether a count lies within.
    #[must_use]
    pub fn holds(self, tasks: u32) -> bool {
        (self.least..=self.most).contains(&i64::from(tasks))
    }
}

impl EventHistory {
    /// How many tasks can have been running in the minute that began at `at`, worked back from those that run and
    /// those that start now. None where the events do not reach back far enough.
    #[must_use]
    pub fn running_in(&self, at: Timestamp, running: u32, pending: u32) -> Option<CountRange> {
        if self.complete_since > at - START.max(STOP) {
            return None;
        }
        let end = at + MINUTE;
        let mut range = CountRange { least: i64::from(running), most: i64::from(running + pending) };
        // What started after the minute was not there; what may have started in it is left out of `least` only.
        let mut late = 0;
        for change in &self.changes {
            let tasks = i64::from(change.tasks);
            if tasks > 0 && change.at > at - START {
                late += tasks;
                range.most -= if change.at >= end { tasks } else { 0 };
            } else if tasks < 0 && change.at > at - STOP {
                range.most -= tasks;
                range.least -= if change.at >= end { tasks } else { 0 };
            }
        }
        // Tasks that still start are among the late ones, and were never among the running.
        range.least -= (late - i64::from(pending)).max(0);
        range.least = range.least.max(0);
        Some(range)
    }

    /// The last moment at which tasks were started.
    #[must_use]
    pub fn last_raise(&self) -> Option<Timestamp> {
        self.changes.iter().filter(|change| change.tasks > 0).map(|change| change.at).max()
    }
}

/// Samples that a task publishes in a minute where its service has 20-second metrics.
pub(super) const SAMPLES_OF_20_SECONDS: u32 = 3;

/// Samples of the CPU metric that one task makes in a minute, told from its newest period and the tasks that run now: one,
/// or three where the service has 20-second metrics. None where the count has changed too much to tell.
#[must_use]
pub fn samples_per_task(points: &[Point], running: u32) -> Option<f64> {
    let newest = points.iter().filter(|point| point.samples.is_some()).max_by_key(|point| point.at);
    let newest = newest.filter(|_| running > 0)?;
    let per_task = newest.samples? * 60.0 / f64::from(newest.period_s.max(1)) / f64::from(running);
    [1.0, f64::from(SAMPLES_OF_20_SECONDS)].into_iter().find(|of_task| (0.7..1.4).contains(&(per_task / of_task)))
}

/// The points with one sample for each task, whatever the service publishes. One for each is assumed where it can't be told.
#[must_use]
pub fn one_sample_per_task(points: &[Point], running: u32) -> Vec<Point> {
    let per_task = samples_per_task(points, running).unwrap_or(1.0);
    points.iter().map(|point| Point { samples: point.samples.map(|samples| samples / per_task), ..*point }).collect()
}

/// Whether the CPU metric's newest minute has more samples than there are tasks: the service may publish 20-second
/// metrics. DescribeServices does not say it.
#[must_use]
pub fn publishes_20_seconds(facts: &Facts) -> bool {
    let Some(Reading::Points(points)) = facts.metrics.get(CPU) else { return false };
    let newest = points.iter().filter(|point| point.period_s == 60).max_by_key(|point| point.at);
    let tasks = f64::from(facts.running) + f64::from(facts.pending);
    newest.and_then(|point| point.samples).is_some_and(|samples| samples > tasks)
}

/// What an ECS service event says of the task count: `(service web) has started 2 tasks: (task 1f2e...) ...` is 2,
/// `... has stopped 1 running tasks: ...` is -1. None for every other message: draining and target registration count
/// tasks too, but those that start or stop are counted already.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>
#[must_use]
pub fn change_in_message(message: &str) -> Option<i32> {
    // A hundred events of every service are read in every run, and most say nothing: they are told by how they begin.
    let mut rest = message;
    while let Some(inside) = rest.strip_prefix('(') {
        rest = inside.split_once(')')?.1.trim_start();
    }
    let (sign, counted, what) = if let Some(counted) = rest.strip_prefix("has started ") {
        (1, counted, &["tasks"][..])
    } else {
        let stopped = rest.strip_prefix("has ").unwrap_or(rest).strip_prefix("stopped ")?;
        (-1, stopped, &["running tasks", "pending tasks"][..])
    };
    let (count, tasks) = counted.split_once(' ')?;
    let known = what.iter().any(|what| tasks.starts_with(what));
    count.parse::<i32>().ok().filter(|count| known && *count >= 0).map(|count| sign * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_stops_are_read_from_the_events_that_ecs_writes() {
        let cases = [
            ("(service web) has started 2 tasks: (task 1f2e) (task 3d4c).", Some(2)),
            ("(service web, taskSet ecs-svc/889522) has started 1 tasks: (task f6dd).", Some(1)),
            ("(service web) (deployment ecs-svc/123) has started 3 tasks.", Some(3)),
            (
                "(service web) has started 2 tasks: (task 1). Amazon ECS replaced 2 tasks due to an unhealthy status.",
                Some(2),
            ),
            ("(service web) has started 1 tasks in eu-central-1a to AZ Rebalance: (task 1).", Some(1)),
            ("(service web) has stopped 12 running tasks: (task 9d85).", Some(-12)),
            ("(service web) has stopped 1 running tasks in eu-central-1b due to AZ rebalancing: (task 1).", Some(-1)),
            ("(service web) stopped 2 pending tasks.", Some(-2)),
            ("(service web) has begun draining connections on 2 tasks.", None),
            ("(service web) registered 2 targets in (target-group arn:aws:...)", None),
            ("(service web) has reached a steady state.", None),
            ("(service web) was unable to place a task. Reason: Capacity is unavailable at this time.", None),
            ("(service web) (task 1) failed container health checks.", None),
            ("(service web) has started many tasks", None),
            ("(service web) has started -2 tasks", None),
            ("(service web", None),
            ("", None),
        ];
        for (message, change) in cases {
            assert_eq!(change_in_message(message), change, "{message}");
        }
    }

    #[test]
    fn a_count_is_worked_back_through_the_changes() {
        let now = Timestamp::constant(1_800_000_000, 0);
        let minutes_ago = |minutes: i64| now - SignedDuration::from_mins(minutes);
        let history = |changes: &[(i64, i32)]| EventHistory {
            complete_since: minutes_ago(600),
            changes: changes
                .iter()
                .map(|(minutes, tasks)| Change { at: minutes_ago(*minutes), tasks: *tasks })
                .collect(),
        };
        let range = |least, most| Some(CountRange { least, most });
        // Nothing happened: as many as now.
        assert_eq!(history(&[]).running_in(minutes_ago(5), 10, 0), range(10, 10));
        // Four were started three minutes ago, and two of them run: six before, and anything up to ten since.
        assert_eq!(history(&[(3, 4)]).running_in(minutes_ago(8), 8, 2), range(6, 6));
        assert_eq!(history(&[(3, 4)]).running_in(minutes_ago(2), 8, 2), range(6, 10));
        // Three were stopped three minutes ago: thirteen before, and they may have lingered since.
        assert_eq!(history(&[(3, -3)]).running_in(minutes_ago(8), 10, 0), range(13, 13));
        assert_eq!(history(&[(3, -3)]).running_in(minutes_ago(2), 10, 0), range(10, 13));
        // A replacement: one started and one stopped.
        assert_eq!(history(&[(9, 1), (9, -1)]).running_in(minutes_ago(20), 10, 0), range(10, 10));
        // The events do not reach back that far.
        assert_eq!(history(&[]).running_in(minutes_ago(599), 10, 0), None);
    }
}
