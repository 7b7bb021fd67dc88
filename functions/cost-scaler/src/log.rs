//! What a run prints: metrics, records, its summary. Whatever is on standard output is in CloudWatch Logs.

use tidegate_aws::telemetry::Output;
use tidegate_core::scaling::Verdict;
use tidegate_lambda::log;
use tidegate_lambda::settings::Records;

use crate::report::{self, Outcome, Summary};

/// The run that prints.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The invocation.
    pub request_id: &'a str,
    /// Whether it is the first of its process.
    pub cold: bool,
}

/// Prints a run that came to its end. Services that stay as they are share the summary, unless `records` asks for all.
pub fn ended(out: &impl Output, run: Run<'_>, summary: &Summary, outcomes: Vec<Outcome>, records: Records) {
    let (at, request_id) = (summary.at, run.request_id);
    let full =
        |outcome: &Outcome| records == Records::All || outcome.counted().0 != Verdict::Stay || outcome.action.is_some();
    let metrics = report::metrics(&outcomes, at);
    log::decided(out, metrics, outcomes, full, |outcome| report::record(outcome, at, request_id));
    log::ended(out, summary, at, request_id, summary.metrics(run.cold));
}
