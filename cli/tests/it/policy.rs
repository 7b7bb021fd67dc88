//! The policy document as somebody checks it, and its schema, which has to say what the reader says.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};
use tidegate_core::scan::document;

use super::{refused, text, tidegate};

const NOW: &str = "2026-11-27T14:00:00Z";

fn check(file: &str, input: &str) -> (Option<i32>, String) {
    let output = tidegate(&["policy", "check", file, "--now", NOW], input);
    (output.status.code(), text(&output.stdout).to_owned())
}

fn check_fixture(name: &str) -> (Option<i32>, String) {
    let file = format!("{}/tests/fixtures/scan/{name}", env!("CARGO_MANIFEST_DIR"));
    let (code, said) = check(&file, "");
    (code, said.replace(&file, name))
}

#[test]
fn a_good_document_is_told_in_short() {
    let (code, said) = check_fixture("policy.yaml");
    assert_eq!(code, Some(0));
    expect_test::expect_file!["../golden/policy_good.txt"].assert_eq(&said);
}

#[test]
fn every_fault_is_told_with_its_file_and_line() {
    let (code, said) = check_fixture("faults.yaml");
    assert_eq!(code, Some(1));
    expect_test::expect_file!["../golden/policy_faults.txt"].assert_eq(&said);
}

#[test]
fn programs_read_the_same_as_one_line_of_json() {
    let mut told = String::new();
    for name in ["policy.yaml", "faults.yaml"] {
        let file = format!("{}/tests/fixtures/scan/{name}", env!("CARGO_MANIFEST_DIR"));
        let output = tidegate(&["policy", "check", &file, "--now", NOW, "--json"], "");
        assert_eq!(output.status.code(), Some(i32::from(name == "faults.yaml")));
        told += &text(&output.stdout).replace(&file, name);
    }
    expect_test::expect_file!["../golden/policy_check.json"].assert_eq(&told);
}

#[test]
fn a_document_may_come_through_standard_input() {
    assert_eq!(
        check("-", "version: 1"),
        (Some(0), "standard input: good\n  no repository is enrolled: every mode is off\n  0 exceptions\n".to_owned())
    );
    let glass = |until: &str| check("-", &format!("version: 1\nbreak_glass: {{until: {until}, reason: incident 7}}")).1;
    assert!(glass("2026-11-27T18:00:00Z").contains("the gate is open until 2026-11-27T18:00:00Z: incident 7"));
    assert!(glass("2026-11-27T13:00:00Z").contains("the gate was open until 2026-11-27T13:00:00Z: incident 7"));
}

#[test]
fn a_document_that_is_not_there_is_no_fault_of_its_own() {
    assert!(refused(&["policy", "check", "no/such.yaml"], "").contains("no/such.yaml can't be read"));
    assert!(refused(&["policy", "check", "-", "--now", "soon"], "version: 1").contains("--now"));
}

