//! Reporting: records, metrics, messages and the summary that an invocation is answered with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use tidegate_aws::calls::CallCounts;
use tidegate_core::mode::Mode;
use tidegate_core::record::{Level, Record};
use tidegate_core::scan::condense::condense;
use tidegate_core::scan::judgement::Came;
use tidegate_core::scan::{Action, Facts, Judgement, Policy, Reason, ScanRecord, Step, plain, tell};
use tidegate_core::verdict::Verdict;
use tidegate_core::words::counted;
use tidegate_lambda::messages;
use tidegate_lambda::report::{Run, decisions};

/// The function's name in records and metrics.
pub const FUNCTION: &str = "scan-gate";

/// The trigger of the daily run.
pub const SCHEDULE: &str = "schedule";

/// Why a run looked at nothing.
pub type Declined = tidegate_lambda::outcome::Declined<Reason>;

/// A judgement and what was done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The image, or what else it is about, as people know it.
    pub subject: String,
    /// The service whose deployment brings it; None where it is about the image itself, or a task.
    pub service: Option<String>,
    /// The effective mode.
    pub mode: Mode,
    /// The judgement.
    pub judgement: Judgement,
    /// What it rests on; None where it could not be gathered.
    pub facts: Option<Facts>,
    /// What it was judged by; None where it could not be read.
    pub policy: Option<Policy>,
    /// What was done, and what was not.
    pub steps: Vec<Step>,
    /// Whether people should hear of it.
    pub news: bool,
}

impl Outcome {
    /// What could not be judged, or needs no judgement.
    #[must_use]
    pub fn plain(
        subject: impl Into<String>,
        mode: Mode,
        verdict: Verdict,
        reason: Reason,
        why: impl Into<String>,
    ) -> Self {
        let judgement = plain(verdict, reason, why);
        Self {
            subject: subject.into(),
            service: None,
            mode,
            judgement,
            facts: None,
            policy: None,
            steps: Vec::new(),
            news: false,
        }
    }

    /// A judgement about which nothing was done yet.
    #[must_use]
    pub fn of(mode: Mode, facts: Facts, judgement: Judgement, policy: Policy) -> Self {
        let subject = facts.image.short();
        let (facts, policy) = (Some(facts), Some(policy));
        Self { subject, service: None, mode, judgement, facts, policy, steps: Vec::new(), news: false }
    }

    /// Whether it has to be looked at again: there is no verdict yet, or something that was to be done was not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let failed = self.steps.iter().any(|step| step.came == Came::Failed);
        failed || matches!(self.judgement.verdict, Verdict::Inconclusive | Verdict::Error)
    }

    fn did(&self, action: Action) -> bool {
        self.steps.iter().any(|step| step.action == action && step.came == Came::Done)
    }

    fn did_anything(&self) -> bool {
        self.steps.iter().any(|step| step.came == Came::Done)
    }
}

/// What a run came to: the answer to the invocation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The function.
    pub function: &'static str,
    /// When it began.
    pub at: Timestamp,
    /// Who woke it.
    pub trigger: &'static str,
    /// Events that it was woken with.
    pub events: usize,
    /// Events about which nothing was to be decided, by reason.
    pub declined: BTreeMap<&'static str, usize>,
    /// What passed, by reason.
    pub passed: BTreeMap<&'static str, usize>,
    /// What is blocked, by reason.
    pub blocked: BTreeMap<&'static str, usize>,
    /// What waits, by reason.
    pub waiting: BTreeMap<&'static str, usize>,
    /// What could not be judged, by reason.
    pub failed: BTreeMap<&'static str, usize>,
    /// Steps by what became of them.
    pub steps: BTreeMap<String, usize>,
    /// Why the list of services is not complete; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// Calls to AWS by operation, retries included.
    pub calls: CallCounts,
    /// What this run cost itself, in dollars.
    pub run_usd: f64,
    /// How long it took.
    pub duration_ms: u64,
}

impl Summary {
    /// A run that has just begun.
    #[must_use]
    pub fn new(trigger: &'static str, at: Timestamp) -> Self {
        Self { function: FUNCTION, trigger, at, ..Self::default() }
    }

    /// Counts the outcomes.
    #[must_use]
    pub fn of(mut self, outcomes: &[Outcome]) -> Self {
        for outcome in outcomes {
            let by_reason = match outcome.judgement.verdict {
                Verdict::Pass => &mut self.passed,
                Verdict::Fail => &mut self.blocked,
                Verdict::Inconclusive => &mut self.waiting,
                Verdict::Error => &mut self.failed,
            };
            *by_reason.entry(outcome.judgement.reason.code()).or_default() += 1;
            for step in &outcome.steps {
                *self.steps.entry(format!("{}: {}", step.action.as_str(), came(step.came))).or_default() += 1;
            }
        }
        self
    }

