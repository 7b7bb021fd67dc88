//! The deployment hook's records: of hooks, and of incidents.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;
use tidegate_core::diagnosis::incident::{self, Incident};
use tidegate_core::hook::policy::Level;
use tidegate_core::hook::{Action, Facts, Finding, Judgement, Policy, judge};

use super::{Explain, came, explain};

/// Explains a record of either kind: only incidents say how bad they are.
pub(super) fn either(record: Value) -> Result<super::Explained> {
    if record.get("incident").is_some() { explain::<Incident>(record) } else { explain::<Judgement>(record) }
}

impl Explain for Judgement {
    const FUNCTION: &str = deploy_hook::report::FUNCTION;
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
        let deployment = &facts.deployment;
        format!("{}, deployment {}, at {}", service.unwrap_or("a service"), deployment.id, deployment.event)
    }

    fn details(&self) -> Vec<String> {
        self.findings.iter().map(finding).collect()
    }

    fn outcome(action: Option<&Action>, acted: bool, not_acted: Option<&str>) -> String {
        let done = match action {
            Some(Action::StopDeployment) => "The deployment was to be stopped and rolled back, and its hook to fail it",
            Some(Action::LetPass) => "The hook was to let it pass",
            Some(Action::FailHook) => "The hook was to fail it",
            Some(Action::Wait) => "The hook was to wait",
            None => return "It asked for nothing to be done.".to_owned(),
        };
        came(done, acted, not_acted)
    }
}

/// `root_user warns: app: it runs as root; to mend it: ...`.
fn finding(finding: &Finding) -> String {
    let comes_to = match (finding.level, finding.waits) {
        (Level::Block, None) => "blocks",
        (Level::Block, Some(_)) => "is waited for",
        _ => "warns",
    };
    let subject = finding.subject.as_ref().map_or_else(String::new, |subject| format!("{subject}: "));
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!("; to mend it: {fix}"));
    format!("{} {comes_to}: {subject}{}{fix}", finding.rule.code(), finding.why)
}

impl Explain for Incident {
    const FUNCTION: &str = deploy_hook::report::FUNCTION;
    type Facts = incident::Facts;
    type Policy = incident::Policy;
    type Action = incident::Action;

    fn decide(facts: &incident::Facts, policy: &incident::Policy, now: Timestamp) -> Self {
        incident::judge(facts, policy, now)
    }

    fn essence(&self) -> impl PartialEq {
        (self.verdict, self.reason, self.level, self.is_news)
    }

    fn verdict(&self) -> String {
        self.level.as_str().to_owned()
    }

    fn reason(&self) -> (&'static str, &'static str) {
        (self.reason.code(), self.reason.meaning())
    }

    fn why(&self) -> &str {
        &self.why
    }

    fn subject(service: Option<&str>, facts: &incident::Facts) -> String {
        let service = service.unwrap_or("a service");
        format!("{service}, {} of {} tasks running", facts.running, facts.desired)
    }

    fn details(&self) -> Vec<String> {
        let stops = self
            .stops
            .iter()
            .map(|group| format!("{} stopped, the last {}: {}", group.count, group.last_task, group.diagnosis.cause));
        stops.chain(self.events.iter().map(|event| event.cause.clone())).collect()
    }

    fn outcome(action: Option<&incident::Action>, _: bool, _: Option<&str>) -> String {
        match action {
            Some(incident::Action::Tell) => "It was told.".to_owned(),
            None => "It had been told before, or is nothing to tell.".to_owned(),
        }
    }
}
