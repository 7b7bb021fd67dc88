//! Which minutes count, and for what.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Arms, Counts, Facts, Minute, Strategy};
use super::policy::Policy;

/// A baseline with less than this share of a minute's requests is as good as none.
const AS_GOOD_AS_ALL: f64 = 0.99;

/// A share is told from another by at least so many requests that the canary should have had.
const FEWEST_TO_TELL: f64 = 10.0;

/// A look at a deployment's minutes.
#[derive(Clone, Debug)]
pub struct Look {
    /// Settled minutes since the deployment began, oldest first, one entry a minute.
    pub settled: Vec<Minute>,
    /// When the canary's warm-up ends: none of its minutes has any traffic, and none is warm, where it is absent.
    pub warm_from: Option<Timestamp>,
    /// When its present share began, as far as the traffic tells.
    pub step_from: Option<Timestamp>,
    /// Since when it should have all traffic: by what the deployment says, else by the traffic. None while it should not.
    pub full_from: Option<Timestamp>,
    /// Whether it should have all traffic.
    pub full: bool,
}

impl Look {
    /// Sorts the minutes of the facts.
    #[must_use]
    pub fn new(facts: &Facts, policy: &Policy, now: Timestamp) -> Self {
        let deployment = &facts.deployment;
        let mut by_time: BTreeMap<Timestamp, Minute> = BTreeMap::new();
        let minutes = facts.minutes.iter().filter(|minute| is_settled(minute.at, policy, now));
        for minute in minutes.filter(|minute| end(minute.at) > deployment.started_at) {
            // A minute that is told twice is the same minute; counts only grow, so the larger is the newer.
            let known = by_time.entry(minute.at).or_insert(*minute);
            known.canary = larger(known.canary, minute.canary);
            known.baseline = larger(known.baseline, minute.baseline);
        }
        let settled: Vec<Minute> = by_time.into_values().collect();
        // A test listener sends the new version a few requests before it has any share.
        let all_at_once = if deployment.strategy == Strategy::BlueGreen { 100.0 } else { 0.0 };
        let least = deployment.first_percent.unwrap_or(all_at_once) / 200.0;
        let shifted = deployment.weight_percent.is_none_or(|percent| percent > 0.0);
        let in_production = |minute: &&Minute| {
            let from = shifted && deployment.traffic_from.is_none_or(|from| minute.at >= from);
            from && requests(minute.canary) > 0 && share(minute).is_some_and(|share| share >= least)
        };
        let first = settled.iter().find(in_production).map(|minute| minute.at);
        let warm_up = SignedDuration::from_secs(policy.warm_up_s.into());
        let warm_from = first.map(|first| first + warm_up);
        let weight = deployment.weight_percent;
        let full = deployment.arms == Arms::Two && weight.is_some_and(|percent| percent / 100.0 >= AS_GOOD_AS_ALL);
        let step_from = step(&settled, weight, deployment.previous_percent);
        let full_from = deployment.full_since.or(step_from).filter(|_| full);
        Self { settled, warm_from, step_from, full_from, full }
    }

    /// Minutes of both versions that count as evidence.
    #[must_use]
    pub fn compared(&self) -> impl DoubleEndedIterator<Item = (&Minute, Counts, Counts)> {
        self.warm().filter_map(|minute| {
            let (canary, baseline) = (minute.canary?, minute.baseline?);
            (canary.requests > 0 && baseline.requests > 0).then_some((minute, canary, baseline))
        })
    }

    /// Minutes of the canary, once it is warm.
    #[must_use]
    pub fn warm(&self) -> impl DoubleEndedIterator<Item = &Minute> {
        let from = self.warm_from.unwrap_or(Timestamp::MAX);
        self.settled.iter().filter(move |minute| minute.at >= from)
    }

    /// Minutes for ceilings: those in which there is nothing to compare with, though not because something is missing.
    #[must_use]
    pub fn alone(&self, facts: &Facts) -> Vec<(Timestamp, Counts)> {
        let from = match facts.deployment.arms {
            Arms::One => Timestamp::MIN,
            Arms::Two if self.full => self.full_from.unwrap_or(Timestamp::MIN),
            Arms::None | Arms::Two => return Vec::new(),
        };
        let counts = |minute: &Minute| Some((minute.at, minute.canary.filter(|counts| counts.requests > 0)?));
        let lonely = |minute: &&Minute| share(minute).is_some_and(|share| share >= AS_GOOD_AS_ALL);
        self.warm().filter(|minute| minute.at >= from).filter(lonely).filter_map(counts).collect()
    }
}

/// When the present share began: the traffic of every minute since is nearer to it than to the one before.
fn step(settled: &[Minute], weight: Option<f64>, previous: f64) -> Option<Timestamp> {
    let least = f64::midpoint(weight?, previous) / 100.0;
    // A minute with too few requests to tell does not end a step.
    let of_step = |minute: &&Minute| {
        let all = super::float(requests(minute.canary) + requests(minute.baseline));
        all * least < FEWEST_TO_TELL || share(minute).is_some_and(|share| share >= least)
    };
    settled.iter().rev().take_while(of_step).last().map(|minute| minute.at)
}

/// The canary's share of a minute's requests; None where there are none.
#[must_use]
pub fn share(minute: &Minute) -> Option<f64> {
    let (canary, baseline) = (requests(minute.canary), requests(minute.baseline));
    let all = canary + baseline;
    (all > 0).then(|| super::float(canary) / super::float(all))
}

/// Whether a minute that began at `at` has ended long enough ago.
#[must_use]
pub fn is_settled(at: Timestamp, policy: &Policy, now: Timestamp) -> bool {
    end(at) + SignedDuration::from_secs(policy.settle_s.into()) <= now
}

/// When a minute ends.
#[must_use]
pub fn end(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_mins(1)
}

/// The last of some minutes, as long as each follows the one before.
pub fn in_a_row<T>(minutes: &[T], at: impl Fn(&T) -> Timestamp) -> usize {
    let follows = |pair: &&[T]| end(at(&pair[0])) == at(&pair[1]);
    let steps = minutes.windows(2).rev().take_while(follows).count();
    if minutes.is_empty() { 0 } else { steps + 1 }
}

fn requests(counts: Option<Counts>) -> u64 {
    counts.map_or(0, |counts| counts.requests)
}

fn larger(a: Option<Counts>, b: Option<Counts>) -> Option<Counts> {
    let size = |counts: &Counts| (counts.requests, counts.errors, counts.connection_errors, counts.unanswered);
    [a, b].into_iter().flatten().max_by_key(size)
}
