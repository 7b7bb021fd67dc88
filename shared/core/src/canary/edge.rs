//! Whether a judgement is news: nothing is remembered, so the judgement before is made again from the same facts.

use jiff::{SignedDuration, Timestamp};

use super::facts::Facts;
use super::judge;
use super::judgement::Judgement;
use super::policy::Policy;

/// How far apart two looks at the same deployment are.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(1);

/// Whether the look of a minute ago came to something else. A deployment that began since has had no such look.
#[must_use]
pub fn is_news(facts: &Facts, policy: &Policy, judgement: &Judgement, now: Timestamp) -> bool {
    let before = now - BETWEEN_LOOKS;
    if facts.deployment.started_at >= before {
        return true;
    }
    let earlier = judge(facts, policy, before);
    (earlier.verdict, earlier.reason) != (judgement.verdict, judgement.reason)
}
