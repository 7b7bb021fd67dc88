//! What stops of a running service come to.

use tidegate_core::diagnosis::Task;
use tidegate_core::diagnosis::incident::{Action, Facts, Incident, IncidentRecord, Policy, judge};
use tidegate_core::hook::facts::{Event, Target};
use tidegate_core::mode::Mode;
use tidegate_core::record::Level;

use crate::world::{crashed, minute, running, scaled_in, stopped};

/// A service with tasks of which those that stopped last are told.
fn service(desired: u32, tasks: Vec<Task>, stops: Vec<Task>) -> Facts {
    let running = tasks.iter().filter(|task| task.last_status == "RUNNING").count();
    let running = u32::try_from(running).expect("a few");
    Facts { desired, running, tasks, stops, ..Facts::default() }
}

fn told(facts: &Facts) -> String {
    let Incident { level, reason, is_news, .. } = judge(facts, &Policy::default(), minute(31));
    let news = if is_news { " news" } else { "" };
    format!("{} {}{news}", level.as_str(), reason.code())
}

#[test]
fn one_of_many_tasks_is_p3_most_of_them_p2_and_all_of_them_p1() {
    let up = |count| (0..count).map(|nth| running(&format!("up-{nth}"), 0)).collect::<Vec<_>>();
    let down = |count| (0..count).map(|nth| crashed(&format!("down-{nth}"), 0, 30)).collect::<Vec<_>>();
    let of = |running, stopped| service(4, [up(running), down(stopped)].concat(), down(stopped));
    assert_eq!(told(&of(3, 1)), "P3 task_stopped news");
    assert_eq!(told(&of(2, 2)), "P3 task_stopped news", "half is not more than half");
    assert_eq!(told(&of(1, 3)), "P2 most_unhealthy news");
    assert_eq!(told(&of(0, 4)), "P1 all_stopped news");
}

#[test]
fn it_says_what_and_why_in_one_sentence() {
    let down = [crashed("a", 0, 30), crashed("b", 0, 30)];
    let mut facts = service(2, down.to_vec(), down.to_vec());
    let why = |facts: &Facts| judge(facts, &Policy::default(), minute(31)).why;
    assert_eq!(why(&facts), "P1: none of 2 tasks runs; the program of web failed with exit code 1");
    facts.tasks.push(running("c", 31));
    facts.running = 1;
    assert_eq!(
        why(&facts),
        "P1: all tasks had stopped, and 1 of 2 run again; the program of web failed with exit code 1"
    );
}

#[test]
fn stops_that_were_meant_are_no_incident() {
    let spot = stopped(running("b", 0), 30, "SpotInterruption", "Your Spot Task was interrupted.");
    let user = stopped(running("c", 0), 30, "UserInitiated", "Task stopped by user");
    let stops = vec![scaled_in("a", 30), spot, user];
    assert_eq!(told(&service(4, vec![running("d", 0)], stops)), "none expected_stop");
    assert_eq!(told(&service(0, vec![], vec![crashed("a", 0, 30)])), "none none_wanted");
    assert_eq!(told(&service(1, vec![running("d", 0)], vec![])), "none nothing_wrong");
}

#[test]
fn a_service_that_grows_is_not_one_whose_tasks_are_gone() {
    let mut facts = service(10, vec![running("a", 0), running("b", 0)], vec![crashed("c", 29, 30)]);
    facts.pending = 8;
    assert_eq!(told(&facts), "P3 task_stopped news");
}

#[test]
fn what_is_unhealthy_counts_as_gone() {
    let up = (0..3).map(|nth| running(&format!("up-{nth}"), 0)).collect::<Vec<_>>();
    let mut facts = service(4, up, vec![crashed("a", 0, 30)]);
    let unhealthy = |nth: u32, state: &str| Target {
        target: format!("10.0.1.{nth}:80"),
        state: state.to_owned(),
        why: String::new(),
    };
    facts.targets = vec![unhealthy(1, "unhealthy"), unhealthy(2, "healthy"), unhealthy(3, "healthy")];
    assert_eq!(told(&facts), "P3 task_stopped news");
    facts.targets[1].state = "unhealthy".to_owned();
    assert_eq!(told(&facts), "P2 most_unhealthy news");
}

