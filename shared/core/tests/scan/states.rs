//! What ECR's word for a scan means, row by row.

use jiff::Timestamp;
use tidegate_core::scan::Policy;
use tidegate_core::scan::facts::{AskedFor, Facts, Kind, Part, Scan, ScanStatus, Storage, Unreadable};
use tidegate_core::scan::finding::{Finding, Fix, Severity};
use tidegate_core::scan::policy::InDoubt;

use crate::image::{bad, covered, days_ago, finding, judged, minutes_ago, now, said, scanned, shop, with};

fn says(facts: &Facts) -> String {
    said(&judged(facts, &Policy::default()))
}

fn unknown(status: ScanStatus) -> (String, String) {
    (says(&scanned(status.clone(), 5)), says(&scanned(status, 120)))
}

#[test]
fn a_scan_that_was_made_is_judged_by_what_it_found() {
    assert_eq!(says(&shop()), "pass clean");
    assert_eq!(says(&with([bad()])), "fail vulnerable");
}

#[test]
fn complete_without_anything_settles_first_and_is_believed_later() {
    for status in [ScanStatus::Complete, ScanStatus::Active] {
        let young = judged(&scanned(status.clone(), 3), &Policy::default());
        assert_eq!((said(&young).as_str(), young.look_again_s), ("inconclusive settling", Some(30)));
        let almost = judged(&scanned(status.clone(), 10), &Policy::default());
        assert_eq!(said(&almost), "pass clean", "ten minutes are over");
        let policy = Policy { settle_minutes: 60, patience_minutes: 90, ..Policy::default() };
        assert_eq!(said(&judged(&scanned(status, 59), &policy)), "inconclusive settling");
    }
}

#[test]
fn a_push_that_no_clock_can_wait_for_is_not_waited_for() {
    let pushed = |status: ScanStatus| Facts { pushed_at: Some(Timestamp::MAX), ..scanned(status, 0) };
    assert_eq!(says(&pushed(ScanStatus::Pending)), "fail not_scanned");
    assert_eq!(says(&pushed(ScanStatus::NotFound)), "fail not_scanned");
    assert_eq!(says(&pushed(ScanStatus::Complete)), "inconclusive settling", "nor is an empty scan believed");
}

#[test]
fn counts_that_tell_of_findings_that_are_not_there_never_pass() {
    let counted = |findings: Vec<Finding>, counts: &[(&str, f64)]| {
        let mut scan = Scan { findings, ..Scan::of(ScanStatus::Complete) };
        scan.count(counts.iter().copied());
        (scan.counted, scan.more)
    };
    let of = |severity| vec![finding("CVE-1", severity, Fix::No)];
    assert_eq!(counted(Vec::new(), &[]), (false, false));
    assert_eq!(counted(Vec::new(), &[("HIGH", 0.0), ("LOW", -0.0)]), (true, false));
    assert_eq!(counted(of(Severity::Low), &[("LOW", 1.0)]), (true, false));
    assert_eq!(counted(of(Severity::Low), &[("LOW", 2.0)]), (true, true), "one of two is not all");
    assert_eq!(counted(of(Severity::Low), &[("LOW", 0.0)]), (true, false), "the counts may be behind the list");
    assert_eq!(counted(of(Severity::Low), &[("LOW", 1.0), ("LOW", 1.0)]), (true, false), "each page has them anew");
    assert_eq!(counted(of(Severity::Low), &[("LOW", 2.0), ("LOW", 1.0)]), (true, true));
    assert_eq!(counted(of(Severity::Low), &[("LOW", 1.0), ("CRITICAL", 1.0)]), (true, true));
    assert_eq!(counted(Vec::new(), &[("MEDIUM", f64::NAN)]), (true, true), "no number is not none");
    assert_eq!(counted(of(Severity::Medium), &[("MEDIUM", f64::NAN), ("MEDIUM", 1.0)]), (true, true), "nor is it one");
    // A sum of all, or a word that nobody knows, is of no severity.
    assert_eq!(counted(Vec::new(), &[("TOTAL", 7.0), ("SEVERE", 7.0), ("total", 7.0)]), (true, false));
    // Counts and findings have different words for no rating.
    assert_eq!(counted(of(Severity::Untriaged), &[("UNDEFINED", 1.0)]), (true, false));
    assert_eq!(counted(of(Severity::Low), &[("UNTRIAGED", 1.0)]), (true, true));
    assert_eq!(counted(of(Severity::Undefined), &[("UNDEFINED", 1.0), ("UNTRIAGED", 1.0)]), (true, true));

    let mut facts = shop();
    facts.platforms[0].scan.count([("CRITICAL", 1.0)]);
    assert_eq!(says(&facts), "error image_unreadable");
    let mut facts = with([bad()]);
    facts.platforms[0].scan.count([("CRITICAL", 1.0), ("LOW", 3.0)]);
    assert_eq!(says(&facts), "fail vulnerable", "what is there is enough");
}

