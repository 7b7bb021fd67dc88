//! Reporting: records, metrics, messages and the summary that an invocation is answered with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use tidegate_aws::calls::CallCounts;
use tidegate_core::mode::Mode;
use tidegate_core::prices::{UsdRange, in_cents};
use tidegate_core::record::{Level, Record};
use tidegate_core::scaling::{Action, Reason, ScalingRecord, Verdict};
use tidegate_core::words::counted;
use tidegate_lambda::messages;
use tidegate_lambda::report::{Run, decided_so};

use crate::act::NotMade;
use crate::fan_out::{HandedOn, PartOf};
use crate::judge::Judged;

/// The function's name in records and metrics.
pub const FUNCTION: &str = "cost-scaler";

/// The trigger of scheduled runs, whose silence has an alarm.
pub const SCHEDULE: &str = "schedule";

/// The trigger of runs over a part that a scheduled run handed on.
pub const PART: &str = "part";

/// A list of services in a summary names no more; their records name them all.
const MOST_NAMED: usize = 50;

/// A service with its decision and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The decision.
    pub judged: Judged,
    /// What it asks to be done.
    pub action: Option<Action>,
    /// What its tasks cost before, in dollars a month, where it was priced.
    pub month_usd: Option<UsdRange>,
    /// What became of the action.
    pub done: Done,
}

/// What became of an action.
pub type Done = tidegate_lambda::outcome::Done<Reason>;

/// Why a run looked at nothing.
pub type Declined = tidegate_lambda::outcome::Declined<Reason>;

