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

/// Prints what a run came to.
pub fn summary(out: &impl Output, summary: &impl Serialize, at: Timestamp, request_id: &str) {
    out.line(&json!({"level": "INFO", "timestamp": at, "request_id": request_id, "summary": summary}).to_string());
}

/// Prints a run that failed as a whole.
pub fn failed(out: &impl Output, function: &str, error: &impl Failure, at: Timestamp, request_id: &str) {
    let line = json!({
        "level": "ERROR", "timestamp": at, "function": function, "verdict": "error", "reason": error.word(),
        "why": error.to_string(), "request_id": request_id,
    });
    out.line(&line.to_string());
}
