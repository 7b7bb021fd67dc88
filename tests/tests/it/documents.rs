//! The documents beside the code: what they list is what there is.

use std::collections::BTreeSet;

use tidegate_core::prices::AS_OF;
use tidegate_core::scaling::{Policy, Reason};
use tidegate_core::tags::KNOWN;
use tidegate_tests::scene::facts_of_a_busy_service;

use super::variables;

const README: &str = include_str!("../../../README.md");

/// What stands below a heading, up to the next.
fn section(heading: &str) -> &str {
    README.split(heading).nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default()
}

#[test]
fn every_reason_is_listed_with_its_meaning() {
    let rows: Vec<String> =
        Reason::ALL.iter().map(|reason| format!("| `{}` | {} |", reason.code(), reason.meaning())).collect();
    let listed: Vec<&str> = section("## Why did it not").lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(listed, rows);
}

#[test]
fn every_variable_is_listed_and_no_other() {
    let listed = section("## Settings").split('`').filter(|word| word.starts_with("TIDEGATE_")).map(str::to_owned);
    assert_eq!(listed.collect::<BTreeSet<_>>(), variables());
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
