//! The published test tables of the Kubernetes HPA and of Knative's autoscaler, run against our rules.
//!
//! The figures are theirs (the files name their source); the shape of the files is ours.

#![allow(clippy::expect_used, clippy::panic, reason = "a table that can't be read is a failed test")]

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_core::scaling::facts::{TaskSample, TaskState};
use tidegate_core::scaling::history::Change;
use tidegate_core::scaling::panic::{self, Load, Panic};
use tidegate_core::scaling::rates::{self, Rate, Rates, Rounding, Select};
use tidegate_core::scaling::ratio::{Goal, NoProposal, Readiness, Tasks, Tolerance, total_per_task, whole_value};
use tidegate_core::scaling::stabilise::{Recommendation, Windows, stabilise};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn table(json: &str) -> Value {
    serde_json::from_str(json).expect("the table is JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn count(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or_else(|| panic!("{value} is not a count"))).expect("fits")
}

fn ago(value: &Value) -> Timestamp {
    NOW - SignedDuration::from_secs(value.as_i64().unwrap_or_else(|| panic!("{value} is not an age")))
}

fn name(case: &Value) -> &str {
    case["name"].as_str().expect("a case has a name")
}

/// Runs every case and names those that differ.
fn check(cases: &[Value], least: usize, run: impl Fn(&Value) -> Result<(), String>) {
    assert!(cases.len() >= least, "the table has only {} cases", cases.len());
    let failed: Vec<String> =
        cases.iter().filter_map(|case| run(case).err().map(|why| format!("{}: {why}", name(case)))).collect();
    assert!(failed.is_empty(), "{} of {} differ:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

fn same<T: PartialEq + std::fmt::Debug>(ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?}, published {theirs:?}")) }
}

#[test]
fn hpa_replica_calculator() {
    let table = table(include_str!("tables/hpa_replicas.json"));
    let constants = &table["constants"];
    let readiness = Readiness {
        initialisation_s: count(&constants["cpu_initialization_period_s"]),
        initial_delay_s: count(&constants["initial_readiness_delay_s"]),
    };
    check(list(&table["cases"]), 75, |case| {
        let ours = replicas(case, readiness);
        let expect = &case["expect"];
        let theirs = if expect["error"].is_string() { None } else { Some(count(&expect["replicas"])) };
        // Kubernetes counts in 32 bits with a sign.
        same(&ours.ok().map(|tasks| tasks.min(i32::MAX.unsigned_abs())), &theirs)
    });
}

fn replicas(case: &Value, readiness: Readiness) -> Result<u32, NoProposal> {
    let metric = &case["metric"];
    let (target, current) = (number(&metric["target"]), count(&case["current"]));
    let tolerance = Tolerance { up: number(&case["tolerance"]["up"]), down: number(&case["tolerance"]["down"]) };
    let samples: Vec<TaskSample> =
        list(&case["pods"]).iter().enumerate().map(|(index, pod)| sample(case, index, pod)).collect();
    let ready = samples.iter().filter(|sample| sample.ready == Some(true) && sample.state == TaskState::Running);
    let ready = u32::try_from(ready.count()).expect("fits");
    let total: f64 = list(&metric["levels"]).iter().filter_map(Value::as_f64).sum();
    match metric["kind"].as_str() {
        Some("resource_utilization") => {
            let cpu = (metric["resource"] == "cpu").then_some(readiness);
            let goal = Goal::Utilization(target);
            Ok(Tasks::sort(&samples, goal, cpu, NOW)?.propose(goal, tolerance, current)?.tasks)
        }
        Some("pods") => {
            let goal = Goal::PerTask(target);
            Ok(Tasks::sort(&samples, goal, None, NOW)?.propose(goal, tolerance, current)?.tasks)
        }
        Some("object" | "external") => Ok(whole_value(total, target, ready, current, tolerance).tasks),
        Some("object_per_pod" | "external_per_pod") => Ok(total_per_task(total, target, current, tolerance).tasks),
        other => panic!("unknown kind {other:?}"),
    }
}

/// The sample of one pod: by name where the case names them, else by position.
fn sample(case: &Value, index: usize, pod: &Value) -> TaskSample {
    let metric = &case["metric"];
    let position = match metric["pod_names"].as_array() {
        Some(names) => names.iter().position(|name| *name == pod["name"]),
        None => Some(index),
    };
    let state = match pod["phase"].as_str() {
        _ if pod["deleted"] == true => TaskState::Stopping,
        Some("Pending") => TaskState::Pending,
        Some("Failed") => TaskState::Stopping,
        _ => TaskState::Running,
    };
    TaskSample {
        value: position.and_then(|at| list(&metric["levels"]).get(at)?.as_f64()),
        request: list(&metric["requests"]).get(index).and_then(Value::as_f64),
        state,
        ready: pod["ready"].as_bool(),
        started_at: Some(ago(&pod["started_ago_s"])),
        ready_changed_at: Some(ago(&pod["ready_changed_ago_s"])),
        sampled_at: Some(ago(&case["sampled_ago_s"])),
        window_s: case["window_s"].as_u64().map_or(0, |seconds| u32::try_from(seconds).expect("fits")),
    }
}

fn rates(rules: &Value) -> Rates {
    let policies = list(&rules["policies"]).iter().map(|policy| {
        let period_s = count(&policy["period_s"]);
        if policy["type"] == "pods" {
            Rate::Tasks { value: count(&policy["value"]), period_s }
        } else {
            Rate::Percent { value: number(&policy["value"]), period_s }
        }
    });
    let select = match rules["select"].as_str() {
        Some("max") => Select::Max,
        Some("min") => Select::Min,
        Some("disabled") => Select::Disabled,
        other => panic!("unknown select {other:?}"),
    };
    Rates { select, rounding: Rounding::Outward, policies: policies.collect() }
}

fn changes(case: &Value) -> Vec<Change> {
    let events = |key: &str, sign: i32| {
        let change = move |event: &Value| Change {
            at: ago(&event["ago_s"]),
            tasks: sign * i32::try_from(count(&event["change"])).expect("fits"),
        };
        list(&case[key]).iter().map(change).collect::<Vec<_>>()
    };
    [events("events_up", 1), events("events_down", -1)].concat()
}

#[test]
fn hpa_scaling_policies() {
    let table = table(include_str!("tables/hpa_behaviour.json"));
    let groups = &table["groups"];
    check(list(&groups["scale_up_limit"]), 1, |case| {
        let ours = rates::highest(count(&case["current"]), &changes(case), &rates(&case["rules"]), NOW);
        same(&ours, &count(&case["expect"]))
    });
    check(list(&groups["scale_down_limit"]), 1, |case| {
        let ours = rates::lowest(count(&case["current"]), &changes(case), &rates(&case["rules"]), NOW);
        same(&ours, &count(&case["expect"]))
    });
    check(list(&groups["rate"]), 40, |case| {
        let [current, desired, min, max] = ["current", "desired", "min", "max"].map(|key| count(&case[key]));
        let highest = rates::highest(current, &changes(case), &rates(&case["up"]), NOW).min(max);
        let lowest = rates::lowest(current, &changes(case), &rates(&case["down"]), NOW).max(min);
        let ours = match desired.cmp(&current) {
            Ordering::Greater => desired.min(highest),
            Ordering::Less => desired.max(lowest),
            Ordering::Equal => desired,
        };
        same(&ours, &count(&case["expect"]["replicas"]))
    });
}

#[test]
fn hpa_stabilisation() {
    let table = table(include_str!("tables/hpa_behaviour.json"));
    check(list(&table["groups"]["stabilisation"]), 10, |case| {
        let earlier = list(&case["recommendations"]).iter().map(|recommendation| Recommendation {
            at: ago(&recommendation["ago_s"]),
            tasks: count(&recommendation["replicas"]),
        });
        let windows =
            Windows { up_s: count(&case["stabilisation_up_s"]), down_s: count(&case["stabilisation_down_s"]) };
        let earlier: Vec<Recommendation> = earlier.collect();
        let ours = stabilise(count(&case["current"]), count(&case["desired"]), &earlier, windows, NOW);
        same(&ours, &count(&case["expect"]["replicas"]))
    });
}

#[test]
fn knative_panic_mode() {
    let table = table(include_str!("tables/knative_kpa.json"));
    // A delay before scaling down and unreachable revisions are no part of the panic rule; a step without a metric
    // or without a count of pods never reaches it.
    let ours = |case: &&Value| case["spec"]["scale_down_delay_s"] == 0 && case["spec"]["reachable"] == true;
    let cases: Vec<Value> = list(&table["cases"]).iter().filter(ours).cloned().collect();
    check(&cases, 25, |case| {
        let initial = &case["initial"];
        let highest = count(&initial["max_panic_pods"]);
        let started = initial["panic_started_ago_s"].as_i64();
        let mut ongoing = (initial["in_panic"] == true)
            .then(|| Panic { since: NOW - SignedDuration::from_secs(started.unwrap_or(0)), highest });
        let mut spec = spec(&case["spec"]);
        for step in list(&case["steps"]) {
            if step["new_spec"].is_object() {
                spec = self::spec(&step["new_spec"]);
            }
            let (Some(stable), Some(panic)) = (step["stable"].as_f64(), step["panic"].as_f64()) else { continue };
            if step["ready_pods"].is_null() {
                continue;
            }
            let now = NOW + SignedDuration::from_secs(step["at_s"].as_i64().expect("a step has a time"));
            let ready = count(&step["ready_pods"]);
            let load = Load { stable, panic, target: spec.1 };
            let (desired, after) = panic::evaluate(load, ready, ongoing, &spec.0, now);
            let expect = &step["expect"];
            same(&(desired, after.is_some()), &(count(&expect["desired"]), expect["panic"] == true))
                .map_err(|why| format!("at {} s: {why}", step["at_s"]))?;
            ongoing = after;
        }
        Ok(())
    });
}

fn spec(spec: &Value) -> (panic::Spec, f64) {
    let rule = panic::Spec {
        threshold: number(&spec["panic_threshold"]),
        max_up: number(&spec["max_scale_up_rate"]),
        max_down: number(&spec["max_scale_down_rate"]),
        stable_window_s: count(&spec["stable_window_s"]),
        activation: count(&spec["activation_scale"]),
    };
    (rule, number(&spec["target_value"]))
}
