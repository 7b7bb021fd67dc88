//! What stops without statistics, and a split that makes them void.

use tidegate_core::canary::facts::{Alarm, AlarmOf, Arms, Counts, Hosts};
use tidegate_core::canary::{Policy, judge};

use crate::release::{add, at, canary, counts, minute, said};

fn alarm(in_alarm: Option<bool>, since: Option<i64>) -> Alarm {
    Alarm { name: "shop-5xx".to_owned(), of: AlarmOf::Tag, in_alarm, since: since.map(minute) }
}

#[test]
fn an_alarm_stops_at_once() {
    let mut facts = canary();
    facts.alarms.push(alarm(Some(true), Some(3)));
    let judgement = judge(&facts, &Policy::default(), minute(3));
    assert_eq!((said(&judgement).as_str(), judgement.why.as_str()), ("fail alarm_in_alarm", "shop-5xx is in ALARM"));
    assert_eq!(at(&facts, 2), "inconclusive no_traffic", "before it went off");
}

#[test]
fn an_alarm_that_does_not_exist_is_not_a_quiet_one() {
    let mut facts = canary();
    add(&mut facts, 0, 30, Some(counts(1000, 0)), Some(counts(9000, 0)));
    facts.alarms.push(alarm(Some(false), None));
    assert_eq!(at(&facts, 20), "pass good_enough");
    facts.alarms.push(alarm(None, None));
    assert_eq!(at(&facts, 20), "error metrics_unreadable");
}

#[test]
fn half_of_the_hosts_unhealthy_for_two_minutes_after_the_warm_up_stop() {
    let mut facts = canary();
    add(&mut facts, 0, 10, Some(counts(100, 0)), Some(counts(900, 0)));
    let hosts = |at: i64, healthy, unhealthy| Hosts { at: minute(at), healthy, unhealthy };
    facts.hosts = vec![hosts(0, 0, 4), hosts(1, 0, 4), hosts(2, 4, 0), hosts(3, 3, 1), hosts(4, 2, 2)];
    assert_eq!(at(&facts, 4), "inconclusive no_traffic", "they are allowed a start");
    assert_eq!(at(&facts, 7), "inconclusive waiting_for_evidence", "one minute is not two");
    facts.hosts.push(hosts(5, 2, 2));
    assert_eq!(at(&facts, 8), "fail hosts_unhealthy");
}

#[test]
fn a_canary_that_answers_nobody_stops_within_its_warm_up() {
    let mut facts = canary();
    let mute = Counts { requests: 20, unanswered: 18, ..Counts::default() };
    add(&mut facts, 0, 2, Some(mute), Some(counts(180, 0)));
    assert_eq!(at(&facts, 4), "fail canary_unanswered");
    // Where the baseline does not answer either, it is not the canary's fault.
    let both = Counts { requests: 180, unanswered: 100, ..Counts::default() };
    facts.minutes[1].baseline = Some(both);
    assert!(!at(&facts, 4).starts_with("fail"));
}

#[test]
fn a_split_that_is_off_is_never_a_fail_and_never_a_pass() {
    let mut facts = canary();
    add(&mut facts, 0, 20, Some(counts(500, 50)), Some(counts(500, 1)));
    assert_eq!(at(&facts, 12), "inconclusive split_is_off");
    facts.deployment.weight_percent = Some(50.0);
    assert_eq!(at(&facts, 12), "fail worse_than_baseline");
}

#[test]
fn a_few_requests_say_nothing_about_the_split() {
    let mut facts = canary();
    add(&mut facts, 0, 20, Some(counts(3, 0)), Some(counts(7, 0)));
    assert_eq!(at(&facts, 12), "inconclusive waiting_for_evidence");
}

#[test]
fn without_a_load_balancer_alarms_and_metrics_of_ones_own_speak() {
    let mut facts = canary();
    facts.deployment.arms = Arms::None;
    facts.deployment.weight_percent = None;
    assert_eq!(at(&facts, 12), "inconclusive no_request_metrics");
    facts.alarms.push(alarm(Some(true), None));
    assert_eq!(at(&facts, 12), "fail alarm_in_alarm");
}
