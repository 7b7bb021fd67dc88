//! Corners that a decision once got wrong, as the questions that showed it.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_core::scaling::{Decision, decide};

const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

fn ago(seconds: i64) -> Timestamp {
    TEN - SignedDuration::from_secs(seconds)
}

/// Fourteen minutes of a value, the newest two minutes old.
fn minutes(value: f64, samples: f64) -> Vec<Value> {
    (2..16).map(|back| json!({"at": ago(back * 60), "value": value, "samples": samples})).collect()
}

/// A service whose history is known for a day, with these changes of so many seconds ago.
fn facts(desired: u32, running: u32, metrics: &Value, changes: &[(i64, i32)]) -> Value {
    let changes: Vec<Value> = changes.iter().map(|(back, tasks)| json!({"at": ago(*back), "tasks": tasks})).collect();
    json!({
        "desired": desired, "running": running, "metrics": metrics,
        "history": {"complete_since": ago(86_400), "changes": changes},
    })
}

/// A decision between 1 and 100 tasks, with these settings beside the defaults.
fn decided(facts: &Value, policy: &Value) -> Decision {
    let mut settings = json!({"min": 1, "max": 100, "targets": {"cpu": {"utilization": 70}}});
    for (key, value) in policy.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    let facts = serde_json::from_value(facts.clone()).expect("facts");
    decide(&facts, &serde_json::from_value(settings).expect("a policy"), TEN)
}

fn said(decision: &Decision) -> (&str, &str, u32) {
    (decision.verdict.as_str(), decision.reason.code(), decision.desired)
}

#[test]
fn the_tasks_of_both_versions_of_a_deployment_are_running_and_not_starting() {
    let mut facts = facts(10, 20, &json!({"cpu": {"points": minutes(94.0, 20.0)}}), &[(120, 10)]);
    facts["deployments"] = json!([{"status": "PRIMARY", "rollout_state": "IN_PROGRESS"}, {"status": "ACTIVE"}]);
    let decision = decided(&facts, &json!({}));
    assert_eq!(said(&decision), ("raise", "above_target", 14), "{}", decision.why);
}

#[test]
fn three_samples_a_task_are_no_more_tasks_after_a_raise() {
    // Five of ten tasks were started two and a half minutes ago, and have not reported.
    let newest = json!({"at": ago(120), "value": 90.0, "samples": 15.0});
    let mut points = minutes(90.0, 15.0);
    points[0] = newest;
    let decision = decided(&facts(10, 10, &json!({"cpu": {"points": points}}), &[(150, 5)]), &json!({}));
    assert_eq!(said(&decision), ("stay", "on_target", 10), "{}", decision.why);
}

#[test]
fn tasks_that_were_never_launched_are_no_reason_to_ask_for_fewer() {
    let decision = decided(&facts(20, 5, &json!({"cpu": {"points": minutes(100.0, 5.0)}}), &[]), &json!({}));
    assert_eq!(said(&decision), ("stay", "tasks_missing", 20), "{}", decision.why);
}

#[test]
fn where_fewer_than_run_would_do_those_that_are_missing_are_not_missed() {
    let decision = decided(&facts(20, 18, &json!({"cpu": {"points": minutes(5.0, 18.0)}}), &[]), &json!({}));
    assert_eq!(decision.verdict.as_str(), "lower", "{}", decision.why);
}

fn samples(value: u32, request: &Value) -> Value {
    let sample = json!({"value": value, "request": request, "ready": true, "started_at": ago(7200)});
    json!({"tasks": vec![sample; 10]})
}

fn bare() -> Value {
    json!({"stabilisation": null, "rates": null, "flaps": null})
}

