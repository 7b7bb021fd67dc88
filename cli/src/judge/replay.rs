//! A release, judged anew for each of its minutes with what was known then.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::canary::facts::{Counts, Deployment, Facts, State};
use tidegate_core::canary::judgement::Class;
use tidegate_core::canary::minutes::{Look, end};
use tidegate_core::canary::{Judgement, Policy, judge};
use tidegate_core::verdict::Verdict;

/// A release that is over, or as far as it is known.
#[derive(Clone, Debug)]
pub struct Past {
    /// What it is called.
    pub name: String,
    /// Everything that is known of it by now.
    pub facts: Facts,
    /// What it is judged by.
    pub policy: Policy,
    /// Since when the new version should have had each share of the traffic, in percent, oldest first. Where it is empty
    /// the share in the facts is all that is known.
    pub weights: Vec<(Timestamp, f64)>,
}

/// One moment of a replay.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When it is judged.
    pub at: Timestamp,
    /// How.
    pub judgement: Judgement,
    /// Settled minutes in which the new version had traffic and was warm.
    pub minutes: usize,
    /// The new version in them.
    pub canary: Tally,
    /// The old version in them.
    pub baseline: Tally,
}

/// Bad requests among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bad in any way.
    pub bad: u64,
    /// All.
    pub requests: u64,
}

/// How a release ends.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// The verdict that counts: the first failure, or the last verdict.
    pub verdict: Verdict,
    /// The moment when it came.
    pub moment: &'a Moment,
}

/// Requests of a minute that were bad in any way that the policy looks at.
#[must_use]
pub fn bad(counts: &Counts, policy: &Policy) -> u64 {
    let classes = [Class::Errors, Class::ConnectionErrors, Class::Unanswered].into_iter();
    let classes = classes.chain(policy.slow.map(|_| Class::Slow));
    // One request may be bad in two ways.
    classes.filter_map(|class| class.bad(counts)).sum::<u64>().min(counts.requests)
}

impl Past {
    /// Judges every minute, from the end of the first until the last has settled. Empty where there is no minute.
    #[must_use]
    pub fn replay(&self) -> Vec<Moment> {
        let Some((first, last)) = self.reach() else { return Vec::new() };
        let step_from = self.step_from(last);
        let mut facts = Facts { targets: None, ..self.facts.clone() };
        let mut moments = Vec::new();
        let mut now = first;
        loop {
            self.stand_as_of(now, step_from, &mut facts.deployment);
            moments.push(self.judged(&facts, now));
            if now >= last {
                return moments;
            }
            now = end(now);
        }
    }

    /// The share that the new version should have had at a moment, where it is known.
    #[must_use]
    pub fn weight(&self, at: Timestamp) -> Option<f64> {
        self.so_far(at).last().map(|(_, weight)| *weight)
    }

    fn so_far(&self, now: Timestamp) -> &[(Timestamp, f64)] {
        &self.weights[..self.weights.partition_point(|(from, _)| *from <= now)]
    }

    fn judged(&self, facts: &Facts, now: Timestamp) -> Moment {
        let look = Look::new(facts, &self.policy, now);
        let mut moment = Moment {
            at: now,
            judgement: judge(facts, &self.policy, now),
            minutes: 0,
            canary: Tally::default(),
            baseline: Tally::default(),
        };
        for minute in look.warm() {
            moment.minutes += usize::from(minute.canary.is_some_and(|counts| counts.requests > 0));
            for (tally, counts) in [(&mut moment.canary, minute.canary), (&mut moment.baseline, minute.baseline)] {
                let Some(counts) = counts else { continue };
                tally.bad += bad(&counts, &self.policy);
                tally.requests += counts.requests;
            }
        }
        moment
    }

    /// The first and the last moment to judge.
    fn reach(&self) -> Option<(Timestamp, Timestamp)> {
        let Facts { minutes, hosts, metrics, deployment, .. } = &self.facts;
        let counted = minutes.iter().map(|minute| minute.at).chain(hosts.iter().map(|minute| minute.at));
        let times = counted.chain(metrics.values().flatten().map(|point| point.at));
        let since: Vec<Timestamp> = times.filter(|at| end(*at) > deployment.started_at).collect();
        let (first, last) = (since.iter().min()?, since.iter().max()?);
        let settled = end(*last) + SignedDuration::from_secs(self.policy.settle_s.into());
        Some((end(*first), settled))
    }

    /// When the share of the facts began, as far as the traffic tells.
    fn step_from(&self, last: Timestamp) -> Option<Timestamp> {
        let known = self.facts.deployment.full_since;
        known.or_else(|| Look::new(&self.facts, &self.policy, last).step_from)
    }

    /// How the deployment stood then. What is of one moment only, and of an other one, is not known.
    fn stand_as_of(&self, now: Timestamp, step_from: Option<Timestamp>, deployment: &mut Deployment) {
        let known = &self.facts.deployment;
        deployment.state = State::InProgress;
        deployment.listener_says = None;
        deployment.waiting_since = known.waiting_since.filter(|since| *since <= now);
        if self.weights.is_empty() {
            let reached = step_from.is_none_or(|from| from <= now);
            deployment.weight_percent = known.weight_percent.filter(|_| reached);
            deployment.previous_percent = if reached { known.previous_percent } else { 0.0 };
            deployment.full_since = known.full_since.filter(|_| reached);
            return;
        }
        let so_far = self.so_far(now);
        let weight = so_far.last();
        deployment.weight_percent = weight.map(|(_, weight)| *weight);
        deployment.previous_percent = so_far.iter().rev().nth(1).map_or(0.0, |(_, weight)| *weight);
        deployment.full_since = weight.filter(|(_, weight)| *weight >= 100.0).map(|(from, _)| *from);
    }
}

/// How a replay ends. None where there was no minute.
#[must_use]
pub fn ending<'a>(past: &Past, moments: &'a [Moment]) -> Option<Ending<'a>> {
    if let Some(moment) = moments.iter().find(|moment| moment.judgement.verdict == Verdict::Fail) {
        return Some(Ending { verdict: Verdict::Fail, moment });
    }
    let last = moments.last()?;
    let Judgement { verdict, reason, .. } = last.judgement;
    let passed = |moment: &&Moment| verdict == Verdict::Pass && moment.judgement.reason == reason;
    // A hook takes the first pass of its step, whatever the evidence does afterwards.
    let of_step = |moment: &&Moment| past.weight(moment.at) == past.weight(last.at);
    let first = moments.iter().rev().take_while(of_step).filter(passed).last();
    Some(Ending { verdict, moment: first.unwrap_or(last) })
}
