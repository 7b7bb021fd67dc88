//! Why a task stopped, or is about to.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>

use super::Diagnosis;
use super::class::Class;
use super::said::{class_of, is_essential_exited};
use super::task::{Container, Task};
use super::values::Values;

/// Why a task stopped: who stopped it on purpose, else what its containers say, else its stop code and reason, else how its
/// containers ended. What nobody knows is shown as it is.
#[must_use]
pub fn of_task(task: &Task) -> Diagnosis {
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    let of_reason = class_of(reason);
    // A task that was stopped on purpose takes its containers along, whatever they say of that.
    if let Some(class) = on_purpose(task.stop_code.as_deref(), of_reason) {
        return told(class, None, reason_or_code(task), task);
    }
    let of_container = |container: &Container| container.reason.as_deref().and_then(class_of);
    let known = task.containers.iter().filter_map(|own| Some((rank(of_container(own)?)?, own)));
    if let Some((_, container)) = known.min_by_key(|(rank, own)| (*rank, &own.name)) {
        let said = container.reason.as_deref().unwrap_or_default();
        return told(of_container(container).unwrap_or(Class::Unknown), Some(container), said, task);
    }
    let of_task = of_reason.filter(|class| !matches!(class, Class::Exited | Class::StartUnknown));
    if let Some(class) = of_task {
        return told(class, None, reason, task);
    }
    let failed_to_start =
        task.stop_code.as_deref() == Some("TaskFailedToStart") || of_reason == Some(Class::StartUnknown);
    // A task that failed to start may have ended because a container did; else its containers only were taken along.
    let exited = is_essential_exited(reason) || task.stop_code.as_deref() == Some("EssentialContainerExited");
    let by_exit = by_exit(task).filter(|_| exited || (!failed_to_start && reason.is_empty()));
    if let Some((container, class)) = by_exit {
        let said = container.reason.as_deref().filter(|said| !said.is_empty());
        return told(class, Some(container), said.unwrap_or(reason), task);
    }
    let unknown = task.containers.iter().find(|own| own.reason.as_deref().is_some_and(|said| !said.is_empty()));
    let said = unknown.and_then(|own| own.reason.as_deref()).unwrap_or_else(|| reason_or_code(task));
    let class = match of_reason {
        _ if failed_to_start => Class::StartUnknown,
        Some(class) if unknown.is_none() => class,
        None if unknown.is_none() && task.stop_code.as_deref() == Some("EssentialContainerExited") => Class::Exited,
        _ => Class::Unknown,
    };
    told(class, unknown, said, task)
}

/// Who stopped it, where that was no failure of the task's own.
fn on_purpose(stop_code: Option<&str>, of_reason: Option<Class>) -> Option<Class> {
    match stop_code.unwrap_or_default() {
        "UserInitiated" => Some(Class::UserStop),
        "SpotInterruption" => Some(Class::Spot),
        "TerminationNotice" => Some(Class::Maintenance),
        // A container that says nothing of itself is not what was unhealthy there.
        "InfrastructureHealth" if of_reason.is_none() => Some(Class::Infrastructure),
        _ => of_reason.filter(|class| class.is_expected()),
    }
}

/// What is told of a container: failures of its own before what only says that there was one.
fn rank(class: Class) -> Option<u32> {
    match class {
        Class::Exited => None,
        Class::PullUnknown | Class::ResourceUnknown | Class::StartUnknown | Class::CannotStop => Some(1),
        // These are about the task, and a container has no say in them.
        class if class.is_expected() => Some(2),
        _ => Some(0),
    }
}

/// The container whose end explains the task's: one that failed, before one that was killed, before one that ended, before
/// one that did as it was told when the others had gone.
fn by_exit(task: &Task) -> Option<(&Container, Class)> {
    let ended = task.containers.iter().filter_map(|own| Some((own.exit_code?, own)));
    let (code, container) = ended.min_by_key(|(code, own)| {
        let rank = match code {
            143 => 3,
            0 => 2,
            137 => 1,
            _ => 0,
        };
        (rank, &own.name)
    })?;
    let class = match code {
        0 => Class::Finished,
        125 => Class::Runtime,
        126 => Class::CommandNotExecutable,
        127 => Class::CommandNotFound,
        134 => Class::Aborted,
        137 => Class::Killed,
        139 => Class::SegmentationFault,
        143 => Class::Terminated,
        _ => Class::Failed,
    };
    Some((container, class))
}

fn reason_or_code(task: &Task) -> &str {
    let reason = task.stopped_reason.as_deref().filter(|reason| !reason.is_empty());
    reason.or(task.stop_code.as_deref()).unwrap_or_default()
}

fn told(class: Class, container: Option<&Container>, said: &str, task: &Task) -> Diagnosis {
    // Of a task with one container it is known which one it was, were it only named.
    let only = || task.containers.first().filter(|_| task.containers.len() == 1);
    let code = container.and_then(|own| own.exit_code).map(|code| match class {
        Class::Runtime => format!(" (exit code {code})"),
        _ => format!("exit code {code}"),
    });
    let about = container.or_else(only).filter(|_| !class.is_expected());
    let values = Values::of(said)
        .with("image", about.and_then(|own| own.image.clone()))
        .with("container", about.map(|own| own.name.clone()))
        .with("code", code);
    Diagnosis::new(class, container.map(|own| own.name.as_str()), said, &values)
}