#[test]
fn a_metric_that_has_nothing_to_compare_forbids_a_cut() {
    let idle = samples(200, &json!(1000));
    let mut policy = bare();
    policy["targets"] = json!({"cpu": {"utilization": 70}, "metric": {"per_task": 5}, "memory": {"utilization": 70}});
    for (metric, reading) in [("metric", json!({"tasks": []})), ("memory", samples(500, &Value::Null))] {
        let mut metrics =
            json!({"cpu": idle, "metric": samples(1, &Value::Null), "memory": samples(100, &json!(1000))});
        metrics[metric] = reading;
        let decision = decided(&facts(10, 10, &metrics, &[]), &policy);
        assert_eq!((decision.desired, decision.reason.code()), (10, "metric_unreadable"), "{}", decision.why);
    }
}

#[test]
fn where_cpu_was_asked_for_in_vain_the_events_alone_do_not_count_the_tasks() {
    let metrics = json!({"backlog": {"points": minutes(10.0, 1.0)}, "cpu": {"unreadable": "ThrottlingException"}});
    let decision = decided(&facts(10, 10, &metrics, &[]), &json!({"targets": {"backlog": {"total_per_task": 100}}}));
    assert_eq!((decision.desired, decision.reason.code()), (10, "metric_unreadable"), "{}", decision.why);
}

#[test]
fn memory_guards_samples_of_single_tasks_too() {
    let metrics = json!({"cpu": samples(200, &json!(1000)), "memory": samples(990, &json!(1000))});
    let mut policy = bare();
    policy["targets"] = json!({"cpu": {"utilization": 70}, "memory": {"guard": 80}});
    let decision = decided(&facts(10, 10, &metrics, &[]), &policy);
    assert_eq!(said(&decision), ("stay", "memory_guard", 10), "{}", decision.why);
}

#[test]
fn an_alarm_does_not_get_memory_round_its_hold() {
    // Half an hour ago two tasks were added for memory, and changed nothing.
    let minute =
        |back: i64| json!({"at": ago(back * 60), "value": 74.0, "samples": if back > 30 { 8.0 } else { 10.0 }});
    let points: Vec<Value> = (2..60).map(minute).collect();
    let metrics = json!({"cpu": {"points": points}, "memory": {"points": points}});
    let mut facts = facts(10, 10, &metrics, &[(1800, 2)]);
    facts["trigger"] = json!("alarm");
    let decision = decided(&facts, &json!({"targets": {"cpu": {"utilization": 90}, "memory": {"utilization": 70}}}));
    assert_eq!((decision.desired, decision.reason.code()), (10, "memory_did_not_fall"), "{}", decision.why);
}

#[test]
fn tasks_that_ecs_put_back_are_no_flaps() {
    let replaced: Vec<(i64, i32)> = (1..4).flat_map(|n| [(n * 1000 + 30, -10), (n * 1000, 10)]).collect();
    let metrics = json!({"cpu": {"points": minutes(35.0, 20.0)}});
    let with = decided(&facts(20, 20, &metrics, &replaced), &json!({"rates": null}));
    let without = decided(&facts(20, 20, &metrics, &[]), &json!({"rates": null}));
    assert_eq!(said(&with), said(&without), "{}", with.why);
}

#[test]
fn cpu_below_a_target_of_more_than_all_is_not_saturated() {
    let metrics = json!({"cpu": {"points": minutes(96.0, 10.0)}});
    let decision = decided(&facts(10, 10, &metrics, &[]), &json!({"targets": {"cpu": {"utilization": 150}}}));
    assert_eq!(decision.verdict.as_str(), "lower", "{}", decision.why);
    let metrics = json!({"cpu": {"points": minutes(150.0, 10.0)}});
    let decision = decided(&facts(10, 10, &metrics, &[]), &json!({"targets": {"cpu": {"utilization": 150}}}));
    assert_eq!(said(&decision), ("stay", "on_target", 10), "{}", decision.why);
}

#[test]
fn averages_of_small_units_are_not_cut_off() {
    let seconds = |value: f64, target: f64| {
        let metrics = json!({"cpu": {"points": minutes(50.0, 10.0)}, "metric": {"points": minutes(value, 10.0)}});
        decided(&facts(10, 10, &metrics, &[]), &json!({"targets": {"metric": {"per_task": target}}}))
    };
    assert_eq!(said(&seconds(0.0009, 0.0005)), ("raise", "above_target", 18));
    assert_eq!(said(&seconds(0.0059, 0.005)), ("raise", "above_target", 12));
    assert_eq!(said(&seconds(0.0049, 0.005)), ("stay", "on_target", 10));
}

