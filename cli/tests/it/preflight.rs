//! A task definition checked from a file, as somebody does before a deployment.

use std::fs;

use serde_json::{Value, json};

use super::{refused, text, tidegate};

fn fixture() -> String {
    format!("{}/tests/fixtures/preflight/shop.json", env!("CARGO_MANIFEST_DIR"))
}

fn shop() -> Value {
    serde_json::from_str(&fs::read_to_string(fixture()).expect("a fixture")).expect("JSON")
}

/// The exit code and what was printed of a task definition on standard input.
fn preflight(definition: &Value, more: &[&str]) -> (Option<i32>, String) {
    let output = tidegate(&[&["preflight", "-"], more].concat(), &definition.to_string());
    assert_eq!(text(&output.stderr), "", "{more:?}");
    (output.status.code(), text(&output.stdout).to_owned())
}

/// The exit code, and what was found as `level rule@container`.
fn found(definition: &Value, more: &[&str]) -> (Option<i32>, Vec<String>) {
    let (code, line) = preflight(definition, &[&["--json"], more].concat());
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    let told = |finding: &Value| {
        let [level, rule, subject] = ["level", "rule", "subject"].map(|key| finding[key].as_str().unwrap_or_default());
        format!("{level} {rule}@{subject}")
    };
    (code, line["findings"].as_array().expect("findings").iter().map(told).collect())
}

#[test]
fn what_is_found_is_told_as_a_table() {
    let output = tidegate(&["preflight", &fixture(), "--region", "eu-west-1"], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect_test::expect_file!["../golden/preflight.txt"].assert_eq(text(&output.stdout));
}

#[test]
fn what_is_found_is_told_as_json() {
    let (code, line) = preflight(&shop(), &["--json", "--region", "eu-west-1"]);
    assert_eq!(code, Some(0));
    let mut line: Value = serde_json::from_str(&line).expect("a line of JSON");
    assert!(line["at"].take().is_string(), "{line}");
    expect_test::expect_file!["../golden/preflight.json"].assert_eq(&format!("{line:#}\n"));
}

#[test]
fn nothing_of_a_secret_is_printed() {
    for more in [&[][..], &["--json"]] {
        let (_, told) = preflight(&shop(), more);
        assert!(told.contains("DB_PASSWORD") && !told.contains("horse"), "{told}");
    }
}

#[test]
fn levels_are_said_in_the_words_of_the_tag() {
    let all = ["plain_secret@web", "mutable_tag@xray-daemon", "root_user@xray-daemon"];
    assert_eq!(found(&shop(), &[]).0, Some(0));
    let (code, mut blocks) = found(&shop(), &["--preflight", "block"]);
    assert_eq!(code, Some(1));
    blocks.sort_unstable();
    let mut expected = all.map(|rule| format!("block {rule}"));
    expected.sort_unstable();
    assert_eq!(blocks, expected);
    let accepted = "block root_user=off:xray-daemon mutable_tag=warn plain_secret=off";
    assert_eq!(found(&shop(), &["--preflight", accepted]), (Some(0), vec!["warn mutable_tag@xray-daemon".to_owned()]));
    assert_eq!(found(&shop(), &["--preflight", "off"]), (Some(0), Vec::new()));
    let said = refused(&["preflight", "-", "--preflight", "block root_usr=off"], "");
    assert!(said.contains("there is no rule \"root_usr\"; did you mean root_user?"), "{said}");
}

#[test]
fn what_could_not_start_blocks_though_nothing_is_said_about_it() {
    let mut definition = shop();
    definition["memory"] = json!("8 GB");
    assert_eq!(found(&definition, &[]).1[0], "block fargate_size@");
    definition["requiresCompatibilities"] = json!(["EC2", "FARGATE"]);
    assert_eq!(found(&definition, &[]).0, Some(0));
    assert_eq!(found(&definition, &["--launch-type", "FARGATE"]).0, Some(1));
    assert_eq!(found(&definition, &["--launch-type", "EC2"]).0, Some(0));
}

#[test]
fn what_was_described_is_read_like_what_is_to_be_registered() {
    let mut described = shop();
    described["taskDefinitionArn"] = json!("arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7");
    let (code, told) = preflight(&json!({ "taskDefinition": described, "tags": [] }), &[]);
    assert_eq!(code, Some(0));
    assert!(told.starts_with("PASS (passed_with_warnings), shop:7: "), "{told}");
}

#[test]
fn a_file_that_is_something_else_is_told_what_it_is() {
    let said = |input: &str| refused(&["preflight", "-"], input);
    assert!(said("{").contains("it can't be read as JSON"));
    assert!(said("[]").contains("it is a list"));
    assert!(said("{}").contains("it has no family; it has no containerDefinitions"));
    assert!(said(r#"{"Resources": {}}"#).contains("it is of CloudFormation"));
    assert!(
        said(r#"{"family": "a", "containerDefinitions": [{"name": "b"}]}"#).contains("the container b has no image")
    );
    let twice =
        json!({"family": "a", "containerDefinitions": [{"name": "b", "image": "c"}, {"name": "b", "image": "c"}]});
    assert!(said(&twice.to_string()).contains("two containers are named b"));
    assert!(said(r#"{"family": "a", "containerDefinitions": [{"name": 7}]}"#).contains("invalid type"));
    assert!(refused(&["preflight", "no/such.json"], "").contains("no/such.json can't be read"));
    assert!(refused(&["preflight"], "").contains("--service"));
}
