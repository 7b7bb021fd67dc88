//! What a deployment makes of the new version's tasks and targets.

use jiff::SignedDuration;
use tidegate_core::canary::facts::{Platform, Strategy};
use tidegate_core::diagnosis::Task;
use tidegate_core::hook::checks::check;
use tidegate_core::hook::facts::{Deployment, Event, Target, Targets, Tasks};
use tidegate_core::hook::policy::Level;
use tidegate_core::hook::{Check, Facts, Finding, Policy, Rule, Stage};

use crate::world::{crashed, minute, pending, running, scaled_in, stopped};

fn deployment(platform: Platform, stage: Stage) -> Facts {
    let deployment = Deployment {
        id: "d-SHOP".to_owned(),
        platform,
        event: "AfterInstall".to_owned(),
        strategy: Strategy::default(),
        started_at: minute(0),
        roll_back: false,
        first: false,
        waiting_since: None,
        hook_ends_at: None,
    };
    Facts::of(stage, deployment)
}

fn with_tasks(desired: u32, tasks: Vec<Task>) -> Facts {
    let tasks = Some(Tasks { desired, tasks, events: Vec::new() });
    Facts { tasks, ..deployment(Platform::Ecs, Stage::AfterInstall) }
}

fn with_targets(desired: u32, states: &[(&str, &str)]) -> Facts {
    let target = |(nth, (state, why)): (usize, &(&str, &str))| Target {
        target: format!("10.0.1.{nth}:8080"),
        state: (*state).to_owned(),
        why: (*why).to_owned(),
    };
    let targets = states.iter().enumerate().map(target).collect();
    let targets = Some(Targets { desired, group: Some("shop-green".to_owned()), targets });
    Facts { targets, ..deployment(Platform::Ecs, Stage::AfterInstall) }
}

/// The findings ten minutes in: the rule, `!` where it is broken and `?` where it is waited for, and why.
fn found(facts: &Facts, what: Check) -> Vec<String> {
    let said = |finding: &Finding| {
        let mark = if finding.waits.is_some() { '?' } else { '!' };
        format!("{}{mark} {}", finding.rule.code(), finding.why)
    };
    check(what, facts, &Policy::default(), minute(10)).iter().map(said).collect()
}

const NONE: &[&str] = &[];

#[test]
fn as_many_running_tasks_as_there_should_be_are_as_it_should_be() {
    assert_eq!(found(&with_tasks(2, vec![running("a", 1), running("b", 1)]), Check::Tasks), NONE);
    assert_eq!(found(&with_tasks(0, Vec::new()), Check::Tasks), NONE);
    assert_eq!(found(&deployment(Platform::Ecs, Stage::AfterInstall), Check::Tasks), NONE, "not looked at");
}

#[test]
fn missing_tasks_are_waited_for() {
    let facts = with_tasks(3, vec![running("a", 1), pending("b", 8)]);
    assert_eq!(found(&facts, Check::Tasks), ["tasks_missing? 1 of 3 tasks of the new version run"]);
}

#[test]
fn a_task_that_failed_breaks_at_once_and_a_crash_loop_is_told_once() {
    let facts = with_tasks(1, vec![running("d", 9), crashed("a", 1, 2), crashed("c", 5, 6), crashed("b", 3, 4)]);
    let said = "task_stopped! 3 tasks stopped, the last (c) at 2026-03-02T12:06:00Z: the program of web failed with exit code 1";
    assert_eq!(found(&facts, Check::Tasks), [said]);
    let finding = &check(Check::Tasks, &facts, &Policy::default(), minute(10))[0];
    assert_eq!(finding.subject.as_deref(), Some("web"));
    assert_eq!(finding.fix.as_deref(), Some("look into the last lines of its log"));
}

#[test]
fn stops_of_before_and_those_that_were_meant_are_no_fault() {
    let before = crashed("a", -20, -5);
    let facts = with_tasks(1, vec![before, scaled_in("b", 4), running("c", 1)]);
    assert_eq!(found(&facts, Check::Tasks), NONE);
}

#[test]
fn a_stop_without_a_time_is_not_taken_for_one_of_before() {
    let timeless = Task { stopping_at: None, stopped_at: None, ..crashed("a", 1, 2) };
    let facts = with_tasks(1, vec![timeless, running("c", 1)]);
    assert_eq!(
        found(&facts, Check::Tasks),
        ["task_stopped! task a stopped: the program of web failed with exit code 1"]
    );
}

#[test]
fn a_task_that_is_about_to_stop_is_waited_for_until_it_is_known_why() {
    let stopping = Task { last_status: "DEPROVISIONING".to_owned(), ..crashed("a", 1, 9) };
    let facts = with_tasks(1, vec![stopping, running("b", 1)]);
    let said = "task_stopped? task a is stopping: the program of web failed with exit code 1";
    assert_eq!(found(&facts, Check::Tasks), [said]);
}

