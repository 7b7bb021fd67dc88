//! Why a task stopped: whose word counts, and what is told of it.

use tidegate_core::diagnosis::task::Container;
use tidegate_core::diagnosis::{Class, Diagnosis, Task, grouped, of_task};

use crate::world::{crashed, ended, minute, running, scaled_in, stopped};

fn exited(containers: Vec<Container>) -> Diagnosis {
    let task = Task { containers, ..running("a", 0) };
    of_task(&stopped(task, 3, "EssentialContainerExited", "Essential container in task exited"))
}

#[test]
fn the_memory_that_ran_out_is_told_by_the_container_whatever_its_exit_code() {
    for (code, said) in [
        (137, "OutOfMemoryError: Container killed due to memory usage"),
        (1, "OutOfMemoryError: container killed due to memory usage"),
    ] {
        let web = Container { reason: Some(said.to_owned()), ..ended("web", code) };
        let diagnosis = exited(vec![ended("proxy", 143), web]);
        assert_eq!((diagnosis.class, diagnosis.container.as_deref()), (Class::OutOfMemory, Some("web")));
        assert_eq!(diagnosis.said, said);
        assert_eq!(diagnosis.cause, "web needed more memory than its limit");
    }
}

/// The fuzzer's: a name with a line break broke the sentence in two.
#[test]
fn a_sentence_stays_on_one_line_whatever_is_in_a_name() {
    let reason = Some("OutOfMemoryError: killed".to_owned());
    let diagnosis = exited(vec![Container { reason, ..ended("we\nb", 1) }]);
    assert_eq!(diagnosis.cause, "we b needed more memory than its limit");
}

#[test]
fn the_container_that_failed_is_told_and_not_those_that_were_killed_with_it() {
    let diagnosis = exited(vec![ended("agent", 137), ended("proxy", 143), ended("web", 3), ended("init", 0)]);
    assert_eq!((diagnosis.class, diagnosis.container.as_deref()), (Class::Failed, Some("web")));
    assert_eq!(diagnosis.cause, "the program of web failed with exit code 3");
}

#[test]
fn every_exit_code_has_its_class() {
    for (code, class) in [
        (0, Class::Finished),
        (1, Class::Failed),
        (125, Class::Runtime),
        (126, Class::CommandNotExecutable),
        (127, Class::CommandNotFound),
        (134, Class::Aborted),
        (137, Class::Killed),
        (139, Class::SegmentationFault),
        (143, Class::Terminated),
        (255, Class::Failed),
        (-1_073_741_819, Class::Failed),
    ] {
        assert_eq!(exited(vec![ended("web", code)]).class, class, "{code}");
    }
}

#[test]
fn without_containers_there_is_the_reason_of_the_task() {
    let task = stopped(Task::default(), 3, "TaskFailedToStart", "TaskFailedToStart: RESOURCE:GPU");
    let diagnosis = of_task(&task);
    assert_eq!((diagnosis.class, diagnosis.container), (Class::Capacity, None));
    assert_eq!(diagnosis.cause, "there is not enough GPU free for the task");
    assert_eq!(of_task(&stopped(Task::default(), 3, "EssentialContainerExited", "")).class, Class::Exited);
}

#[test]
fn what_nobody_knows_is_shown_as_it_is() {
    let said = "The flux capacitor is empty";
    let diagnosis = of_task(&stopped(running("a", 0), 3, "ServiceSchedulerInitiated", said));
    assert_eq!((diagnosis.class, diagnosis.said.as_str()), (Class::Unknown, said));
    assert_eq!(diagnosis.cause, "AWS says: The flux capacitor is empty");
    let diagnosis = of_task(&stopped(running("a", 0), 3, "TaskFailedToStart", said));
    assert_eq!(diagnosis.class, Class::StartUnknown);
    assert_eq!(diagnosis.cause, "the task did not start: The flux capacitor is empty");
    let odd = Container { reason: Some(said.to_owned()), ..ended("web", 1) };
    assert_eq!(exited(vec![odd]).said, said);
}

