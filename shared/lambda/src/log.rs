//! The lines that a run prints, of one shape for every function. Whatever is on standard output is in CloudWatch Logs.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tidegate_aws::telemetry::Output;

use crate::start::Failure;

/// Prints the record of a decision.
pub fn record(out: &impl Output, record: &impl Serialize) {
    match serde_json::to_string(record) {
        Ok(line) => out.line(&line),
        Err(error) => tracing::error!(%error, "a record could not be written"),
    }
}

/// Prints decisions: their metrics, and the records of those that are told in full.
pub fn decided<O, R: Serialize>(
    out: &impl Output,
    metrics: impl IntoIterator<Item = String>,
    outcomes: Vec<O>,
    in_full: impl Fn(&O) -> bool,
    of: impl Fn(O) -> R,
) {
    for line in metrics {
        out.line(&line);
    }
    for outcome in outcomes.into_iter().filter(in_full) {
        record(out, &of(outcome));
    }
}

/// Prints what a run came to, and its metrics.
pub fn ended(
    out: &impl Output,
    summary: &impl Serialize,
    at: Timestamp,
    request_id: &str,
    metrics: impl IntoIterator<Item = String>,
) {
    out.line(&json!({"level": "INFO", "timestamp": at, "request_id": request_id, "summary": summary}).to_string());
    for line in metrics {
        out.line(&line);
    }
}

/// Prints a run that failed as a whole.
pub fn failed(out: &impl Output, function: &str, error: &impl Failure, at: Timestamp, request_id: &str) {
    let line = json!({
        "level": "ERROR", "timestamp": at, "function": function, "verdict": "error", "reason": error.word(),
        "why": error.to_string(), "request_id": request_id,
    });
    out.line(&line.to_string());
}
