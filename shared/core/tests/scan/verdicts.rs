//! Which findings block.

use tidegate_core::break_glass::BreakGlass;
use tidegate_core::scan::Policy;
use tidegate_core::scan::facts::{Part, ScanStatus, Unreadable};
use tidegate_core::scan::finding::{Finding, Fix, Severity, Status};
use tidegate_core::scan::judgement::Because;
use tidegate_core::scan::policy::{Epss, Escalate, Thresholds};

use crate::image::{bad, finding, index, judged, minutes_ago, now, said, shop, with};

fn blocks(finding: Finding, policy: &Policy) -> Option<Because> {
    judged(&with([finding]), policy).blocking.first().map(|blocking| blocking.because)
}

#[test]
fn the_built_in_policy_blocks_high_with_a_fix_and_critical_without() {
    let policy = Policy::default();
    let blocked = |severity, fix| blocks(finding("CVE-1", severity, fix), &policy).is_some();
    assert!(blocked(Severity::Critical, Fix::Yes) && blocked(Severity::High, Fix::Yes));
    assert!(blocked(Severity::High, Fix::Partial));
    assert!(blocked(Severity::Critical, Fix::No) && blocked(Severity::Critical, Fix::Unknown));
    assert!(!blocked(Severity::High, Fix::No) && !blocked(Severity::High, Fix::Unknown));
    assert!(!blocked(Severity::Medium, Fix::Yes));
}

#[test]
fn a_finding_that_nobody_rated_counts_as_the_policy_says() {
    for severity in [Severity::Undefined, Severity::Untriaged] {
        let with_fix = finding("CVE-1", severity, Fix::Yes);
        let blocking = judged(&with([with_fix.clone()]), &Policy::default()).blocking;
        assert!(blocking[0].why.contains("which counts as HIGH"), "{}", blocking[0].why);
        assert_eq!(blocks(finding("CVE-1", severity, Fix::No), &Policy::default()), None);
        let policy = Policy { unrated: Severity::Low, ..Policy::default() };
        assert_eq!(blocks(with_fix, &policy), None);
    }
}

#[test]
fn thresholds_can_be_switched_off() {
    let policy = Policy { thresholds: Thresholds { fixable: None, unfixable: None }, ..Policy::default() };
    assert_eq!(blocks(bad(), &policy), None);
}

#[test]
fn what_is_known_to_be_exploited_blocks_whatever_its_severity() {
    let low = Finding { known_exploited: Some(true), ..finding("CVE-1", Severity::Low, Fix::No) };
    assert_eq!(blocks(low.clone(), &Policy::default()), Some(Because::KnownExploited));
    let policy = Policy { escalate: Escalate { known_exploited: false, ..Escalate::default() }, ..Policy::default() };
    assert_eq!(blocks(low, &policy), None);
}

#[test]
fn exploits_and_epss_block_from_a_severity_on() {
    let escalate = Escalate {
        exploit_available: Some(Severity::High),
        epss: Some(Epss { at_least: 0.5, min_severity: Severity::Medium }),
        ..Escalate::default()
    };
    let policy = Policy { escalate, ..Policy::default() };
    let exploit = |severity| Finding { exploit_available: Some(true), ..finding("CVE-1", severity, Fix::No) };
    assert_eq!(blocks(exploit(Severity::High), &policy), Some(Because::ExploitAvailable));
    assert_eq!(blocks(exploit(Severity::Medium), &policy), None);
    let likely = |epss, severity| Finding { epss: Some(epss), ..finding("CVE-1", severity, Fix::No) };
    assert_eq!(blocks(likely(0.5, Severity::Medium), &policy), Some(Because::Epss));
    assert_eq!(blocks(likely(0.49, Severity::Medium), &policy), None);
    assert_eq!(blocks(likely(0.9, Severity::Low), &policy), None);
}

