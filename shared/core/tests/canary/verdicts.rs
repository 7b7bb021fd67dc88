//! The comparison of two versions on the same minutes.

use tidegate_core::canary::facts::{Part, State, Unreadable};
use tidegate_core::canary::policy::Slow;
use tidegate_core::canary::{Policy, edge, judge};

use crate::release::{add, at, canary, counts, minute, said};

#[test]
fn a_canary_that_fails_ten_times_as_often_is_stopped() {
    let mut facts = canary();
    add(&mut facts, 0, 20, Some(counts(100, 1)), Some(counts(900, 1)));
    assert_eq!(at(&facts, 5), "inconclusive waiting_for_evidence");
    assert_eq!(at(&facts, 14), "inconclusive waiting_for_evidence");
    let judgement = judge(&facts, &Policy::default(), minute(15));
    assert_eq!(said(&judgement), "fail worse_than_baseline");
    assert_eq!(
        judgement.why,
        "errors: canary 11 of 1100 (1.00 %), baseline 11 of 9900 (0.111 %); evidence 122 against 100, over 11 settled minutes"
    );
}

#[test]
fn a_canary_as_good_as_the_baseline_passes_in_time() {
    let mut facts = canary();
    add(&mut facts, 0, 60, Some(counts(1000, 5)), Some(counts(9000, 45)));
    assert_eq!(at(&facts, 5), "inconclusive waiting_for_evidence");
    assert_eq!(at(&facts, 20), "pass good_enough");
}

#[test]
fn no_errors_at_all_are_evidence_too() {
    let mut facts = canary();
    add(&mut facts, 0, 60, Some(counts(1000, 0)), Some(counts(9000, 0)));
    assert_eq!(at(&facts, 12), "pass good_enough");
}

#[test]
fn a_common_outage_does_not_blame_the_canary() {
    let mut facts = canary();
    add(&mut facts, 0, 10, Some(counts(100, 0)), Some(counts(900, 1)));
    add(&mut facts, 10, 30, Some(counts(100, 40)), Some(counts(900, 360)));
    for now in 3..40 {
        assert!(!at(&facts, now).starts_with("fail"), "minute {now}: {}", at(&facts, now));
    }
}

#[test]
fn a_difference_that_does_not_matter_stops_nothing() {
    let mut facts = canary();
    // Three times the errors, and yet a fiftieth of a percent of the requests.
    add(&mut facts, 0, 60, Some(counts(100_000, 30)), Some(counts(900_000, 90)));
    let judgement = judge(&facts, &Policy::default(), minute(60));
    assert!(judgement.evidence > Some(judgement.fail_at), "{judgement:?}");
    assert!(judgement.classes.iter().all(|class| !class.material));
    assert_ne!(said(&judgement), "fail worse_than_baseline");
}

#[test]
fn one_bad_minute_is_an_accident() {
    let mut facts = canary();
    add(&mut facts, 0, 10, Some(counts(100, 0)), Some(counts(900, 1)));
    facts.minutes[6].canary = Some(counts(100, 60));
    assert!(!at(&facts, 12).starts_with("fail"));
    facts.minutes[7].canary = Some(counts(100, 2));
    assert_eq!(at(&facts, 12), "fail worse_than_baseline");
}

#[test]
fn the_warm_up_is_no_evidence() {
    let mut facts = canary();
    add(&mut facts, 0, 2, Some(counts(100, 60)), Some(counts(900, 1)));
    add(&mut facts, 2, 20, Some(counts(100, 0)), Some(counts(900, 1)));
    assert!(!at(&facts, 20).starts_with("fail"));
}

#[test]
fn a_minute_counts_once_it_is_settled_also_when_that_is_late() {
    let mut facts = canary();
    add(&mut facts, 0, 10, Some(counts(100, 0)), Some(counts(900, 1)));
    // The newest minutes are there, and full of errors that are not complete yet.
    add(&mut facts, 10, 12, Some(counts(20, 15)), Some(counts(100, 0)));
    assert!(!at(&facts, 12).starts_with("fail"));
    assert_eq!(at(&facts, 14), "fail worse_than_baseline");
}

#[test]
fn a_minute_that_is_told_twice_counts_once() {
    let mut facts = canary();
    add(&mut facts, 0, 9, Some(counts(100, 1)), Some(counts(900, 1)));
    let once = judge(&facts, &Policy::default(), minute(11));
    facts.minutes.extend(facts.minutes.clone());
    assert_eq!(judge(&facts, &Policy::default(), minute(11)), once);
}

