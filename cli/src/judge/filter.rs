//! The judge as a filter.

use canary_gate::report::FUNCTION;
use tidegate_core::canary::{CanaryRecord, Facts, Policy, judge};
use tidegate_core::record::Level;
use tidegate_core::verdict::Verdict;

use crate::filter;

/// Three settled minutes after a warm-up, in which a tenth of the traffic has most of the errors.
pub const EXAMPLE: &str = concat!(
    r#"{"facts": {"deployment": {"id": "d-EXAMPLE", "platform": "code_deploy", "strategy": "canary", "#,
    r#""started_at": "2026-11-21T10:00:00Z", "weight_percent": 10}, "minutes": ["#,
    r#"{"at": "2026-11-21T10:00:00Z", "canary": {"requests": 95}, "baseline": {"requests": 900, "errors": 1}}, "#,
    r#"{"at": "2026-11-21T10:01:00Z", "canary": {"requests": 101, "errors": 4}, "baseline": {"requests": 905}}, "#,
    r#"{"at": "2026-11-21T10:02:00Z", "canary": {"requests": 99, "errors": 9}, "baseline": {"requests": 899, "errors": 1}}, "#,
    r#"{"at": "2026-11-21T10:03:00Z", "canary": {"requests": 103, "errors": 11}, "baseline": {"requests": 910}}, "#,
    r#"{"at": "2026-11-21T10:04:00Z", "canary": {"requests": 98, "errors": 8}, "baseline": {"requests": 902, "errors": 2}}]}, "#,
    r#""policy": {"max_ratio": 1.5}, "now": "2026-11-21T10:07:00Z", "service": "prod/shop"}"#,
);

/// One question.
pub type Question = filter::Question<Facts, Policy>;

/// The record that answers a question; nothing is acted on.
#[must_use]
pub fn answer(question: Question) -> CanaryRecord {
    let judgement = judge(&question.facts, &question.policy, question.now);
    let level = if judgement.verdict == Verdict::Error { Level::Warn } else { Level::Info };
    let action = judgement.action(question.facts.door, question.facts.deployment.platform);
    let mode = question.policy.mode;
    question.record(FUNCTION, mode, level, judgement, action)
}