#[test]
fn the_sentence_has_the_arithmetic_of_what_decided() {
    let metrics = json!({"cpu": {"points": minutes(72.0, 10.0)}});
    let mut alarm = facts(10, 10, &metrics, &[]);
    alarm["trigger"] = json!("alarm");
    let why = decided(&alarm, &json!({})).why;
    assert!(why.contains("near enough, and 11 by the panic rule of alarms; from 10 to 11"), "{why}");

    let why = decided(&facts(3, 3, &json!({"cpu": {"points": minutes(90.0, 3.0)}}), &[]), &json!({"min": 5})).why;
    assert_eq!(why, "min is 5; from 3 to 5", "four by the metric, five by the bound");

    // 25 x 28 / 25 are 28, and not the 29 of a float's last digit.
    let metrics = json!({"cpu": {"points": minutes(28.0, 25.0)}});
    let decision = decided(&facts(25, 25, &metrics, &[]), &json!({"targets": {"cpu": {"utilization": 25}}}));
    assert_eq!(said(&decision), ("raise", "above_target", 28), "{}", decision.why);
}

#[test]
fn a_busy_minute_whose_count_is_not_known_still_outlasts_a_cut() {
    let mut points = minutes(20.0, 10.0);
    for point in &mut points[9..] {
        point["value"] = json!(90.0);
    }
    let mut facts = facts(10, 10, &json!({"cpu": {"points": points}}), &[]);
    facts["history"]["complete_since"] = json!(ago(14 * 60));
    let decision = decided(&facts, &json!({}));
    assert_eq!(said(&decision), ("stay", "flap_headroom", 10), "{}", decision.why);
}

#[test]
fn without_a_history_a_limited_cut_is_none() {
    let mut facts = facts(100, 100, &json!({"cpu": samples(50, &json!(1000))}), &[]);
    facts.as_object_mut().expect("an object").remove("history");
    facts["recommendations"] = json!([{"at": ago(60), "tasks": 5}]);
    let decision = decided(&facts, &json!({"flaps": null}));
    assert_eq!(said(&decision), ("stay", "history_unknown", 100), "{}", decision.why);
}

#[test]
fn what_no_service_can_have_is_refused_and_never_a_panic() {
    let good = || facts(10, 10, &json!({"cpu": {"points": minutes(50.0, 10.0)}}), &[]);
    let mut crowded = good();
    crowded["pending"] = json!(u32::MAX);
    let mut late = good();
    late["metrics"]["cpu"]["points"][0]["at"] = json!("9999-12-30T22:00:00Z");
    let mut long = good();
    long["metrics"]["cpu"]["points"][0]["period_s"] = json!(3_000_000_000_u32);
    for (facts, named) in [
        (crowded, "pending is 4294967295"),
        (late, "9999-12-30T22:00:00Z is no time of a service"),
        (long, "period is 3000000000 s"),
    ] {
        let decision = decided(&facts, &json!({}));
        assert_eq!(said(&decision), ("error", "facts_error", 10));
        assert!(decision.why.contains(named), "{}", decision.why);
    }
    let mut patient = json!({"stabilisation": {"up_s": 0, "down_s": u32::MAX}});
    patient["targets"] = json!({"cpu": {"utilization": 70}, "memory": {"guard": 80}});
    let metrics = json!({"cpu": {"points": minutes(50.0, 10.0)}, "memory": {"points": minutes(50.0, 10.0)}});
    assert_ne!(decided(&facts(10, 10, &metrics, &[]), &patient).verdict.as_str(), "lower");
    let facts = serde_json::from_value(good()).expect("facts");
    for now in [Timestamp::MIN, Timestamp::MAX] {
        assert_eq!(decide(&facts, &tidegate_core::scaling::Policy::default(), now).reason.code(), "facts_error");
    }
}
