//! The decision function as a filter, and the published tables of the Kubernetes HPA sent through it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{text, tidegate};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
const REPLICAS: &str = include_str!("../../../shared/core/tests/tables/hpa_replicas.json");
const BEHAVIOUR: &str = include_str!("../../../shared/core/tests/tables/hpa_behaviour.json");

fn table(json: &str) -> Value {
    serde_json::from_str(json).expect("the table is JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn ago(seconds: &Value) -> Timestamp {
    NOW - SignedDuration::from_secs(seconds.as_i64().unwrap_or(0))
}

/// The answers to questions, one a line.
fn answers(questions: &[Value]) -> Vec<Value> {
    let input: Vec<String> = questions.iter().map(Value::to_string).collect();
    let output = tidegate(&["recommend"], &input.join("\n"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

/// Sends every case through the filter and names those whose answer is another than the published one.
fn check(cases: &[&Value], question: fn(&Value) -> Value) {
    let questions: Vec<Value> = cases.iter().map(|case| question(case)).collect();
    let answers = answers(&questions);
    assert_eq!(answers.len(), cases.len());
    let mut different = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        // Where the HPA gives no answer, ours says that the metric can't be read, and stays. It counts in 32 bits.
        let published = match case["expect"]["replicas"].as_u64() {
            Some(replicas) => replicas,
            None if answer["reason"] != "on_target" => case["current"].as_u64().unwrap_or(0),
            None => u64::MAX,
        };
        let ours = answer["desired"].as_u64().unwrap_or(u64::MAX).min(u64::from(i32::MAX.unsigned_abs()));
        if ours != published {
            different.push(format!("{}: {ours}, published {published}: {}", case["name"], answer["why"]));
        }
    }
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), cases.len(), different.join("\n"));
}

#[test]
fn the_published_table_of_the_replica_calculator_goes_through_the_filter() {
    let table = table(REPLICAS);
    let cases: Vec<&Value> = list(&table["cases"]).iter().collect();
    assert!(cases.len() >= 75);
    check(&cases, replicas);
}

fn replicas(case: &Value) -> Value {
    let metric = &case["metric"];
    let goal = &metric["target"];
    let (name, target) = match metric["kind"].as_str() {
        Some("resource_utilization") => (metric["resource"].as_str().unwrap_or("cpu"), json!({"utilization": goal})),
        Some("pods") => ("custom", json!({"per_task": goal})),
        Some("object" | "external") => ("custom", json!({"value": goal})),
        _ => ("custom", json!({"total_per_task": goal})),
    };
    let whole = name == "custom" && metric["kind"] != "pods";
    let samples: Vec<Value> =
        list(&case["pods"]).iter().enumerate().map(|(index, pod)| sample(case, index, pod, whole)).collect();
    let running = samples.iter().filter(|sample| sample["ready"] == true && sample["state"] == "running").count();
    json!({
        "facts": {"desired": case["current"], "running": running, "metrics": {name: {"tasks": samples}}},
        "policy": {
            "min": 0, "max": u32::MAX, "targets": {name: target}, "tolerance": case["tolerance"],
            "readiness": {"initialisation_s": 120, "initial_delay_s": 10},
            "saturation": null, "stabilisation": null, "rates": null, "flaps": null
        },
        "now": NOW,
    })
}

/// One pod. A value of the whole service is told with the first.
fn sample(case: &Value, index: usize, pod: &Value, whole: bool) -> Value {
    let metric = &case["metric"];
    let levels = list(&metric["levels"]);
    let position = match metric["pod_names"].as_array() {
        Some(names) => names.iter().position(|name| *name == pod["name"]),
        None => Some(index),
    };
    let value = match (whole, index) {
        (true, 0) => json!(levels.iter().filter_map(Value::as_f64).sum::<f64>()),
        (true, _) => json!(0),
        (false, _) => position.and_then(|at| levels.get(at)).cloned().unwrap_or_default(),
    };
    let state = match pod["phase"].as_str() {
        _ if pod["deleted"] == true => "stopping",
        Some("Pending") => "pending",
        Some("Failed") => "stopping",
        _ => "running",
    };
    json!({
        "value": value, "request": list(&metric["requests"]).get(index), "state": state, "ready": pod["ready"],
        "started_at": ago(&pod["started_ago_s"]), "ready_changed_at": ago(&pod["ready_changed_ago_s"]),
        "sampled_at": ago(&case["sampled_ago_s"]), "window_s": case["window_s"].as_u64().unwrap_or(0),
    })
}

#[test]
fn the_published_table_of_the_rate_policies_goes_through_the_filter() {
    let table = table(BEHAVIOUR);
    let cases: Vec<&Value> = list(&table["groups"]["rate"]).iter().collect();
    check(&cases, |case| {
        let changes = |key: &str, sign: i64| {
            let change = |event: &Value| json!({"at": ago(&event["ago_s"]), "tasks": sign * event["change"].as_i64().unwrap_or(0)});
            list(&case[key]).iter().map(change).collect::<Vec<_>>()
        };
        let history = [changes("events_up", 1), changes("events_down", -1)].concat();
        let current = &case["current"];
        json!({
            "facts": {
                "desired": current, "running": current, "metrics": total(&case["desired"]),
                "history": {"complete_since": NOW - SignedDuration::from_hours(24), "changes": history}
            },
            "policy": {
                "min": case["min"], "max": case["max"], "targets": {"backlog": {"total_per_task": 1}},
                "tolerance": {"up": 0, "down": 0}, "rates": {"up": rates(&case["up"]), "down": rates(&case["down"])},
                "saturation": null, "stabilisation": null, "flaps": null
            },
            "now": NOW,
        })
    });
}

/// A backlog that asks for just so many tasks.
fn total(tasks: &Value) -> Value {
    json!({"backlog": {"tasks": [{"value": tasks, "ready": true}]}})
}

fn rates(rules: &Value) -> Value {
    let policy = |policy: &Value| {
        let kind = if policy["type"] == "pods" { "tasks" } else { "percent" };
        json!({kind: {"value": policy["value"], "period_s": policy["period_s"]}})
    };
    let policies: Vec<Value> = list(&rules["policies"]).iter().map(policy).collect();
    json!({"select": rules["select"], "rounding": "outward", "policies": policies})
}

#[test]
fn the_published_table_of_stabilisation_goes_through_the_filter() {
    let table = table(BEHAVIOUR);
    let cases: Vec<&Value> = list(&table["groups"]["stabilisation"]).iter().collect();
    check(&cases, |case| {
        let recommendation = |earlier: &Value| json!({"at": ago(&earlier["ago_s"]), "tasks": earlier["replicas"]});
        let earlier: Vec<Value> = list(&case["recommendations"]).iter().map(recommendation).collect();
        let current = &case["current"];
        json!({
            "facts": {
                "desired": current, "running": current, "metrics": total(&case["desired"]), "recommendations": earlier
            },
            "policy": {
                "min": 0, "max": u32::MAX, "targets": {"backlog": {"total_per_task": 1}},
                "tolerance": {"up": 0, "down": 0}, "rates": null, "saturation": null, "flaps": null,
                "stabilisation": {"up_s": case["stabilisation_up_s"], "down_s": case["stabilisation_down_s"]}
            },
            "now": NOW,
        })
    });
}

#[test]
fn a_line_that_is_no_question_is_answered_with_its_number_and_the_others_are_decided() {
    let good = r#"{"facts": {"desired": 3, "running": 3}, "now": "2026-11-21T10:00:00Z", "service": "prod/shop"}"#;
    let output = tidegate(&["recommend"], &format!("{good}\n\nnonsense\n{{\"fcts\": 1}}\n{good}\n"));
    assert_eq!(output.status.code(), Some(2));
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [first, nonsense, slip, last] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&first["reason"], &first["service"]), (&json!("bounds_missing"), &json!("prod/shop")));
    assert_eq!((&nonsense["line"], &slip["line"]), (&json!(3), &json!(4)));
    assert!(slip["error"].as_str().is_some_and(|error| error.contains("unknown field `fcts`")), "{slip}");
    assert_eq!(first, last);
}

#[test]
fn the_example_is_a_question() {
    let output = tidegate(&["recommend", "--example"], "");
    let question = serde_json::from_slice(&output.stdout).expect("one line of JSON");
    let [answer] = answers(&[question]).try_into().expect("one answer");
    assert_eq!((&answer["verdict"], &answer["desired"]), (&json!("raise"), &json!(5)));
}

/// `recommend < cases | head -1` ends in peace.
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let mut process = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .arg("recommend")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = process.stdin.take().expect("piped");
    let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
    let question = b"{\"facts\": {\"desired\": 3, \"running\": 3}, \"now\": \"2026-11-21T10:00:00Z\"}\n";
    stdin.write_all(question).expect("it reads");
    stdout.read_line(&mut String::new()).expect("it answers");
    drop(stdout);
    // It ends at the second answer, which nobody reads; what is written after that is refused.
    while stdin.write_all(question).is_ok() {}
    let output = process.wait_with_output().expect("the program ends");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}
