//! The scan gate's records.

use jiff::Timestamp;
use tidegate_core::scan::judgement::{Accepted, Blocking, Came};
use tidegate_core::scan::{Facts, Judgement, Policy, Step, judge, tell};

use super::Explain;

/// Findings that are named of those that block, and of those that are accepted.
const MOST: usize = 20;

impl Explain for Judgement {
    const FUNCTION: &str = scan_gate::report::FUNCTION;
    type Facts = Facts;
    type Policy = Policy;
    type Action = Vec<Step>;

    fn decide(facts: &Facts, policy: &Policy, now: Timestamp) -> Self {
        judge(facts, policy, now)
    }

    fn essence(&self) -> impl PartialEq {
        (self.verdict, self.reason)
    }

    fn verdict(&self) -> String {
        self.verdict.as_str().to_owned()
    }

    fn reason(&self) -> (&'static str, &'static str) {
        (self.reason.code(), self.reason.meaning())
    }

    fn why(&self) -> &str {
        &self.why
    }

    fn subject(service: Option<&str>, facts: &Facts) -> String {
        let image = facts.image.short();
        service.map_or_else(|| image.clone(), |service| format!("{service}, image {image}"))
    }

    fn details(&self) -> Vec<String> {
        let mut details: Vec<String> = self.blocking.iter().take(MOST).map(blocks).collect();
        details.extend(more(self.blocking.len(), "block"));
        details.extend(self.accepted.iter().take(MOST).map(accepted));
        details.extend(more(self.accepted.len(), "are accepted"));
        let stale = |id: &str, why: &str| format!("the exception for {id} accepts nothing any more: {why}");
        details.extend(self.stale_exceptions.iter().map(|exception| stale(&exception.id, &exception.why)));
        details.extend(self.warnings.iter().filter(|warning| **warning != self.why).cloned());
        details
    }

    fn outcome(action: Option<&Vec<Step>>, _: bool, _: Option<&str>) -> String {
        match action.map(Vec::as_slice) {
            None | Some([]) => "It asked for nothing to be done.".to_owned(),
            Some(steps) => steps.iter().map(step).collect::<Vec<_>>().join("\n"),
        }
    }
}

/// `CVE-2026-1001 (CRITICAL) blocks: openssl 3.0.1, fixed in 3.0.2; CRITICAL is at or above HIGH, and it can be fixed`.
fn blocks(finding: &Blocking) -> String {
    let packages: Vec<String> = finding.packages.iter().map(tell::package).collect();
    let packages = if packages.is_empty() { String::new() } else { format!("{}; ", packages.join(", ")) };
    format!("{} ({}) blocks: {packages}{}", finding.id, finding.severity.as_str(), finding.why)
}

fn accepted(finding: &Accepted) -> String {
    format!("{} ({}) is accepted: {}", finding.id, finding.severity.as_str(), finding.why)
}

fn more(findings: usize, what: &str) -> Option<String> {
    let more = findings.checked_sub(MOST).filter(|more| *more > 0)?;
    Some(format!("{more} more of this record {what}"))
}

/// `archive_image shop@sha256:...: left alone; it is in use`.
fn step(step: &Step) -> String {
    let service = step.service.as_ref().map_or_else(String::new, |service| format!(" of {service}"));
    let came = match step.came {
        Came::Done => "done",
        Came::Shadow => "it would have been done, were its mode on",
        Came::LeftAlone => "left alone",
        Came::Failed => "it was to be done, and could not be",
    };
    let why = step.why.as_ref().map_or_else(String::new, |why| format!("; {why}"));
    format!("{} {}{service}: {came}{why}", step.action.as_str(), step.subject)
}
