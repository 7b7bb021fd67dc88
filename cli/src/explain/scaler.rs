//! The scaler's records.

use jiff::Timestamp;
use tidegate_core::scaling::decision::Action;
use tidegate_core::scaling::{Decision, Facts, Policy, decide};

use super::Explain;

impl Explain for Decision {
    const FUNCTION: &str = cost_scaler::report::FUNCTION;
    type Facts = Facts;
    type Policy = Policy;
    type Action = Action;

    fn decide(facts: &Facts, policy: &Policy, now: Timestamp) -> Self {
        decide(facts, policy, now)
    }

    fn essence(&self) -> impl PartialEq {
        (self.verdict, self.reason, self.desired)
    }

    fn verdict(&self) -> String {
        format!("{} to {}", self.verdict.as_str(), self.desired)
    }

    fn reason(&self) -> (&'static str, &'static str) {
        (self.reason.code(), self.reason.meaning())
    }

    fn why(&self) -> &str {
        &self.why
    }

    fn subject(service: Option<&str>, facts: &Facts) -> String {
        format!("{} at {} tasks", service.unwrap_or("a service"), facts.desired)
    }

    fn details(&self) -> Vec<String> {
        self.asks.iter().map(|ask| format!("{}: {}", ask.metric, ask.why)).collect()
    }

    fn outcome(_: Option<&Action>, acted: bool, not_acted: Option<&str>) -> String {
        match (not_acted, acted) {
            (Some(why), _) => format!("It was not made: {why}"),
            (None, true) => "It was made.".to_owned(),
            (None, false) => "Nothing was changed.".to_owned(),
        }
    }
}
