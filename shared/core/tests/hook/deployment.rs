//! Whether a way of deploying can notice a bad version, and go back; and whether alarms are quiet.

use tidegate_core::canary::facts::{Platform, Strategy};
use tidegate_core::hook::checks::check;
use tidegate_core::hook::facts::{Facts, Traffic};
use tidegate_core::hook::{Check, Finding, Policy, Rule, Stage};

use super::NOW;
use super::case::{alarm, answered, at, facts, policy, request, tried, with};

const CHECKS: [Check; 3] = [Check::Deployment, Check::Alarms, Check::Smoke];

fn findings(facts: &Facts, policy: &Policy) -> Vec<Finding> {
    CHECKS.into_iter().flat_map(|what| check(what, facts, policy, NOW)).collect()
}

fn broken(facts: &Facts, policy: &Policy) -> Vec<Rule> {
    findings(facts, policy).into_iter().map(|finding| finding.rule).collect()
}

/// What the only finding says.
fn why(facts: &Facts) -> String {
    let findings = findings(facts, &policy());
    let [finding] = findings.as_slice() else { panic!("one finding: {findings:?}") };
    finding.subject.as_ref().map_or_else(|| finding.why.clone(), |subject| format!("{subject}: {}", finding.why))
}

/// For each rule of these checks a deployment that breaks it, and it alone.
fn breaches() -> Vec<(Rule, Facts)> {
    let with_alarm = |change: fn(&mut tidegate_core::hook::facts::Alarm)| {
        let mut facts = facts(Stage::BeforeInstall);
        facts.alarms.iter_mut().for_each(change);
        facts
    };
    let mut smoke = facts(Stage::TestTraffic);
    smoke.smoke = vec![tried(&[answered(500, 20, "")])];
    vec![
        (Rule::PublicIp, with(|settings| settings.public_ip = Some(true))),
        (Rule::NoRollBack, with(|settings| settings.rolls_back = false)),
        (Rule::Downtime, with(|settings| settings.minimum_healthy_percent = Some(0))),
        (Rule::ShortGrace, with(|settings| settings.health_check_grace_s = Some(59))),
        (Rule::WeightsDrifted, with(|settings| settings.split.iter_mut().for_each(|split| split.weights[1].1 = 10))),
        (Rule::ShortBake, with(|settings| settings.bake_minutes = Some(2))),
        (Rule::ShortCanaryStep, with(|settings| settings.step_minutes = Some(7))),
        (
            Rule::CanaryTooSmall,
            with(|settings| settings.traffic = Some(Traffic { requests_a_minute: 120.0, error_percent: 1.0 })),
        ),
        (
            Rule::AlarmActionsDisabled,
            with_alarm(|alarm| alarm.state.iter_mut().for_each(|state| state.actions_enabled = false)),
        ),
        (Rule::AlarmMissing, with_alarm(|alarm| alarm.state = None)),
        (Rule::AlarmInAlarm, with_alarm(|alarm| alarm.state.iter_mut().for_each(|state| state.in_alarm = true))),
        (Rule::SmokeFailed, smoke),
    ]
}

#[test]
fn every_rule_is_kept_by_a_good_deployment_and_broken_by_a_bad_one() {
    let breaches = breaches();
    for rule in Rule::ALL.iter().filter(|rule| CHECKS.contains(&rule.check())) {
        let breach = breaches.iter().find(|(own, _)| own == rule);
        let (_, facts) = breach.unwrap_or_else(|| panic!("{} has no deployment that breaks it", rule.code()));
        assert_eq!(broken(facts, &policy()), [*rule]);
    }
    assert_eq!(broken(&facts(Stage::BeforeInstall), &policy()), []);
    let mut answers = facts(Stage::TestTraffic);
    answers.smoke = vec![tried(&[answered(200, 20, "")])];
    assert_eq!(broken(&answers, &Policy { smoke: vec![request()], ..policy() }), []);
}

#[test]
fn every_finding_says_what_was_found_and_what_to_do() {
    let told: Vec<String> = breaches()
        .into_iter()
        .flat_map(|(_, facts)| findings(&facts, &policy()))
        .map(|finding| {
            let subject = finding.subject.map_or_else(String::new, |subject| format!("{subject}: "));
            format!(
                "{subject}{}\n  {}",
                finding.why,
                finding.fix.unwrap_or_else(|| panic!("{:?} has no fix", finding.rule))
            )
        })
        .collect();
    expect_test::expect_file!["told/deployment.txt"].assert_eq(&(told.join("\n") + "\n"));
}

#[test]
fn a_first_deployment_has_no_old_version_to_lose_or_to_compare_with() {
    for (rule, mut facts) in breaches() {
        facts.deployment.first = true;
        let compares = matches!(
            rule,
            Rule::Downtime | Rule::WeightsDrifted | Rule::ShortBake | Rule::ShortCanaryStep | Rule::CanaryTooSmall
        );
        let expected: &[Rule] = if compares { &[] } else { &[rule] };
        assert_eq!(broken(&facts, &policy()), expected);
    }
}

#[test]
fn what_is_not_known_is_no_breach() {
    let mut facts = facts(Stage::BeforeInstall);
    facts.settings = Some(tidegate_core::hook::facts::Settings { rolls_back: true, ..Default::default() });
    assert_eq!(broken(&facts, &policy()), []);
    facts.settings = None;
    assert_eq!(broken(&facts, &policy()), []);
}

