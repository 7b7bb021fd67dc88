//! Reporting: records, metrics and messages about hooks.

use jiff::Timestamp;
use tidegate_core::canary::facts::Platform;
use tidegate_core::hook::{Action, HookRecord, Judgement, Other, Reason, Stage, tell};
use tidegate_core::mode::Mode;
use tidegate_core::record::Level;
use tidegate_core::smoke::{Request, Tried};
use tidegate_core::task_definition::TaskDefinition;
use tidegate_core::verdict::Verdict;
use tidegate_core::words::counted;
use tidegate_lambda::hooks::gate;
use tidegate_lambda::messages;

use crate::gather::images::condense;
use crate::look::Judged;

/// The function's name in records and metrics.
pub const FUNCTION: &str = "deploy-hook";

/// A stage with its judgement and what became of it.
pub type Outcome = gate::Outcome<Judgement>;

/// What became of an action.
pub type Done = tidegate_lambda::outcome::Done<Other>;

/// Why an action was not made.
pub type NotMade = tidegate_lambda::outcome::NotMade<Other>;

/// Whether the hook has its answer: it is not waiting.
#[must_use]
pub fn is_final(outcome: &Outcome) -> bool {
    outcome.action != Some(Action::Wait)
}

/// What a judgement asks to be done at a stage, where the mode is on.
#[must_use]
pub fn action(judged: &Judged, stage: Stage, platform: Platform) -> Action {
    let judgement = &judged.judgement;
    // Before the production traffic is shifted there is nothing that a failed hook would leave behind.
    let failure = match (platform, stage) {
        (Platform::CodeDeploy, Stage::AfterTraffic) => Action::StopDeployment,
        _ => Action::FailHook,
    };
    match judgement.verdict {
        Verdict::Pass => Action::LetPass,
        Verdict::Fail => failure,
        // A broken policy is not mended by waiting.
        Verdict::Error if judgement.reason == Other::PolicyError.into() => failure,
        Verdict::Inconclusive | Verdict::Error => Action::Wait,
    }
}

/// The record of one judgement, short enough for a log line and without what could be a secret; judged again it comes to
/// the same.
#[must_use]
pub fn record(mut outcome: Outcome, at: Timestamp, request_id: &str) -> HookRecord {
    let (verdict, reason) = outcome.counted();
    let warns = [Other::NotEnrolled, Other::PassedWithWarnings, Other::BreakGlass].map(Reason::from);
    let level = match verdict {
        Verdict::Error => Level::Warn,
        _ if warns.contains(&reason) => Level::Warn,
        _ => Level::Info,
    };
    if let Some(facts) = &mut outcome.judged.facts {
        condense(&mut facts.images, at);
        facts.task_definition = facts.task_definition.take().map(TaskDefinition::redacted);
        facts.smoke = facts.smoke.drain(..).map(Tried::kept).collect();
        facts.smoke.iter_mut().for_each(|tried| redact(&mut tried.request));
    }
    if let Some(policy) = &mut outcome.judged.policy {
        policy.smoke.iter_mut().for_each(redact);
    }
    outcome.record(FUNCTION, level, at, request_id)
}

/// What is sent may be a secret, such as a token; what is expected is not.
fn redact(request: &mut Request) {
    request.headers.values_mut().for_each(|value| "<value>".clone_into(value));
    request.body = request.body.take().map(|_| "<body>".to_owned());
}

/// Subject and body about what is news; None where nothing is.
#[must_use]
pub fn news(outcomes: &[Outcome], at: Timestamp) -> Option<(String, String)> {
    let news = outcomes.iter().filter(|outcome| outcome.news);
    let news = news.map(|outcome| (headline(outcome), story(outcome, at)));
    messages::about(&news.collect::<Vec<_>>(), |count| format!("{} answered", counted(count, "hook")))
}

fn headline(outcome: &Outcome) -> String {
    let Outcome { judged, action, done, .. } = outcome;
    let (_, reason) = outcome.counted();
    let service = judged.service.as_deref().unwrap_or("a deployment");
    let fails = judged.judgement.verdict == Verdict::Fail;
    let came = match (done, action) {
        (Done::NotMade(NotMade { reason: Other::AnswerFailed, .. }), _) => "the hook was not answered",
        (Done::NotMade(_), _) => "the deployment was not stopped",
        (_, Some(Action::StopDeployment)) => "the deployment was stopped",
        (_, Some(Action::FailHook)) => "the deployment was failed",
        (_, Some(Action::Wait)) => "the deployment waits",
        _ if fails && judged.mode != Mode::On => "the deployment would have been failed",
        (_, Some(Action::LetPass) | None) => "the deployment was let pass",
    };
    format!("{service}: {came} ({})", reason.code())
}

fn story(outcome: &Outcome, at: Timestamp) -> String {
    let Judged { judgement, facts, policy, .. } = &outcome.judged;
    let mut text = tell::message(facts.as_ref(), judgement, policy.as_ref(), at);
    if let Done::NotMade(not_made) = &outcome.done {
        text.push_str("\n  that was not done: ");
        text.push_str(&not_made.why);
    }
    text
}
