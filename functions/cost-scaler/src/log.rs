//! What a run prints: metrics, records, its summary. Whatever is on standard output is in CloudWatch Logs.

use jiff::Timestamp;
use serde_json::json;
use tidegate_aws::telemetry::Output;
use tidegate_core::scaling::Verdict;

use crate::handler::RunError;
use crate::report::{self, FUNCTION, Outcome, Summary};
use crate::settings::Records;

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
    for line in report::metrics(&outcomes, at) {
        out.line(&line);
    }
    let full =
        |outcome: &Outcome| records == Records::All || outcome.counted().0 != Verdict::Stay || outcome.action.is_some();
    for outcome in outcomes.into_iter().filter(full) {
        match serde_json::to_string(&report::record(outcome, at, request_id)) {
            Ok(line) => out.line(&line),
            Err(error) => tracing::error!(%error, "a record could not be written"),
        }
    }
    out.line(&json!({"level": "INFO", "timestamp": at, "request_id": request_id, "summary": summary}).to_string());
    if let Some(line) = summary.metrics(run.cold) {
        out.line(&line);
    }
}

/// Prints a run that failed as a whole.
pub fn failed(out: &impl Output, error: &RunError, at: Timestamp, request_id: &str) {
    let line = json!({
        "level": "ERROR", "timestamp": at, "function": FUNCTION, "verdict": "error", "reason": error.word(),
        "why": error.to_string(), "request_id": request_id,
    });
    out.line(&line.to_string());
}
