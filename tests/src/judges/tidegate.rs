//! The live decision as a judge of simulated releases: at each look, the facts that the gate would have gathered.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_core::canary::facts::{Before, Counts, Door, Hosts, Minute};
use tidegate_core::canary::policy::Slow;
use tidegate_core::canary::{Facts, Judgement, Policy, Reason, judge};
use tidegate_core::verdict::Verdict;

use super::Judge;
use super::release::{MINUTES, Release};

/// The gate on its every-minute schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tidegate {
    /// As it is where no tag says otherwise: up to 1.5 times the errors and twice the slow requests are acceptable.
    Default,
    /// With nothing acceptable beyond the old version's rates, as for the tests that it is compared with.
    Strict,
}

impl Tidegate {
    fn policy(self, release: &Release) -> Policy {
        let default = Policy::default();
        let (max_ratio, slow_ratio) = if self == Self::Strict { (1.0, 1.0) } else { (default.max_ratio, 2.0) };
        let slow = release.setting.slow_rate.map(|_| Slow { ms: 500.0, max_ratio: slow_ratio });
        Policy { max_ratio, slow, patience_s: PATIENCE_S, ..default }
    }
}

/// That of the whole release.
const PATIENCE_S: u32 = 60 * 60;

impl Judge for Tidegate {
    fn name(&self) -> String {
        match self {
            Self::Default => "Tidegate".to_owned(),
            Self::Strict => "Tidegate, ratio 1".to_owned(),
        }
    }

    fn rule(&self) -> String {
        match self {
            Self::Default => "the decision of `canary-gate` with its default policy, once a minute".to_owned(),
            Self::Strict => "the same with `max-ratio` and `slow-ratio` 1".to_owned(),
        }
    }

    fn stops_at(&self, release: &Release) -> Option<usize> {
        judgements(release, self.policy(release), Door::Schedule)
            .find(|(_, judgement)| judgement.verdict == Verdict::Fail)
            .map(|(look, _)| look)
    }
}

/// What becomes of a release whose hook waits for the evidence of its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It was shown to be good, at this look.
    Proved(usize),
    /// The patience was over, and it passed without proof.
    NotProved,
    /// It was stopped.
    Stopped,
}

/// The gate as a hook that has the patience of the whole release.
#[must_use]
pub fn wait(release: &Release) -> Wait {
    for (look, judgement) in judgements(release, Tidegate::Default.policy(release), Door::Step) {
        match (judgement.verdict, judgement.reason) {
            (Verdict::Fail, _) => return Wait::Stopped,
            (Verdict::Pass, Reason::GoodEnough) => return Wait::Proved(look),
            _ => {}
        }
    }
    Wait::NotProved
}

/// The judgement of each look.
fn judgements(release: &Release, policy: Policy, door: Door) -> impl Iterator<Item = (usize, Judgement)> {
    let start = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
    let mut facts = facts(release, door, start);
    (1..=MINUTES).map(move |look| {
        let (at, now) = (minute(start, look - 1), minute(start, look));
        let arms = &release.minutes[look - 1];
        facts.minutes.push(Minute { at, canary: seen(&arms.canary), baseline: seen(&arms.baseline) });
        facts.hosts.push(Hosts { at, healthy: 2, unhealthy: 0 });
        (look, judge(&facts, &policy, now))
    })
}

fn minute(start: Timestamp, number: usize) -> Timestamp {
    let number = i64::try_from(number).expect("a minute of a release");
    start + SignedDuration::from_mins(number)
}

/// At the start, without a minute yet.
fn facts(release: &Release, door: Door, start: Timestamp) -> Facts {
    let mut facts: Facts = serde_json::from_value(json!({
        "door": door,
        "deployment": {
            "id": "d-SIMULATED",
            "platform": "code_deploy",
            "strategy": "canary",
            "started_at": start,
            "weight_percent": release.setting.canary_share * 100.0,
            "waiting_since": door.is_hook().then_some(start),
        },
    }))
    .expect("facts");
    let old = release.before.iter().rev().zip(1..);
    facts.before =
        old.map(|(counts, ago)| Before { at: start - SignedDuration::from_mins(ago), counts: *counts }).collect();
    facts
}

/// CloudWatch has no point for a minute without a request.
fn seen(counts: &Counts) -> Option<Counts> {
    (counts.requests > 0).then_some(*counts)
}
