//! What a run prints: metrics, records, its summary. Whatever is on standard output is in CloudWatch Logs.

use tidegate_aws::telemetry::Output;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::log;
use tidegate_lambda::settings::Records;

use crate::report::{self, Outcome, Summary};

/// Prints a run that came to its end, and whether it was the first of its process. What passes, or is waited for, shares the
/// summary, unless `records` asks for all, or something about it could not be read.
pub fn ended(out: &impl Output, summary: &Summary, outcomes: Vec<Outcome>, records: Records, run: (&str, bool)) {
    let ((request_id, cold), at) = (run, summary.at);
    let in_full = |outcome: &Outcome| {
        let loud = matches!(outcome.judgement.verdict, Verdict::Fail | Verdict::Error);
        let unread = outcome.facts.as_ref().is_some_and(|facts| !facts.unreadable.is_empty());
        records == Records::All || loud || unread || outcome.news || !outcome.steps.is_empty()
    };
    let metrics = report::metrics(&outcomes, at);
    log::decided(out, metrics, outcomes, in_full, |outcome| report::record(outcome, at, request_id));
    log::ended(out, summary, at, request_id, summary.metrics(cold));
}
