//! The canary gate's records.

use jiff::Timestamp;
use tidegate_core::canary::judgement::ClassEvidence;
use tidegate_core::canary::{Action, Facts, Judgement, Policy, judge};

use super::{Explain, came};
use crate::text::{count, evidence, rate};

impl Explain for Judgement {
    const FUNCTION: &str = canary_gate::report::FUNCTION;
    type Facts = Facts;
    type Policy = Policy;
    type Action = Action;

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
        format!("{}, deployment {}", service.unwrap_or("a service"), facts.deployment.id)
    }

    fn details(&self) -> Vec<String> {
        let spoke = self.spoke.iter().map(|spoke| format!("{}: {}", spoke.reason.code(), spoke.why));
        let classes = self.classes.iter().map(|class| of_class(class, self));
        spoke.chain(classes).collect()
    }

    fn outcome(action: Option<&Action>, acted: bool, not_acted: Option<&str>) -> String {
        let done = match action {
            Some(Action::StopDeployment) => "The deployment was to be stopped and rolled back",
            Some(Action::LetPass) => "The hook was to let it pass",
            Some(Action::FailHook) => "The hook was to fail it",
            Some(Action::Wait) => "The hook was to wait",
            None => return "It asked for nothing to be done.".to_owned(),
        };
        came(done, acted, not_acted)
    }
}

/// The counts of a class, and its evidence in both directions.
fn of_class(class: &ClassEvidence, judgement: &Judgement) -> String {
    let arm = |bad: u64, requests: u64| format!("{} of {} ({})", count(bad), count(requests), rate(bad, requests));
    // Evidence that would do, of a difference that does not matter, stops nothing.
    let material =
        if class.worse >= judgement.fail_at && !class.material { ", too small a difference to matter" } else { "" };
    format!(
        "{}: canary {}, baseline {}; worse {}{material}; good {} of {}; dispersion {:.1}",
        class.class.words(),
        arm(class.canary_bad, class.canary_requests),
        arm(class.baseline_bad, class.baseline_requests),
        evidence(class.worse),
        evidence(class.not_twice.max(class.low)),
        evidence(judgement.pass_at),
        class.dispersion,
    )
}
