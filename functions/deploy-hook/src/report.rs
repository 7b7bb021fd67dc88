//! Reporting: records, metrics and messages about hooks.

use jiff::Timestamp;
use tidegate_core::canary::facts::Platform;
use tidegate_core::hook::{Action, HookRecord, Other, Reason, Stage, tell};
use tidegate_core::mode::Mode;
use tidegate_core::record::{Level, Record};
use tidegate_core::smoke::{Request, Tried};
use tidegate_core::task_definition::TaskDefinition;
use tidegate_core::verdict::Verdict;
use tidegate_core::words::counted;
use tidegate_lambda::messages;
use tidegate_lambda::report::decisions;

use crate::gather::images::condense;
use crate::look::Judged;

/// The function's name in records and metrics.
pub const FUNCTION: &str = "deploy-hook";

/// A stage with its judgement and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The judgement.
    pub judged: Judged,
    /// What it asks to be done.
    pub action: Option<Action>,
    /// What became of the action.
    pub done: Done,
    /// Whether people should hear of it.
    pub news: bool,
}

/// What became of an action.
pub type Done = tidegate_lambda::outcome::Done<Other>;

/// Why an action was not made.
pub type NotMade = tidegate_lambda::outcome::NotMade<Other>;

impl Outcome {
    /// What is counted: the judgement's verdict and reason, but for an action that was not made.
    #[must_use]
    pub fn counted(&self) -> (Verdict, Reason) {
        match &self.done {
            Done::NotMade(NotMade { reason: Other::ChangedMeanwhile, .. }) => {
                (Verdict::Inconclusive, Other::ChangedMeanwhile.into())
            }
            Done::NotMade(not_made) => (Verdict::Error, not_made.reason.into()),
            _ => (self.judged.judgement.verdict, self.judged.judgement.reason),
        }
    }

    /// Whether the hook has its answer: it is not waiting.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.action != Some(Action::Wait)
    }
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

/// One metric line for each mode, verdict and reason.
#[must_use]
pub fn metrics(outcomes: &[Outcome], at: Timestamp) -> Vec<String> {
    let decided = outcomes.iter().map(|outcome| {
        let (verdict, reason) = outcome.counted();
        (outcome.judged.mode, verdict, reason.code())
    });
    decisions(FUNCTION, at, decided)
}

/// The record of one judgement, short enough for a log line and without what could be a secret; judged again it comes to
/// the same.
#[must_use]
pub fn record(outcome: Outcome, at: Timestamp, request_id: &str) -> HookRecord {
    let (verdict, reason) = outcome.counted();
    let warns = [Other::NotEnrolled, Other::PassedWithWarnings, Other::BreakGlass].map(Reason::from);
    let level = match verdict {
        Verdict::Error => Level::Warn,
        _ if warns.contains(&reason) => Level::Warn,
        _ => Level::Info,
    };
    let Outcome { judged, action, done, .. } = outcome;
    let Judged { service, mode, judgement, mut facts, mut policy } = judged;
    if let Some(facts) = &mut facts {
        condense(&mut facts.images, at);
        facts.task_definition = facts.task_definition.take().map(TaskDefinition::redacted);
        facts.smoke = facts.smoke.drain(..).map(Tried::kept).collect();
        facts.smoke.iter_mut().for_each(|tried| redact(&mut tried.request));
    }
    if let Some(policy) = &mut policy {
        policy.smoke.iter_mut().for_each(redact);
    }
    Record {
        level,
        timestamp: at,
        function: FUNCTION.to_owned(),
        service,
        mode,
        decision: judgement,
        facts,
        policy,
        action,
        acted: done == Done::Acted,
        not_acted: match done {
            Done::NotMade(NotMade { reason, why }) => Some(format!("{}: {why}", reason.code())),
            Done::Nothing | Done::Acted => None,
        },
        at,
        request_id: request_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
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
