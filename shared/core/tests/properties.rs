//! What holds for every service, whatever its load.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tidegate_core::mode::Mode;
use tidegate_core::scaling::facts::{Controller, Facts, Point, Reading, Scheduling, Status, Trigger};
use tidegate_core::scaling::history::{Change, EventHistory};
use tidegate_core::scaling::policy::Target;
use tidegate_core::scaling::{CPU, MEMORY, Policy, REQUESTS, Reason, Verdict, decide};

const NOW: Timestamp = Timestamp::constant(1_795_255_200, 0);

/// Fifteen minutes of a metric, some of them missing.
fn points(value: impl Strategy<Value = f64>, samples: u32) -> impl Strategy<Value = Vec<Point>> {
    let minute = (prop::option::weighted(0.95, value), Just(samples));
    prop::collection::vec(minute, 15).prop_map(|minutes| {
        let point = |(index, (value, samples)): (usize, (Option<f64>, u32))| {
            let back = i64::try_from(index).expect("fifteen") + 2;
            let at = NOW - SignedDuration::from_mins(back);
            Some(Point { at, value: value?, samples: Some(f64::from(samples)), period_s: 60 })
        };
        minutes.into_iter().enumerate().filter_map(point).collect()
    })
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![Just(Trigger::Schedule), Just(Trigger::Alarm), Just(Trigger::Person)]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (0_i64..2000, -8_i32..8);
    prop::collection::vec(change, 0..6).prop_map(|mut changes| {
        changes.sort_by_key(|(ago, _)| -ago);
        let at = |ago| NOW - SignedDuration::from_secs(ago);
        changes.into_iter().map(|(ago, tasks)| Change { at: at(ago), tasks }).collect()
    })
}

prop_compose! {
    /// A service whose counts and history may contradict each other.
    fn odd_service()(desired in 1_u32..120, lag in 0_u32..4)
        (desired in Just(desired), running in Just(desired.saturating_sub(lag)), pending in 0..=lag,
         cpu in points(0.0..130.0_f64, desired.saturating_sub(lag)), memory in points(0.0..110.0_f64, desired),
         requests in points(0.0..900.0_f64, 1), has_requests in any::<bool>(), trigger in trigger(),
         changes in changes(), known in prop::bool::weighted(0.9), deploying in prop::bool::weighted(0.1)) -> Facts {
            let mut metrics = BTreeMap::from([
                (CPU.to_owned(), Reading::Points(cpu)),
                (MEMORY.to_owned(), Reading::Points(memory)),
            ]);
            if has_requests {
                metrics.insert(REQUESTS.to_owned(), Reading::Points(requests));
            }
            let history = EventHistory { complete_since: NOW - SignedDuration::from_hours(24), changes };
            Facts {
                trigger, status: Status::Active, scheduling: Scheduling::Replica, controller: Controller::CodeDeploy,
                desired, running, pending, deployments: Vec::new(), task_sets: 1 + u32::from(deploying),
                scalable_target: None, history: known.then_some(history), recommendations: None, metrics,
            }
        }
}

prop_compose! {
    /// A service that a cut is due for: little load, and everything known.
    fn idle_service()(tasks in 10_u32..120)
        (tasks in Just(tasks), cpu in points(1.0..25.0_f64, tasks), memory in points(10.0..39.0_f64, tasks),
         flapped in prop::bool::weighted(0.3)) -> Facts {
            let minute = |back: i64, tasks| Change { at: NOW - SignedDuration::from_mins(back), tasks };
            let changes = if flapped { vec![minute(200, -4), minute(195, 4)] } else { Vec::new() };
            let history = EventHistory { complete_since: NOW - SignedDuration::from_hours(24), changes };
            let metrics = [(CPU.to_owned(), Reading::Points(cpu)), (MEMORY.to_owned(), Reading::Points(memory))];
            Facts {
                controller: Controller::CodeDeploy, history: Some(history), metrics: metrics.into(),
                ..calm(tasks, Vec::new())
            }
        }
}

/// A service that could be scaled.
fn service() -> impl Strategy<Value = Facts> {
    prop_oneof![odd_service(), idle_service()]
}

/// As [`service`], with counts that agree, no history of changes and CPU alone.
fn calm_service() -> impl Strategy<Value = Facts> {
    (1_u32..120).prop_flat_map(|tasks| points(1.0..94.0_f64, tasks).prop_map(move |cpu| calm(tasks, cpu)))
}

