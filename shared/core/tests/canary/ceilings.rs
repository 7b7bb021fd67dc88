//! Fixed limits, where there is nothing to compare with.

use tidegate_core::canary::facts::{Arms, Counts, Facts, Point};
use tidegate_core::canary::policy::{Ceilings, OwnMetric, Slow};
use tidegate_core::canary::{Policy, judge};

use crate::release::{add, at, canary, counts, minute, said};

/// All traffic since the fifth minute.
fn full() -> Facts {
    let mut facts = canary();
    facts.deployment.weight_percent = Some(100.0);
    facts.deployment.previous_percent = 10.0;
    facts.deployment.full_since = Some(minute(5));
    add(&mut facts, 0, 5, Some(counts(100, 0)), Some(counts(900, 0)));
    facts
}

#[test]
fn more_errors_than_the_ceiling_in_two_minutes_stop() {
    let mut facts = full();
    add(&mut facts, 5, 6, Some(counts(1000, 60)), None);
    add(&mut facts, 6, 7, Some(counts(1000, 40)), None);
    add(&mut facts, 7, 9, Some(counts(1000, 60)), None);
    assert_eq!(at(&facts, 8), "inconclusive baking", "only one minute so far");
    assert_eq!(at(&facts, 10), "inconclusive baking", "not two in a row");
    let judgement = judge(&facts, &Policy::default(), minute(11));
    assert_eq!(said(&judgement), "fail errors_above_ceiling");
    assert_eq!(judgement.why, "120 of 2000 requests failed (6.00 %) in the last 2 settled minutes, more than 5.00 %");
}

#[test]
fn a_ceiling_says_nothing_about_few_requests() {
    let mut facts = full();
    add(&mut facts, 5, 9, Some(counts(20, 20)), None);
    assert_eq!(at(&facts, 11), "inconclusive baking", "eighty requests");
    add(&mut facts, 9, 10, Some(counts(20, 20)), None);
    assert_eq!(at(&facts, 12), "fail errors_above_ceiling");
}

#[test]
fn requests_that_nobody_answered_failed_too() {
    let mut facts = full();
    add(&mut facts, 5, 8, Some(Counts { requests: 1000, errors: 30, unanswered: 30, ..Counts::default() }), None);
    assert_eq!(at(&facts, 10), "fail errors_above_ceiling");
}

#[test]
fn a_baseline_whose_data_is_late_does_not_leave_the_canary_to_the_ceiling() {
    let mut facts = canary();
    // The canary should have a tenth; that the other nine are not there is no reason to judge it by itself.
    add(&mut facts, 0, 12, Some(counts(100, 50)), None);
    assert!(!at(&facts, 12).starts_with("fail"), "{}", at(&facts, 12));
}

#[test]
fn a_rolling_deployment_has_ceilings_only() {
    let mut facts = canary();
    facts.deployment.arms = Arms::One;
    facts.deployment.weight_percent = None;
    add(&mut facts, 0, 20, Some(counts(1000, 20)), None);
    assert_eq!(at(&facts, 12), "inconclusive no_baseline");
    add(&mut facts, 20, 22, Some(counts(1000, 200)), None);
    assert_eq!(at(&facts, 24), "fail errors_above_ceiling");
}

#[test]
fn slow_requests_are_compared_with_the_same_hour_of_the_day_before() {
    let policy = Policy { slow: Some(Slow { ms: 500.0, max_ratio: 2.0 }), ..Policy::default() };
    let mut facts = full();
    add(&mut facts, 5, 9, Some(Counts { requests: 1000, slow: Some(100), ..Counts::default() }), None);
    assert_eq!(said(&judge(&facts, &policy, minute(11))), "inconclusive baking", "nothing is known of the day before");
    facts.day_before = Some(Counts { requests: 60_000, slow: Some(3000), ..Counts::default() });
    assert_eq!(said(&judge(&facts, &policy, minute(11))), "inconclusive baking", "twice as many");
    facts.day_before = Some(Counts { requests: 60_000, slow: Some(600), ..Counts::default() });
    assert_eq!(said(&judge(&facts, &policy, minute(11))), "fail slow_above_ceiling");
}

#[test]
fn a_mean_response_time_has_a_ceiling_where_one_is_set() {
    let ceilings = Ceilings { response_ms: Some(1000.0), ..Ceilings::default() };
    let mut facts = full();
    add(&mut facts, 5, 9, Some(Counts { response_ms: Some(1200.0), ..counts(1000, 0) }), None);
    assert_eq!(at(&facts, 11), "inconclusive baking");
    let judgement = judge(&facts, &Policy { ceilings, ..Policy::default() }, minute(11));
    assert_eq!(said(&judgement), "fail response_above_ceiling");
    assert_eq!(judgement.why, "the mean response took 1200 ms over the last 2000 requests, more than 1000 ms");
}

#[test]
fn a_metric_of_ones_own_has_to_be_above_its_limit_in_minutes_in_a_row() {
    let name = "Shop/Failures/Sum/Service=shop".to_owned();
    let metrics = vec![OwnMetric { name: name.clone(), above: 50.0 }];
    let policy = Policy { metrics, ..Policy::default() };
    let mut facts = canary();
    facts.deployment.arms = Arms::None;
    let points =
        |points: &[(i64, f64)]| points.iter().map(|(at, value)| Point { at: minute(*at), value: *value }).collect();
    for (seen, verdict) in [
        (vec![(6, 60.0), (7, 40.0), (8, 60.0)], "inconclusive no_request_metrics"),
        (vec![(6, 60.0), (8, 60.0)], "inconclusive no_request_metrics"),
        (vec![(7, 60.0), (8, 51.0)], "fail metric_above_ceiling"),
    ] {
        facts.metrics.insert(name.clone(), points(&seen));
        assert_eq!(said(&judge(&facts, &policy, minute(11))), verdict, "{seen:?}");
    }
}
