//! What an invocation prints: metrics, records. Whatever is on standard output is in CloudWatch Logs.

use jiff::Timestamp;
use tidegate_aws::telemetry::Output;
use tidegate_core::hook::{LOOK_AGAIN_S, judge};
use tidegate_core::verdict::Verdict;
use tidegate_lambda::log;
use tidegate_lambda::settings::Records;

use crate::report::{self, Outcome};

/// Prints judgements with their metrics: in full every answer, whatever fails, and waits that are news.
pub fn judged(out: &impl Output, outcomes: Vec<Outcome>, at: Timestamp, records: Records, request_id: &str) {
    for line in report::metrics(&outcomes, at) {
        out.line(&line);
    }
    let full = |outcome: &Outcome| {
        let fails = matches!(outcome.counted().0, Verdict::Fail | Verdict::Error);
        records == Records::All || fails || outcome.is_final() || outcome.news || began_to_wait(outcome, at)
    };
    for outcome in outcomes.into_iter().filter(full) {
        log::record(out, &report::record(outcome, at, request_id));
    }
}

/// Whether this is the first look of a wait, or the look before came to something else: nothing is remembered, so that one
/// is made again from the same facts.
fn began_to_wait(outcome: &Outcome, at: Timestamp) -> bool {
    let Some((facts, policy)) = outcome.judged.facts.as_ref().zip(outcome.judged.policy.as_ref()) else { return true };
    let before = at - jiff::SignedDuration::from_secs(LOOK_AGAIN_S.into());
    if facts.deployment.waiting_since.is_none_or(|since| since > before) {
        return true;
    }
    let earlier = judge(facts, policy, before);
    let now = &outcome.judged.judgement;
    (earlier.verdict, earlier.reason) != (now.verdict, now.reason) || earlier.findings.len() != now.findings.len()
}