#[test]
fn a_task_that_has_not_started_in_five_minutes_is_stuck_and_the_events_say_why() {
    let mut facts = with_tasks(2, vec![running("a", 1), pending("b", 5)]);
    let missing = "tasks_missing? 1 of 2 tasks of the new version run";
    assert_eq!(found(&facts, Check::Tasks), [missing], "five minutes are not more than five");
    let tasks = facts.tasks.as_mut().expect("tasks");
    tasks.tasks[1].created_at = Some(minute(4));
    let event = |at, message: &str| Event { at: minute(at), message: message.to_owned() };
    tasks.events = vec![
        event(9, "(service shop) is unable to consistently start tasks successfully."),
        event(
            8,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) has insufficient CPU units available.",
        ),
    ];
    let cause = "there is not enough CPU free for the task";
    assert_eq!(
        found(&facts, Check::Tasks),
        [
            format!("task_stuck! task b has been PENDING since 2026-03-02T12:04:00Z: {cause}"),
            format!("{missing}: {cause}"),
        ],
        "the cause is told, and not the symptom, though that is newer"
    );
}

#[test]
fn a_task_whose_own_health_check_fails_is_not_as_it_should_be() {
    let sick = Task { health_status: "UNHEALTHY".to_owned(), ..running("a", 1) };
    let facts = with_tasks(1, vec![sick]);
    assert_eq!(found(&facts, Check::Tasks), ["task_unhealthy? the health check of a container fails in task a"]);
}

#[test]
fn healthy_targets_of_steady_tasks_are_as_they_should_be() {
    let mut facts = with_targets(2, &[("healthy", ""), ("healthy", "")]);
    assert_eq!(found(&facts, Check::Targets), NONE);
    facts.tasks = with_tasks(2, vec![running("a", 1), running("b", 9)]).tasks;
    assert_eq!(found(&facts, Check::Targets), NONE);
    let young = minute(10) - SignedDuration::from_secs(12);
    facts.tasks.as_mut().expect("tasks").tasks[1].started_at = Some(young);
    assert_eq!(
        found(&facts, Check::Targets),
        ["target_unhealthy? all targets are healthy, and count once their tasks have run for 30 s"]
    );
    let finding = &check(Check::Targets, &facts, &Policy::default(), minute(10))[0];
    assert_eq!(finding.waits.and_then(|waits| waits.look_again_s), Some(19));
}

#[test]
fn targets_that_are_missing_or_not_healthy_are_waited_for_with_the_reason() {
    let facts = with_targets(
        4,
        &[
            ("healthy", ""),
            ("unhealthy", "Target.Timeout: Request timed out"),
            ("unhealthy", "Target.Timeout: Request timed out"),
        ],
    );
    assert_eq!(
        found(&facts, Check::Targets),
        [
            "targets_missing? 3 of 4 targets are registered",
            "target_unhealthy? 2 of 3 targets (10.0.1.1:8080 and 1 more): the target does not answer the health check in time",
        ]
    );
    let facts = with_targets(1, &[("sulking", "")]);
    assert_eq!(
        found(&facts, Check::Targets),
        ["target_unhealthy? 1 of 1 target (10.0.1.0:8080): the load balancer says: sulking"]
    );
}

#[test]
fn targets_that_leave_are_not_counted_against_it_nor_for_it() {
    let leaves = ("draining", "Target.DeregistrationInProgress: Target deregistration is in progress");
    assert_eq!(found(&with_targets(1, &[("healthy", ""), leaves, leaves]), Check::Targets), NONE);
    assert_eq!(
        found(&with_targets(2, &[("healthy", ""), leaves]), Check::Targets),
        ["targets_missing? 1 of 2 targets are registered"]
    );
}

#[test]
fn a_group_that_cannot_be_told_is_not_a_healthy_one() {
    let mut facts = with_targets(1, &[]);
    facts.targets = Some(Targets { desired: 1, group: None, targets: Vec::new() });
    assert_eq!(
        found(&facts, Check::Targets),
        ["targets_missing? it cannot be told which target group is the new version's"]
    );
}

#[test]
fn a_group_that_no_listener_uses_yet_is_no_fault_under_codedeploy() {
    let unused =
        ("unused", "Target.NotInUse: Target group is not configured to receive traffic from the load balancer");
    let levels = |platform, stage| {
        let facts = Facts { targets: with_targets(1, &[unused]).targets, ..deployment(platform, stage) };
        let findings = check(Check::Targets, &facts, &Policy::default(), minute(10));
        findings.iter().map(|finding| (finding.rule, finding.level, finding.waits.is_some())).collect::<Vec<_>>()
    };
    let (rule, block, warn) = (Rule::TargetUnhealthy, Level::Block, Level::Warn);
    assert_eq!(levels(Platform::CodeDeploy, Stage::AfterInstall), []);
    assert_eq!(levels(Platform::CodeDeploy, Stage::BeforeTraffic), [(rule, warn, false)]);
    assert_eq!(levels(Platform::CodeDeploy, Stage::AfterTraffic), [(rule, block, true)]);
    assert_eq!(levels(Platform::Ecs, Stage::AfterInstall), [(rule, block, true)]);
}

#[test]
fn a_task_that_somebody_stopped_is_replaced_and_no_fault() {
    let facts = with_tasks(1, vec![stopped(running("a", 1), 3, "UserInitiated", "Task stopped by user")]);
    assert_eq!(found(&facts, Check::Tasks), ["tasks_missing? 0 of 1 task of the new version run"]);
}
