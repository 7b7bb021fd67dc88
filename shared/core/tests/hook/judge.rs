//! What holds for every judgement, whatever was found.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tidegate_core::break_glass::BreakGlass;
use tidegate_core::diagnosis::Task;
use tidegate_core::hook::facts::{Alarm, AlarmState, Facts, Settings, Target, Targets, Tasks, Traffic, Unreadable};
use tidegate_core::hook::policy::{Level, Named, Preflight};
use tidegate_core::hook::{Check, Other, Policy, Rule, Stage, judge};
use tidegate_core::mode::Mode;
use tidegate_core::verdict::Verdict;

use super::NOW;
use super::case::{answered, facts, policy, request, tried};

const ALL: [Check; 7] = [
    Check::Images,
    Check::TaskDefinition,
    Check::Deployment,
    Check::Alarms,
    Check::Tasks,
    Check::Targets,
    Check::Smoke,
];

fn any_level() -> impl Strategy<Value = Level> {
    prop::sample::select(vec![Level::Off, Level::Warn, Level::Block])
}

fn any_preflight() -> impl Strategy<Value = Preflight> {
    let container = prop::option::of(prop::sample::select(vec!["app".to_owned(), "envoy".to_owned()]));
    let named = (prop::sample::select(Rule::ALL.to_vec()), container, any_level())
        .prop_map(|(rule, container, level)| Named { rule, container, level });
    (any_level(), prop::collection::vec(named, 0..4)).prop_map(|(level, rules)| Preflight { level, rules })
}

fn any_alarm() -> impl Strategy<Value = Alarm> {
    let state = prop::option::weighted(0.8, (prop::bool::weighted(0.2), any::<bool>()));
    (any::<bool>(), state).prop_map(|(of_tag, state)| {
        let state = state.map(|(in_alarm, actions_enabled)| AlarmState { in_alarm, since: Some(NOW), actions_enabled });
        Alarm { name: "shop-errors".to_owned(), of_tag, state }
    })
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let shift = (prop::option::of(0.0..=100.0), prop::option::of(0..30_u32));
    let traffic = prop::option::of((0.0..100_000.0, 0.0..=100.0));
    let times = (prop::option::of(0..=100_u32), prop::option::of(0..100_u32), prop::option::of(0..20_u32));
    (0..10_u32, any::<bool>(), any::<Option<bool>>(), times, shift, traffic).prop_map(
        |(desired, rolls_back, public_ip, (percent, grace, bake), (step_percent, step_minutes), traffic)| Settings {
            desired,
            rolls_back,
            public_ip,
            minimum_healthy_percent: percent,
            health_check_grace_s: grace,
            bake_minutes: bake,
            step_percent,
            step_minutes,
            traffic: traffic.map(|(requests_a_minute, error_percent)| Traffic { requests_a_minute, error_percent }),
            split: None,
        },
    )
}

fn any_tasks() -> impl Strategy<Value = Tasks> {
    let status = prop::sample::select(vec!["PROVISIONING", "PENDING", "RUNNING", "STOPPED"]);
    let task = (status, 0..900_i64).prop_map(|(status, age_s)| {
        let created = NOW - SignedDuration::from_secs(age_s);
        Task {
            task_arn: "arn:aws:ecs:eu-west-1:111122223333:task/main/1".to_owned(),
            last_status: status.to_owned(),
            created_at: Some(created),
            started_at: (status == "RUNNING").then_some(created),
            stopped_at: (status == "STOPPED").then_some(NOW),
            stopped_reason: (status == "STOPPED").then(|| "Essential container in task exited".to_owned()),
            ..Task::default()
        }
    });
    (0..4_u32, prop::collection::vec(task, 0..4)).prop_map(|(desired, tasks)| Tasks {
        desired,
        tasks,
        events: Vec::new(),
    })
}

