//! What decides about images: the policy document, and what scans found.

use serde_json::{Value, json};
use tidegate::scan::findings::{self, Known};
use tidegate::scan::{Judged, Output, print};
use tidegate_core::scan::condense::condense;
use tidegate_core::scan::document::{self, Document};
use tidegate_core::scan::facts::Facts;
use tidegate_core::scan::finding::{Severity, Status};
use tidegate_core::scan::policy::Policy;
use tidegate_core::scan::{judge, news, tell};
use tidegate_core::verdict::Verdict;

use super::{NOW, YESTERDAY};

/// A policy that asks for everything that one can ask for.
const ASKS_FOR_EVERYTHING: &str = r#"
version: 1
thresholds: {fixable: INFORMATIONAL, unfixable: HIGH}
escalate: {exploit_available: {min_severity: LOW}, epss: {at_least: 0.1, min_severity: LOW}}
grace: {LOW: 7d, MEDIUM: 30d, HIGH: 3650d, CRITICAL: 2d}
suppressed: count
unknown: warn
stale: block
settle: 1h
patience: 90m
exceptions:
  - {id: CVE-2026-1234, packages: ["open*", zlib], until: 2026-12-31, only_while_unfixed: true, reason: "not reachable"}
"#;

/// A text read as a policy document.
///
/// # Panics
/// Where something does not hold.
pub fn policy(text: &str) {
    let read = document::read(text, NOW);
    assert_eq!(read, document::read(text, NOW), "the same text is read as the same");
    let document = match read {
        Ok(document) => document,
        Err(faults) => {
            let lines = text.split('\n').count();
            assert!(!faults.is_empty(), "no document, and nothing wrong with it");
            for fault in &faults {
                assert!((1..=lines).contains(&fault.line), "{fault} of {lines}");
                assert!(!fault.rule.is_empty() && !fault.to_string().contains('\n'), "{fault}");
            }
            return;
        }
    };
    let policy = document.policy("shop");
    let again = json!(policy);
    assert_eq!(serde_json::from_value(again).ok().as_ref(), Some(&policy), "a record has the policy whole");
    let facts = findings::read(EXPLOITED, Known::default()).expect("an answer of ECR's");
    let judgement = judge(&facts, &policy, NOW);
    let opened = policy.break_glass.is_some() || !policy.exceptions.is_empty();
    let blocks = policy.thresholds.unfixable.is_some();
    assert!(judgement.verdict == Verdict::Fail || opened || !blocks || !policy.grace_days.is_empty(), "{judgement:?}");
}

/// An image that no policy passes by itself, unless it accepts even what is CRITICAL.
const EXPLOITED: &str = r#"{
    "repositoryName": "shop",
    "imageId": {"imageDigest": "sha256:a"},
    "imageScanStatus": {"status": "ACTIVE"},
    "imageScanFindings": {"enhancedFindings": [{
        "findingArn": "arn:aws:inspector2:eu-west-1:123456789012:finding/1",
        "severity": "CRITICAL",
        "status": "ACTIVE",
        "fixAvailable": "NO",
        "exploitAvailable": "YES",
        "epss": {"score": 0.5},
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2026-1234",
            "vendorCreatedAt": "2026-11-20T00:00:00Z",
            "vulnerablePackages": [{"name": "openssl", "version": "3.0.1"}]
        }
    }]}
}"#;

/// A text read as what a scan found.
///
/// # Panics
/// Where something does not hold.
pub fn findings(text: &str) {
    let Ok(facts) = findings::read(text, Known::default()) else { return };
    let built_in = Document::default().policy(&facts.image.repository);
    let verdict = judged(&facts, &built_in);
    let is_critical =
        |finding: &findings::Finding| finding.severity == Severity::Critical && finding.status == Status::Active;
    if facts.platforms.iter().flat_map(|platform| &platform.scan.findings).any(is_critical) || says_critical(text) {
        assert_eq!(verdict, Verdict::Fail, "there is an active CRITICAL");
    }
    let strict = document::read(ASKS_FOR_EVERYTHING, NOW).expect("a policy").policy(&facts.image.repository);
    judged(&facts, &strict);
}

/// Judges an image, and does with the judgement whatever is done with one.
fn judged(facts: &Facts, policy: &Policy) -> Verdict {
    let judgement = judge(facts, policy, NOW);
    let verdict = judgement.verdict;
    assert!(!judgement.why.is_empty(), "{judgement:?}");
    assert!(tell::message(facts, &judgement, &[], NOW).starts_with(&judgement.why));
    let _ = news::is_news(facts, policy, &judgement, YESTERDAY);
    let recorded = json!(facts);
    assert_eq!(serde_json::from_value(recorded).ok().as_ref(), Some(facts), "a record has the facts whole");
    condensed(facts, policy);
    if facts.platforms.iter().all(|platform| platform.scan.findings.len() <= FEW) {
        condensed(&many(facts), policy);
    }
    let judged = Judged { facts: facts.clone(), policy: policy.clone(), judgement, notes: Vec::new(), at: NOW };
    for output in
        [Output::default(), Output { json: true, sarif: None }, Output { json: false, sarif: Some("-".into()) }]
    {
        print(&judged, &output, &mut std::io::sink()).expect("nothing refuses to be written to");
    }
    verdict
}

/// What is left of the facts for a log line judges the same.
fn condensed(facts: &Facts, policy: &Policy) {
    let mut judgement = judge(facts, policy, NOW);
    let mut less = facts.clone();
    condense(&mut less, &mut judgement, policy, NOW);
    let again = judge(&less, policy, NOW);
    assert_eq!((again.verdict, again.reason), (judgement.verdict, judgement.reason), "{:?}", less.platforms);
}

/// So many findings can be multiplied without taking all the time.
const FEW: usize = 4;

/// The facts with each finding more often than any is kept.
fn many(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    for platform in &mut facts.platforms {
        let findings = std::mem::take(&mut platform.scan.findings).into_iter();
        platform.scan.findings = findings.flat_map(|finding| std::iter::repeat_n(finding, 51)).collect();
    }
    facts
}

/// Whether a finding in the text itself is CRITICAL and nobody has decided about it. It knows nothing of how the reader
/// works.
fn says_critical(text: &str) -> bool {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>().flatten();
    let answers = values.flat_map(|value| match value {
        Value::Array(items) => items,
        other => vec![other],
    });
    let lists = |answer: Value| ["findings", "enhancedFindings"].map(|list| answer["imageScanFindings"][list].clone());
    let mut found = answers.flat_map(lists).filter_map(|list| list.as_array().cloned()).flatten();
    found.any(|finding| finding["severity"] == "CRITICAL" && finding.get("status").is_none_or(|it| it == "ACTIVE"))
}
