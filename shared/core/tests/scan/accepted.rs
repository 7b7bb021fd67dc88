//! What accepts a finding that would block: exceptions, grace, Inspector's own suppression.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::scan::Policy;
use tidegate_core::scan::finding::{Finding, Fix, Package, Severity, Status};
use tidegate_core::scan::pattern::Pattern;
use tidegate_core::scan::policy::{Exception, Suppressed};

use crate::image::{bad, days_ago, finding, index, judged, now, said, with};

fn exception(until: Timestamp) -> Exception {
    Exception {
        id: "CVE-2026-1001".to_owned(),
        repositories: vec![Pattern::new("team-a/*")],
        packages: vec![Pattern::new("openssl*")],
        until,
        only_while_unfixed: false,
        reason: "not reachable, ticket 123".to_owned(),
    }
}

fn in_a_week() -> Timestamp {
    now() + SignedDuration::from_hours(24 * 7)
}

fn excepted(exception: Exception) -> Policy {
    Policy { exceptions: vec![exception], ..Policy::default() }
}

#[test]
fn an_exception_accepts_its_vulnerability_and_says_why() {
    let judgement = judged(&with([bad()]), &excepted(exception(in_a_week())));
    assert_eq!(said(&judgement), "pass clean");
    assert_eq!(judgement.accepted[0].why, "excepted until 2026-12-04T12:00:00Z: not reachable, ticket 123");
    assert_eq!(judgement.accepted[0].until, Some(in_a_week()));
    assert!(judgement.stale_exceptions.is_empty());
}

#[test]
fn an_exception_is_for_its_own_repositories_packages_and_time_only() {
    let blocked = |exception: Exception| said(&judged(&with([bad()]), &excepted(exception))) == "fail vulnerable";
    let good = exception(in_a_week());
    assert!(blocked(Exception { repositories: vec![Pattern::new("team-b/*")], ..good.clone() }));
    assert!(blocked(Exception { packages: vec![Pattern::new("curl")], ..good.clone() }));
    assert!(blocked(Exception { id: "CVE-2026-1002".to_owned(), ..good.clone() }));
    assert!(blocked(Exception { until: now(), ..good.clone() }));
    assert!(!blocked(Exception { repositories: Vec::new(), packages: Vec::new(), ..good }));
}

#[test]
fn an_exception_has_to_be_for_every_package_of_a_finding() {
    let mut two = bad();
    two.packages.push(Package { name: "libcurl".to_owned(), ..Package::default() });
    let policy = excepted(exception(in_a_week()));
    assert_eq!(said(&judged(&with([two.clone()]), &policy)), "fail vulnerable");
    two.packages.clear();
    assert_eq!(said(&judged(&with([two]), &policy)), "fail vulnerable", "nobody knows where it is");
}

#[test]
fn an_exception_can_lapse_when_a_fix_appears() {
    let policy = excepted(Exception { only_while_unfixed: true, ..exception(in_a_week()) });
    let unfixed = finding("CVE-2026-1001", Severity::Critical, Fix::No);
    assert_eq!(said(&judged(&with([unfixed]), &policy)), "pass clean");
    let judgement = judged(&with([bad()]), &policy);
    assert_eq!(said(&judgement), "fail vulnerable");
    assert_eq!(judgement.stale_exceptions[0].why, "it was to hold while there is no fix, and now there is one");
}

#[test]
fn a_fix_on_one_platform_is_enough_for_an_exception_to_lapse() {
    let policy = excepted(Exception { only_while_unfixed: true, ..exception(in_a_week()) });
    let unfixed = finding("CVE-2026-1001", Severity::Critical, Fix::No);
    let judgement = judged(&index(vec![unfixed], vec![bad()]), &policy);
    assert_eq!(said(&judgement), "fail vulnerable");
}

#[test]
fn exceptions_that_accept_nothing_any_more_are_told() {
    let stale = |exception: Exception, findings: Vec<Finding>| {
        let judgement = judged(&with(findings), &excepted(exception));
        judgement.stale_exceptions.into_iter().map(|stale| stale.why).collect::<Vec<_>>()
    };
    let ended = Exception { until: now(), ..exception(now()) };
    assert_eq!(stale(ended, vec![bad()]), ["it ended at 2026-11-27T12:00:00Z"]);
    let here = Exception { repositories: vec![Pattern::new("team-a/shop")], ..exception(in_a_week()) };
    assert_eq!(stale(here.clone(), Vec::new()), ["the image has no such finding"]);
    assert!(stale(here, vec![bad()]).is_empty());
    let elsewhere = Exception { repositories: vec![Pattern::new("team-b/*")], ..exception(in_a_week()) };
    assert!(stale(elsewhere, Vec::new()).is_empty(), "it is for another repository");
    assert!(stale(exception(in_a_week()), Vec::new()).is_empty(), "another image of the team may have it");
}

#[test]
fn an_exception_accepts_also_what_is_known_to_be_exploited() {
    let exploited = Finding { known_exploited: Some(true), ..bad() };
    assert_eq!(said(&judged(&with([exploited]), &excepted(exception(in_a_week())))), "pass clean");
}

#[test]
fn grace_counts_from_the_publication_and_only_against_the_severity() {
    let policy = Policy { grace_days: [(Severity::Critical, 7)].into(), ..Policy::default() };
    let published = |days| Finding { published_at: Some(days_ago(days)), ..bad() };
    assert_eq!(said(&judged(&with([published(6)]), &policy)), "pass clean");
    assert_eq!(said(&judged(&with([published(7)]), &policy)), "fail vulnerable");
    assert_eq!(said(&judged(&with([bad()]), &policy)), "fail vulnerable", "without a date there is no grace");
    let high = Finding { severity: Severity::High, ..published(1) };
    assert_eq!(said(&judged(&with([high]), &policy)), "fail vulnerable");
    let exploited = Finding { known_exploited: Some(true), ..published(1) };
    assert_eq!(said(&judged(&with([exploited]), &policy)), "fail vulnerable");
}

#[test]
fn grace_that_would_end_when_no_clock_can_be_is_none() {
    let policy = Policy { grace_days: [(Severity::Critical, 7)].into(), ..Policy::default() };
    let far = Finding { published_at: Some(Timestamp::MAX), ..bad() };
    assert_eq!(said(&judged(&with([far]), &policy)), "fail vulnerable");
}

#[test]
fn what_inspector_suppresses_is_accepted_unless_the_policy_counts_it() {
    let suppressed = Finding { status: Status::Suppressed, ..bad() };
    let judgement = judged(&with([suppressed.clone()]), &Policy::default());
    assert_eq!((said(&judgement).as_str(), judgement.accepted.len()), ("pass clean", 1));
    let policy = Policy { suppressed: Suppressed::Count, ..Policy::default() };
    assert_eq!(said(&judged(&with([suppressed]), &policy)), "fail vulnerable");
}
