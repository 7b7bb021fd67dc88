//! Whether a judgement is news: nothing is remembered, so the judgement before is made again from the same facts.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::facts::Facts;
use super::judge::judge;
use super::judgement::Judgement;
use super::policy::Policy;

/// Whether the judgement at an earlier moment came to something else, or was blocked by less. An image that had not been
/// scanned by then had none.
#[must_use]
pub fn is_news(facts: &Facts, policy: &Policy, judgement: &Judgement, before: Timestamp) -> bool {
    let pushed = facts.pushed_at.max(facts.restored_at);
    let scanned = facts.platforms.iter().filter_map(|platform| platform.scan.completed_at).max();
    // A scan that is kept up to date has a new time with every look at it.
    let first =
        facts.platforms.iter().flat_map(|platform| &platform.scan.findings).filter_map(|f| f.first_seen_at).min();
    if pushed.is_some_and(|at| at > before) || first.or(scanned).is_some_and(|at| at > before) {
        return true;
    }
    let mut earlier = facts.clone();
    for platform in &mut earlier.platforms {
        platform.scan.findings.retain(|finding| finding.first_seen_at.is_none_or(|at| at <= before));
        // What was found later does not make the scan of before an empty one.
        platform.scan.counted = true;
    }
    let earlier = judge(&earlier, policy, before);
    (earlier.verdict, earlier.reason) != (judgement.verdict, judgement.reason) || ids(&earlier) != ids(judgement)
}

fn ids(judgement: &Judgement) -> BTreeSet<&str> {
    judgement.blocking.iter().map(|blocking| blocking.id.as_str()).collect()
}
