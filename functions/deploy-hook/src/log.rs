//! Which judgements are recorded in full.

use jiff::Timestamp;
use tidegate_core::hook::{LOOK_AGAIN_S, judge};
use tidegate_core::verdict::Verdict;

use crate::report::{Outcome, is_final};

/// Whether a judgement is an answer, fails, or is a wait that is news: those are recorded in full.
#[must_use]
pub fn is_change(outcome: &Outcome, at: Timestamp) -> bool {
    let fails = matches!(outcome.counted().0, Verdict::Fail | Verdict::Error);
    fails || is_final(outcome) || outcome.news || began_to_wait(outcome, at)
}

/// Whether this is the first look of a wait, or the look before came to something else: nothing is remembered, so that one
/// is made again from the same facts.
fn began_to_wait(outcome: &Outcome, at: Timestamp) -> bool {
    let Some((facts, policy)) = outcome.judged.facts.as_ref().zip(outcome.judged.policy.as_ref()) else { return true };
    let before = at - jiff::SignedDuration::from_secs(LOOK_AGAIN_S.into());
    if facts.deployment.waiting_since.is_none_or(|since| since > before) {
        return true;
    }
    let earlier = judge(facts, policy, before);
    let now = &outcome.judged.judgement;
    (earlier.verdict, earlier.reason) != (now.verdict, now.reason) || earlier.findings.len() != now.findings.len()
}
