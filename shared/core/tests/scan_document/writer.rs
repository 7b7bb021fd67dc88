//! Documents made up at random, and written as somebody might.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tidegate_core::break_glass::BreakGlass;
use tidegate_core::mode::Mode;
use tidegate_core::scan::Policy;
use tidegate_core::scan::document::{Document, RepositoryRules};
use tidegate_core::scan::finding::Severity;
use tidegate_core::scan::pattern::Pattern;
use tidegate_core::scan::policy::{Epss, Escalate, Exception, InDoubt, Suppressed, Thresholds};

use super::NOW;

fn severity() -> impl Strategy<Value = Severity> + Clone {
    select(&Severity::ALL[2..])
}

fn in_doubt() -> impl Strategy<Value = InDoubt> + Clone {
    select(vec![InDoubt::Block, InDoubt::Warn])
}

fn escalate() -> impl Strategy<Value = Escalate> {
    let epss = (0..=1000_u32, severity())
        .prop_map(|(per_mille, min_severity)| Epss { at_least: f64::from(per_mille) / 1000.0, min_severity });
    (any::<bool>(), prop::option::of(severity()), prop::option::of(epss))
        .prop_map(|(known_exploited, exploit_available, epss)| Escalate { known_exploited, exploit_available, epss })
}

prop_compose! {
    /// Rules, each of them said.
    fn rules()(
        mode in select(vec![Mode::Off, Mode::Shadow, Mode::On]),
        fixable in prop::option::of(severity()), unfixable in prop::option::of(severity()),
        unrated in severity(), escalate in escalate(),
        // Said for all severities, so that an entry inherits none.
        grace in prop::array::uniform5(0..100_u32),
        suppressed in select(vec![Suppressed::Accept, Suppressed::Count]),
        in_doubt in prop::array::uniform4(in_doubt()),
        max_scan_age_days in 1..3650_u32, settle_minutes in 0..=45_u32, longer in 0..=45_u32,
    ) -> Policy {
        let [unknown, stale, unscannable, foreign_registry] = in_doubt;
        Policy {
            mode, thresholds: Thresholds { fixable, unfixable }, unrated, escalate,
            grace_days: Severity::ALL[2..].iter().copied().zip(grace).collect::<BTreeMap<_, _>>(),
            suppressed, unknown, stale, unscannable, foreign_registry, max_scan_age_days, settle_minutes,
            patience_minutes: settle_minutes + longer,
            exceptions: Vec::new(), break_glass: None,
        }
    }
}

/// Letters that YAML has other uses for, too.
fn reason() -> impl Strategy<Value = String> {
    "[a-z#:'\"\\\\{}\\[\\]*&!%@`|>?, \u{e9}\u{1f600}-]{0,20}x".prop_map(|text| text.trim().to_owned())
}

fn exceptions() -> impl Strategy<Value = Vec<Exception>> {
    let patterns = |names: &'static [&'static str]| {
        subsequence(names, 0..=names.len()).prop_map(|names| names.into_iter().map(Pattern::new).collect::<Vec<_>>())
    };
    let exception = (
        patterns(&["shop", "team-a/*", "*"]),
        patterns(&["openssl*", "@babel/core", "org.apache:log4j"]),
        0..4_000_000_000_i64,
        any::<bool>(),
        reason(),
    );
    prop::collection::vec(exception, 0..5).prop_map(|exceptions| {
        let numbered = exceptions.into_iter().enumerate();
        numbered
            .map(|(index, (repositories, packages, until, only_while_unfixed, reason))| Exception {
                id: format!("CVE-2026-{}", 1000 + index),
                repositories,
                packages,
                until: Timestamp::from_second(until).expect("a time"),
                only_while_unfixed,
                reason,
            })
            .collect()
    })
}

