//! The rules of a policy: for all repositories, or anew for some.

use crate::yaml::{Faults, Fields, Node, Value};

use super::super::finding::Severity;
use super::super::policy::{Epss, Escalate, Policy, Thresholds};
use super::values;

/// The keys of rules.
pub(super) const KEYS: [&str; 13] = [
    "mode",
    "thresholds",
    "unrated",
    "escalate",
    "grace",
    "suppressed",
    "unknown",
    "stale",
    "unscannable",
    "foreign_registry",
    "max_scan_age",
    "settle",
    "patience",
];

/// Nothing is given grace, and no scan is good, for longer than ten years.
const LONGEST_DAYS: u32 = 3650;

/// Rules on top of others: what is not said stays, key by key.
pub(super) fn read(fields: Fields<'_>, base: &Policy, faults: &mut Faults) -> Policy {
    let mut policy = base.clone();
    let get = |key| fields.get(key);
    faults.set(&mut policy.mode, get("mode").map(values::mode));
    if let Some(node) = get("thresholds") {
        thresholds(node, &mut policy.thresholds, faults);
    }
    faults.set(&mut policy.unrated, get("unrated").map(values::severity));
    if let Some(node) = get("escalate") {
        escalate(node, &mut policy.escalate, faults);
    }
    if let Some(node) = get("grace") {
        grace(node, &mut policy, faults);
    }
    faults.set(&mut policy.suppressed, get("suppressed").map(values::suppressed));
    faults.set(&mut policy.unknown, get("unknown").map(values::in_doubt));
    faults.set(&mut policy.stale, get("stale").map(values::in_doubt));
    faults.set(&mut policy.unscannable, get("unscannable").map(values::in_doubt));
    faults.set(&mut policy.foreign_registry, get("foreign_registry").map(values::in_doubt));
    let age = get("max_scan_age").map(|node| values::days(node, 1, LONGEST_DAYS));
    faults.set(&mut policy.max_scan_age_days, age);
    waits(fields, &mut policy, faults);
    policy
}

/// How long a scan is not believed, and how long it is waited for.
fn waits(fields: Fields<'_>, policy: &mut Policy, faults: &mut Faults) {
    let [settle, patience] = ["settle", "patience"].map(|key| fields.get(key));
    let read = |node: Option<&Node>, inherited| node.map_or(Ok(inherited), values::minutes);
    let minutes = [read(settle, policy.settle_minutes), read(patience, policy.patience_minutes)];
    let [Some(settle_m), Some(patience_m)] = minutes.map(|read| faults.keep(read)) else { return };
    (policy.settle_minutes, policy.patience_minutes) = (settle_m, patience_m);
    if let Some(node) = patience.or(settle).filter(|_| settle_m > patience_m) {
        // A scan that is not believed yet must not be given up either.
        faults.add(node.fault(format!("patience ({patience_m}m) must not be shorter than settle ({settle_m}m)")));
    }
}

fn thresholds(node: &Node, thresholds: &mut Thresholds, faults: &mut Faults) {
    let Some(fields) = Fields::of(node, &["fixable", "unfixable"], faults) else { return };
    faults.set(&mut thresholds.fixable, fields.get("fixable").map(values::threshold));
    faults.set(&mut thresholds.unfixable, fields.get("unfixable").map(values::threshold));
}

fn escalate(node: &Node, escalate: &mut Escalate, faults: &mut Faults) {
    let Some(fields) = Fields::of(node, &["known_exploited", "exploit_available", "epss"], faults) else { return };
    faults.set(&mut escalate.known_exploited, fields.get("known_exploited").map(values::truth));
    if let Some(node) = fields.get("exploit_available") {
        escalate.exploit_available = unless_off(node, &["min_severity"], faults, |fields, faults| {
            faults.keep(fields.need("min_severity").and_then(values::severity))
        });
    }
    if let Some(node) = fields.get("epss") {
        escalate.epss = unless_off(node, &["at_least", "min_severity"], faults, |fields, faults| {
            let at_least = faults.keep(fields.need("at_least").and_then(values::share));
            let min_severity = faults.keep(fields.need("min_severity").and_then(values::severity));
            Some(Epss { at_least: at_least?, min_severity: min_severity? })
        });
    }
}

/// What a mapping says; None where it says `off` instead.
fn unless_off<T>(
    node: &Node,
    known: &[&str],
    faults: &mut Faults,
    read: impl FnOnce(Fields<'_>, &mut Faults) -> Option<T>,
) -> Option<T> {
    if values::is_off(node) {
        return None;
    }
    if !matches!(node.value, Value::Mapping(_)) {
        faults.add(node.fault(format!("must be off, or a mapping of {}", known.join(", "))));
        return None;
    }
    Fields::of(node, known, faults).and_then(|fields| read(fields, faults))
}

fn grace(node: &Node, policy: &mut Policy, faults: &mut Faults) {
    const UNRATED: [Severity; 2] = [Severity::Undefined, Severity::Untriaged];
    let words = Severity::ALL.map(Severity::as_str);
    let Some(fields) = Fields::of(node, &words, faults) else { return };
    for (key, node) in fields.iter() {
        let Some(severity) = Severity::from_word(key) else { continue };
        if UNRATED.contains(&severity) {
            faults.add(node.about(None, "has no grace of its own: it counts as what `unrated` says"));
            continue;
        }
        if let Some(days) = faults.keep(values::days(node, 0, LONGEST_DAYS)) {
            policy.grace_days.insert(severity, days);
        }
    }
}