#[test]
fn an_empty_scan_of_an_image_whose_push_is_not_known_settles_unless_it_says_when_it_was_made() {
    let mut facts = scanned(ScanStatus::Complete, 0);
    facts.pushed_at = None;
    assert_eq!(says(&facts), "inconclusive settling");
    facts.platforms[0].scan.completed_at = Some(minutes_ago(1));
    assert_eq!(says(&facts), "pass clean");
}

#[test]
fn a_scan_that_is_about_to_begin_is_waited_for_where_the_push_is_not_known() {
    let mut facts = scanned(ScanStatus::Pending, 0);
    facts.pushed_at = None;
    assert_eq!(says(&facts), "inconclusive waiting_for_scan");
}

#[test]
fn inspector_and_basic_scanning_can_say_that_an_empty_scan_is_all() {
    let young = scanned(ScanStatus::Complete, 1);
    assert_eq!(says(&covered(young.clone(), "SUCCESSFUL")), "pass clean");
    let mut basic = young;
    basic.registry_scans = Some(Kind::Basic);
    assert_eq!(says(&basic), "inconclusive settling", "it does not say when it was made");
    basic.platforms[0].scan.completed_at = Some(now());
    assert_eq!(says(&basic), "pass clean");
}

#[test]
fn coverage_from_before_the_archive_says_nothing() {
    let mut facts = covered(scanned(ScanStatus::Complete, 600), "SUCCESSFUL");
    facts.restored_at = Some(minutes_ago(2));
    facts.platforms[0].scan.coverage.as_mut().expect("it is there").scanned_at = Some(minutes_ago(300));
    assert_eq!(says(&facts), "inconclusive settling");
}

#[test]
fn an_empty_scan_is_not_clean_where_inspector_says_why_it_is_empty() {
    let empty = || scanned(ScanStatus::Active, 600);
    for (reason, said) in [
        ("PENDING_INITIAL_SCAN", "inconclusive waiting_for_scan"),
        ("SCAN_ELIGIBILITY_EXPIRED", "pass passed_with_warning"),
        ("UNSUPPORTED_OS", "pass passed_with_warning"),
        ("IMAGE_ARCHIVED", "fail image_archived"),
        ("ACCESS_DENIED", "fail not_scanned"),
        ("INTERNAL_ERROR", "fail not_scanned"),
        ("SCAN_FREQUENCY_SCAN_ON_PUSH", "pass clean"),
        ("SCAN_FREQUENCY_MANUAL", "pass clean"),
        ("PENDING_DISABLE", "fail not_scanned"),
        ("A_WORD_OF_THE_FUTURE", "fail not_scanned"),
        ("", "fail not_scanned"),
    ] {
        assert_eq!(says(&covered(empty(), reason)), said, "{reason}");
        let mut told = covered(empty(), reason);
        told.platforms[0].scan.counted = true;
        assert_eq!(says(&told), "pass clean", "{reason}: counts of nothing are no empty scan");
    }
    let young = covered(scanned(ScanStatus::Active, 1), "A_WORD_OF_THE_FUTURE");
    assert_eq!(says(&young), "inconclusive settling");
}

