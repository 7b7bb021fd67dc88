//! Facts that fit into a log line, and whether a judgement is news.

use tidegate_core::scan::condense::condense;
use tidegate_core::scan::finding::{Finding, Fix, Severity};
use tidegate_core::scan::news::is_news;
use tidegate_core::scan::{Facts, Policy, judge};

use crate::image::{bad, days_ago, finding, judged, minutes_ago, now, said, shop, with};

#[test]
fn ten_thousand_findings_fit_into_a_log_line_and_judge_the_same() {
    let severities = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let one = |n: usize| finding(&format!("CVE-2026-{n:05}"), severities[n % 4], Fix::Yes);
    let mut facts = with((0..10_000).map(one));
    let mut judgement = judged(&facts, &Policy::default());
    assert_eq!(judgement.blocking.len(), 5000);
    condense(&mut facts, &mut judgement, &Policy::default(), now());
    assert_eq!((judgement.blocking.len(), facts.findings_left_out), (50, 9950));
    assert_eq!(judgement.found.values().sum::<u64>(), 10_000, "the counts are what they were");
    let line = serde_json::to_string(&facts).expect("it is JSON").len()
        + serde_json::to_string(&judgement).expect("too").len();
    assert!(line < 100_000, "{line}");
    let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).expect("it is JSON")).expect("facts");
    assert_eq!(said(&judge(&again, &Policy::default(), now())), said(&judgement));
}

#[test]
fn a_clean_image_stays_clean_without_its_findings() {
    let mut facts = with([finding("CVE-2026-0001", Severity::Low, Fix::No)]);
    facts.pushed_at = Some(minutes_ago(1));
    let mut judgement = judged(&facts, &Policy::default());
    condense(&mut facts, &mut judgement, &Policy::default(), now());
    assert_eq!(said(&judged(&facts, &Policy::default())), "pass clean", "it does not begin to settle");
}

#[test]
fn what_blocks_is_kept_however_often_its_like_does_not() {
    let harmless = finding("CVE-2026-0001", Severity::Low, Fix::No);
    let blocks = Finding { severity: Severity::Critical, ..harmless.clone() };
    let mut facts = with(std::iter::repeat_n(harmless, 100).chain([blocks]));
    let mut judgement = judged(&facts, &Policy::default());
    condense(&mut facts, &mut judgement, &Policy::default(), now());
    assert_eq!((facts.platforms[0].scan.findings.len(), facts.findings_left_out), (1, 100));
    assert_eq!(said(&judged(&facts, &Policy::default())), "fail vulnerable");
}

/// An image of last month, in which this was found.
fn old(findings: impl IntoIterator<Item = Finding>) -> Facts {
    let mut facts = with(findings);
    facts.pushed_at = Some(days_ago(30));
    facts
}

#[test]
fn what_was_found_since_is_news_and_what_was_known_is_not() {
    let since = days_ago(1);
    let known = Finding { first_seen_at: Some(days_ago(20)), ..bad() };
    let news = |facts: &Facts| is_news(facts, &Policy::default(), &judged(facts, &Policy::default()), since);
    assert!(!news(&old([known.clone()])));
    let new = Finding { first_seen_at: Some(minutes_ago(5)), ..finding("CVE-2026-2002", Severity::Critical, Fix::No) };
    assert!(news(&old([known.clone(), new.clone()])), "there is one more");
    let harmless = Finding { severity: Severity::Low, ..new };
    assert!(!news(&old([known, harmless])));
    assert!(news(&with([bad()])), "it was pushed an hour ago");
}

#[test]
fn a_grace_that_ended_is_news() {
    let policy = Policy { grace_days: [(Severity::Critical, 7)].into(), ..Policy::default() };
    let finding = Finding {
        first_seen_at: Some(days_ago(7)),
        published_at: Some(days_ago(7) - jiff::SignedDuration::from_mins(10)),
        ..bad()
    };
    let facts = old([finding]);
    assert!(is_news(&facts, &policy, &judge(&facts, &policy, now()), days_ago(1)));
}

#[test]
fn a_clean_image_is_no_news() {
    let mut facts = shop();
    facts.pushed_at = Some(days_ago(30));
    facts.platforms[0].scan.completed_at = Some(days_ago(29));
    assert!(!is_news(&facts, &Policy::default(), &judged(&facts, &Policy::default()), days_ago(1)));
}
