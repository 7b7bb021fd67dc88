//! A verdict as SARIF 2.1.0, for code hosts and whatever else reads the results of analyses.
//!
//! What blocks is an error; what is accepted is a note with its suppression. Where an image does not pass by something else,
//! such as that it was never scanned, that is a result as well: a log without results looks clean.
//!
//! Sources: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>,
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning>

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidegate_core::scan::finding::Severity;
use tidegate_core::scan::judgement::{Accepted, Blocking};
use tidegate_core::scan::{Judgement, tell};
use tidegate_core::verdict::Verdict;

use super::Judged;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log with its one run.
#[must_use]
pub fn log(judged: &Judged) -> Value {
    let rules = rules(judged);
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, id)| (*id, index)).collect();
    let Judged { facts, judgement, at, .. } = judged;
    let blocking = judgement.blocking.iter().map(|finding| error(judged, finding, &index));
    let accepted = judgement.accepted.iter().map(|finding| note(judged, finding, &index));
    let doubt = doubt(judgement).map(|level| {
        let mut result = result(judged, judgement.reason.code(), &[], &index);
        result["level"] = json!(level);
        result["message"] = json!({"text": judgement.why});
        result
    });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "tidegate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().collect::<Vec<_>>(),
            }},
            // Of runs with the same id a code host keeps the last: one for each repository.
            "automationDetails": {"id": format!("tidegate scan/{}/", facts.image.repository)},
            "invocations": [{
                "executionSuccessful": judgement.verdict != Verdict::Error,
                "endTimeUtc": at.to_string(),
                "toolExecutionNotifications": notifications(judged),
            }],
            "results": doubt.into_iter().chain(blocking).chain(accepted).collect::<Vec<_>>(),
            "properties": {
                "verdict": judgement.verdict,
                "reason": judgement.reason,
                "why": judgement.why,
                "image": facts.image.id(),
            },
        }],
    })
}

/// The level of a verdict that is not good and rests on no finding.
fn doubt(judgement: &Judgement) -> Option<&'static str> {
    match judgement.verdict {
        Verdict::Fail if judgement.blocking.is_empty() => Some("error"),
        Verdict::Error => Some("error"),
        Verdict::Inconclusive => Some("warning"),
        Verdict::Fail | Verdict::Pass => None,
    }
}

/// What is to be known beside the results.
fn notifications(judged: &Judged) -> Vec<Value> {
    let Judged { judgement, notes, .. } = judged;
    let notification = |level: &str, text: &str| json!({"level": level, "message": {"text": text}});
    let warnings = judgement.warnings.iter().map(|warning| notification("warning", warning));
    let stale = judgement.stale_exceptions.iter().map(|stale| {
        notification("warning", &format!("the exception for {} accepts nothing any more: {}", stale.id, stale.why))
    });
    let notes = notes.iter().map(|text| notification("note", text));
    warnings.chain(stale).chain(notes).collect()
}

/// A rule for each vulnerability, and for a verdict that is a result by itself.
fn rules(judged: &Judged) -> BTreeMap<&str, Value> {
    let Judged { facts, policy, judgement, .. } = judged;
    let mut severities: BTreeMap<&str, Severity> = BTreeMap::new();
    let blocking = judgement.blocking.iter().map(|finding| (finding.id.as_str(), finding.severity));
    let accepted = judgement.accepted.iter().map(|finding| (finding.id.as_str(), finding.severity));
    for (id, severity) in blocking.chain(accepted) {
        let severity = if severity.is_rated() { severity } else { policy.unrated };
        let worst = severities.entry(id).or_insert(severity);
        *worst = severity.max(*worst);
    }
    let findings = facts.platforms.iter().flat_map(|platform| &platform.scan.findings);
    let urls: BTreeMap<&str, &str> =
        findings.filter_map(|finding| Some((finding.id.as_str(), finding.url.as_deref()?))).collect();
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for (id, severity) in severities {
        let mut rule = json!({
            "id": id,
            "shortDescription": {"text": format!("{id} ({})", severity.as_str())},
            "properties": {"security-severity": score(severity), "tags": ["security", "vulnerability"]},
        });
        if let Some(url) = urls.get(id).map(|url| (*url).to_owned()).filter(|url| is_web(url)).or_else(|| page(id)) {
            rule["help"] = json!({"text": format!("{id}: {url}")});
            rule["helpUri"] = Value::String(url);
        }
        rules.insert(id, rule);
    }
    if doubt(judgement).is_some() {
        let (code, meaning) = (judgement.reason.code(), judgement.reason.meaning());
        let rule = json!({"id": code, "shortDescription": {"text": meaning}, "properties": {"tags": ["security"]}});
        rules.insert(code, rule);
    }
    rules
}

fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(|c: char| c.is_whitespace())
}

/// Where to read about a vulnerability of which the scan does not say it.
fn page(id: &str) -> Option<String> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let site = match id.split_once('-')?.0 {
        "CVE" => "https://nvd.nist.gov/vuln/detail/",
        "GHSA" => "https://github.com/advisories/",
        _ => return None,
    };
    plain.then(|| format!("{site}{id}"))
}

/// The severity as the score that stands for it in code hosts; the scan's own score is not kept.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Informational | Severity::Undefined | Severity::Untriaged => "0.0",
    }
}

/// A finding that blocks.
fn error(judged: &Judged, finding: &Blocking, index: &BTreeMap<&str, usize>) -> Value {
    let packages: Vec<String> = finding.packages.iter().map(tell::package).collect();
    let names: Vec<&str> = finding.packages.iter().map(|package| package.name.as_str()).collect();
    let mut result = result(judged, &finding.id, &names, index);
    result["level"] = json!("error");
    let text = format!("{} ({}){}: {}", finding.id, finding.severity.as_str(), within(&packages), finding.why);
    result["message"] = json!({"text": text});
    result["properties"] = json!({"severity": finding.severity, "fix": finding.fix, "platforms": finding.platforms});
    result
}

/// A finding that would block, and is accepted.
fn note(judged: &Judged, finding: &Accepted, index: &BTreeMap<&str, usize>) -> Value {
    let names: Vec<&str> = finding.packages.iter().map(String::as_str).collect();
    let mut result = result(judged, &finding.id, &names, index);
    result["level"] = json!("note");
    let text = format!("{} ({}){}", finding.id, finding.severity.as_str(), within(&finding.packages));
    result["message"] = json!({"text": text});
    result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": finding.why}]);
    result["properties"] = json!({"severity": finding.severity, "until": finding.until});
    result
}

fn within(packages: &[String]) -> String {
    if packages.is_empty() { String::new() } else { format!(" in {}", packages.join(", ")) }
}

/// What both have. The fingerprint is that of the vulnerability in the repository, whichever image it is found in.
fn result(judged: &Judged, id: &str, packages: &[&str], index: &BTreeMap<&str, usize>) -> Value {
    let image = &judged.facts.image;
    let mut sorted = packages.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let logical = |package: &str| json!({"fullyQualifiedName": package, "kind": "package"});
    json!({
        "ruleId": id,
        "ruleIndex": index.get(id),
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": uri(&image.repository)}, "region": {"startLine": 1}},
            "message": {"text": image.id()},
            "logicalLocations": sorted.iter().map(|package| logical(package)).collect::<Vec<_>>(),
        }],
        "partialFingerprints": {"tidegate/v1": format!("{}:{id}:{}", image.repository, sorted.join(","))},
    })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