#[test]
fn a_share_of_the_tasks_is_rounded_up_as_ecs_does() {
    for (desired, percent, downtime) in
        [(1, 50, false), (1, 1, false), (1, 0, true), (10, 0, true), (10, 1, false), (0, 0, false), (4, 100, false)]
    {
        let facts = with(|settings| {
            (settings.desired, settings.minimum_healthy_percent) = (desired, Some(percent));
        });
        let expected: &[Rule] = if downtime { &[Rule::Downtime] } else { &[] };
        assert_eq!(broken(&facts, &policy()), expected, "{percent} % of {desired}");
    }
}

#[test]
fn without_a_load_balancer_no_grace_is_needed() {
    assert_eq!(broken(&with(|settings| settings.health_check_grace_s = None), &policy()), []);
    let mut facts = with(|settings| settings.health_check_grace_s = Some(0));
    assert_eq!(
        why(&facts),
        "app: it may take 60 s to start, and after 0 s ECS ends it for failing the load balancer's checks"
    );
    facts.task_definition = None;
    assert_eq!(broken(&facts, &policy()), []);
}

#[test]
fn the_group_that_should_have_all_traffic_must_be_among_those_that_do() {
    let weights = |weights: &[(&str, u32)]| {
        let weights = weights.iter().map(|(group, weight)| ((*group).to_owned(), *weight)).collect();
        with(|settings| settings.split.iter_mut().for_each(|split| split.weights.clone_from(&weights)))
    };
    for kept in [&[("shop-blue", 1)][..], &[("shop-green", 0), ("shop-blue", 100)]] {
        assert_eq!(broken(&weights(kept), &policy()), [], "{kept:?}");
    }
    let why_of = |drifted: &[(&str, u32)]| why(&weights(drifted));
    let before = "before the shift shop-blue should have all traffic, and the listener's weights are";
    assert_eq!(why_of(&[("shop-green", 100)]), format!("{before} shop-green 100"));
    assert_eq!(why_of(&[("shop-blue", 0), ("shop-green", 0)]), format!("{before} shop-blue 0, shop-green 0"));
    assert_eq!(why_of(&[]), format!("{before} nothing"));
}

#[test]
fn a_linear_shift_is_as_long_as_its_steps_together() {
    let linear = |percent: f64, minutes: u32| {
        let mut facts = with(|settings| {
            (settings.step_percent, settings.step_minutes) = (Some(percent), Some(minutes));
            settings.traffic = Some(Traffic { requests_a_minute: 60_000.0, error_percent: 1.0 });
        });
        facts.deployment.strategy = Strategy::Linear;
        facts
    };
    // ECSLinear10PercentEvery1Minutes: nine minutes with both versions.
    assert_eq!(broken(&linear(10.0, 1), &policy()), []);
    assert_eq!(broken(&linear(50.0, 7), &policy()), [Rule::ShortCanaryStep]);
    assert_eq!(broken(&linear(50.0, 8), &policy()), []);
    assert_eq!(broken(&linear(100.0, 1), &policy()), [], "there is one step only");
}

#[test]
fn a_shift_at_once_has_no_step() {
    for strategy in [Strategy::BlueGreen, Strategy::Rolling, Strategy::Unknown] {
        let mut facts = with(|settings| settings.step_minutes = Some(1));
        facts.deployment.strategy = strategy;
        assert_eq!(broken(&facts, &policy()), []);
    }
}

#[test]
fn traffic_that_shows_a_doubling_is_enough_and_less_is_not() {
    let at_rate = |requests_a_minute: f64, error_percent: f64| {
        with(|settings| settings.traffic = Some(Traffic { requests_a_minute, error_percent }))
    };
    // The rarer errors are, the more requests it takes.
    for (error_percent, too_few, enough) in
        [(0.0, 10_000.0, 200_000.0), (1.0, 1_000.0, 20_000.0), (10.0, 100.0, 2_000.0)]
    {
        assert_eq!(broken(&at_rate(too_few, error_percent), &policy()), [Rule::CanaryTooSmall], "{error_percent} %");
        assert_eq!(broken(&at_rate(enough, error_percent), &policy()), [], "{error_percent} %");
    }
    assert_eq!(broken(&at_rate(0.0, 0.0), &policy()), [Rule::CanaryTooSmall]);
}

#[test]
fn what_an_alarm_does_is_told_for_each_platform_and_stage() {
    let told = |platform, stage, of_tag| {
        let mut facts = facts(stage);
        facts.deployment.platform = platform;
        facts.alarms = vec![alarm("shop-errors", of_tag)];
        let state = facts.alarms[0].state.as_mut().expect("a state");
        (state.in_alarm, state.since) = (true, Some(at("13:30:00")));
        why(&facts)
    };
    let since = "shop-errors: in ALARM since 2026-11-27T13:30:00Z:";
    assert_eq!(
        told(Platform::Ecs, Stage::BeforeInstall, false),
        format!("{since} ECS ignores all alarms of a deployment that begins like this, and would not roll it back")
    );
    assert_eq!(
        told(Platform::Ecs, Stage::BeforeTraffic, false),
        format!("{since} ECS rolls back for it, unless it was in ALARM when the deployment began")
    );
    assert_eq!(
        told(Platform::CodeDeploy, Stage::BeforeTraffic, false),
        format!("{since} CodeDeploy stops deployments for it")
    );
    assert_eq!(
        told(Platform::CodeDeploy, Stage::BeforeInstall, true),
        format!("{since} by tidegate:alarms it stops this deployment")
    );
}