fn any_targets() -> impl Strategy<Value = Targets> {
    let state = prop::sample::select(vec!["healthy", "unhealthy", "initial", "draining", "unused", "unavailable"]);
    let target = state.prop_map(|state| Target {
        target: "10.0.1.7:8080".to_owned(),
        state: state.to_owned(),
        why: String::new(),
    });
    let group = prop::option::of(Just("shop-green".to_owned()));
    (0..4_u32, group, prop::collection::vec(target, 0..4)).prop_map(|(desired, group, targets)| Targets {
        desired,
        group,
        targets,
    })
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let unreadable = prop::collection::vec(
        (prop::sample::select(ALL.to_vec()), "[a-z:]{3,20}").prop_map(|(what, why)| Unreadable { what, why }),
        0..3,
    );
    let attempts = prop::sample::select(vec![vec![], vec![answered(200, 1, "")], vec![answered(503, 1, "")]]);
    let stage = prop::sample::select([Stage::ALL.as_slice(), &[Stage::Other]].concat());
    let looked = (
        prop::option::of(any_settings()),
        prop::collection::vec(any_alarm(), 0..3),
        prop::option::of(any_tasks()),
        prop::option::of(any_targets()),
        prop::option::of(attempts),
    );
    let times = (prop::option::of(-900..60_i64), prop::option::of(-900..900_i64));
    (stage, looked, unreadable, prop::bool::weighted(0.2), times).prop_map(
        |(stage, (settings, alarms, tasks, targets, attempts), unreadable, first, (since_s, ends_s))| {
            let mut facts = facts(stage);
            let after = |seconds: i64| NOW + SignedDuration::from_secs(seconds);
            facts.deployment.first = first;
            facts.deployment.waiting_since = since_s.map(|seconds| after(seconds.min(0)));
            facts.deployment.hook_ends_at = ends_s.map(after);
            let smoke = attempts.iter().map(|attempts| tried(attempts)).collect();
            Facts { settings, alarms, tasks, targets, smoke, unreadable, ..facts }
        },
    )
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (any_preflight(), any::<bool>(), 0..900_u32).prop_map(|(preflight, asks, patience_s)| Policy {
        preflight,
        patience_s,
        smoke: if asks { vec![request()] } else { Vec::new() },
        ..policy()
    })
}

fn stricter(preflight: &Preflight, by: Level) -> Preflight {
    let raised = |level: Level| level.max(by);
    let rules = preflight.rules.iter().map(|named| Named { level: raised(named.level), ..named.clone() }).collect();
    Preflight { level: raised(preflight.level), rules }
}

