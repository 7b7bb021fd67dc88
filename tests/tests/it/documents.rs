//! The documents beside the code: what they list is what there is.

use std::collections::BTreeSet;

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
