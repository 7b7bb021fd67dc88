//! The scan gate's verdict on an image, from a file.

mod properties;
mod sarif;

use std::fs;

use serde_json::{Value, json};
use tidegate_core::scan::Judgement;

use super::{refused, text, tidegate};

const NOW: &str = "2026-11-27T14:00:00Z";

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/scan/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn answer(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(fixture(name)).expect("a fixture")).expect("JSON")
}

/// The exit code and what was printed of findings on standard input.
fn scan(input: &str, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["scan", "--findings", "-", "--now", NOW], more].concat();
    let output = tidegate(&arguments, input);
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    (output.status.code(), text(&output.stdout).to_owned())
}

/// The exit code and the reason.
fn said(input: &Value, more: &[&str]) -> (Option<i32>, String) {
    let (code, line) = scan(&input.to_string(), &[&["--json"], more].concat());
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    (code, line["reason"].as_str().expect("a reason").to_owned())
}

fn reason(code: i32, reason: &str) -> (Option<i32>, String) {
    (Some(code), reason.to_owned())
}

/// What ECR answers of a scan without findings.
fn empty(status: &str) -> Value {
    json!({
        "registryId": "123456789012", "repositoryName": "shop", "imageId": {"imageTag": "v1"},
        "imageScanStatus": {"status": status}, "imageScanFindings": {"findings": [], "enhancedFindings": []},
    })
}

/// The same, of which it says when it was made.
fn clean(digit: &str) -> Value {
    let mut answer = empty("COMPLETE");
    answer["imageId"] = json!({"imageDigest": format!("sha256:{}", digit.repeat(64))});
    answer["imageScanFindings"]["imageScanCompletedAt"] = json!("2026-11-27T13:00:00+00:00");
    answer
}

#[test]
fn findings_are_told_by_what_blocks_and_what_is_accepted() {
    let policy = fixture("policy.yaml");
    let (code, told) = scan(&answer("enhanced.json").to_string(), &["--policy", &policy]);
    assert_eq!(code, Some(1));
    expect_test::expect_file!["../golden/scan_enhanced.txt"].assert_eq(&told);
    // Basic scanning does not tell what can be fixed.
    let (code, told) = scan(&answer("basic.json").to_string(), &[]);
    assert_eq!(code, Some(1));
    expect_test::expect_file!["../golden/scan_basic.txt"].assert_eq(&told);
}

#[test]
fn the_exception_to_paste_lets_it_pass_once_it_has_a_reason() {
    let (_, told) = scan(&answer("basic.json").to_string(), &[]);
    let (_, pasted) = told.split_once("with a reason:\n").expect("an exception to paste");
    let policy = std::env::temp_dir().join(format!("tidegate-pasted-{}.yaml", std::process::id()));
    let policy_file = policy.to_str().expect("a path");
    let judged = |pasted: &str| {
        fs::write(&policy, format!("version: 1\nexceptions:\n{pasted}")).expect("a file");
        tidegate(&["scan", "--findings", &fixture("basic.json"), "--policy", policy_file, "--now", NOW], "")
    };
    let (without, with) = (judged(pasted), judged(&pasted.replace("\"\"", "ticket 7")));
    fs::remove_file(&policy).expect("it was written");
    assert_eq!(without.status.code(), Some(2));
    assert!(text(&without.stderr).contains("exceptions[0].reason is \"\""), "{}", text(&without.stderr));
    assert_eq!(with.status.code(), Some(0));
    assert!(text(&with.stdout).starts_with("PASS (clean)") && text(&with.stdout).contains("ticket 7"));
}

#[test]
fn json_is_one_line_with_the_image_and_all_of_the_judgement() {
    let (code, told) = scan(&answer("enhanced.json").to_string(), &["--json", "--policy", &fixture("policy.yaml")]);
    assert_eq!((code, told.lines().count()), (Some(1), 1));
    let line: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(line["image"]["registry"], "123456789012.dkr.ecr.eu-west-1.amazonaws.com");
    assert_eq!(line["image"]["tags"], json!(["v7", "latest"]));
    assert_eq!((&line["at"], &line["verdict"]), (&json!(NOW), &json!("fail")));
    let judgement: Judgement = serde_json::from_value(line).expect("a judgement");
    assert_eq!((judgement.blocking.len(), judgement.accepted.len(), judgement.stale_exceptions.len()), (3, 3, 2));
}

