//! The judgement of one stage.

use jiff::{SignedDuration, Timestamp};

use crate::verdict::Verdict;
use crate::words::counted;

use super::checks;
use super::facts::{Facts, Unreadable};
use super::judgement::{Finding, Judgement};
use super::policy::{Level, Policy};
use super::reason::{Other, Reason};

/// When something that is not over is looked at again, in seconds, where nothing says another time.
pub const LOOK_AGAIN_S: u32 = 15;

/// Judges one stage of a deployment: what its table says is looked at. What is not known never passes; what may still
/// come is waited for, and fails when its time is over.
#[must_use]
pub fn judge(facts: &Facts, policy: &Policy, now: Timestamp) -> Judgement {
    let deployment = &facts.deployment;
    if deployment.roll_back {
        return plain(Verdict::Pass, Other::RollBack, "it brings an older version back");
    }
    if facts.stage.checks().is_empty() {
        let why = format!("there is nothing to look at, at {}", deployment.event);
        return plain(Verdict::Pass, Other::OtherStage, why);
    }
    let mut findings = Vec::new();
    for check in facts.stage.checks() {
        findings.extend(checks::check(*check, facts, policy, now));
    }
    let since = deployment.waiting_since.unwrap_or(now);
    let patience = since + SignedDuration::from_secs(policy.patience_s.into());
    let ends = deployment.hook_ends_at.unwrap_or(Timestamp::MAX);
    for finding in &mut findings {
        // What is about a container may be accepted for that one only.
        finding.level = policy.preflight.level(finding.rule, finding.subject.as_deref()).min(finding.level);
    }
    findings.retain(|finding| finding.level != Level::Off);
    let unreadable = facts.unreadable.iter().find(|unreadable| facts.stage.looks_at(unreadable.what));
    let late = |until: Timestamp| now >= until.min(ends);
    let judgement = concluded(findings, unreadable, late(patience), |finding| {
        finding.waits.is_some_and(|waits| late(waits.until.unwrap_or(patience)))
    });
    match policy.opened(now) {
        Some(glass) => {
            let why = format!("the gate is open until {}: {}", glass.until, glass.reason);
            let would = (judgement.verdict != Verdict::Pass).then(|| format!("; without that: {}", judgement.why));
            let why = format!("{why}{}", would.unwrap_or_default());
            Judgement { verdict: Verdict::Pass, reason: Other::BreakGlass.into(), why, look_again_s: None, ..judgement }
        }
        None => judgement,
    }
}

/// A judgement that rests on no findings.
#[must_use]
pub fn plain(verdict: Verdict, reason: impl Into<Reason>, why: impl Into<String>) -> Judgement {
    Judgement { verdict, reason: reason.into(), why: why.into(), findings: Vec::new(), look_again_s: None }
}

/// What follows from the findings, those that block first.
fn concluded(
    mut findings: Vec<Finding>,
    unreadable: Option<&Unreadable>,
    patience_is_over: bool,
    is_late: impl Fn(&Finding) -> bool,
) -> Judgement {
    let rank = |finding: &Finding| match (finding.level, finding.waits) {
        (Level::Block, None) => 0,
        (Level::Block, Some(_)) if is_late(finding) => 1,
        (Level::Block, Some(_)) => 2,
        _ => 3,
    };
    findings.sort_by_key(rank);
    let first = findings.first().map(|finding| (rank(finding), finding.rule, said(finding)));
    let blocking = findings.iter().filter(|finding| rank(finding) == 0).count();
    let others = match blocking.saturating_sub(1) {
        0 => String::new(),
        more => format!(", and {} more", counted(more, "finding")),
    };
    let (verdict, reason, why): (_, Reason, _) = match (first, unreadable) {
        (Some((0, rule, why)), _) => (Verdict::Fail, rule.into(), format!("{why}{others}")),
        (Some((1, rule, why)), _) => (Verdict::Fail, rule.into(), format!("{why}, and the time for it is over")),
        (_, Some(unreadable)) if patience_is_over => {
            let why = format!("{}, and the time to read it is over", unreadable.why);
            (Verdict::Fail, Other::NotInTime.into(), why)
        }
        (_, Some(unreadable)) => (Verdict::Error, Other::Unreadable.into(), unreadable.why.clone()),
        (Some((2, _, why)), None) => (Verdict::Inconclusive, Other::Waiting.into(), why),
        (Some((_, _, why)), None) => {
            let others = if findings.len() > 1 { format!(", and {} more", findings.len() - 1) } else { String::new() };
            (Verdict::Pass, Other::PassedWithWarnings.into(), format!("{why}{others}"))
        }
        (None, None) => (Verdict::Pass, Other::Checked.into(), "everything is as it should be".to_owned()),
    };
    let look_again_s = matches!(verdict, Verdict::Inconclusive | Verdict::Error).then(|| {
        let asked = findings.iter().filter(|finding| rank(finding) == 2).filter_map(|own| own.waits?.look_again_s);
        asked.min().unwrap_or(LOOK_AGAIN_S)
    });
    Judgement { verdict, reason, why, findings, look_again_s }
}

fn said(finding: &Finding) -> String {
    match &finding.subject {
        Some(subject) => format!("{subject}: {}", finding.why),
        None => finding.why.clone(),
    }
}
