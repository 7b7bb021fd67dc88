//! What CloudWatch's answers make of a minute.

use jiff::SignedDuration;
use tidegate_core::canary::Policy;
use tidegate_core::canary::facts::{Counts, Part};
use tidegate_core::canary::policy::Slow;
use tidegate_core::canary::queries::{Group, Questions, Read, Subject};
use tidegate_core::metrics::{Answer, Datapoint, MetricQuery};

use crate::release::{TEN, minute};

fn subject() -> Subject {
    let group =
        |name: &str| Group { load_balancer: "app/shop/1".to_owned(), target_group: format!("targetgroup/{name}/2") };
    Subject { canary: Some(group("green")), baseline: Some(group("blue")) }
}

fn of(query: &MetricQuery, group: &str) -> bool {
    query.dimensions.iter().any(|(_, value)| value.contains(group))
}

/// One point for each metric of the canary's target group that is named, in the fifth minute.
fn read(points: &[(&str, f64)]) -> Read {
    let policy = Policy { slow: Some(Slow { ms: 500.0, max_ratio: 2.0 }), ..Policy::default() };
    let questions = Questions::new(&subject(), &policy, TEN, minute(8));
    let answer = |query: &MetricQuery| -> Answer {
        let canary = of(query, "green") || query.name.starts_with("HTTPCode_ELB");
        let named = points.iter().filter(|(name, _)| canary && *name == query.name && query.stat != "Average");
        Ok(named.map(|(_, value)| Datapoint { at: minute(5), value: *value }).collect())
    };
    questions.read(&questions.queries().map(answer).collect::<Vec<_>>(), TEN)
}

fn counts(points: &[(&str, f64)]) -> Option<Counts> {
    read(points).minutes.first().and_then(|minute| minute.canary)
}

#[test]
fn an_error_count_without_a_point_is_zero_where_requests_have_one() {
    let told = counts(&[("RequestCount", 100.0), ("HTTPCode_Target_2XX_Count", 100.0)]);
    assert_eq!(told, Some(Counts { requests: 100, slow: Some(0), ..Counts::default() }));
}

#[test]
fn without_a_request_count_nothing_is_known_of_a_minute() {
    assert_eq!(counts(&[("HTTPCode_Target_5XX_Count", 5.0), ("HTTPCode_ELB_5XX_Count", 5.0)]), None);
}

#[test]
fn a_request_that_no_target_answered_is_one_that_the_load_balancer_did() {
    let seen = [("RequestCount", 100.0), ("HTTPCode_Target_2XX_Count", 80.0), ("HTTPCode_Target_5XX_Count", 5.0)];
    assert_eq!(counts(&seen).map(|counts| (counts.errors, counts.unanswered)), Some((5, 0)), "a count that is late");
    let seen: Vec<_> = seen.into_iter().chain([("HTTPCode_ELB_5XX_Count", 12.0)]).collect();
    assert_eq!(counts(&seen).map(|counts| (counts.errors, counts.unanswered)), Some((5, 12)));
    let seen: Vec<_> = seen.into_iter().chain([("HTTPCode_Target_4XX_Count", 10.0)]).collect();
    assert_eq!(counts(&seen).map(|counts| counts.unanswered), Some(5));
}

#[test]
fn errors_of_the_balancer_are_shared_out_by_the_gaps_of_both_arms() {
    let questions = Questions::new(&subject(), &Policy::default(), TEN, minute(8));
    let answer = |query: &MetricQuery| -> Answer {
        let canary = of(query, "green");
        // A hundredth of the clients of each arm goes away, while a neighbour makes ten errors.
        let value = match query.name.as_str() {
            "RequestCount" => {
                if canary {
                    1000.0
                } else {
                    9000.0
                }
            }
            "HTTPCode_Target_2XX_Count" => {
                if canary {
                    990.0
                } else {
                    8910.0
                }
            }
            "HTTPCode_ELB_5XX_Count" => 10.0,
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Datapoint { at: minute(5), value }])
    };
    let read = questions.read(&questions.queries().map(answer).collect::<Vec<_>>(), TEN);
    let unanswered = |counts: Option<Counts>| counts.map(|counts| counts.unanswered);
    assert_eq!((unanswered(read.minutes[0].canary), unanswered(read.minutes[0].baseline)), (Some(1), Some(9)));
}

#[test]
fn an_interpolated_count_is_rounded_and_no_larger_than_the_requests() {
    let slow =
        |count: f64| counts(&[("RequestCount", 10.0), ("TargetResponseTime", count)]).and_then(|counts| counts.slow);
    assert_eq!([slow(3.4), slow(10.6)], [Some(3), Some(10)]);
}

#[test]
fn slow_is_asked_for_in_seconds() {
    let policy = Policy { slow: Some(Slow { ms: 1500.0, max_ratio: 2.0 }), ..Policy::default() };
    let questions = Questions::new(&subject(), &policy, TEN, minute(8));
    let stats: Vec<&str> =
        questions.queries().filter(|query| query.name == "TargetResponseTime").map(|q| q.stat.as_str()).collect();
    assert_eq!(stats, ["TC(1.5:)", "TC(1.5:)"]);
    assert_eq!(questions.window(), (TEN - SignedDuration::from_mins(120), minute(8)));
}

#[test]
fn one_count_that_can_not_be_read_leaves_no_minute() {
    let questions = Questions::new(&subject(), &Policy::default(), TEN, minute(8));
    for unreadable in
        ["RequestCount", "HTTPCode_Target_2XX_Count", "TargetConnectionErrorCount", "HTTPCode_ELB_5XX_Count"]
    {
        let answer = |query: &MetricQuery| -> Answer {
            let whole = query.name.starts_with("HTTPCode_ELB");
            if query.name == unreadable && (whole || of(query, "blue")) {
                return Err("CloudWatch answered PartialData".to_owned());
            }
            Ok(vec![Datapoint { at: minute(5), value: 1.0 }])
        };
        let read = questions.read(&questions.queries().map(answer).collect::<Vec<_>>(), TEN);
        assert!(read.minutes.is_empty() && read.before.is_empty(), "{unreadable}");
        assert!(read.unreadable.iter().all(|part| part.what == Part::Requests), "{:?}", read.unreadable);
    }
}

#[test]
fn values_that_no_count_can_have_are_unreadable() {
    for absurd in [f64::NAN, -1.0, f64::INFINITY] {
        let read = read(&[("RequestCount", absurd)]);
        assert!(read.minutes.is_empty() && read.unreadable[0].what == Part::Requests, "{absurd}");
    }
}

#[test]
fn an_answer_that_is_missing_is_not_an_empty_one() {
    let questions = Questions::new(&subject(), &Policy::default(), TEN, minute(8));
    let read = questions.read(&[], TEN);
    assert!(read.minutes.is_empty() && !read.unreadable.is_empty());
}

#[test]
fn minutes_before_the_deployment_are_the_old_version_s() {
    let questions = Questions::new(&subject(), &Policy::default(), TEN, minute(8));
    let answer = |query: &MetricQuery| -> Answer {
        let at = [TEN - SignedDuration::from_mins(30), minute(3)];
        let value = if query.name == "RequestCount" { 10.0 } else { 0.0 };
        Ok(at.map(|at| Datapoint { at, value }).into())
    };
    let read = questions.read(&questions.queries().map(answer).collect::<Vec<_>>(), TEN);
    assert_eq!((read.before.len(), read.minutes.len()), (1, 1));
    assert!(read.minutes[0].canary.is_some() && read.minutes[0].baseline.is_some());
}
