//! Why tasks failed, from what somebody saved of them.

use std::fs;

use serde_json::{Value, json};

use super::{refused, text, tidegate};

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/diagnose/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(fixture(name)).expect("a fixture")
}

/// The exit code and what was printed of tasks on standard input.
fn diagnose(input: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = tidegate(&[&["diagnose", "--task", "-"], more].concat(), input);
    assert_eq!(text(&output.stderr), "");
    (output.status.code(), text(&output.stdout).to_owned())
}

/// The exit code, and the classes.
fn classes(input: &Value) -> (Option<i32>, Vec<String>) {
    let (code, line) = diagnose(&input.to_string(), &["--json"]);
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    let groups = ["stopped", "events"].iter().flat_map(|name| line[name].as_array().expect("a list").clone());
    (code, groups.map(|group| group["class"].as_str().expect("a class").to_owned()).collect())
}

fn with(code: i32, class: &str) -> (Option<i32>, Vec<String>) {
    (Some(code), vec![class.to_owned()])
}

#[test]
fn an_event_is_told_by_the_container_that_failed() {
    let (code, told) = diagnose(&read("event.json"), &[]);
    assert_eq!(code, Some(1));
    expect_test::expect_file!["../golden/diagnose_event.txt"].assert_eq(&told);
}

#[test]
fn tasks_that_failed_for_the_same_are_told_once() {
    let (code, told) = diagnose(&read("described.json"), &[]);
    assert_eq!(code, Some(1));
    expect_test::expect_file!["../golden/diagnose_described.txt"].assert_eq(&told);
    let (code, told) = diagnose(&read("described.json"), &["--json"]);
    assert_eq!((code, told.lines().count()), (Some(1), 1));
    let value: Value = serde_json::from_str(&told).expect("a line of JSON");
    expect_test::expect_file!["../golden/diagnose_described.json"].assert_eq(&format!("{value:#}\n"));
}

#[test]
fn a_file_does_as_well_as_standard_input() {
    let output = tidegate(&["diagnose", "--task", &fixture("event.json"), "--json"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains(r#""class":"out_of_memory""#));
}

#[test]
fn tasks_come_in_every_wrapping() {
    let task = json!({"lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "stoppedReason": "RESOURCE:CPU"});
    let capacity = with(1, "failed_to_start.capacity");
    for wrapped in [task.clone(), json!([task]), json!({"task": task}), json!({"tasks": [task], "failures": []})] {
        assert_eq!(classes(&wrapped), capacity, "{wrapped}");
    }
    let event = json!({"detail-type": "ECS Task State Change", "detail": task});
    assert_eq!(classes(&json!([event])), capacity);
    // One after the other, as a log has them.
    let (code, told) = diagnose(&format!("{event}\n{task}\n"), &[]);
    assert!(code == Some(1) && told.contains("2 stopped, 2 of them for a fault"), "{told}");
}

#[test]
fn an_event_of_the_service_is_told_too() {
    let detail = json!({"eventName": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:FARGATE", "createdAt": "2026-03-02T12:00:00Z"});
    let event = json!({"detail-type": "ECS Service Action", "detail": detail});
    assert_eq!(classes(&event), with(1, "failed_to_start.capacity"));
}

#[test]
fn what_was_meant_is_nothing_wrong() {
    let task = json!({"lastStatus": "STOPPED", "stopCode": "UserInitiated", "stoppedReason": "Task stopped by user"});
    assert_eq!(classes(&task), with(0, "expected.user"));
    let (code, told) = diagnose(&json!({"tasks": [{"lastStatus": "RUNNING"}]}).to_string(), &[]);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "OK standard input: 1 task has not stopped, 0 stopped, 0 of them for a fault\n")
    );
}

#[test]
fn what_is_no_task_is_refused_with_what_is_missing() {
    let refuse = |input: &str| refused(&["diagnose", "--task", "-"], input);
    assert!(refuse("").contains("standard input is empty"));
    assert!(refuse("{").contains("standard input is no JSON"));
    assert!(refuse("7").contains("7 is no task"));
    assert!(refuse("{}").contains("no lastStatus, stoppedReason or stopCode"));
    let other = json!({"detail-type": "ECR Image Action", "detail": {}}).to_string();
    assert!(refuse(&other).contains(r#"an event "ECR Image Action" tells nothing of a task"#));
    assert!(refused(&["diagnose", "shop"], "").contains("a service is named CLUSTER/SERVICE"));
    assert!(refused(&["diagnose"], "").contains("required"));
    assert!(refused(&["diagnose", "live/shop", "--task", "-"], "").contains("cannot be used with"));
}
