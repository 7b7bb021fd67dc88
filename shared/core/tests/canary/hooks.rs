//! What a hook is answered, and how long it waits.

use tidegate_core::break_glass::BreakGlass;
use tidegate_core::canary::facts::{Door, Facts, Part, Targets, Unreadable};
use tidegate_core::canary::policy::OnInconclusive;
use tidegate_core::canary::{Policy, judge};

use crate::release::{add, canary, counts, minute, said};

fn step() -> Facts {
    let mut facts = canary();
    facts.door = Door::Step;
    facts.deployment.waiting_since = Some(minute(10));
    facts
}

fn by(facts: &Facts, on_inconclusive: OnInconclusive, now: i64) -> String {
    said(&judge(facts, &Policy { on_inconclusive, ..Policy::default() }, minute(now)))
}

#[test]
fn before_the_first_step_there_is_nothing_to_wait_for() {
    let mut facts = step();
    facts.deployment.weight_percent = Some(0.0);
    assert_eq!(by(&facts, OnInconclusive::Fail, 10), "pass before_first_step");
}

#[test]
fn patience_ends_as_the_policy_says() {
    let mut facts = step();
    add(&mut facts, 0, 30, Some(counts(10, 0)), Some(counts(90, 0)));
    for policy in [OnInconclusive::Pass, OnInconclusive::Fail, OnInconclusive::Hold] {
        assert_eq!(by(&facts, policy, 19), "inconclusive waiting_for_evidence");
    }
    assert_eq!(by(&facts, OnInconclusive::Pass, 20), "pass passed_without_proof");
    assert_eq!(by(&facts, OnInconclusive::Fail, 20), "fail no_proof_in_time");
    assert_eq!(by(&facts, OnInconclusive::Hold, 20), "inconclusive waiting_for_evidence");
}

#[test]
fn a_hold_fails_five_minutes_before_the_hook_ends() {
    let mut facts = step();
    facts.deployment.hook_ends_at = Some(minute(70));
    assert_eq!(by(&facts, OnInconclusive::Hold, 64), "inconclusive no_traffic");
    assert_eq!(by(&facts, OnInconclusive::Hold, 65), "fail no_proof_in_time");
    facts.deployment.hook_ends_at = None;
    assert_eq!(by(&facts, OnInconclusive::Hold, 10 + 24 * 60 - 5), "fail no_proof_in_time");
}

#[test]
fn no_traffic_at_all_ends_as_the_policy_says() {
    assert_eq!(by(&step(), OnInconclusive::Pass, 15), "inconclusive no_traffic");
    assert_eq!(by(&step(), OnInconclusive::Pass, 20), "pass passed_without_proof");
    assert_eq!(by(&step(), OnInconclusive::Fail, 20), "fail no_proof_in_time");
}

#[test]
fn metrics_that_can_not_be_read_are_waited_for_as_long_as_evidence_is() {
    let mut facts = step();
    facts.unreadable = vec![Unreadable { what: Part::Requests, why: "GetMetricData was throttled".to_owned() }];
    assert_eq!(by(&facts, OnInconclusive::Pass, 15), "error metrics_unreadable");
    let judgement = judge(&facts, &Policy::default(), minute(20));
    assert_eq!(said(&judgement), "pass passed_without_proof");
    assert!(judgement.why.contains("without proof: GetMetricData was throttled"), "{}", judgement.why);
    assert_eq!(by(&facts, OnInconclusive::Fail, 20), "fail no_proof_in_time");
}

#[test]
fn where_nobody_kept_when_the_wait_began_the_traffic_tells() {
    let mut facts = step();
    facts.deployment.waiting_since = None;
    add(&mut facts, 4, 40, Some(counts(10, 0)), Some(counts(90, 0)));
    assert_eq!(by(&facts, OnInconclusive::Fail, 13), "inconclusive waiting_for_evidence");
    assert_eq!(by(&facts, OnInconclusive::Fail, 14), "fail no_proof_in_time");
}

#[test]
fn evidence_for_a_pass_starts_again_at_each_step() {
    let mut facts = step();
    add(&mut facts, 0, 20, Some(counts(1000, 0)), Some(counts(9000, 0)));
    assert_eq!(by(&facts, OnInconclusive::Fail, 15), "pass good_enough");
    facts.deployment.previous_percent = 10.0;
    facts.deployment.weight_percent = Some(50.0);
    facts.deployment.waiting_since = Some(minute(25));
    add(&mut facts, 20, 60, Some(counts(500, 0)), Some(counts(500, 0)));
    assert_eq!(by(&facts, OnInconclusive::Fail, 25), "inconclusive waiting_for_evidence");
    assert_eq!(by(&facts, OnInconclusive::Fail, 34), "pass good_enough");
}

#[test]
fn a_step_of_which_no_minute_is_settled_has_no_evidence_of_its_own() {
    let mut facts = step();
    add(&mut facts, 0, 20, Some(counts(1000, 0)), Some(counts(9000, 0)));
    facts.deployment.previous_percent = 10.0;
    facts.deployment.weight_percent = Some(20.0);
    facts.deployment.waiting_since = Some(minute(21));
    assert_eq!(by(&facts, OnInconclusive::Fail, 22), "inconclusive waiting_for_evidence");
}

