//! Reporting: records, metrics, messages and the summary that an invocation is answered with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use tidegate_aws::calls::CallCounts;
use tidegate_core::canary::{Action, CanaryRecord, Judgement, Reason};
use tidegate_core::mode::Mode;
use tidegate_core::record::Level;
use tidegate_core::verdict::Verdict;
use tidegate_core::words::counted;
use tidegate_lambda::hooks::gate;
use tidegate_lambda::messages;
use tidegate_lambda::report::Run;

/// The function's name in records and metrics.
pub const FUNCTION: &str = "canary-gate";

/// The trigger of scheduled runs, whose silence has an alarm.
pub const SCHEDULE: &str = "schedule";

/// A deployment with its judgement and what became of it.
pub type Outcome = gate::Outcome<Judgement>;

/// What became of an action.
pub type Done = tidegate_lambda::outcome::Done<Reason>;

/// Why a run judged nothing.
pub type Declined = tidegate_lambda::outcome::Declined<Reason>;

/// What a run came to: the answer to the invocation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The function.
    pub function: &'static str,
    /// When it began.
    pub at: Timestamp,
    /// Who woke it.
    pub trigger: &'static str,
    /// Why nothing was judged; absent where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// Services that carry the tag in the clusters that are looked at.
    pub seen: usize,
    /// Deployments of theirs in progress.
    pub in_progress: usize,
    /// Of those, the ones that were stopped.
    pub stopped: usize,
    /// Those in shadow that would have been stopped.
    pub would_stop: usize,
    /// Deployments that go on, by reason.
    pub go_on: BTreeMap<&'static str, usize>,
    /// What could not be judged or stopped, by reason.
    pub failed: BTreeMap<&'static str, usize>,
    /// Why the list of services is not complete; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// Calls to AWS by operation, retries included.
    pub calls: CallCounts,
    /// What this run cost itself, in dollars: CloudWatch metrics and Lambda.
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
            let (verdict, reason) = outcome.counted();
            match verdict {
                Verdict::Error => *self.failed.entry(reason.code()).or_default() += 1,
                Verdict::Fail if outcome.done == Done::Acted => self.stopped += 1,
                Verdict::Fail => self.would_stop += 1,
                Verdict::Pass | Verdict::Inconclusive => *self.go_on.entry(reason.code()).or_default() += 1,
            }
        }
        self
    }

    /// The metrics of the run as a whole.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    pub fn metrics(&self, cold: bool) -> Option<String> {
        let too_old = self.declined.as_ref().is_some_and(|declined| declined.reason == Reason::EventTooOld);
        let scheduled = self.trigger == SCHEDULE && !too_old;
        // What an incomplete list leaves out is not known, but is more than nothing.
        let failed = self.failed.values().sum::<usize>() + usize::from(self.incomplete.is_some());
        let (calls, run_usd) = (&self.calls, self.run_usd);
        Run { function: FUNCTION, at: self.at, scheduled, cold, calls, run_usd }.line(&[
            ("DeploymentsInProgress", self.in_progress as f64),
            ("DeploymentsStopped", self.stopped as f64),
            ("DeploymentsFailed", failed as f64),
        ])
    }
}

/// The record of one judgement.
#[must_use]
pub fn record(outcome: Outcome, at: Timestamp, request_id: &str) -> CanaryRecord {
    let level = match outcome.counted().0 {
        Verdict::Error => Level::Warn,
        _ if outcome.judged.judgement.reason == Reason::NotEnrolled => Level::Warn,
        _ => Level::Info,
    };
    outcome.record(FUNCTION, level, at, request_id)
}

/// Subject and body about what is news; None where nothing is.
#[must_use]
pub fn news(outcomes: &[Outcome]) -> Option<(String, String)> {
    let news = outcomes.iter().filter(|outcome| outcome.news);
    let news = news.map(|outcome| (headline(outcome), story(outcome)));
    messages::about(&news.collect::<Vec<_>>(), |count| format!("{} judged", counted(count, "deployment")))
}

fn headline(outcome: &Outcome) -> String {
    let Outcome { judged, action, done, .. } = outcome;
    let (_, reason) = outcome.counted();
    let service = judged.service.as_deref().unwrap_or("a deployment");
    let shadow = judged.mode != Mode::On;
    let came = match (judged.judgement.verdict, done, action) {
        (_, Done::NotMade(_), _) => "the deployment was not stopped",
        (Verdict::Fail, ..) if shadow => "the deployment would have been stopped",
        (Verdict::Fail, _, Some(Action::FailHook)) => "the deployment was failed",
        (Verdict::Fail, ..) => "the deployment was stopped",
        (Verdict::Pass, ..) => "the deployment was let pass",
        (Verdict::Inconclusive, ..) => "no conclusion about the deployment",
        (Verdict::Error, ..) => "the deployment can't be judged",
    };
    format!("{service}: {came} ({})", reason.code())
}

fn story(outcome: &Outcome) -> String {
    let judgement = &outcome.judged.judgement;
    let mut lines = vec![format!("  {}", judgement.why)];
    if let Done::NotMade(not_made) = &outcome.done {
        lines.push(format!("  It was not stopped: {}", not_made.why));
    }
    if let Some(facts) = &outcome.judged.facts {
        lines.push(format!("  deployment {}, since {}", facts.deployment.id, facts.deployment.started_at));
    }
    lines.extend(judgement.spoke.iter().skip(1).map(|spoke| format!("  also: {}", spoke.why)));
    lines.join("\n")
}
