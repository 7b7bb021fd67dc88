//! Fixed limits: what decides where there is no concurrent baseline.

use jiff::Timestamp;

use super::facts::{Arms, Counts, Facts, Point};
use super::judgement::Spoke;
use super::minutes::{Look, in_a_row, is_settled};
use super::policy::{Ceilings, Policy};
use super::reason::Reason;
use super::{float, percent};
use crate::words::counted;

/// A limit looks back no further for the requests that it needs.
const MOST_MINUTES: usize = 10;

/// A slow rate of the day before that is lower than this is taken for this: three times nothing is nothing.
const LOWEST_SLOW: f64 = 0.01;

/// Ceilings that the new version is above, in the newest settled minutes.
#[must_use]
pub fn ceilings(facts: &Facts, policy: &Policy, look: &Look, now: Timestamp) -> Vec<Spoke> {
    let mut spoke = own_metrics(facts, policy, look, now);
    let minutes = look.alone(facts);
    if let Some(window) = window(&minutes, &policy.ceilings) {
        spoke.extend(
            [errors(window, policy), slow(window, facts, policy), response(window, policy)].into_iter().flatten(),
        );
    }
    spoke
}

/// Whether the minutes say anything about a limit.
#[must_use]
pub fn say_something(facts: &Facts, policy: &Policy, look: &Look) -> bool {
    window(&look.alone(facts), &policy.ceilings).is_some()
}

/// The newest minutes in a row that have the requests that a limit needs.
fn window<'a>(minutes: &'a [(Timestamp, Counts)], ceilings: &Ceilings) -> Option<&'a [(Timestamp, Counts)]> {
    let row = in_a_row(minutes, |minute| minute.0).min(MOST_MINUTES);
    let fewest = usize::try_from(ceilings.minutes.max(1)).unwrap_or(usize::MAX);
    (fewest..=row)
        .map(|count| &minutes[minutes.len() - count..])
        .find(|window| window.iter().map(|minute| minute.1.requests).sum::<u64>() >= ceilings.requests)
}

/// Whether a rate is above a limit: over the window, and in each of the newest minutes that have to be.
fn above(window: &[(Timestamp, Counts)], minutes: u32, limit: f64, bad: impl Fn(&Counts) -> u64) -> Option<(u64, u64)> {
    let rate = |bad: u64, requests: u64| float(bad) > limit * float(requests);
    let (all_bad, all) = window.iter().fold((0, 0), |(b, n), minute| (b + bad(&minute.1), n + minute.1.requests));
    let newest = usize::try_from(minutes.max(1)).unwrap_or(usize::MAX);
    let each = window.iter().rev().take(newest).all(|minute| rate(bad(&minute.1), minute.1.requests));
    (rate(all_bad, all) && each).then_some((all_bad, all))
}

fn errors(window: &[(Timestamp, Counts)], policy: &Policy) -> Option<Spoke> {
    let limit = policy.ceilings.error_percent / 100.0;
    let (bad, requests) = above(window, policy.ceilings.minutes, limit, failed)?;
    let why = format!(
        "{bad} of {requests} requests failed ({}) in the last {}, more than {}",
        percent(float(bad) / float(requests)),
        counted(window.len(), "settled minute"),
        percent(limit)
    );
    Some(Spoke { reason: Reason::ErrorsAboveCeiling, why })
}

/// Requests that failed, whoever answered them.
#[must_use]
pub fn failed(counts: &Counts) -> u64 {
    counts.errors + counts.unanswered
}

fn slow(window: &[(Timestamp, Counts)], facts: &Facts, policy: &Policy) -> Option<Spoke> {
    let slow_ms = policy.slow?.ms;
    let before = facts.day_before.filter(|counts| counts.requests > 0)?;
    let rate = float(before.slow?) / float(before.requests);
    let limit = policy.ceilings.slow_times * rate.max(LOWEST_SLOW);
    let (bad, requests) = above(window, policy.ceilings.minutes, limit, |counts| counts.slow.unwrap_or(0))?;
    let why = format!(
        "{bad} of {requests} requests took longer than {slow_ms} ms ({}), more than {}: {} times the {} of the day before",
        percent(float(bad) / float(requests)),
        percent(limit),
        policy.ceilings.slow_times,
        percent(rate)
    );
    Some(Spoke { reason: Reason::SlowAboveCeiling, why })
}

fn response(window: &[(Timestamp, Counts)], policy: &Policy) -> Option<Spoke> {
    let limit = policy.ceilings.response_ms?;
    let newest = usize::try_from(policy.ceilings.minutes.max(1)).unwrap_or(usize::MAX);
    let too_long = |counts: &Counts| counts.response_ms.is_some_and(|ms| ms > limit);
    let each = window.iter().rev().take(newest).all(|minute| too_long(&minute.1));
    let known = window.iter().filter_map(|minute| Some((minute.1.response_ms?, float(minute.1.requests))));
    let (sum, requests) = known.fold((0.0, 0.0), |(sum, n), (ms, requests)| (sum + ms * requests, n + requests));
    let mean = sum / requests;
    let why =
        || format!("the mean response took {mean:.0} ms over the last {requests:.0} requests, more than {limit} ms");
    (each && mean > limit).then(|| Spoke { reason: Reason::ResponseAboveCeiling, why: why() })
}

fn own_metrics(facts: &Facts, policy: &Policy, look: &Look, now: Timestamp) -> Vec<Spoke> {
    let minutes = usize::try_from(policy.ceilings.minutes.max(1)).unwrap_or(usize::MAX);
    let warm = match facts.deployment.arms {
        // Before the new version has traffic, what they show is none of its doing.
        Arms::Two => look.warm_from.unwrap_or(Timestamp::MAX),
        Arms::One | Arms::None => {
            facts.deployment.started_at + jiff::SignedDuration::from_secs(policy.warm_up_s.into())
        }
    };
    let speaks = |metric: &super::policy::OwnMetric| {
        let points = facts.metrics.get(&metric.name)?;
        let mut settled: Vec<Point> =
            points.iter().copied().filter(|point| point.at >= warm && is_settled(point.at, policy, now)).collect();
        settled.sort_by_key(|point| point.at);
        settled.dedup_by_key(|point| point.at);
        let row = in_a_row(&settled, |point| point.at);
        let last = settled.get(settled.len().checked_sub(minutes)?..).filter(|_| row >= minutes)?;
        let newest = last.last()?;
        let why = || {
            let for_minutes = counted(minutes, "settled minute");
            format!("{} is {}, above {} for {for_minutes}", metric.name, newest.value, metric.above)
        };
        let above = last.iter().all(|point| point.value > metric.above);
        above.then(|| Spoke { reason: Reason::MetricAboveCeiling, why: why() })
    };
    policy.metrics.iter().filter_map(speaks).collect()
}
