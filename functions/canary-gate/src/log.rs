//! What a run prints: metrics, records, its summary. Whatever is on standard output is in CloudWatch Logs.

use tidegate_aws::telemetry::Output;
use tidegate_core::canary::Reason;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::hooks::gate;
use tidegate_lambda::log;
use tidegate_lambda::settings::Records;

use crate::report::{FUNCTION, Outcome, Summary, record};

/// Prints a run that came to its end, and whether it was the first of its process.
pub fn ended(out: &impl Output, summary: &Summary, outcomes: Vec<Outcome>, records: Records, run: (&str, bool)) {
    let ((request_id, cold), at) = (run, summary.at);
    let metrics = gate::metrics(FUNCTION, &outcomes, at);
    let in_full = |outcome: &Outcome| records == Records::All || is_change(outcome);
    log::decided(out, metrics, outcomes, in_full, |outcome| record(outcome, at, request_id));
    log::ended(out, summary, at, request_id, summary.metrics(cold));
}

/// Whether a judgement changes something, fails or is news: those are recorded in full.
#[must_use]
pub fn is_change(outcome: &Outcome) -> bool {
    let (verdict, reason) = outcome.counted();
    let loud = matches!(verdict, Verdict::Fail | Verdict::Error) || reason == Reason::NotEnrolled;
    loud || outcome.action.is_some() || outcome.news
}
