//! Records, recomputed.

use serde_json::{Value, json};

use super::{refused, text, tidegate};

/// A service at 85 % of ten tasks.
fn record() -> Value {
    let question = json!({
        "facts": {"desired": 10, "running": 10, "metrics": {"cpu": {"tasks": (0..10).map(|_| json!({
            "value": 850, "request": 1000, "ready": true, "started_at": "2026-11-21T09:00:00Z"
        })).collect::<Vec<_>>()}}},
        "policy": {"min": 2, "max": 40, "targets": {"cpu": {"utilization": 70}}, "stabilisation": null},
        "now": "2026-11-21T10:00:00Z", "service": "prod/shop",
    });
    let output = tidegate(&["recommend"], &question.to_string());
    serde_json::from_slice(&output.stdout).expect("a record")
}

#[test]
fn a_record_is_recomputed_and_told() {
    let output = tidegate(&["explain", "-"], &record().to_string());
    assert_eq!(output.status.code(), Some(0));
    expect_test::expect_file!["../golden/explain.txt"].assert_eq(text(&output.stdout));
}

#[test]
fn programs_read_the_same_as_one_line_of_json() {
    let output = tidegate(&["explain", "-", "--json"], &record().to_string());
    assert_eq!(output.status.code(), Some(0));
    expect_test::expect_file!["../golden/explain.json"].assert_eq(text(&output.stdout));
    let mut other = record();
    other["verdict"] = "stay".into();
    let output = tidegate(&["explain", "-", "--json"], &other.to_string());
    let told: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    assert_eq!((output.status.code(), &told["same"]), (Some(1), &false.into()));
}

#[test]
fn a_record_of_the_canary_gate_is_told_with_the_evidence_of_each_class() {
    let question = tidegate(&["judge", "--example"], "");
    let record = tidegate(&["judge"], text(&question.stdout));
    let output = tidegate(&["explain", "-"], text(&record.stdout));
    assert_eq!(output.status.code(), Some(0));
    expect_test::expect_file!["../golden/explain_canary.txt"].assert_eq(text(&output.stdout));
    let other = text(&record.stdout).replacen(r#""verdict":"fail""#, r#""verdict":"pass""#, 1);
    let output = tidegate(&["explain", "-"], &other);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("DIFFERENT, fail (worse_than_baseline)"), "{}", text(&output.stdout));
}

#[test]
fn a_record_that_says_something_else_is_different() {
    let mut record = record();
    record["desired"] = json!(11);
    let output = tidegate(&["explain", "-"], &record.to_string());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("DIFFERENT, raise to 13 (above_target)"), "{}", text(&output.stdout));
}

#[test]
fn a_record_is_found_as_people_paste_it() {
    let record = record();
    let viewed = format!("2026-11-21T10:00:01.123 {record}");
    let laid_out = serde_json::to_string_pretty(&record).expect("JSON");
    for pasted in [viewed, laid_out] {
        assert_eq!(tidegate(&["explain", "-"], &pasted).status.code(), Some(0), "{pasted}");
    }
}

#[test]
fn what_can_not_be_recomputed_is_refused() {
    let mut without = record();
    without.as_object_mut().expect("an object").remove("facts");
    for (input, said) in [
        (without.to_string(), "the record has no facts to recompute from"),
        ("START RequestId: 8f6d".to_owned(), "this is no decision record of Tidegate"),
        (String::new(), "this is no decision record of Tidegate"),
        (json!({"level": "INFO"}).to_string(), "it names no function"),
        (
            json!({"function": "scan-gte"}).to_string(),
            r#"its function is "scan-gte": must be one of cost-scaler, canary-gate, scan-gate"#,
        ),
        (json!({"level": "INFO", "summary": {}}).to_string(), "it is the summary of a run"),
        (format!("{}\n{}", record(), record()), "explain one record at a time"),
    ] {
        let message = refused(&["explain", "-"], &input);
        assert!(message.contains(said), "{message}");
    }
    assert!(refused(&["explain", "no/such.json"], "").contains("no/such.json can't be read"));
}