#[test]
fn an_empty_scan_is_not_clean_where_inspector_does_not_cover_the_image() {
    for status in [ScanStatus::Active, ScanStatus::Complete] {
        let uncovered = |minutes| Facts { registry_scans: Some(Kind::Enhanced), ..scanned(status.clone(), minutes) };
        assert_eq!(says(&uncovered(1)), "inconclusive settling", "it may be covered in a moment");
        let judgement = judged(&uncovered(600), &Policy::default());
        assert_eq!(said(&judgement), "fail not_scanned");
        assert!(judgement.why.ends_with(": Inspector does not cover the image"), "{}", judgement.why);
        let mut found = uncovered(600);
        found.platforms[0].scan.findings = vec![finding("CVE-1", Severity::Low, Fix::No)];
        assert_eq!(says(&found), "pass clean", "it has been scanned");
        let elsewhere = Facts { registry_scans: None, ..uncovered(600) };
        assert_eq!(says(&elsewhere), "pass clean", "of another registry nothing is known here");
        let basic = Facts { registry_scans: Some(Kind::Basic), ..uncovered(600) };
        assert_eq!(says(&basic), "pass clean");
    }
}

#[test]
fn an_empty_scan_is_not_clean_where_what_inspector_covers_could_not_be_read() {
    let unread = |registry_scans, minutes| Facts {
        registry_scans,
        unreadable: vec![Unreadable { what: Part::Coverage, why: "inspector2:ListCoverage is not allowed".to_owned() }],
        ..scanned(ScanStatus::Active, minutes)
    };
    for registry in [None, Some(Kind::Enhanced)] {
        assert_eq!(says(&unread(registry, 1)), "inconclusive settling");
        let warns = Policy { unknown: InDoubt::Warn, stale: InDoubt::Warn, ..Policy::default() };
        let judgement = judged(&unread(registry, 600), &warns);
        assert_eq!(said(&judgement), "error image_unreadable");
        assert!(judgement.why.contains("inspector2:ListCoverage"), "{}", judgement.why);
        let mut undated = unread(registry, 600);
        (undated.pushed_at, undated.platforms[0].scan.completed_at) = (None, Some(now()));
        assert_eq!(says(&undated), "error image_unreadable");
    }
    // One platform of two is enough; one of which it could be read is not held up.
    let mut facts = unread(Some(Kind::Enhanced), 600);
    let told = shop().platforms.remove(0);
    facts.platforms.insert(0, told);
    assert_eq!(says(&facts), "error image_unreadable");
    facts.platforms.truncate(1);
    assert_eq!(says(&facts), "pass clean");
    assert_eq!(says(&covered(unread(None, 600), "SUCCESSFUL")), "pass clean");
}

#[test]
fn a_scan_that_is_not_made_yet_is_waited_for_with_patience() {
    let waits = "inconclusive waiting_for_scan".to_owned();
    let blocks = "fail not_scanned".to_owned();
    assert_eq!(unknown(ScanStatus::Pending), (waits.clone(), blocks.clone()));
    assert_eq!(unknown(ScanStatus::NotFound), (waits.clone(), blocks.clone()));
    assert_eq!(unknown(ScanStatus::Failed), (waits.clone(), blocks.clone()));
    assert_eq!(unknown(ScanStatus::LimitExceeded), (waits.clone(), blocks.clone()));
    assert_eq!(unknown(ScanStatus::FindingsUnavailable), (blocks.clone(), blocks.clone()));
    assert_eq!(unknown(ScanStatus::Other("NEW_WORD".to_owned())), (blocks.clone(), blocks));
    // One that is under way ends by itself, however old the image is.
    assert_eq!(unknown(ScanStatus::InProgress), (waits.clone(), waits));
}