impl Outcome {
    /// What is counted: the decision's verdict and reason, but for an action that was not made.
    #[must_use]
    pub fn counted(&self) -> (Verdict, Reason) {
        match &self.done {
            Done::NotMade(not_made) if not_made.reason == Reason::ChangedMeanwhile => (Verdict::Stay, not_made.reason),
            Done::NotMade(not_made) => (Verdict::Error, not_made.reason),
            _ => (self.judged.decision.verdict, self.judged.decision.reason),
        }
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
    /// Why nothing was looked at; absent where services were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// What was handed on to further invocations, where there are more services than one run reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_on: Option<HandedOn>,
    /// Which part of a run it is, where it was handed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<PartOf>,
    /// Services that carry the tag in the clusters that are looked at.
    pub seen: usize,
    /// Of those, the ones whose own tags say shadow or on.
    pub enrolled: usize,
    /// Services whose count was changed.
    pub changed: usize,
    /// Services in shadow whose count would have been changed.
    pub would_change: usize,
    /// Services that stay as they are, by reason.
    pub left_alone: BTreeMap<&'static str, usize>,
    /// Services that could not be decided or changed, by reason.
    pub failed: BTreeMap<&'static str, usize>,
    /// Those services, at most fifty of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_services: Vec<String>,
    /// Why the list of services is not complete; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// Calls to AWS by operation, retries included.
    pub calls: CallCounts,
    /// What the changed services cost before, in dollars a month, as far as prices are known.
    pub month_usd_before: UsdRange,
    /// What they cost after.
    pub month_usd_after: UsdRange,
    /// Changed services whose price is not known.
    pub unpriced: usize,
    /// What this run cost itself, in dollars: CloudWatch metrics and Lambda.
    pub run_usd: f64,
    /// How long it took.
    pub duration_ms: u64,
}

impl Summary {
    /// Counts the outcomes.
    #[must_use]
    pub fn of(mut self, outcomes: &[Outcome]) -> Self {
        self.enrolled += outcomes.len();
        for outcome in outcomes {
            let (verdict, reason) = outcome.counted();
            match verdict {
                Verdict::Error => {
                    *self.failed.entry(reason.code()).or_default() += 1;
                    if self.failed_services.len() < MOST_NAMED {
                        self.failed_services.push(outcome.judged.id.clone());
                    }
                }
                Verdict::Stay => *self.left_alone.entry(reason.code()).or_default() += 1,
                Verdict::Raise | Verdict::Lower if outcome.done == Done::Acted => {
                    self.changed += 1;
                    match outcome.action.and_then(|action| action.month_usd_before.zip(action.month_usd_after)) {
                        Some((before, after)) => {
                            self.month_usd_before = (self.month_usd_before + before).in_cents();
                            self.month_usd_after = (self.month_usd_after + after).in_cents();
                        }
                        None => self.unpriced += 1,
                    }
                }
                Verdict::Raise | Verdict::Lower => self.would_change += 1,
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
        let run = Run { function: FUNCTION, at: self.at, scheduled, cold, calls, run_usd };
        run.line(&[("ServicesSeen", self.seen as f64), ("ServicesFailed", failed as f64)])
    }
}

/// One metric line for each mode, verdict and reason.
#[must_use]
pub fn metrics(outcomes: &[Outcome], at: Timestamp) -> Vec<String> {
    let mut groups: BTreeMap<(Mode, Verdict, Reason), [f64; 4]> = BTreeMap::new();
    for outcome in outcomes {
        let (verdict, reason) = outcome.counted();
        let [decisions, added, removed, saved] = groups.entry((outcome.judged.mode, verdict, reason)).or_default();
        *decisions += 1.0;
        if let Some(action) = outcome.action.filter(|_| outcome.done == Done::Acted) {
            *added += f64::from(action.to.saturating_sub(action.from));
            *removed += f64::from(action.from.saturating_sub(action.to));
            if let Some((before, after)) = action.month_usd_before.zip(action.month_usd_after) {
                *saved = in_cents(*saved + before.low - after.low);
            }
        }
    }
    let line =
        |((mode, verdict, reason), [decisions, added, removed, saved]): (&(Mode, Verdict, Reason), &[f64; 4])| {
            let mut values = vec![("Decisions", *decisions)];
            if *added + *removed > 0.0 {
                values.extend([("TasksAdded", *added), ("TasksRemoved", *removed), ("MonthUsdSaved", *saved)]);
            }
            decided_so(FUNCTION, at, (*mode, verdict.as_str(), reason.code()), &values)
        };
    groups.iter().filter_map(line).collect()
}

/// The record of one decision.
#[must_use]
pub fn record(outcome: Outcome, at: Timestamp, request_id: &str) -> ScalingRecord {
    let level = if outcome.counted().0 == Verdict::Error { Level::Warn } else { Level::Info };
    let Outcome { judged, action, done, .. } = outcome;
    Record {
        level,
        timestamp: at,
        function: FUNCTION.to_owned(),
        service: Some(judged.id),
        mode: judged.mode,
        decision: judged.decision,
        facts: judged.facts,
        policy: judged.policy,
        action,
        acted: done == Done::Acted,
        not_acted: done.not_made(),
        at,
        request_id: request_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Subject and body about what is news; None where nothing is.
#[must_use]
pub fn news(news: &[&Outcome]) -> Option<(String, String)> {
    let why = |outcome: &Outcome| match &outcome.done {
        Done::NotMade(NotMade { why, .. }) => {
            format!("{why}\n  It was decided because {}", outcome.judged.decision.why)
        }
        Done::Nothing | Done::Acted => outcome.judged.decision.why.clone(),
    };
    let news = news.iter().map(|outcome| (headline(outcome), format!("  {}", why(outcome))));
    messages::about(&news.collect::<Vec<_>>(), |count| format!("{} changed or failed", counted(count, "service")))
}

fn headline(outcome: &Outcome) -> String {
    let Outcome { judged, action, done, .. } = outcome;
    let (id, verdict) = (&judged.id, judged.decision.verdict.as_str());
    let count = action.map_or_else(String::new, |action| format!(" from {} to {} tasks", action.from, action.to));
    match done {
        Done::NotMade(NotMade { reason, .. }) => format!("{id}: {verdict}{count} was not made ({})", reason.code()),
        Done::Nothing | Done::Acted => format!("{id}: {verdict}{count} ({})", judged.decision.reason.code()),
    }
}
