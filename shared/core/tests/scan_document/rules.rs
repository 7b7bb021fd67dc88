//! Documents that are read, and what they say.

use std::collections::BTreeMap;

use tidegate_core::mode::Mode;
use tidegate_core::scan::Policy;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::finding::Severity;
use tidegate_core::scan::pattern::Pattern;
use tidegate_core::scan::policy::{Epss, Escalate, Exception, InDoubt, Suppressed, Thresholds};

use super::{at, document};

const WHOLE: &str = r#"# Who may run what.
version: 1
mode: shadow
thresholds: {fixable: MEDIUM, unfixable: none}
unrated: LOW
escalate:
  known_exploited: false
  exploit_available: {min_severity: HIGH}
  epss: {at_least: 0.5, min_severity: MEDIUM}
grace: {CRITICAL: 0d, HIGH: 7d}
suppressed: count
unknown: warn
stale: block
unscannable: block
foreign_registry: block
max_scan_age: 14d
settle: 5m
patience: 1h

repositories:
  - names: ["team-a/*", shop]
    mode: on
    thresholds:
      unfixable: HIGH
    escalate: {epss: off}
    grace: {HIGH: 3d, MEDIUM: 30d}
  - names:
      - team-b/*
    patience: 10m

exceptions:
  - id: CVE-2026-12345
    repositories: ["team-a/*"]
    packages: ["openssl*"]
    until: 2026-12-31
    only_while_unfixed: true
    reason: "not reachable, ticket 123"
  - id: GHSA-aaaa-bbbb-cccc
    until: 2026-12-01T12:00:00+02:00
    reason: >
      a longer
      one

break_glass: {until: 2026-11-27T18:00:00Z, reason: "incident 7"}
"#;

#[test]
fn version_1_alone_is_the_built_in_document() {
    assert_eq!(document("version: 1"), Document::default());
    let policy = Document::default().policy("shop");
    assert_eq!(policy, Policy { mode: Mode::Off, ..Policy::default() });
}

#[test]
fn every_rule_is_read() {
    let document = document(WHOLE);
    let patterns = |names: &[&str]| names.iter().copied().map(Pattern::new).collect::<Vec<_>>();
    let rules = &document.rules;
    assert_eq!(rules.mode, Mode::Shadow);
    assert_eq!(rules.thresholds, Thresholds { fixable: Some(Severity::Medium), unfixable: None });
    assert_eq!(rules.unrated, Severity::Low);
    let epss = Epss { at_least: 0.5, min_severity: Severity::Medium };
    assert_eq!(
        rules.escalate,
        Escalate { known_exploited: false, exploit_available: Some(Severity::High), epss: Some(epss) }
    );
    assert_eq!(rules.grace_days, BTreeMap::from([(Severity::High, 7), (Severity::Critical, 0)]));
    assert_eq!(rules.suppressed, Suppressed::Count);
    assert_eq!(rules.unknown, InDoubt::Warn);
    assert_eq!([rules.stale, rules.unscannable, rules.foreign_registry], [InDoubt::Block; 3]);
    assert_eq!([rules.max_scan_age_days, rules.settle_minutes, rules.patience_minutes], [14, 5, 60]);
    assert_eq!(
        rules.exceptions,
        [
            Exception {
                id: "CVE-2026-12345".to_owned(),
                repositories: patterns(&["team-a/*"]),
                packages: patterns(&["openssl*"]),
                until: at("2027-01-01T00:00:00Z"),
                only_while_unfixed: true,
                reason: "not reachable, ticket 123".to_owned(),
            },
            Exception {
                id: "GHSA-aaaa-bbbb-cccc".to_owned(),
                repositories: Vec::new(),
                packages: Vec::new(),
                until: at("2026-12-01T10:00:00Z"),
                only_while_unfixed: false,
                reason: "a longer one".to_owned(),
            },
        ]
    );
    let glass = rules.break_glass.as_ref().expect("a broken glass");
    assert_eq!((glass.until, glass.reason.as_str()), (at("2026-11-27T18:00:00Z"), "incident 7"));
}

#[test]
fn a_repository_has_the_rules_of_the_first_entry_that_names_it_and_else_those_of_all() {
    let document = document(WHOLE);
    let modes = ["team-a/web", "shop", "team-b/web", "shops"].map(|name| document.policy(name).mode);
    assert_eq!(modes, [Mode::On, Mode::On, Mode::Shadow, Mode::Shadow]);
    assert_eq!(document.policy("shops"), document.rules);
    // What the entry does not say is as for all others, key by key.
    let policy = document.policy("shop");
    assert_eq!(policy.thresholds, Thresholds { fixable: Some(Severity::Medium), unfixable: Some(Severity::High) });
    assert_eq!(
        policy.escalate,
        Escalate { known_exploited: false, exploit_available: Some(Severity::High), epss: None }
    );
    assert_eq!(
        policy.grace_days,
        BTreeMap::from([(Severity::Medium, 30), (Severity::High, 3), (Severity::Critical, 0)])
    );
    assert_eq!((policy.max_scan_age_days, policy.patience_minutes), (14, 60));
    assert_eq!(
        (policy.exceptions, policy.break_glass),
        (document.rules.exceptions.clone(), document.rules.break_glass.clone())
    );
    assert_eq!(document.policy("team-b/web").patience_minutes, 10);
    assert_eq!(document.policy("team-b/web").thresholds, document.rules.thresholds);
}

#[test]
fn words_may_be_in_quotes_and_a_document_may_be_json() {
    for text in [
        "version: 1\nmode: on",
        "version: 1\nmode: \"on\"",
        "---\nversion: 1\nmode: 'on' # not a boolean\n...\n",
        "\u{feff}version: 1\r\nmode: on\r\n",
        r#"{"version": 1, "mode": "on"}"#,
    ] {
        assert_eq!(document(text).rules, Policy { mode: Mode::On, ..Policy::default() }, "{text:?}");
    }
    assert_eq!(document("version: 1\nmode: off").rules.mode, Mode::Off);
    assert_eq!(document("version: 1\nescalate: {exploit_available: \"off\"}").rules.escalate, Escalate::default());
}

#[test]
fn an_exception_for_a_day_counts_through_its_end_in_utc() {
    let until = |until: &str| {
        let text = format!("version: 1\nexceptions:\n- {{id: CVE-2026-1234, until: {until}, reason: known}}");
        document(&text).rules.exceptions[0].until
    };
    assert_eq!(until("2028-02-29"), at("2028-03-01T00:00:00Z"));
    assert_eq!(until("2026-12-31T00:00:00Z"), at("2026-12-31T00:00:00Z"));
    assert_eq!(until("2026-12-31T00:00:00.5-01:00"), at("2026-12-31T01:00:00.5Z"));
    // One that is past is read: it is told as stale, and accepts nothing.
    assert_eq!(until("\"2020-01-01\""), at("2020-01-02T00:00:00Z"));
}

#[test]
fn a_glass_that_was_broken_is_closed_again_and_no_fault() {
    let text = "version: 1\nbreak_glass: {until: 2026-11-27T13:59:00Z, reason: incident 7}";
    let glass = document(text).rules.break_glass.expect("what was said");
    assert!(!glass.is_open(super::NOW));
}
