//! The documents beside the code: what they list is what there is.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_core::break_glass::BreakGlass;
use tidegate_core::canary;
use tidegate_core::canary::facts as release;
use tidegate_core::canary::policy as gate;
use tidegate_core::prices::AS_OF;
use tidegate_core::scaling::Policy;
use tidegate_core::tags::KNOWN;
use tidegate_tests::scene::facts_of_a_busy_service;

use crate::functions::Function;
use crate::template::{environment, template, text};

const README: &str = include_str!("../../../README.md");

/// What stands below a heading, up to the next of its kind.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let level = heading.split_inclusive(' ').next().unwrap_or_default();
    let next = format!("\n{level}");
    text.split(&format!("\n{heading}")).nth(1).and_then(|rest| rest.split(&next).next()).unwrap_or_default()
}

/// What a section says about one function.
fn part(heading: &str, function: Function) -> &'static str {
    section(section(README, heading), &format!("### `{}`", function.name()))
}

/// The rows of a table, without its head.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with("| ")).skip(1)
}

#[test]
fn every_reason_is_listed_with_its_meaning() {
    for function in Function::ALL {
        let reasons = function.reasons();
        let expected: Vec<String> = reasons.iter().map(|(code, meaning)| format!("| `{code}` | {meaning} |")).collect();
        let listed: Vec<&str> = rows(part("## Why did it not", function)).collect();
        assert_eq!(listed, expected, "{function:?}");
    }
}

#[test]
fn every_variable_is_listed_with_its_parameter_and_its_default_and_no_other() {
    let template = template();
    let shared = section(section(README, "## Settings"), "### Every function");
    for function in Function::ALL {
        let environment = environment(&template, function);
        let expected: BTreeSet<String> = environment
            .iter()
            .map(|(variable, parameter)| match parameter.as_str() {
                "NotificationTopic" => format!("| | `{variable}` | the stack's"),
                parameter => {
                    let default = text(&template["Parameters"][parameter]["Default"]);
                    let default = if default.is_empty() { "none" } else { &default };
                    format!("| `{parameter}` | `{variable}` | {default}")
                }
            })
            .collect();
        let without_meaning = |row: &str| row.rsplit_once(" | ").map_or(row, |(rest, _)| rest).to_owned();
        let listed: BTreeSet<String> =
            rows(part("## Settings", function)).chain(rows(shared)).map(without_meaning).collect();
        assert_eq!(listed, expected, "{function:?}");
    }
}

#[test]
fn every_tag_that_it_names_is_known_and_the_prices_are_of_that_day() {
    let named: BTreeSet<&str> = README.split("tidegate:").skip(1).map(tag).collect();
    let unknown: Vec<&&str> = named.iter().filter(|tag| !KNOWN.contains(tag)).collect();
    assert!(named.len() >= 8 && unknown.is_empty(), "{unknown:?}");
    assert!(README.contains(AS_OF));
}

fn tag(text: &str) -> &str {
    text.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '-')).next().unwrap_or_default()
}

#[test]
fn every_field_of_facts_and_policy_is_described() {
    let described = include_str!("../../../docs/recommend.md");
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
    let described = include_str!("../../../docs/judge.md");
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