#[test]
fn errors_that_come_in_clumps_weigh_less() {
    let mut facts = canary();
    add(&mut facts, 0, 10, Some(counts(100, 1)), Some(counts(900, 1)));
    for (index, minute) in facts.before.iter_mut().enumerate() {
        minute.counts.errors = if index % 10 == 0 { 5 } else { 0 };
    }
    let judgement = judge(&facts, &Policy::default(), minute(13));
    assert!(judgement.classes[0].dispersion > 4.0);
    assert_eq!(said(&judgement), "inconclusive waiting_for_evidence");
}

#[test]
fn slow_requests_are_judged_like_errors() {
    let mut facts = canary();
    add(&mut facts, 0, 15, Some(counts(100, 0)), Some(counts(900, 0)));
    for minute in &mut facts.minutes {
        minute.canary.as_mut().expect("counts").slow = Some(20);
        minute.baseline.as_mut().expect("counts").slow = Some(9);
    }
    for before in &mut facts.before {
        before.counts.slow = Some(9);
    }
    assert!(!at(&facts, 12).starts_with("fail"), "slow is off by default");
    let policy = Policy { slow: Some(Slow { ms: 500.0, max_ratio: 2.0 }), ..Policy::default() };
    let judgement = judge(&facts, &policy, minute(12));
    assert_eq!(said(&judgement), "fail worse_than_baseline");
    assert!(judgement.why.contains("slow requests: canary 160 of 800 (20.0 %)"), "{}", judgement.why);
}

#[test]
fn requests_that_no_target_answers_stop_a_canary_whose_5xx_never_show() {
    let mut facts = canary();
    add(&mut facts, 0, 15, Some(counts(100, 0)), Some(counts(900, 0)));
    for minute in &mut facts.minutes {
        minute.canary.as_mut().expect("counts").unanswered = 5;
    }
    assert_eq!(at(&facts, 12), "fail worse_than_baseline");
}

#[test]
fn what_can_not_be_read_is_an_error_and_never_good() {
    let mut facts = canary();
    add(&mut facts, 0, 30, Some(counts(1000, 0)), Some(counts(9000, 0)));
    assert_eq!(at(&facts, 20), "pass good_enough");
    for what in [Part::Requests, Part::Latency, Part::Hosts, Part::Alarms, Part::Metrics] {
        facts.unreadable = vec![Unreadable { what, why: "GetMetricData was throttled".to_owned() }];
        assert_eq!(at(&facts, 20), "error metrics_unreadable", "{what:?}");
    }
    facts.unreadable[0].what = Part::Before;
    assert_eq!(at(&facts, 20), "pass good_enough", "the dispersion has a fall-back");
}

#[test]
fn a_conclusion_that_is_missing_is_told_in_requests_and_minutes() {
    let mut facts = canary();
    add(&mut facts, 0, 10, Some(counts(100, 0)), Some(counts(900, 0)));
    let judgement = judge(&facts, &Policy::default(), minute(12));
    let missing = judgement.missing.expect("it says what is missing");
    let (requests, minutes) = (missing.requests.expect("requests"), missing.minutes.expect("minutes"));
    assert!((2000..6000).contains(&requests), "{requests}");
    assert_eq!(u64::from(minutes), requests.div_ceil(100));
    // So many more, and it passes.
    add(&mut facts, 10, 10 + i64::from(minutes), Some(counts(100, 0)), Some(counts(900, 0)));
    assert_eq!(at(&facts, 12 + i64::from(minutes)), "pass good_enough");
}

#[test]
fn deployments_that_are_not_judged_are_never_stopped() {
    let bad = || {
        let mut facts = canary();
        add(&mut facts, 0, 20, Some(counts(100, 90)), Some(counts(900, 1)));
        facts
    };
    assert_eq!(at(&bad(), 20), "fail worse_than_baseline");
    let mut facts = bad();
    facts.deployment.roll_back = true;
    assert_eq!(at(&facts, 20), "pass roll_back");
    let mut facts = bad();
    facts.deployment.first = true;
    assert_eq!(at(&facts, 20), "pass first_deployment");
    let mut facts = bad();
    facts.deployment.state = State::Stopping;
    assert_eq!(at(&facts, 20), "pass not_in_progress");
    facts.deployment.state = State::Unknown;
    assert_eq!(at(&facts, 20), "error deployment_unreadable");
}

#[test]
fn a_verdict_is_news_once() {
    let mut facts = canary();
    add(&mut facts, 0, 20, Some(counts(100, 1)), Some(counts(900, 1)));
    let news: Vec<i64> = (3..20)
        .filter(|now| {
            let judgement = judge(&facts, &Policy::default(), minute(*now));
            judgement.reason.code() == "worse_than_baseline"
                && edge::is_news(&facts, &Policy::default(), &judgement, minute(*now))
        })
        .collect();
    assert_eq!(news, [15]);
}