proptest! {
    #[test]
    fn nothing_passes_that_could_not_be_read(facts in any_facts(), policy in any_policy()) {
        let judged = judge(&facts, &policy, NOW);
        if facts.unreadable.iter().any(|unreadable| facts.stage.looks_at(unreadable.what)) {
            prop_assert!(matches!(judged.verdict, Verdict::Fail | Verdict::Error), "{judged:?}");
        }
    }

    #[test]
    fn a_stricter_preflight_never_passes_more(facts in any_facts(), policy in any_policy(), by in any_level()) {
        let strict = Policy { preflight: stricter(&policy.preflight, by), ..policy.clone() };
        if judge(&facts, &strict, NOW).verdict == Verdict::Pass {
            prop_assert_eq!(judge(&facts, &policy, NOW).verdict, Verdict::Pass);
        }
    }

    #[test]
    fn a_roll_back_always_passes(facts in any_facts(), policy in any_policy()) {
        let mut facts = facts;
        facts.deployment.roll_back = true;
        let judged = judge(&facts, &policy, NOW);
        prop_assert_eq!((judged.verdict, judged.reason), (Verdict::Pass, Other::RollBack.into()));
    }

    #[test]
    fn when_the_hook_ends_there_is_a_conclusion(facts in any_facts(), policy in any_policy(), late_s in 0..900_i64) {
        let mut facts = facts;
        facts.deployment.hook_ends_at = Some(NOW - SignedDuration::from_secs(late_s));
        let judged = judge(&facts, &policy, NOW);
        prop_assert!(matches!(judged.verdict, Verdict::Pass | Verdict::Fail), "{judged:?}");
        prop_assert_eq!(judged.look_again_s, None);
    }

    #[test]
    fn when_patience_is_over_only_what_has_a_time_of_its_own_is_waited_for(
        facts in any_facts(),
        policy in any_policy(),
        late_s in 0..900_u32,
    ) {
        let mut facts = facts;
        let since = NOW - SignedDuration::from_secs((policy.patience_s + late_s).into());
        facts.deployment.waiting_since = Some(since);
        let judged = judge(&facts, &policy, NOW);
        let own_time = judged.findings.iter().any(|finding| finding.waits.is_some_and(|waits| waits.until.is_some()));
        prop_assert!(own_time || matches!(judged.verdict, Verdict::Pass | Verdict::Fail), "{judged:?}");
    }

    #[test]
    fn what_is_not_over_says_when_to_look_again(facts in any_facts(), policy in any_policy()) {
        let judged = judge(&facts, &policy, NOW);
        let open = matches!(judged.verdict, Verdict::Inconclusive | Verdict::Error);
        prop_assert_eq!(judged.look_again_s.is_some_and(|seconds| seconds > 0), open);
    }

    #[test]
    fn a_record_gives_the_same_judgement_when_it_is_read_again(facts in any_facts(), policy in any_policy()) {
        let again = |text: String| serde_json::from_str::<Facts>(&text).expect("facts");
        let facts_again = again(serde_json::to_string(&facts).expect("JSON"));
        let policy_again: Policy =
            serde_json::from_str(&serde_json::to_string(&policy).expect("JSON")).expect("a policy");
        prop_assert_eq!(&facts_again, &facts);
        prop_assert_eq!(&policy_again, &policy);
        prop_assert_eq!(judge(&facts_again, &policy_again, NOW), judge(&facts, &policy, NOW));
    }

    #[test]
    fn an_open_gate_passes_and_says_what_would_have_been(facts in any_facts(), policy in any_policy()) {
        let until = NOW + SignedDuration::from_mins(5);
        let glass = BreakGlass::until(until, "the provider is down", NOW).expect("a broken glass");
        let open = Policy { break_glass: Some(glass), ..policy.clone() };
        let (would, judged) = (judge(&facts, &policy, NOW), judge(&facts, &open, NOW));
        prop_assert_eq!((judged.verdict, judged.look_again_s), (Verdict::Pass, None));
        prop_assert_eq!(&judged.findings, &would.findings);
        if would.verdict != Verdict::Pass {
            prop_assert_eq!(judged.reason, Other::BreakGlass.into());
            prop_assert!(judged.why.contains("the provider is down") && judged.why.contains(&would.why), "{}", judged.why);
        }
        // A glass that was broken until now is whole again.
        prop_assert_eq!(judge(&facts, &open, until).verdict, judge(&facts, &policy, until).verdict);
    }

    #[test]
    fn a_verdict_is_that_of_its_worst_finding(facts in any_facts(), policy in any_policy()) {
        let judged = judge(&facts, &policy, NOW);
        let broken = judged.findings.iter().any(|finding| finding.level == Level::Block && finding.waits.is_none());
        if broken {
            prop_assert_eq!(judged.verdict, Verdict::Fail);
            prop_assert_eq!(Some(judged.reason), judged.findings.first().map(|finding| finding.rule.into()));
        }
        prop_assert!(judged.findings.iter().all(|finding| finding.level != Level::Off));
    }
}

#[test]
fn shadow_and_on_are_judged_alike() {
    let facts = facts(Stage::BeforeInstall);
    let of = |mode| judge(&facts, &Policy { mode, ..policy() }, NOW);
    assert_eq!(of(Mode::Shadow), of(Mode::On));
}

#[test]
fn a_stage_that_nobody_knows_has_nothing_to_look_at() {
    let judged = judge(&facts(Stage::Other), &policy(), Timestamp::MAX);
    assert_eq!((judged.verdict, judged.reason), (Verdict::Pass, Other::OtherStage.into()));
}