    /// The metrics of the run as a whole.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    pub fn metrics(&self, cold: bool) -> Option<String> {
        let sum = |counts: &BTreeMap<&str, usize>| counts.values().sum::<usize>() as f64;
        let steps = |came: &str| {
            let of = self.steps.iter().filter(|(step, _)| step.ends_with(came));
            of.map(|(_, count)| count).sum::<usize>() as f64
        };
        let incomplete = f64::from(u8::from(self.incomplete.is_some()));
        let scheduled = self.trigger == SCHEDULE;
        let (calls, run_usd) = (&self.calls, self.run_usd);
        Run { function: FUNCTION, at: self.at, scheduled, cold, calls, run_usd }.line(&[
            ("ImagesPassed", sum(&self.passed)),
            ("ImagesBlocked", sum(&self.blocked)),
            ("ImagesFailed", sum(&self.failed) + incomplete),
            ("StepsDone", steps(came(Came::Done))),
            ("StepsFailed", steps(came(Came::Failed))),
        ])
    }
}

fn came(came: Came) -> &'static str {
    match came {
        Came::Done => "done",
        Came::Shadow => "shadow",
        Came::LeftAlone => "left alone",
        Came::Failed => "failed",
    }
}

/// One metric line for each mode, verdict and reason.
#[must_use]
pub fn metrics(outcomes: &[Outcome], at: Timestamp) -> Vec<String> {
    let decided = |outcome: &Outcome| (outcome.mode, outcome.judgement.verdict, outcome.judgement.reason.code());
    decisions(FUNCTION, at, outcomes.iter().map(decided))
}

/// The record of one judgement, short enough for a log line.
#[must_use]
pub fn record(outcome: Outcome, at: Timestamp, request_id: &str) -> ScanRecord {
    let failed = outcome.steps.iter().any(|step| step.came == Came::Failed);
    let level = if failed || outcome.judgement.verdict == Verdict::Error { Level::Warn } else { Level::Info };
    let acted = outcome.did_anything();
    let Outcome { service, mode, mut judgement, mut facts, policy, steps, .. } = outcome;
    if let (Some(facts), Some(policy)) = (&mut facts, &policy) {
        condense(facts, &mut judgement, policy, at);
    }
    let not_done = |step: &&Step| matches!(step.came, Came::LeftAlone | Came::Failed);
    let not_acted = steps.iter().find(not_done).map(|step| {
        format!("{} {}: {}", step.action.as_str(), came(step.came), step.why.as_deref().unwrap_or("it is not said why"))
    });
    Record {
        level,
        timestamp: at,
        function: FUNCTION.to_owned(),
        service,
        mode,
        decision: judgement,
        facts,
        policy,
        action: (!steps.is_empty()).then_some(steps),
        acted,
        not_acted,
        at,
        request_id: request_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Subject and body about what is news; None where nothing is.
#[must_use]
pub fn news(outcomes: &[Outcome], at: Timestamp) -> Option<(String, String)> {
    let news = outcomes.iter().filter(|outcome| outcome.news);
    let news = news.map(|outcome| (headline(outcome), story(outcome, at)));
    messages::about(&news.collect::<Vec<_>>(), |count| format!("{} judged", counted(count, "image")))
}

fn headline(outcome: &Outcome) -> String {
    let subject = outcome.service.as_deref().unwrap_or(&outcome.subject);
    let reason = outcome.judgement.reason.code();
    let of_a_service = outcome.service.is_some();
    let came = match outcome.judgement.verdict {
        Verdict::Fail if outcome.did(Action::StopDeployment) => "the deployment was stopped",
        Verdict::Fail if outcome.did(Action::StopTask) => "the task was stopped",
        Verdict::Fail if outcome.did(Action::ArchiveImage) => "the image was archived",
        Verdict::Fail if of_a_service && outcome.mode != Mode::On => "the deployment would have been stopped",
        Verdict::Fail if of_a_service => "the deployment was not stopped",
        Verdict::Fail => "the image is blocked",
        Verdict::Pass => "let pass",
        Verdict::Inconclusive => "no verdict on the image yet",
        Verdict::Error => "the image can't be judged",
    };
    format!("{subject}: {came} ({reason})")
}

fn story(outcome: &Outcome, at: Timestamp) -> String {
    let told = |step: &Step| {
        let why = step.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        format!("{} {}, {}{why}", step.action.as_str(), step.subject, came(step.came))
    };
    let mut done: Vec<String> = outcome.steps.iter().map(told).collect();
    let Some(facts) = &outcome.facts else {
        return std::iter::once(&outcome.judgement.why)
            .chain(&done)
            .map(|line| format!("  {line}"))
            .collect::<Vec<_>>()
            .join("\n");
    };
    if outcome.did(Action::ArchiveImage) {
        let image = format!("{}/{}", facts.image.registry, facts.image.id());
        done.push(format!("To bring it back: tidegate scan release {image}"));
    }
    // As it stands, so that the exception can be pasted.
    tell::message(facts, &outcome.judgement, &done, at)
}