#[test]
fn the_exit_code_tells_what_a_pipeline_has_to_do() {
    let pushed = |at: &'static str| ["--pushed-at", at];
    let with_time = clean("a");
    let mut with_counts = empty("ACTIVE");
    with_counts["imageScanFindings"]["findingSeverityCounts"] = json!({"HIGH": 0});
    for (answer, more, code, why) in [
        (&with_time, vec![], 0, "clean"),
        (&with_counts, vec![], 0, "clean"),
        (&answer("basic.json"), vec![], 1, "vulnerable"),
        // Without anything but the word, nothing is believed before it has settled.
        (&empty("COMPLETE"), vec![], 3, "settling"),
        (&empty("ACTIVE"), vec![], 3, "settling"),
        (&empty("ACTIVE"), pushed("2026-11-27T13:55:00Z").to_vec(), 3, "settling"),
        (&empty("ACTIVE"), pushed("2026-11-27T13:45:00Z").to_vec(), 0, "clean"),
        (&empty("PENDING"), vec![], 3, "waiting_for_scan"),
        (&empty("IN_PROGRESS"), vec![], 3, "waiting_for_scan"),
        (&empty("PENDING"), pushed("2026-11-27T12:00:00Z").to_vec(), 1, "not_scanned"),
        (&empty("FAILED"), vec![], 1, "not_scanned"),
        (&empty("FINDINGS_UNAVAILABLE"), vec![], 1, "not_scanned"),
        (&empty("A_NEW_WORD"), vec![], 1, "not_scanned"),
        (&empty("IMAGE_ARCHIVED"), vec![], 1, "image_archived"),
        (&empty("SCAN_ELIGIBILITY_EXPIRED"), vec![], 0, "passed_with_warning"),
        (&empty("UNSUPPORTED_IMAGE"), vec![], 0, "passed_with_warning"),
    ] {
        assert_eq!(said(answer, &more), reason(code, why), "{answer} {more:?}");
    }
    assert!(scan(&empty("ACTIVE").to_string(), &[]).1.contains("--pushed-at says it"));
}

#[test]
fn a_repository_is_judged_by_its_own_rules() {
    let policy = std::env::temp_dir().join(format!("tidegate-rules-{}.yaml", std::process::id()));
    let text = "version: 1\nrepositories: [{names: [\"lax/*\"], thresholds: {unfixable: none}}]";
    fs::write(&policy, text).expect("a file");
    let policy_file = policy.to_str().expect("a path");
    let by = |more: &[&str]| said(&answer("basic.json"), &[&["--policy", policy_file], more].concat());
    let (own, other) = (by(&[]), by(&["--repository", "lax/reports"]));
    fs::remove_file(&policy).expect("it was written");
    assert_eq!((own, other), (reason(1, "vulnerable"), reason(0, "clean")));
}

#[test]
fn pages_and_platforms_may_come_one_behind_the_other_or_in_an_array() {
    let whole = answer("enhanced.json");
    let page = |from: usize, to: usize, token: Value| {
        let mut page = whole.clone();
        let found = whole["imageScanFindings"]["enhancedFindings"].as_array().expect("findings");
        page["imageScanFindings"]["enhancedFindings"] = json!(found[from..to]);
        page["nextToken"] = token;
        page
    };
    let pages = [page(0, 3, json!("more")), page(3, 8, Value::Null)];
    let lines = |input: &str| {
        let line: Value = serde_json::from_str(&scan(input, &["--json"]).1).expect("JSON");
        line
    };
    let together = lines(&whole.to_string());
    assert_eq!(together, lines(&format!("{}\n{}", pages[0], pages[1])));
    assert_eq!(together, lines(&json!(pages).to_string()));
    // An index: every platform has to pass.
    assert_eq!(said(&json!([clean("a"), clean("b")]), &[]), reason(0, "clean"));
    let mut bad = answer("basic.json");
    bad["repositoryName"] = json!("shop");
    assert_eq!(said(&json!([clean("a"), bad]), &[]), reason(1, "vulnerable"));
    let told = scan(&json!([clean("a"), bad]).to_string(), &[]).1;
    assert!(told.contains("at or above CRITICAL (on sha256:9e3779b97f4a)"), "{told}");
    assert_eq!(said(&json!([clean("a"), empty("PENDING")]), &[]), reason(3, "waiting_for_scan"));
}