#[test]
fn during_a_deployment_only_a_service_that_is_down_is_told_of() {
    let mut facts = service(2, vec![running("a", 0), crashed("b", 29, 30)], vec![crashed("b", 29, 30)]);
    facts.deploying = true;
    assert_eq!(told(&facts), "none deploying");
    facts = Facts { deploying: true, ..service(1, vec![crashed("b", 29, 30)], vec![crashed("b", 29, 30)]) };
    assert_eq!(told(&facts), "P1 all_stopped news");
}

#[test]
fn a_crash_loop_is_told_once() {
    // A service of one task: it crashes, is replaced, and crashes again.
    let crashes = [crashed("a", 0, 20), crashed("b", 21, 25), crashed("c", 26, 30)];
    for (nth, crash) in crashes.iter().enumerate() {
        let facts = service(1, crashes[..=nth].to_vec(), vec![crash.clone()]);
        let expected = if nth == 0 { "P1 all_stopped news" } else { "P1 all_stopped" };
        assert_eq!(told(&facts), expected, "crash {nth}");
    }
}

#[test]
fn it_is_told_again_when_it_gets_worse_or_is_of_another_class() {
    let first = crashed("a", 0, 25);
    let up = vec![running("b", 0), running("c", 0), running("d", 0)];
    let same = crashed("e", 26, 30);
    let tasks = |more: &[Task]| [up.clone(), vec![first.clone()], more.to_vec()].concat();
    assert_eq!(told(&service(4, tasks(std::slice::from_ref(&same)), vec![same.clone()])), "P3 task_stopped");
    let other = stopped(running("e", 26), 30, "ServiceSchedulerInitiated", "Task failed ELB health checks");
    assert_eq!(told(&service(4, tasks(std::slice::from_ref(&other)), vec![other.clone()])), "P3 task_stopped news");
    let all = ["b", "c", "d"].map(|id| crashed(id, 0, 30));
    let down = [vec![first.clone()], all.to_vec()].concat();
    assert_eq!(told(&service(4, down, all.to_vec())), "P1 all_stopped news");
}

#[test]
fn a_stop_that_is_long_past_does_not_make_the_next_one_old() {
    let tasks = vec![crashed("a", 0, 10), crashed("b", 11, 30), running("c", 0)];
    assert_eq!(told(&service(2, tasks, vec![crashed("b", 11, 30)])), "P3 task_stopped news");
}

#[test]
fn what_was_read_may_be_older_than_what_was_told() {
    // ECS still lists the task as running, and counts it.
    let facts = service(1, vec![running("a", 0)], vec![crashed("a", 0, 30)]);
    assert_eq!(told(&facts), "P1 all_stopped news");
    // Where not every task is listed only the count says what runs.
    let facts = Facts { tasks_left_out: true, running: 40, ..service(41, vec![], vec![crashed("a", 0, 30)]) };
    assert_eq!(told(&facts), "P3 task_stopped news");
}

#[test]
fn tasks_that_cannot_be_placed_are_an_incident_while_they_are_missing() {
    let event = |at| Event { at: minute(at), message: "SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:CPU".to_owned() };
    let mut facts = Facts { events: vec![event(30)], ..service(3, vec![running("a", 0), running("b", 0)], vec![]) };
    assert_eq!(told(&facts), "P3 not_started news");
    facts.messages = vec![event(30), event(24)];
    assert_eq!(told(&facts), "P3 not_started", "it was said before");
    facts.desired = 2;
    assert_eq!(told(&facts), "none nothing_wrong", "it is over");
}

#[test]
fn a_record_of_an_incident_is_read_as_it_was_written() {
    let facts = service(1, vec![crashed("a", 0, 30)], vec![crashed("a", 0, 30)]);
    let record = IncidentRecord {
        level: Level::Warn,
        timestamp: minute(31),
        function: "deploy-hook".to_owned(),
        service: Some("market/shop".to_owned()),
        mode: Mode::On,
        decision: judge(&facts, &Policy::default(), minute(31)),
        facts: Some(facts),
        policy: Some(Policy::default()),
        action: Some(Action::Tell),
        acted: true,
        not_acted: None,
        at: minute(31),
        request_id: "r".to_owned(),
        version: "0".to_owned(),
    };
    let line = serde_json::to_string(&record).expect("JSON");
    assert!(line.contains(r#""incident":"P1""#) && line.contains(r#""level":"WARN""#), "{line}");
    let read: IncidentRecord = serde_json::from_str(&line).expect("a record");
    assert_eq!(read, record);
    let (facts, policy) = (read.facts.expect("facts"), read.policy.expect("a policy"));
    assert_eq!(judge(&facts, &policy, read.at), read.decision, "it can be made again");
}