#[test]
fn a_task_that_was_stopped_on_purpose_did_not_fail() {
    let mut task = scaled_in("a", 3);
    task.containers = vec![ended("web", 137)];
    assert_eq!(of_task(&task).class, Class::Scaling);
    let task = stopped(crashed("a", 0, 3), 3, "UserInitiated", "OutOfMemoryError drill, do not worry");
    assert_eq!(of_task(&task).class, Class::UserStop);
    assert_eq!(of_task(&task).cause, "somebody stopped the task: OutOfMemoryError drill, do not worry");
    // A warning comes while it still runs.
    let task = Task { stop_code: Some("SpotInterruption".to_owned()), ..running("a", 0) };
    assert_eq!(of_task(&task).class, Class::Spot);
}

#[test]
fn a_failed_start_is_told_by_its_reason_and_not_by_the_containers_that_were_taken_along() {
    let said = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.";
    let task = Task { containers: vec![ended("web", 137), ended("proxy", 0)], ..running("a", 0) };
    let diagnosis = of_task(&stopped(task, 3, "TaskFailedToStart", said));
    assert_eq!((diagnosis.class, diagnosis.said.as_str()), (Class::LogGroupMissing, said));
    // Before it was RUNNING a container may fail as well.
    let task = Task { containers: vec![ended("migrate", 9), ended("web", 0)], ..running("a", 0) };
    let diagnosis = of_task(&stopped(task, 3, "TaskFailedToStart", "Essential container in task exited"));
    assert_eq!((diagnosis.class, diagnosis.container.as_deref()), (Class::Failed, Some("migrate")));
}

#[test]
fn the_value_that_matters_is_in_the_sentence() {
    let web = |said: &str| {
        let image = Some("shop.example/web:7".to_owned());
        Container { name: "web".to_owned(), image, reason: Some(said.to_owned()), ..Container::default() }
    };
    let of = |said: &str| {
        let task = Task { containers: vec![web(said)], ..running("a", 0) };
        of_task(&stopped(task, 3, "TaskFailedToStart", "Task failed to start"))
    };
    let of_reason = |said: &str| of_task(&stopped(running("a", 0), 3, "TaskFailedToStart", said));
    assert_eq!(
        of("CannotPullContainerError: dial tcp 192.0.2.1:443: i/o timeout").cause,
        "the task could not reach the registry of shop.example/web:7"
    );
    assert_eq!(
        of_reason("The task can’t pull the secret from Secrets Manager. The task can't retrieve the secret with ARN ‘arn:aws:secretsmanager:eu-central-1:210987654321:secret:till' from Secrets Manager. Check whether the secret exists in the specified Region.").cause,
        "there is no arn:aws:secretsmanager:eu-central-1:210987654321:secret:till in this region, or no such key or version of it"
    );
    assert_eq!(
        of_reason("failed to create Cloudwatch log stream: AccessDeniedException: User: x is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:eu-central-1:210987654321:log-group:/ecs/shop:log-stream:web/web/1").fix,
        "allow the execution role logs:CreateLogStream on /ecs/shop"
    );
    assert_eq!(
        of_reason("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-central-1:210987654321:targetgroup/shop-green/00)").cause,
        "the load balancer did not find the task healthy in shop-green"
    );
}

#[test]
fn the_same_cause_is_told_once_with_its_count_and_its_last_time() {
    let tasks = [crashed("a", 0, 3), scaled_in("d", 9), crashed("c", 0, 7), crashed("b", 0, 5)];
    let groups = grouped(&tasks);
    let told: Vec<_> =
        groups.iter().map(|own| (own.diagnosis.class, own.count, own.last, own.last_task.as_str())).collect();
    assert_eq!(
        told,
        [(Class::Failed, 3, Some(minute(7)), "c"), (Class::Scaling, 1, Some(minute(9)), "d")],
        "what failed comes first, though the other is newer"
    );
}
