//! What a run prints: metrics, records, its summary. Whatever is on standard output is in CloudWatch Logs.

use jiff::Timestamp;
use tidegate_aws::telemetry::Output;
use tidegate_core::canary::Reason;
use tidegate_lambda::log;
use tidegate_lambda::settings::Records;

use crate::report::{self, Outcome, Summary};

/// Prints a run that came to its end, and whether it was the first of its process.
pub fn ended(out: &impl Output, summary: &Summary, outcomes: Vec<Outcome>, records: Records, run: (&str, bool)) {
    let (request_id, cold) = run;
    judged(out, outcomes, summary.at, records, request_id);
    log::summary(out, summary, summary.at, request_id);
    if let Some(line) = summary.metrics(cold) {
        out.line(&line);
    }
}

/// Prints judgements with their metrics: in full those that change something, fail or are news.
pub fn judged(out: &impl Output, outcomes: Vec<Outcome>, at: Timestamp, records: Records, request_id: &str) {
    for line in report::metrics(&outcomes, at) {
        out.line(&line);
    }
    let full = |outcome: &Outcome| {
        use tidegate_core::verdict::Verdict::{Error, Fail};
        let (verdict, reason) = outcome.counted();
        let loud = matches!(verdict, Fail | Error) || reason == Reason::NotEnrolled;
        records == Records::All || loud || outcome.action.is_some() || outcome.news
    };
    for outcome in outcomes.into_iter().filter(full) {
        log::record(out, &report::record(outcome, at, request_id));
    }
}
