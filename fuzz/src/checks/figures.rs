//! What people measured: the load of a service, and the minutes of a release.

use tidegate::judge::{json, rows, sheet};
use tidegate::trace;
use tidegate_core::backtest::demand::Demand;
use tidegate_core::canary::facts::{Counts, Minute};
use tidegate_core::canary::{Facts, Policy, judge};
use tidegate_core::verdict::Verdict;

use super::NOW;

/// A text read as a trace of a load.
///
/// # Panics
/// Where something does not hold.
pub fn load(text: &str) {
    let Ok(points) = trace::read(text.as_bytes()) else { return };
    let Ok(demand) = Demand::from_points(&points) else { return };
    let most = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    for value in demand.minutes.iter().flatten() {
        assert!((0.0..=most * 1.000_001).contains(value), "{value} of a trace whose most is {most}");
    }
}

/// A text read as the minutes of a release, as a sheet and as JSON.
///
/// # Panics
/// Where something does not hold.
pub fn release(text: &str) {
    let rows = match json::read(text) {
        Ok(json::Read::Rows(rows)) => rows,
        Ok(json::Read::Facts(whole)) => {
            judged(&whole.facts, &whole.policy);
            Vec::new()
        }
        Err(_) => sheet::read(text).unwrap_or_default(),
    };
    if let Ok((facts, _)) = rows::facts(rows, "release", None) {
        let verdict = judged(&facts, &Policy::default());
        let is_clean = facts.minutes.iter().all(|minute| bad(minute) == 0);
        assert!(verdict != Verdict::Fail || !is_clean, "no request of the canary went wrong");
    }
}

fn judged(facts: &Facts, policy: &Policy) -> Verdict {
    let judgement = judge(facts, policy, NOW);
    assert_eq!(judgement, judge(facts, policy, NOW), "the same facts are judged the same");
    assert!(!judgement.why.is_empty(), "{judgement:?}");
    judgement.verdict
}

/// Requests of the canary that went wrong in a minute.
fn bad(minute: &Minute) -> u64 {
    let of = |counts: Counts| [counts.errors, counts.connection_errors, counts.unanswered, counts.slow.unwrap_or(0)];
    minute.canary.map_or(0, |counts| of(counts).into_iter().fold(0, u64::saturating_add))
}