#[test]
fn a_finding_that_is_closed_is_none() {
    let closed = Finding { status: Status::Closed, known_exploited: Some(true), ..bad() };
    assert_eq!(blocks(closed.clone(), &Policy::default()), None);
    assert!(judged(&with([closed.clone()]), &Policy::default()).found.is_empty(), "nor is it counted");
    let stands = finding("CVE-2026-1001", Severity::Low, Fix::No);
    let found = judged(&index(vec![closed], vec![stands]), &Policy::default()).found;
    assert_eq!(found, [(Severity::Low, 1)].into(), "on another platform it stands");
}

#[test]
fn an_index_with_one_bad_platform_fails_and_says_which() {
    let judgement = judged(&index(vec![bad()], Vec::new()), &Policy::default());
    assert_eq!(said(&judgement), "fail vulnerable");
    assert_eq!(judgement.blocking[0].platforms, ["linux/amd64"]);
    let both = judged(&index(vec![bad()], vec![bad()]), &Policy::default());
    assert_eq!((both.blocking.len(), both.blocking[0].platforms.len()), (1, 2), "one vulnerability, told once");
}

#[test]
fn a_platform_that_is_not_scanned_yet_holds_up_the_whole_index_unless_another_fails() {
    let mut facts = index(Vec::new(), Vec::new());
    facts.pushed_at = Some(minutes_ago(1));
    facts.platforms[1].scan.status = ScanStatus::Pending;
    assert_eq!(said(&judged(&facts, &Policy::default())), "inconclusive waiting_for_scan");
    facts.platforms[0].scan.findings = vec![bad()];
    assert_eq!(said(&judged(&facts, &Policy::default())), "fail vulnerable");
}

#[test]
fn what_could_not_be_read_never_passes() {
    let unreadable = |what| {
        let mut facts = shop();
        facts.unreadable = vec![Unreadable { what, why: "ecr:DescribeImages is not allowed".to_owned() }];
        judged(&facts, &Policy::default())
    };
    for part in [Part::Image, Part::Manifest, Part::Scan] {
        let judgement = unreadable(part);
        assert_eq!(said(&judgement), "error image_unreadable");
        assert!(judgement.why.contains("ecr:DescribeImages"), "{}", judgement.why);
    }
    assert_eq!(said(&unreadable(Part::Risk)), "error risk_unreadable");
    // A scan that is not empty needs none.
    assert_eq!(said(&unreadable(Part::Coverage)), "pass clean");
    let mut facts = shop();
    facts.platforms[0].scan.status = ScanStatus::Unreadable;
    assert_eq!(said(&judged(&facts, &Policy::default())), "error image_unreadable");
    facts = shop();
    facts.platforms[0].scan.more = true;
    assert_eq!(said(&judged(&facts, &Policy::default())), "error image_unreadable");
    facts.platforms.clear();
    assert_eq!(said(&judged(&facts, &Policy::default())), "fail no_platform");
}

#[test]
fn a_policy_that_asks_for_no_risks_does_not_need_them() {
    let mut facts = shop();
    facts.unreadable = vec![Unreadable { what: Part::Risk, why: "throttled".to_owned() }];
    let policy = Policy { escalate: Escalate { known_exploited: false, ..Escalate::default() }, ..Policy::default() };
    assert_eq!(said(&judged(&facts, &policy)), "pass clean");
}

#[test]
fn a_roll_back_passes_whatever_it_brings_and_says_what_that_is() {
    let mut facts = with([bad()]);
    facts.roll_back = Some("it is brought back".to_owned());
    let judgement = judged(&facts, &Policy::default());
    assert_eq!(said(&judgement), "pass roll_back");
    assert_eq!(judgement.blocking.len(), 1);
    assert!(judgement.warnings[0].contains("CVE-2026-1001"), "{:?}", judgement.warnings);
}

#[test]
fn broken_glass_opens_the_gate_until_its_time() {
    let glass = BreakGlass { until: now() + jiff::SignedDuration::from_mins(1), reason: "orders are lost".to_owned() };
    let open = Policy { break_glass: Some(glass.clone()), ..Policy::default() };
    assert_eq!(said(&judged(&with([bad()]), &open)), "pass break_glass");
    let over = Policy { break_glass: Some(BreakGlass { until: now(), ..glass }), ..Policy::default() };
    assert_eq!(said(&judged(&with([bad()]), &over)), "fail vulnerable");
}