fn schema() -> Value {
    let output = tidegate(&["policy", "schema"], "");
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A document as whatever reads YAML sees it.
fn json_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(truth)) => json!(truth),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Mapping(entries) => {
            entries.iter().map(|(key, value)| (key.as_str().expect("a word").to_owned(), json_of(value))).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Whether the schema and the reader take a document.
fn taken(text: &str) -> (bool, bool) {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("policy.json", schema()).expect("a schema");
    let index = compiler.compile("policy.json", &mut schemas).expect("a schema of its draft");
    let documents = Yaml::load_from_str(text).expect("YAML");
    let by_schema = schemas.validate(&json_of(&documents[0]), index).is_ok();
    (by_schema, document::read(text, NOW.parse().expect("a time")).is_ok())
}

#[test]
fn the_schema_and_the_reader_take_the_same_documents() {
    let with = |rest: &str| format!("version: 1\n{rest}");
    let exception = |rest: &str| with(&format!("exceptions: [{{until: 2026-12-31, reason: known, {rest}}}]"));
    let until = |until: &str| with(&format!("exceptions: [{{id: CVE-2026-1234, reason: known, until: {until}}}]"));
    let words =
        |key: &str, words: &[&str]| words.iter().map(|word| with(&format!("{key}: {word}"))).collect::<Vec<_>>();
    let severities = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
    let mut good = vec!["version: 1".to_owned()];
    good.extend(words("mode", &["off", "shadow", "on", "\"on\""]));
    good.extend(words("unrated", &severities));
    for severity in severities {
        good.push(with(&format!("grace: {{{severity}: 0d}}")));
        good.push(with(&format!("thresholds: {{fixable: {severity}, unfixable: {severity}}}")));
        good.push(with(&format!("escalate: {{exploit_available: {{min_severity: {severity}}}}}")));
    }
    good.extend(words("thresholds", &["{}", "{fixable: none, unfixable: none}"]));
    good.extend(words("suppressed", &["accept", "count"]));
    for key in ["unknown", "stale", "unscannable", "foreign_registry"] {
        good.extend(words(key, &["block", "warn"]));
    }
    good.extend(words("max_scan_age", &["1d", "999d", "3650d"]));
    good.extend(words("patience", &["10m", "89m", "90m", "1h"]));
    good.extend(words("settle", &["0m", "0h", "30m"]));
    good.extend(words(
        "escalate",
        &[
            "{known_exploited: true, exploit_available: off, epss: \"off\"}",
            "{known_exploited: FALSE, epss: {at_least: 0, min_severity: LOW}}",
            "{epss: {at_least: 1.0, min_severity: LOW}}",
            "{epss: {at_least: 5e-1, min_severity: LOW}}",
        ],
    ));
    good.extend(words(
        "repositories",
        &["[]", "[{names: [a, 'b/*']}]", "[{names: ['*'], mode: on, grace: {LOW: 3d}}]"],
    ));
    good.extend(words("exceptions", &["[]"]));
    good.extend(
        ["id: CVE-2026-1234", "id: GHSA-aaaa-bbbb-cccc", "id: x, packages: ['@b/c*'], repositories: [a]"]
            .map(exception),
    );
    good.push(exception("id: ALAS2-2026-1, only_while_unfixed: true"));
    good.extend(["2026-12-31", "2026-12-31T18:00:00Z", "2026-12-31T18:00:00.25+01:00", "2020-01-01"].map(until));
    good.push(with("break_glass: {until: 2026-11-27T18:00:00Z, reason: incident 7}"));
    for text in good {
        assert_eq!(taken(&text), (true, true), "{text}");
    }

    let mut bad = ["{}", "[]", "on", "version: 2", "version: \"1\"", "mode: on"].map(str::to_owned).to_vec();
    bad.extend(words("mode", &["enforce", "On", "true", "~", "[on]"]));
    bad.extend(words("modes", &["on"]));
    bad.extend(words("unrated", &["none", "UNDEFINED", "high"]));
    bad.extend(words("thresholds", &["HIGH", "~", "{fixabel: HIGH}", "{fixable: UNTRIAGED}", "{fixable: ~}"]));
    bad.extend(words("escalate", &["{known_exploited: yes}", "{known_exploited: \"true\"}", "{kev: true}", "off"]));
    bad.extend(words(
        "escalate",
        &["{exploit_available: HIGH}", "{exploit_available: {}}", "{epss: 0.5}", "{epss: on}"],
    ));
    bad.extend(words(
        "escalate",
        &[
            "{epss: {at_least: 1.1, min_severity: LOW}}",
            "{epss: {at_least: \"0.5\", min_severity: LOW}}",
            "{epss: {at_least: 0.5}}",
            "{epss: {at_least: -0.5, min_severity: LOW}}",
        ],
    ));
    bad.extend(words("grace", &["{HIGH: 7}", "{HIGH: 7h}", "{HIGH: 3651d}", "{HIGH: 07d}", "{UNTRIAGED: 7d}", "7d"]));
    bad.extend(words("suppressed", &["block"]));
    bad.extend(words("stale", &["accept"]));
    bad.extend(words("max_scan_age", &["0d", "30", "4w", "3651d"]));
    bad.extend(words("patience", &["90s", "2h", "24h", "91m", "100m", "9999m", "-5m", "01h"]));
    bad.extend(words("repositories", &["{}", "[{}]", "[{names: []}]", "[{names: shop}]", "[{names: [Shop]}]", "[a]"]));
    bad.extend(words(
        "repositories",
        &[
            "[{names: [1]}]",
            "[{names: [a], exceptions: []}]",
            "[{names: [a], repositories: []}]",
            "[{names: [123456789012.dkr.ecr.eu-west-1.amazonaws.com/a]}]",
        ],
    ));
    bad.extend(words("exceptions", &["{}", "[{}]", "~"]));
    bad.extend(["id: 7", "id: CVE-2026-*", "id: cve-2026-1234", "id: 'a b'", "idd: CVE-2026-1234"].map(exception));
    bad.extend(["id: CVE-2026-1234, packages: []", "id: CVE-2026-1234, repositories: ['']"].map(exception));
    bad.push(exception("id: CVE-2026-1234, only_while_unfixed: 1"));
    bad.push(with("exceptions: [{id: CVE-2026-1234, until: 2026-12-31, reason: ' '}]"));
    bad.extend(["soon", "20261231", "2026-12-31T18:00:00", "2026-12-31 18:00:00Z", "~", "1798761600"].map(until));
    bad.extend(words("break_glass", &["{until: 2026-11-27, reason: x}", "{until: 2026-11-27T18:00:00Z}", "on"]));
    for text in bad {
        assert_eq!(taken(&text), (false, false), "{text}");
    }
}

#[test]
fn what_only_the_reader_can_say_is_beyond_the_schema() {
    for rest in [
        "patience: 5m",
        "exceptions: [{id: CVE-2026-1234, until: 2026-02-30, reason: known}]",
        "repositories: [{names: ['*']}, {names: [shop]}]",
        "break_glass: {until: 2026-11-28T18:00:00Z, reason: incident 7}",
    ] {
        assert_eq!(taken(&format!("version: 1\n{rest}")), (true, false), "{rest}");
    }
}

#[test]
fn nothing_in_the_schema_takes_keys_that_nobody_knows() {
    fn strict(value: &Value, path: &str) {
        if value["type"] == "object" {
            assert_eq!(value["additionalProperties"], json!(false), "{path}");
        }
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| strict(value, &format!("{path}/{key}"))),
            Value::Array(items) => items.iter().for_each(|item| strict(item, path)),
            _ => {}
        }
    }
    let schema = schema();
    strict(&schema, "");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn the_example_of_the_reference_is_good() {
    let page = include_str!("../../../docs/scan-policy.md");
    let (_, rest) = page.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    assert_eq!(taken(example), (true, true));
    // Every rule is in the example and in the table.
    for key in schema()["properties"].as_object().expect("keys").keys() {
        assert!(example.contains(&format!("{key}:")) && page.contains(&format!("`{key}")), "{key}");
    }
}