fn calm(tasks: u32, cpu: Vec<Point>) -> Facts {
    Facts {
        trigger: Trigger::Schedule,
        status: Status::Active,
        scheduling: Scheduling::Replica,
        controller: Controller::Ecs,
        desired: tasks,
        running: tasks,
        pending: 0,
        deployments: Vec::new(),
        task_sets: 0,
        scalable_target: None,
        history: Some(EventHistory { complete_since: NOW - SignedDuration::from_hours(24), changes: Vec::new() }),
        recommendations: None,
        metrics: BTreeMap::from([(CPU.to_owned(), Reading::Points(cpu))]),
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    (
        1_u32..60,
        0_u32..80,
        20.0..95.0_f64,
        prop_oneof![Just(Target::Guard(80.0)), (40.0..95.0_f64).prop_map(Target::Utilization)],
    )
        .prop_map(|(min, room, cpu, memory)| Policy {
            min: Some(min),
            max: Some(min + room),
            targets: BTreeMap::from([(CPU.to_owned(), Target::Utilization(cpu)), (MEMORY.to_owned(), memory)]),
            ..Policy::default()
        })
}

fn cpu_policy(target: f64) -> Policy {
    let targets = BTreeMap::from([(CPU.to_owned(), Target::Utilization(target))]);
    Policy { min: Some(1), max: Some(1000), targets, ..Policy::default() }
}

/// What forbids a cut says something only where cuts are made without it.
#[test]
fn ordinary_cuts_are_among_the_cases() {
    let mut runner = TestRunner::deterministic();
    let cases = (service(), policy());
    let lowered = (0..1000).filter(|_| {
        let (facts, policy) = cases.new_tree(&mut runner).expect("a case").current();
        let decision = decide(&facts, &policy, NOW);
        decision.verdict == Verdict::Lower && decision.reason == Reason::BelowTarget
    });
    let lowered = lowered.count();
    assert!(lowered >= 50, "{lowered} of 1000");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_verdict_says_what_becomes_of_the_count(facts in service(), policy in policy()) {
        let decision = decide(&facts, &policy, NOW);
        match decision.verdict {
            Verdict::Raise => prop_assert!(decision.desired > facts.desired),
            Verdict::Lower => prop_assert!(decision.desired < facts.desired),
            Verdict::Stay | Verdict::Error => prop_assert_eq!(decision.desired, facts.desired),
        }
        prop_assert!(!decision.why.is_empty());
    }

    #[test]
    fn a_count_within_its_bounds_stays_there_and_one_outside_only_comes_nearer(facts in service(), policy in policy()) {
        let (min, max) = (policy.min.expect("set"), policy.max.expect("set"));
        let desired = decide(&facts, &policy, NOW).desired;
        prop_assert!(desired >= min.min(facts.desired));
        prop_assert!(desired <= max.max(facts.desired));
        if facts.desired < min { prop_assert!(desired >= facts.desired); }
        if facts.desired > max { prop_assert!(desired <= facts.desired); }
    }

    #[test]
    fn one_decision_moves_no_further_than_the_rates_allow(facts in service(), policy in policy()) {
        let desired = decide(&facts, &policy, NOW).desired;
        let net: i32 = facts.history.iter().flat_map(|history| &history.changes)
            .filter(|change| change.at > NOW - SignedDuration::from_mins(1)).map(|change| change.tasks).sum();
        // Tasks that were stopped in the last minute may be put back on top.
        let before = facts.desired + net.min(0).unsigned_abs();
        prop_assert!(desired <= (before * 2).max(before + 4));
        prop_assert!(desired >= facts.desired - (facts.desired / 5).max(1));
    }

    #[test]
    fn an_alarm_never_lowers(facts in service(), policy in policy()) {
        let facts = Facts { trigger: Trigger::Alarm, ..facts };
        prop_assert!(decide(&facts, &policy, NOW).desired >= facts.desired);
    }

    #[test]
    fn nothing_is_taken_away_while_a_metric_cannot_be_read(facts in service(), policy in policy(), which in 0_usize..2) {
        let mut facts = facts;
        let metric = [CPU, MEMORY][which].to_owned();
        facts.metrics.insert(metric, Reading::Unreadable("ThrottlingException".to_owned()));
        prop_assert!(decide(&facts, &policy, NOW).desired >= facts.desired);
    }

    #[test]
    fn nothing_is_taken_away_while_the_history_is_unknown(facts in service(), policy in policy()) {
        let facts = Facts { history: None, ..facts };
        prop_assert!(decide(&facts, &policy, NOW).desired >= facts.desired);
    }

    #[test]
    fn nothing_is_taken_away_during_a_deployment(facts in service(), policy in policy()) {
        let facts = Facts { task_sets: 2, ..facts };
        prop_assert!(decide(&facts, &policy, NOW).desired >= facts.desired);
    }

    #[test]
    fn nothing_is_taken_away_within_ten_minutes_of_a_raise(facts in service(), policy in policy(), ago in 0_i64..=600) {
        let mut facts = facts;
        if let Some(history) = &mut facts.history {
            history.changes.push(Change { at: NOW - SignedDuration::from_secs(ago), tasks: 1 });
        }
        prop_assert!(decide(&facts, &policy, NOW).desired >= facts.desired);
    }

    #[test]
    fn more_load_never_means_fewer_tasks(facts in calm_service(), target in 30.0..90.0_f64, factor in 1.0..1.5_f64) {
        let mut busier = facts.clone();
        if let Some(Reading::Points(points)) = busier.metrics.get_mut(CPU) {
            for point in points {
                point.value *= factor;
            }
        }
        let policy = cpu_policy(target);
        prop_assert!(decide(&busier, &policy, NOW).desired >= decide(&facts, &policy, NOW).desired);
    }

    #[test]
    fn more_load_in_any_one_minute_never_means_fewer_tasks(facts in calm_service(), minute in 0_usize..15, more in 0.0..60.0_f64) {
        let mut busier = facts.clone();
        if let Some(Reading::Points(points)) = busier.metrics.get_mut(CPU)
            && let Some(point) = points.get_mut(minute)
        {
            point.value += more;
        }
        let policy = cpu_policy(70.0);
        prop_assert!(decide(&busier, &policy, NOW).desired >= decide(&facts, &policy, NOW).desired);
    }

    #[test]
    fn the_same_facts_give_the_same_decision_even_after_a_journey_through_json(facts in service(), policy in policy()) {
        let decision = decide(&facts, &policy, NOW);
        prop_assert_eq!(&decision, &decide(&facts, &policy, NOW));
        let through = |json: String| serde_json::from_str(&json).expect("what was written can be read");
        let facts: Facts = through(serde_json::to_string(&facts).expect("facts are JSON"));
        let policy: Policy = serde_json::from_str(&serde_json::to_string(&policy).expect("JSON")).expect("JSON");
        prop_assert_eq!(decision, decide(&facts, &policy, NOW));
    }

    #[test]
    fn no_value_makes_it_panic_or_cut(
        facts in calm_service(),
        value in prop_oneof![
            Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.5), Just(f64::MAX), Just(1e9),
        ],
        minute in 0_usize..15,
        in_samples in any::<bool>(),
    ) {
        let mut facts = facts;
        if let Some(Reading::Points(points)) = facts.metrics.get_mut(CPU)
            && let Some(point) = points.get_mut(minute)
        {
            if in_samples { point.samples = Some(value); } else { point.value = value; }
            let decision = decide(&facts, &cpu_policy(70.0), NOW);
            prop_assert!(decision.desired >= facts.desired);
            prop_assert!(decision.desired <= (facts.desired * 2).max(facts.desired + 4));
        }
    }

    #[test]
    fn bounds_that_are_missing_or_make_no_sense_move_nothing(facts in service(), min in prop::option::of(1_u32..50), mode in prop_oneof![Just(Mode::On), Just(Mode::Shadow)]) {
        let policy = Policy { mode, min, max: None, ..Policy::default() };
        let decision = decide(&facts, &policy, NOW);
        prop_assert_eq!((decision.verdict, decision.reason), (Verdict::Error, Reason::BoundsMissing));
        let policy = Policy { min: Some(9), max: Some(3), ..Policy::default() };
        let decision = decide(&facts, &policy, NOW);
        prop_assert_eq!((decision.verdict, decision.reason), (Verdict::Error, Reason::PolicyError));
    }
}