#[test]
fn an_image_that_was_never_scanned_blocks_and_passes_only_where_the_policy_says_so() {
    let facts = scanned(ScanStatus::NotFound, 120);
    let policy = Policy { unknown: InDoubt::Warn, ..Policy::default() };
    let passed = judged(&facts, &policy);
    assert_eq!(said(&passed), "pass passed_with_warning");
    assert_eq!(passed.warnings, ["team-a/shop:v2@sha256:aaaaaaaaaaaa: the image was never scanned"]);
}

#[test]
fn basic_scanning_is_asked_once_for_a_scan_that_was_never_made() {
    let mut facts = scanned(ScanStatus::NotFound, 120);
    facts.registry_scans = Some(Kind::Basic);
    let asks = judged(&facts, &Policy::default());
    assert_eq!((said(&asks).as_str(), asks.scan_to_begin.len()), ("inconclusive waiting_for_scan", 1));
    facts.platforms[0].scan.asked_for = Some(AskedFor::Begun);
    let begun = judged(&facts, &Policy::default());
    assert_eq!((said(&begun).as_str(), begun.scan_to_begin.len()), ("inconclusive waiting_for_scan", 0));
    facts.platforms[0].scan.asked_for = Some(AskedFor::Refused("once a day only".to_owned()));
    assert_eq!(says(&facts), "fail not_scanned");
    facts.platforms[0].scan.asked_for = None;
    facts.registry_scans = Some(Kind::Enhanced);
    let enhanced = judged(&facts, &Policy::default());
    assert_eq!((said(&enhanced).as_str(), enhanced.scan_to_begin.len()), ("fail not_scanned", 0));
}

#[test]
fn what_is_no_longer_scanned_is_stale_and_not_clean() {
    let expired = scanned(ScanStatus::ScanEligibilityExpired, 60 * 24 * 100);
    assert_eq!(says(&expired), "pass passed_with_warning");
    let policy = Policy { stale: InDoubt::Block, ..Policy::default() };
    assert_eq!(said(&judged(&expired, &policy)), "fail stale_scan");
    let mut old = shop();
    old.pushed_at = Some(days_ago(100));
    old.platforms[0].scan = Scan { completed_at: Some(days_ago(31)), counted: true, ..Scan::of(ScanStatus::Complete) };
    assert_eq!(said(&judged(&old, &policy)), "fail stale_scan");
    old.platforms[0].scan.findings = vec![bad()];
    assert_eq!(said(&judged(&old, &policy)), "fail vulnerable", "what was found does not go away");
    old.platforms[0].scan.findings.clear();
    old.platforms[0].scan.completed_at = Some(days_ago(29));
    assert_eq!(said(&judged(&old, &policy)), "pass clean");
    old.platforms[0].scan.completed_at = None;
    assert_eq!(said(&judged(&old, &policy)), "fail stale_scan", "it was not made before the push, and may be as old");
    old.platforms[0].scan.status = ScanStatus::Active;
    assert_eq!(said(&judged(&old, &policy)), "pass clean", "it is kept up to date");
}

#[test]
fn what_cannot_be_scanned_has_a_rule_of_its_own() {
    let scratch = scanned(ScanStatus::UnsupportedImage, 60);
    assert_eq!(says(&scratch), "pass passed_with_warning");
    let policy = Policy { unscannable: InDoubt::Block, ..Policy::default() };
    assert_eq!(said(&judged(&scratch, &policy)), "fail unscannable");
}

#[test]
fn where_an_image_is_comes_before_what_is_in_it() {
    let stored = |storage| {
        let mut facts = shop();
        facts.storage = storage;
        facts
    };
    assert_eq!(says(&stored(Storage::Missing)), "fail image_missing");
    assert_eq!(says(&stored(Storage::Archived)), "fail image_archived");
    assert_eq!(says(&stored(Storage::Activating)), "inconclusive activating");
    assert_eq!(says(&stored(Storage::Foreign)), "pass passed_with_warning");
    let policy = Policy { foreign_registry: InDoubt::Block, ..Policy::default() };
    assert_eq!(said(&judged(&stored(Storage::Foreign), &policy)), "fail foreign_registry");
    assert_eq!(says(&scanned(ScanStatus::ImageArchived, 60)), "fail image_archived");
}