#[test]
fn a_quiet_minute_does_not_end_a_step() {
    let mut facts = step();
    facts.deployment.waiting_since = None;
    add(&mut facts, 4, 40, Some(counts(2, 0)), Some(counts(18, 0)));
    facts.minutes[10].canary = Some(counts(0, 0));
    assert_eq!(by(&facts, OnInconclusive::Fail, 13), "inconclusive waiting_for_evidence");
    assert_eq!(by(&facts, OnInconclusive::Fail, 15), "fail no_proof_in_time", "it waits since the fourth minute");
}

#[test]
fn evidence_that_it_is_worse_is_kept_over_the_steps() {
    let mut facts = step();
    add(&mut facts, 0, 9, Some(counts(100, 1)), Some(counts(900, 1)));
    facts.deployment.previous_percent = 10.0;
    facts.deployment.weight_percent = Some(50.0);
    add(&mut facts, 9, 13, Some(counts(500, 5)), Some(counts(500, 1)));
    assert_eq!(by(&facts, OnInconclusive::Pass, 11), "inconclusive waiting_for_evidence");
    assert_eq!(by(&facts, OnInconclusive::Pass, 15), "fail worse_than_baseline");
}

#[test]
fn a_hook_looks_again_when_the_next_minute_settles() {
    let mut facts = step();
    add(&mut facts, 0, 30, Some(counts(10, 0)), Some(counts(90, 0)));
    let look = |seconds: i64| {
        judge(&facts, &Policy::default(), minute(12) + jiff::SignedDuration::from_secs(seconds)).look_again_s
    };
    assert_eq!([look(0), look(20), look(59)], [Some(60), Some(40), Some(1)]);
    facts.door = Door::Schedule;
    assert_eq!(judge(&facts, &Policy::default(), minute(12)).look_again_s, None);
}

#[test]
fn a_step_waits_no_longer_where_the_canary_has_all_traffic_already() {
    let mut facts = step();
    facts.deployment.weight_percent = Some(100.0);
    facts.deployment.full_since = Some(minute(18));
    add(&mut facts, 0, 30, Some(counts(1000, 0)), None);
    assert_eq!(by(&facts, OnInconclusive::Fail, 20), "fail no_proof_in_time");
}

fn bake(until: i64, errors: u64) -> Facts {
    let mut facts = canary();
    facts.door = Door::Bake;
    facts.deployment.weight_percent = Some(100.0);
    facts.deployment.previous_percent = 10.0;
    facts.deployment.full_since = Some(minute(5));
    add(&mut facts, 0, 5, Some(counts(100, 0)), Some(counts(900, 0)));
    add(&mut facts, 5, until, Some(counts(1000, errors)), None);
    facts
}

#[test]
fn a_bake_holds_for_its_time_and_then_passes() {
    let facts = bake(30, 2);
    assert_eq!(by(&facts, OnInconclusive::Pass, 14), "inconclusive baking");
    assert_eq!(by(&facts, OnInconclusive::Pass, 15), "pass baked");
    assert_eq!(by(&bake(30, 60), OnInconclusive::Pass, 14), "fail errors_above_ceiling");
}

#[test]
fn of_the_bake_only_what_the_platform_does_not_bake_itself_is_held() {
    let mut facts = bake(30, 2);
    facts.deployment.platform_bake_minutes = 6;
    assert_eq!(by(&facts, OnInconclusive::Pass, 8), "inconclusive baking");
    assert_eq!(by(&facts, OnInconclusive::Pass, 9), "pass baked");
    facts.deployment.platform_bake_minutes = 15;
    facts.minutes.clear();
    assert_eq!(by(&facts, OnInconclusive::Fail, 5), "pass baked", "the schedule watches over the platform's own");
}

#[test]
fn a_bake_without_traffic_waits_and_ends_as_the_policy_says() {
    let mut facts = bake(30, 0);
    facts.minutes.clear();
    assert_eq!(by(&facts, OnInconclusive::Pass, 16), "inconclusive no_traffic");
    assert_eq!(by(&facts, OnInconclusive::Pass, 25), "pass passed_without_proof");
    assert_eq!(by(&facts, OnInconclusive::Fail, 25), "fail no_proof_in_time");
}

#[test]
fn targets_that_are_not_healthy_at_its_end_are_waited_for_and_then_fail() {
    let mut facts = bake(60, 0);
    facts.targets = Some(Targets { healthy: 3, others: vec!["10.0.1.7:8080 is unhealthy: Target.Timeout".to_owned()] });
    assert_eq!(by(&facts, OnInconclusive::Pass, 20), "inconclusive targets_unhealthy");
    assert_eq!(by(&facts, OnInconclusive::Pass, 26), "fail targets_unhealthy");
    facts.targets = Some(Targets { healthy: 4, others: Vec::new() });
    assert_eq!(by(&facts, OnInconclusive::Pass, 20), "pass baked");
}

#[test]
fn broken_glass_opens_the_gate_until_then() {
    let mut facts = step();
    add(&mut facts, 0, 20, Some(counts(100, 90)), Some(counts(900, 1)));
    let glass = BreakGlass { until: minute(20), reason: "the old version loses orders".to_owned() };
    let policy = Policy { break_glass: Some(glass), ..Policy::default() };
    let judgement = judge(&facts, &policy, minute(19));
    assert_eq!(said(&judgement), "pass break_glass");
    assert!(judgement.why.contains("the old version loses orders"));
    assert_eq!(said(&judge(&facts, &policy, minute(20))), "fail worse_than_baseline");
}
