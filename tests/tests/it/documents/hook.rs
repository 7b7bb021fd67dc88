//! The page of the deployment hook.

use tidegate_aws::probe::LONGEST_BODY;
use tidegate_core::diagnosis::incident;
use tidegate_core::hook::policy::{Level, Preflight};
use tidegate_core::hook::rule::Weight;
use tidegate_core::hook::{Check, Rule, Stage};
use tidegate_core::smoke::{self, SmokeTag, read_tag};

use super::{document, table};

fn page() -> String {
    document("docs/deploy-hook.md")
}

#[test]
fn every_stage_is_listed_with_what_is_looked_at_in_it() {
    let page = page();
    let listed = table(&page, "| when | CodeDeploy | ECS | looks at |");
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
        assert!(page.contains(&format!("\n- **{}**: ", code(*check).replace('_', " "))), "{check:?}");
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
    let page = page();
    let listed = table(&page, "| rule | looked at with | what it means | a breach | known as |");
    assert_eq!(listed, Rule::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn what_a_breach_comes_to_is_what_the_policy_makes_of_it() {
    let page = page();
    let listed = table(&page, "| a breach | without the tag, or `warn` | `block` | `off` |");
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
    let page = page();
    let value = |tag: &str| {
        let lines = page.lines().filter_map(|line| line.strip_prefix(&format!("tidegate:{tag} = ")));
        let values: Vec<&str> = lines.collect();
        assert_eq!(values.len(), 1, "{tag}");
        values[0]
    };
    let preflight = Preflight::read(value("preflight")).expect("words that can be read");
    assert_eq!(preflight.level(Rule::RootUser, Some("xray-daemon")), Level::Off);
    let SmokeTag::Requests(requests) = read_tag(value("smoke")).expect("requests") else { panic!("no parameter") };
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].expected.status, 302);
    let yaml = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a document");
    let document = smoke::read_document(yaml).expect("a document that can be read");
    assert_eq!(document.len(), 2);
    assert!(page.contains("At most ten requests") && smoke::MOST_REQUESTS == 10);
    assert_eq!((smoke::LONGEST_MS, LONGEST_BODY), (30_000, 64 * 1024));
    let expected = smoke::Expected::default();
    assert_eq!((expected.status, expected.within_ms), (200, 5000));
    let policy = tidegate_core::hook::Policy::default();
    assert_eq!((policy.patience_s, policy.steady_s), (600, 30), "ten minutes, and 30 seconds");
}

#[test]
fn every_level_of_incidents_is_listed_with_its_metric() {
    let page = page();
    let listed = table(&page, "| level | means | metric |");
    let levels: Vec<(&str, String)> = listed.iter().map(|row| (row[0], row[2].trim_matches('`').to_owned())).collect();
    let expected = incident::Level::ALL.map(|level| (level.as_str(), format!("Incidents{}", level.as_str())));
    assert_eq!(levels, expected);
}

/// How it is written in records.
fn code(check: Check) -> String {
    serde_json::to_value(check).ok().and_then(|word| word.as_str().map(str::to_owned)).expect("a word")
}
