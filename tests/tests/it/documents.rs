//! The documents beside the code: what they list is what there is.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_aws::probe::LONGEST_BODY;
use tidegate_core::break_glass::BreakGlass;
use tidegate_core::canary;
use tidegate_core::canary::facts as release;
use tidegate_core::canary::policy as gate;
use tidegate_core::diagnosis::incident;
use tidegate_core::hook::policy::{Level, Preflight};
use tidegate_core::hook::rule::Weight;
use tidegate_core::hook::{Check, Rule, Stage};
use tidegate_core::prices::AS_OF;
use tidegate_core::scaling::Policy;
use tidegate_core::smoke::{self, SmokeTag, read_tag};
use tidegate_core::tags::KNOWN;
use tidegate_tests::scene::facts_of_a_busy_service;

use crate::functions::Function;
use crate::template::{environment, is_parameter, template, text};

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

/// The rows of the tables in a text, without their heads.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    let below = text.lines().skip(1).chain([""]);
    text.lines()
        .zip(below)
        .filter(|(line, below)| line.starts_with("| ") && !below.starts_with("|-"))
        .map(|(line, _)| line)
}

/// The rows of the first table that has such a head, each with its cells.
fn table<'a>(text: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let below = text.split(&format!("\n{head}\n")).nth(1).unwrap_or_else(|| panic!("no table has the head {head}"));
    let rows = below.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
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
                resource if !is_parameter(&template, resource) => format!("| | `{variable}` | the stack's"),
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

const DEPLOY_HOOK: &str = include_str!("../../../docs/deploy-hook.md");

#[test]
fn every_stage_is_listed_with_what_is_looked_at_in_it() {
    let listed = table(DEPLOY_HOOK, "| when | CodeDeploy | ECS | looks at |");
    let word = |cell: &str| cell.trim_matches('`').to_owned();
    let mut stages = Vec::new();
    for row in listed {
        let [_, of_code_deploy, of_ecs, checks] = row.as_slice() else { panic!("{row:?} has four cells") };
        let stage = Stage::of(&word(of_code_deploy));
        assert_eq!(Stage::of(&word(of_ecs)), stage);
        let expected: Vec<String> = stage.checks().iter().map(|check| code(*check).replace('_', " ")).collect();
        assert_eq!(*checks, expected.join(", "), "{stage:?}");
        stages.push(stage);
    }
    assert_eq!(stages, Stage::ALL);
    // Each is also said in a sentence.
    for check in Stage::ALL.iter().flat_map(|stage| stage.checks()) {
        assert!(DEPLOY_HOOK.contains(&format!("\n- **{}**: ", code(*check).replace('_', " "))), "{check:?}");
    }
}

#[test]
fn every_rule_is_listed_with_its_weight_and_what_it_is_known_as() {
    let weight = |weight: Weight| match weight {
        Weight::State => "blocks",
        Weight::CannotStart => "cannot start",
        Weight::Breach => "as the tag says",
        Weight::Advice => "warns",
    };
    let row = |rule: &Rule| {
        let code = format!("`{}`", rule.code());
        let check = self::code(rule.check()).replace('_', " ");
        [code, check, rule.meaning().to_owned(), weight(rule.weight()).to_owned(), rule.known_as().to_owned()]
    };
    let listed = table(DEPLOY_HOOK, "| rule | looked at with | what it means | a breach | known as |");
    assert_eq!(listed, Rule::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn what_a_breach_comes_to_is_what_the_policy_makes_of_it() {
    let listed = table(DEPLOY_HOOK, "| a breach | without the tag, or `warn` | `block` | `off` |");
    assert_eq!(listed.len(), 4);
    let word = |level: Level| match level {
        Level::Off => "is not told",
        Level::Warn => "warns",
        Level::Block => "blocks",
    };
    // One rule of each weight, under each level that the tag may say.
    let rules = [Rule::ImageBlocked, Rule::FargateSize, Rule::RootUser, Rule::ShortBake];
    let levels = ["warn", "block", "off"].map(|tag| Preflight::read(tag).expect("a level"));
    assert_eq!(Preflight::default(), levels[0]);
    for (row, rule) in listed.iter().zip(rules) {
        let expected = levels.each_ref().map(|preflight| word(preflight.level(rule, None)));
        assert_eq!(row[1..], expected, "{rule:?}");
    }
}

/// Preflight words and smoke requests as the document writes them, in the place of a reader who copies them.
#[test]
fn the_forms_that_are_shown_can_be_read() {
    let value = |tag: &str| {
        let lines = DEPLOY_HOOK.lines().filter_map(|line| line.strip_prefix(&format!("tidegate:{tag} = ")));
        let values: Vec<&str> = lines.collect();
        assert_eq!(values.len(), 1, "{tag}");
        values[0]
    };
    let preflight = Preflight::read(value("preflight")).expect("words that can be read");
    assert_eq!(preflight.level(Rule::RootUser, Some("xray-daemon")), Level::Off);
    let SmokeTag::Requests(requests) = read_tag(value("smoke")).expect("requests") else { panic!("no parameter") };
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].expected.status, 302);
    let yaml = DEPLOY_HOOK.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a document");
    let document = smoke::read_document(yaml).expect("a document that can be read");
    assert_eq!(document.len(), 2);
    assert!(DEPLOY_HOOK.contains("At most ten requests") && smoke::MOST_REQUESTS == 10);
    assert_eq!((smoke::LONGEST_MS, LONGEST_BODY), (30_000, 64 * 1024));
    let expected = smoke::Expected::default();
    assert_eq!((expected.status, expected.within_ms), (200, 5000));
    let policy = tidegate_core::hook::Policy::default();
    assert_eq!((policy.patience_s, policy.steady_s), (600, 30), "ten minutes, and 30 seconds");
}

#[test]
fn every_level_of_incidents_is_listed_with_its_metric() {
    let listed = table(DEPLOY_HOOK, "| level | means | metric |");
    let levels: Vec<(&str, String)> = listed.iter().map(|row| (row[0], row[2].trim_matches('`').to_owned())).collect();
    let expected = incident::Level::ALL.map(|level| (level.as_str(), format!("Incidents{}", level.as_str())));
    assert_eq!(levels, expected);
}

/// How it is written in records.
fn code(check: Check) -> String {
    serde_json::to_value(check).ok().and_then(|word| word.as_str().map(str::to_owned)).expect("a word")
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