#[test]
fn what_was_cut_off_never_passes() {
    let mut cut = clean("a");
    cut["nextToken"] = json!("more");
    assert_eq!(said(&cut, &[]), reason(2, "image_unreadable"));
    // The counts know of findings that are not in the list.
    let mut contradiction = clean("a");
    contradiction["imageScanFindings"]["findingSeverityCounts"] = json!({"CRITICAL": 2.0, "LOW": 0});
    assert_eq!(said(&contradiction, &[]), reason(2, "image_unreadable"));
    // Pages that were read while the scan went on.
    assert_eq!(
        said(&json!([clean("a"), {"imageScanStatus": {"status": "ACTIVE"}}]), &[]),
        reason(2, "image_unreadable")
    );
    for (key, odd) in [("findings", json!("none")), ("findings", json!([1])), ("enhancedFindings", json!({}))] {
        let mut answer = clean("a");
        answer["imageScanFindings"][key] = odd;
        assert_eq!(said(&answer, &[]), reason(2, "image_unreadable"), "{answer}");
    }
    let mut wordless = clean("a");
    wordless["imageScanStatus"] = json!({});
    assert_eq!(said(&wordless, &[]), reason(2, "image_unreadable"));
}

#[test]
fn what_a_finding_does_not_say_is_never_in_its_favour() {
    let mut answer = clean("a");
    // Without a rating it counts as HIGH, without a fix as one that has none, without a date it has no grace.
    for (finding, code) in [
        (json!({"findingArn": "arn:aws:inspector2:eu-west-1:1:finding/1"}), 0),
        (json!({"findingArn": "x", "fixAvailable": "YES"}), 1),
        (json!({"findingArn": "x", "severity": "CRITICAL", "status": "A_NEW_WORD"}), 1),
        (json!({"findingArn": "x", "severity": "CRITICAL", "status": "CLOSED"}), 0),
        (json!({"packageVulnerabilityDetails": null, "severity": "DREADFUL", "fixAvailable": "PARTIAL"}), 1),
        (json!({"name": "CVE-2026-1", "severity": "CRITICAL", "attributes": 7}), 1),
        (json!({}), 0),
    ] {
        answer["imageScanFindings"]["findings"] = json!([finding]);
        let more = ["--policy", &fixture("policy.yaml")];
        assert_eq!(said(&answer, &more).0, Some(code), "{finding}");
    }
}

#[test]
fn times_are_seconds_or_rfc_3339() {
    for at in [json!(1_795_760_000), json!(1_795_760_000.123), json!("2026-11-27T06:13:20.123000+00:00")] {
        let mut answer = empty("COMPLETE");
        answer["imageScanFindings"]["imageScanCompletedAt"] = at.clone();
        assert_eq!(said(&answer, &[]), reason(0, "clean"), "{at}");
    }
    for at in [json!("yesterday"), json!(1e300), json!({}), Value::Null] {
        let mut answer = empty("COMPLETE");
        answer["imageScanFindings"]["imageScanCompletedAt"] = at.clone();
        assert_eq!(said(&answer, &[]), reason(3, "settling"), "{at}");
    }
}

#[test]
fn what_can_not_be_judged_is_refused() {
    let shape = "must be what `aws ecr describe-image-scan-findings` prints";
    let other = json!([clean("a"), answer("basic.json")]).to_string();
    let nameless = r#"{"imageScanStatus": {"status": "COMPLETE"}}"#;
    for (input, said) in [
        ("", format!("standard input: there are no findings: {shape}")),
        ("[]", format!("there are no findings: {shape}")),
        ("An error occurred (ScanNotFoundException)", format!("the findings are not JSON: {shape}")),
        (r#"{"imageDetails": []}"#, format!("answer 1 has neither imageScanStatus nor imageScanFindings: {shape}")),
        ("7", "answer 1 has neither".to_owned()),
        (nameless, "the findings name no repository: say it with --repository".to_owned()),
        (&other, "the findings are of reports and shop: judge one image at a time".to_owned()),
        (&"[".repeat(100_000), "the findings are not JSON".to_owned()),
    ] {
        let message = refused(&["scan", "--findings", "-"], input);
        assert!(message.contains(&said), "{message}");
    }
    let input = clean("a").to_string();
    let message = refused(&["scan", "--findings", "-", "--policy", &fixture("faults.yaml"), "--now", NOW], &input);
    assert!(
        message.contains("nothing passes by it") && message.contains("faults.yaml:4: thresholds.fixable"),
        "{message}"
    );
    assert!(refused(&["scan", "--findings", "no/such.json"], "").contains("no/such.json can't be read"));
    assert!(refused(&["scan", "--findings", "-", "--policy", "no/such.yaml"], &input).contains("no/such.yaml"));
    assert!(refused(&["scan", "--findings", "-", "--json", "--sarif", "-"], &input).contains("choose one"));
    assert!(refused(&["scan"], "").contains("--findings"));
}