prop_compose! {
    /// A document.
    pub(super) fn documents()(
        mut rules in rules(), entries in prop::collection::vec(rules(), 0..4), exceptions in exceptions(),
        glass in prop::option::of((-100_000..=14_400_i64, reason())),
    ) -> Document {
        let until = |seconds| NOW + SignedDuration::from_secs(seconds);
        rules.exceptions = exceptions;
        rules.break_glass = glass.map(|(seconds, reason)| BreakGlass { until: until(seconds), reason });
        let entry = |(index, policy): (usize, Policy)| RepositoryRules {
            names: [format!("team-{index}/*"), format!("shop-{index}")].map(Pattern::new).to_vec(),
            policy: Policy { exceptions: rules.exceptions.clone(), break_glass: rules.break_glass.clone(), ..policy },
        };
        Document { repositories: entries.into_iter().enumerate().map(entry).collect(), rules }
    }
}

/// A document as YAML.
pub(super) fn yaml(document: &Document) -> String {
    let mut text = format!("version: 1\n{}", of_rules(&document.rules, ""));
    if !document.repositories.is_empty() {
        text.push_str("repositories:\n");
    }
    for RepositoryRules { names, policy } in &document.repositories {
        let _ = write!(text, "  - names: {}\n{}", list(names), of_rules(policy, "    "));
    }
    text.push_str(if document.rules.exceptions.is_empty() { "exceptions: []\n" } else { "exceptions:\n" });
    for exception in &document.rules.exceptions {
        let Exception { id, repositories, packages, until, only_while_unfixed, reason } = exception;
        let _ = writeln!(text, "- id: {id}\n  until: {until}\n  reason: {}", quoted(reason));
        for (key, patterns) in [("repositories", repositories), ("packages", packages)] {
            if !patterns.is_empty() {
                let _ = writeln!(text, "  {key}: {}", list(patterns));
            }
        }
        let _ = writeln!(text, "  only_while_unfixed: {only_while_unfixed}");
    }
    if let Some(BreakGlass { until, reason }) = &document.rules.break_glass {
        let _ = writeln!(text, "break_glass:\n  until: {until}\n  reason: {}", quoted(reason));
    }
    text
}

fn of_rules(policy: &Policy, indent: &str) -> String {
    let word = |severity: Option<Severity>| severity.map_or("none", Severity::as_str);
    let in_doubt = |in_doubt| if in_doubt == InDoubt::Block { "block" } else { "warn" };
    let exploit = policy.escalate.exploit_available;
    let exploit = exploit.map_or("off".to_owned(), |severity| format!("{{min_severity: {}}}", severity.as_str()));
    let epss = policy.escalate.epss.map_or("\"off\"".to_owned(), |Epss { at_least, min_severity }| {
        format!("{{at_least: {at_least}, min_severity: '{}'}}", min_severity.as_str())
    });
    let grace: Vec<String> =
        policy.grace_days.iter().map(|(severity, days)| format!("{}: {days}d", severity.as_str())).collect();
    let lines = [
        format!("mode: {}", policy.mode.as_str()),
        format!(
            "thresholds: {{fixable: {}, unfixable: {}}}",
            word(policy.thresholds.fixable),
            word(policy.thresholds.unfixable)
        ),
        format!("unrated: \"{}\"", policy.unrated.as_str()),
        "escalate:".to_owned(),
        format!("  known_exploited: {}", policy.escalate.known_exploited),
        format!("  exploit_available: {exploit}"),
        format!("  epss: {epss}"),
        format!("grace: {{{}}}", grace.join(", ")),
        format!("suppressed: {}", if policy.suppressed == Suppressed::Accept { "accept" } else { "count" }),
        format!("unknown: {}", in_doubt(policy.unknown)),
        format!("stale: {}", in_doubt(policy.stale)),
        format!("unscannable: {}", in_doubt(policy.unscannable)),
        format!("foreign_registry: {}", in_doubt(policy.foreign_registry)),
        format!("max_scan_age: {}d", policy.max_scan_age_days),
        format!("settle: {}m", policy.settle_minutes),
        format!("patience: {}m", policy.patience_minutes),
    ];
    lines.iter().fold(String::new(), |text, line| text + indent + line + "\n")
}

fn list(patterns: &[Pattern]) -> String {
    let quoted: Vec<String> = patterns.iter().map(|pattern| quoted(pattern.as_str())).collect();
    format!("[{}]", quoted.join(", "))
}

/// A text in single quotes, of which YAML doubles those within.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
