//! What people read of a judgement.

use jiff::Timestamp;

use crate::scan;
use crate::verdict::Verdict;

use super::facts::Facts;
use super::judgement::{Finding, Judgement};
use super::policy::{Level, Policy};

/// Findings that a message names; the rest is counted.
const MOST: usize = 20;

/// A judgement over several lines: its sentence, each finding with its fix, and for images what blocks them and the
/// exceptions to paste.
#[must_use]
pub fn message(facts: Option<&Facts>, judgement: &Judgement, policy: Option<&Policy>, now: Timestamp) -> String {
    // Where a finding is the reason, it says the same with what mends it.
    let said = judgement.findings.first().is_some_and(|first| judgement.why.contains(&first.why));
    let mut lines: Vec<String> = if said { Vec::new() } else { vec![judgement.why.clone()] };
    if let Some(facts) = facts {
        let deployment = &facts.deployment;
        lines.push(format!("  deployment {}, at {}", deployment.id, deployment.event));
        if deployment.first && judgement.verdict == Verdict::Fail {
            lines.push(
                "  the service is being created: there is nothing to roll back to, so its creation fails".to_owned(),
            );
        }
    }
    lines.extend(judgement.findings.iter().take(MOST).flat_map(finding));
    let more = judgement.findings.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    for image in facts.iter().flat_map(|facts| &facts.images) {
        let Some(own) = &image.facts else { continue };
        let verdict = scan::judge(own, &image.policy, now);
        if verdict.verdict == Verdict::Fail && !verdict.blocking.is_empty() {
            // Its sentence is among the findings already.
            let message = scan::tell::message(own, &verdict, &[], now);
            lines.extend(message.lines().skip(1).map(str::to_owned));
        }
    }
    if let Some(glass) = policy.and_then(|policy| policy.opened(now)) {
        lines.push(format!("  tidegate:break-glass is set until {}: {}", glass.until, glass.reason));
    }
    lines.join("\n")
}

/// One finding: what, where, and what to do about it.
fn finding(finding: &Finding) -> Vec<String> {
    let level = match (finding.level, finding.waits) {
        (Level::Block, None) => "blocks",
        (Level::Block, Some(_)) => "waits",
        _ => "warning",
    };
    let known = match finding.rule.known_as() {
        "" => String::new(),
        known => format!(" ({known})"),
    };
    let subject = finding.subject.as_ref().map_or_else(String::new, |subject| format!("{subject}: "));
    let mut lines = vec![format!("  {level} {}{known}: {subject}{}", finding.rule.code(), finding.why)];
    lines.extend(finding.fix.iter().map(|fix| format!("    to mend it: {fix}")));
    lines
}
