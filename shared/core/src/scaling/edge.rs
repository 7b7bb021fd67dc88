//! Whether a decision is news: the same facts, judged as of the previous run, gave another one.
//!
//! Nothing remembers what was published, so what the previous run saw is worked back from today's facts.

use jiff::{SignedDuration, Timestamp};

use super::decide::decide;
use super::decision::{Decision, Verdict};
use super::facts::{Facts, Reading};
use super::history::{Change, EventHistory};
use super::policy::Policy;
use super::series;

/// Whether this decision should be published: it changes the count, or fails, and the run before it did not decide the
/// same. Where the past can't be worked back it is taken for news.
#[must_use]
pub fn is_news(facts: &Facts, policy: &Policy, decision: &Decision, now: Timestamp, interval_minutes: u32) -> bool {
    if decision.verdict == Verdict::Stay {
        return false;
    }
    let then = now - SignedDuration::from_mins(i64::from(interval_minutes));
    let Some(before) = as_of(facts, then, now) else { return true };
    let earlier = decide(&before, policy, then);
    (earlier.verdict, earlier.desired) != (decision.verdict, decision.desired)
}

/// The facts as they stood at an earlier moment. None where the events don't reach back that far.
fn as_of(facts: &Facts, then: Timestamp, now: Timestamp) -> Option<Facts> {
    let history = facts.history.as_ref().filter(|history| history.complete_since <= then)?;
    let (before, since): (Vec<Change>, Vec<Change>) = history.changes.iter().partition(|change| change.at <= then);
    let net: i64 = since.iter().map(|change| i64::from(change.tasks)).sum();
    let earlier = |tasks: u32| u32::try_from(i64::from(tasks) - net).ok();
    let metrics = facts.metrics.iter().map(|(name, reading)| (name.clone(), reading_as_of(reading, then, now)));
    Some(Facts {
        desired: earlier(facts.desired)?,
        running: earlier(facts.running + facts.pending)?,
        pending: 0,
        history: Some(EventHistory { changes: before, ..*history }),
        metrics: metrics.collect(),
        ..facts.clone()
    })
}

/// Points that had been published by then, were they as late as today's newest.
fn reading_as_of(reading: &Reading, then: Timestamp, now: Timestamp) -> Reading {
    let Reading::Points(points) = reading else { return reading.clone() };
    let newest = points.iter().map(series::end).filter(|end| *end <= now).max();
    let late = newest.map_or(SignedDuration::ZERO, |newest| now.duration_since(newest));
    Reading::Points(points.iter().copied().filter(|point| series::end(point) + late <= then).collect())
}
