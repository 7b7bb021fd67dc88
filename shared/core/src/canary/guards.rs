//! What stops a release without any statistics, and what makes the statistics void.

use jiff::Timestamp;

use super::facts::{Arms, Facts, Hosts};
use super::judgement::Spoke;
use super::minutes::{Look, in_a_row, is_settled, share};
use super::policy::Policy;
use super::reason::Reason;
use super::{float, percent};
use crate::words::counted;

/// A guard that looks at minutes looks at this many in a row.
const MINUTES: usize = 2;

/// So many requests of the canary have to go unanswered in each of them.
const FEWEST_UNANSWERED: u64 = 5;

/// A baseline that leaves at most this share unanswered answers.
const ANSWERS: f64 = 0.1;

/// Full minutes in a row in which the split has to be off.
const SPLIT_MINUTES: usize = 3;

/// A split says nothing where the canary should have had fewer requests than this in them.
const SPLIT_REQUESTS: f64 = 30.0;

/// Guards that speak, the gravest first.
#[must_use]
pub fn guards(facts: &Facts, policy: &Policy, look: &Look, now: Timestamp) -> Vec<Spoke> {
    [alarms(facts, now), unanswered(look), hosts(facts, policy, look, now)].into_iter().flatten().collect()
}

fn alarms(facts: &Facts, now: Timestamp) -> Option<Spoke> {
    let raised =
        |alarm: &&super::facts::Alarm| alarm.in_alarm == Some(true) && alarm.since.is_none_or(|since| since <= now);
    let names: Vec<&str> = facts.alarms.iter().filter(raised).map(|alarm| alarm.name.as_str()).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    (!names.is_empty())
        .then(|| Spoke { reason: Reason::AlarmInAlarm, why: format!("{} {are} in ALARM", names.join(", ")) })
}

fn unanswered(look: &Look) -> Option<Spoke> {
    let last = last(&look.settled, |minute| minute.at, MINUTES)?;
    let mute = last.iter().all(|minute| {
        let (Some(canary), Some(baseline)) = (minute.canary, minute.baseline) else { return false };
        let answers = baseline.requests > 0 && float(baseline.unanswered) <= ANSWERS * float(baseline.requests);
        canary.unanswered >= FEWEST_UNANSWERED && 2 * canary.unanswered >= canary.requests && answers
    });
    let (unanswered, requests) = last
        .iter()
        .filter_map(|minute| minute.canary)
        .fold((0, 0), |(u, r), counts| (u + counts.unanswered, r + counts.requests));
    let why = || {
        format!(
            "no target of the canary answered {unanswered} of its last {requests} requests, and the baseline answers"
        )
    };
    mute.then(|| Spoke { reason: Reason::CanaryUnanswered, why: why() })
}

fn hosts(facts: &Facts, policy: &Policy, look: &Look, now: Timestamp) -> Option<Spoke> {
    // Where nothing counts requests, the deployment's own beginning has to do.
    let from = match facts.deployment.arms {
        Arms::None => Some(facts.deployment.started_at + jiff::SignedDuration::from_secs(policy.warm_up_s.into())),
        // In a rolling deployment old and new hosts can't be told apart.
        Arms::One => None,
        Arms::Two => look.warm_from,
    }?;
    let mut settled: Vec<Hosts> =
        facts.hosts.iter().copied().filter(|minute| minute.at >= from && is_settled(minute.at, policy, now)).collect();
    settled.sort_by_key(|minute| minute.at);
    settled.dedup_by_key(|minute| minute.at);
    let last = last(&settled, |minute| minute.at, MINUTES)?;
    let ill = last.iter().all(|minute| minute.unhealthy > 0 && minute.unhealthy >= minute.healthy);
    let newest = last.last()?;
    let all = newest.healthy + newest.unhealthy;
    let why = || {
        format!("{} of {} of the canary are unhealthy, for {MINUTES} minutes", newest.unhealthy, counted(all, "host"))
    };
    ill.then(|| Spoke { reason: Reason::HostsUnhealthy, why: why() })
}

/// Why the observed split makes the counts void; None where it is near enough to what is asked for.
#[must_use]
pub fn split_is_off(facts: &Facts, look: &Look) -> Option<String> {
    let weight = facts.deployment.weight_percent.filter(|_| facts.deployment.arms == Arms::Two)? / 100.0;
    let from = look.settled.iter().find(|minute| minute.canary.is_some_and(|counts| counts.requests > 0))?.at;
    let from = look.full_from.map_or(from, |full| full.max(from));
    // The first minute of a share is seldom a full one.
    let since: Vec<_> = look.settled.iter().filter(|minute| minute.at > from).collect();
    let last = last(&since, |minute| minute.at, SPLIT_MINUTES)?;
    let requests = |minute: &&super::facts::Minute| {
        [minute.canary, minute.baseline].into_iter().flatten().map(|counts| float(counts.requests)).sum::<f64>()
    };
    let all: f64 = last.iter().map(requests).sum();
    let canary: f64 = last.iter().filter_map(|minute| minute.canary).map(|counts| float(counts.requests)).sum();
    // Just after a step the settled minutes still have the share of the step before.
    let near = |share: f64, asked: f64| asked > 0.0 && (share - asked).abs() <= asked / 2.0;
    let previous = facts.deployment.previous_percent / 100.0;
    let off = |share: f64| !near(share, weight) && !near(share, previous);
    let each = last.iter().all(|minute| share(minute).is_some_and(off));
    (each && all * weight >= SPLIT_REQUESTS).then(|| {
        let listener = facts.deployment.listener_says.as_ref();
        format!(
            "the canary has {} of the requests of the last {SPLIT_MINUTES} minutes, and should have {}{}",
            percent(canary / all),
            percent(weight),
            listener.map_or_else(String::new, |says| format!("; the listener says: {says}"))
        )
    })
}

/// The last `count` minutes, where they follow each other.
fn last<T>(minutes: &[T], at: impl Fn(&T) -> Timestamp, count: usize) -> Option<&[T]> {
    (in_a_row(minutes, at) >= count).then(|| &minutes[minutes.len() - count..])
}
