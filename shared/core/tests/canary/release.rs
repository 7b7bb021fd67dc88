//! A deployment to judge, minute by minute.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::canary::facts::{Arms, Before, Counts, Deployment, Door, Facts, Minute, Platform, State, Strategy};
use tidegate_core::canary::{Judgement, Policy, judge};

/// When deployments here begin: a Saturday at ten.
pub(crate) const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

/// So many minutes after [`TEN`].
pub(crate) fn minute(minutes: i64) -> Timestamp {
    TEN + SignedDuration::from_mins(minutes)
}

/// Counts of a minute.
pub(crate) fn counts(requests: u64, errors: u64) -> Counts {
    Counts { requests, errors, ..Counts::default() }
}

/// A canary with a tenth of the traffic, whose old version had an error every other minute.
pub(crate) fn canary() -> Facts {
    let deployment = Deployment {
        id: "d-EXAMPLE".to_owned(),
        platform: Platform::CodeDeploy,
        strategy: Strategy::Canary,
        state: State::InProgress,
        roll_back: false,
        first: false,
        started_at: TEN,
        arms: Arms::Two,
        weight_percent: Some(10.0),
        previous_percent: 0.0,
        traffic_from: None,
        first_percent: None,
        waiting_since: None,
        full_since: None,
        platform_bake_minutes: 0,
        listener_says: None,
        hook_ends_at: None,
    };
    let before = |minute: i64| Before {
        at: TEN - SignedDuration::from_mins(minute),
        counts: counts(900, u64::try_from(minute % 2).unwrap_or(0)),
    };
    Facts {
        door: Door::Schedule,
        deployment,
        minutes: Vec::new(),
        before: (1..=120).map(before).collect(),
        day_before: None,
        hosts: Vec::new(),
        alarms: Vec::new(),
        metrics: std::collections::BTreeMap::new(),
        targets: None,
        unreadable: Vec::new(),
    }
}

/// Adds minutes from `from` until before `to`.
pub(crate) fn add(facts: &mut Facts, from: i64, to: i64, canary: Option<Counts>, baseline: Option<Counts>) {
    facts.minutes.extend((from..to).map(|at| Minute { at: minute(at), canary, baseline }));
}

/// The verdict and the reason, as `fail worse_than_baseline`.
pub(crate) fn said(judgement: &Judgement) -> String {
    format!("{} {}", judgement.verdict.as_str(), judgement.reason.code())
}

/// Judges by the default policy, so many minutes after [`TEN`].
pub(crate) fn at(facts: &Facts, minutes: i64) -> String {
    said(&judge(facts, &Policy::default(), minute(minutes)))
}
