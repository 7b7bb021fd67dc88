//! What the filters read and answer, beside the pages that describe it.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_core::break_glass::BreakGlass;
use tidegate_core::canary;
use tidegate_core::canary::facts as release;
use tidegate_core::canary::policy as gate;
use tidegate_core::scaling::Policy;
use tidegate_tests::scene::facts_of_a_busy_service;

use super::document;

#[test]
fn every_field_of_facts_and_policy_is_described() {
    let described = document("docs/recommend.md");
    let facts = serde_json::to_value(facts_of_a_busy_service()).expect("JSON");
    let policy = Policy { min: Some(1), max: Some(2), ..Policy::default() };
    let policy = serde_json::to_value(policy).expect("JSON");
    let fields = [facts, policy].map(|value| value.as_object().cloned().unwrap_or_default());
    let missing: Vec<&String> = fields
        .iter()
        .flat_map(|fields| fields.keys())
        .filter(|field| !described.contains(&format!("`{field}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_field_of_the_judge_is_described() {
    let described = document("docs/judge.md");
    let facts = serde_json::to_value(facts_with_everything()).expect("JSON");
    let policy = serde_json::to_value(policy_with_everything()).expect("JSON");
    let mut named = BTreeSet::new();
    for value in [&facts, &policy] {
        names(value, &mut named);
    }
    // As a field of its own, or within an example.
    let missing: Vec<&String> = named
        .iter()
        .filter(|field| !["`", "\""].iter().any(|quote| described.contains(&format!("{quote}{field}{quote}"))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let columns = ["weight", "time"].map(str::to_owned).into_iter();
    let counts =
        tidegate::judge::rows::COUNTS.iter().flat_map(|count| [format!("canary_{count}"), format!("baseline_{count}")]);
    let missing: Vec<String> =
        columns.chain(counts).filter(|column| !described.contains(&format!("`{column}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The names of all fields, at any depth. The user's own metrics are named by the user.
fn names(value: &Value, named: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if !name.contains('/') {
            named.insert(name.clone());
        }
        names(value, named);
    }
    for value in value.as_array().into_iter().flatten() {
        names(value, named);
    }
}

/// Every field is written out: one that is added has to be added here, and described.
fn facts_with_everything() -> canary::Facts {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let counts = release::Counts {
        requests: 100,
        errors: 1,
        connection_errors: 1,
        unanswered: 1,
        slow: Some(1),
        response_ms: Some(100.0),
    };
    let metric = "Shop/Failures/Sum/Service=shop".to_owned();
    canary::Facts {
        door: release::Door::Schedule,
        deployment: release::Deployment {
            id: "d-EXAMPLE".to_owned(),
            platform: release::Platform::CodeDeploy,
            strategy: release::Strategy::Canary,
            state: release::State::InProgress,
            roll_back: false,
            first: false,
            started_at: at,
            traffic_from: Some(at),
            arms: release::Arms::Two,
            weight_percent: Some(10.0),
            previous_percent: 0.0,
            first_percent: Some(10.0),
            waiting_since: Some(at),
            full_since: Some(at),
            platform_bake_minutes: 0,
            listener_says: Some(String::new()),
            hook_ends_at: Some(at),
        },
        minutes: vec![release::Minute { at, canary: Some(counts), baseline: Some(counts) }],
        before: vec![release::Before { at, counts }],
        day_before: Some(counts),
        hosts: vec![release::Hosts { at, healthy: 1, unhealthy: 1 }],
        alarms: vec![release::Alarm {
            name: "shop-5xx".to_owned(),
            of: release::AlarmOf::Tag,
            in_alarm: Some(true),
            since: Some(at),
        }],
        metrics: [(metric, vec![release::Point { at, value: 1.0 }])].into(),
        targets: Some(release::Targets { healthy: 1, others: vec![String::new()] }),
        unreadable: vec![release::Unreadable { what: release::Part::Requests, why: String::new() }],
    }
}

fn policy_with_everything() -> canary::Policy {
    canary::Policy {
        ceilings: gate::Ceilings { response_ms: Some(1000.0), ..gate::Ceilings::default() },
        slow: Some(gate::Slow { ms: 800.0, max_ratio: 2.0 }),
        metrics: vec![gate::OwnMetric { name: String::new(), above: 50.0 }],
        break_glass: Some(BreakGlass { until: jiff::Timestamp::UNIX_EPOCH, reason: String::new() }),
        ..canary::Policy::default()
    }
}
