//! Tasks of a shop, in the minutes of one hour.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::diagnosis::Task;
use tidegate_core::diagnosis::task::Container;

/// A minute of the hour.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().expect("a time");
    noon + SignedDuration::from_mins(minutes)
}

/// A task that has been running since a minute.
pub(crate) fn running(id: &str, since: i64) -> Task {
    Task {
        task_arn: format!("arn:aws:ecs:eu-central-1:210987654321:task/market/{id}"),
        cluster_arn: "arn:aws:ecs:eu-central-1:210987654321:cluster/market".to_owned(),
        group: "service:shop".to_owned(),
        last_status: "RUNNING".to_owned(),
        desired_status: "RUNNING".to_owned(),
        created_at: Some(minute(since)),
        started_at: Some(minute(since)),
        ..Task::default()
    }
}

/// A task that was created in a minute and has not come further.
pub(crate) fn pending(id: &str, since: i64) -> Task {
    Task { last_status: "PENDING".to_owned(), started_at: None, ..running(id, since) }
}

/// It stopped in a minute, and ECS says why.
pub(crate) fn stopped(task: Task, at: i64, code: &str, reason: &str) -> Task {
    Task {
        last_status: "STOPPED".to_owned(),
        desired_status: "STOPPED".to_owned(),
        stop_code: Some(code.to_owned()),
        stopped_reason: Some(reason.to_owned()),
        stopping_at: Some(minute(at)),
        stopped_at: Some(minute(at)),
        ..task
    }
}

/// Its program failed in a minute.
pub(crate) fn crashed(id: &str, since: i64, at: i64) -> Task {
    let task = Task { containers: vec![ended("web", 1)], ..running(id, since) };
    stopped(task, at, "EssentialContainerExited", "Essential container in task exited")
}

/// The service scaled in.
pub(crate) fn scaled_in(id: &str, at: i64) -> Task {
    let reason = "Scaling activity initiated by (deployment ecs-svc/7000000000000000001)";
    stopped(running(id, 0), at, "ServiceSchedulerInitiated", reason)
}

/// A container that ended.
pub(crate) fn ended(name: &str, code: i32) -> Container {
    Container { name: name.to_owned(), exit_code: Some(code), ..Container::default() }
}
