//! Whether the new tasks run.

use jiff::{SignedDuration, Timestamp};

use crate::diagnosis::{Diagnosis, Group, Task, grouped, of_event, of_task};
use crate::hook::facts::{Event, Facts};
use crate::hook::judgement::{Finding, Waits};
use crate::hook::policy::Policy;
use crate::hook::rule::Rule;
use crate::words::counted;

/// A task that has been about to start for so long is not going to.
const STUCK: SignedDuration = SignedDuration::from_mins(5);

/// What is broken, or not kept yet.
#[must_use]
pub fn check(facts: &Facts, _policy: &Policy, now: Timestamp) -> Vec<Finding> {
    let Some(tasks) = &facts.tasks else { return Vec::new() };
    // Without a time it is not known that it was before.
    let since = |task: &&Task| task.ended_at().is_none_or(|at| at >= facts.deployment.started_at);
    let stopped = tasks.tasks.iter().filter(|task| task.has_stopped()).filter(since);
    let stopped = grouped(stopped).into_iter().filter(|group| !group.diagnosis.class.is_expected());
    let mut findings: Vec<Finding> = stopped.map(|group| of_stopped(&group)).collect();
    findings.extend(tasks.tasks.iter().filter_map(of_stopping));
    let event = told(&tasks.events);
    findings.extend(of_stuck(&tasks.tasks, event.as_ref(), now));
    let running: Vec<&Task> = tasks.tasks.iter().filter(|task| runs(task)).collect();
    findings.extend(running.iter().filter_map(|task| of_unhealthy(task)));
    let missing = usize::try_from(tasks.desired).is_ok_and(|desired| running.len() < desired);
    if missing {
        let why = format!("{} of {} of the new version run", running.len(), counted(tasks.desired, "task"));
        findings.push(with(Finding::waiting(Rule::TasksMissing, Waits::default(), why), event.as_ref()));
    }
    findings
}

/// Whether a task runs, and is to go on.
pub(super) fn runs(task: &Task) -> bool {
    task.last_status == "RUNNING" && task.desired_status != "STOPPED"
}

/// Tasks that stopped for one cause: a single one, or a crash loop.
fn of_stopped(group: &Group) -> Finding {
    let at = group.last.map_or_else(String::new, |at| format!(" at {at}"));
    let which = match group.count {
        1 => format!("task {} stopped{at}", group.last_task),
        count => format!("{} stopped, the last ({}){at}", counted(count, "task"), group.last_task),
    };
    let finding = Finding::broken(Rule::TaskStopped, format!("{which}: {}", group.diagnosis.cause));
    let finding = finding.fix(&group.diagnosis.fix);
    match &group.diagnosis.container {
        Some(container) => finding.about(container),
        None => finding,
    }
}

/// A task that is about to stop; until it has, more may become known of why.
fn of_stopping(task: &Task) -> Option<Finding> {
    let is_stopping = !task.has_stopped() && task.desired_status == "STOPPED";
    let diagnosis = is_stopping.then(|| of_task(task)).filter(|diagnosis| !diagnosis.class.is_expected())?;
    let why = format!("task {} is stopping: {}", task.id(), diagnosis.cause);
    Some(Finding::waiting(Rule::TaskStopped, Waits::default(), why).fix(diagnosis.fix))
}

/// Tasks that have been about to start for too long, in one finding: they share their cause.
fn of_stuck(tasks: &[Task], event: Option<&Diagnosis>, now: Timestamp) -> Option<Finding> {
    let starting = |task: &&Task| {
        let starts = matches!(task.last_status.as_str(), "PROVISIONING" | "PENDING" | "ACTIVATING");
        starts && task.desired_status != "STOPPED"
    };
    let starting = tasks.iter().filter(starting).filter_map(|task| Some((task.created_at?, task)));
    let stuck = starting.filter(|(created, _)| now.duration_since(*created) > STUCK);
    let count = stuck.clone().count();
    let (created, task) = stuck.min_by_key(|(created, task)| (*created, &task.task_arn))?;
    let more = if count == 1 { String::new() } else { format!(", and {} more", counted(count - 1, "task")) };
    let why = format!("task {} has been {} since {created}{more}", task.id(), task.last_status);
    Some(with(Finding::broken(Rule::TaskStuck, why), event))
}

/// A task whose containers' own health checks fail; ECS will stop it, or it recovers.
fn of_unhealthy(task: &Task) -> Option<Finding> {
    let unhealthy = task.health_status == "UNHEALTHY";
    let container = task.containers.iter().find(|container| container.health_status == "UNHEALTHY");
    let name = container.map_or("a container", |container| container.name.as_str());
    let finding = unhealthy.then(|| {
        let why = format!("the health check of {name} fails in task {}", task.id());
        Finding::waiting(Rule::TaskUnhealthy, Waits::default(), why)
    })?;
    let finding = finding.fix("run the health check's command in the container, and check its startPeriod and timeout");
    Some(match container {
        Some(container) => finding.about(&container.name),
        None => finding,
    })
}

/// What the service's events last said that is wrong.
fn told(events: &[Event]) -> Option<Diagnosis> {
    let wrong = events.iter().filter_map(|event| Some((event.at, of_event(&event.message)?)));
    // That nothing starts is said of every cause; the cause is what helps.
    wrong.max_by_key(|(at, diagnosis)| (!diagnosis.class.is_a_symptom(), *at)).map(|(_, diagnosis)| diagnosis)
}

/// A finding, with what the service's events say of it.
fn with(finding: Finding, event: Option<&Diagnosis>) -> Finding {
    match event {
        Some(event) => {
            let why = format!("{}: {}", finding.why, event.cause);
            Finding { why, ..finding }.fix(&event.fix)
        }
        None => finding,
    }
}
