//! What is done about a blocked image, each under its own switch and least of all modes, and what is left alone.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::images::Images;
use tidegate_aws::tasks::{Task, Tasks};
use tidegate_core::mode::Mode;
use tidegate_core::scan::enrolment::SCAN;
use tidegate_core::scan::image_name::Registry;
use tidegate_core::scan::judgement::Came;
use tidegate_core::scan::{Action, Facts, Judgement, Step};
use tidegate_core::words::counted;
use tidegate_lambda::deployments::{InProgress, NotStopped, stop};
use tidegate_lambda::images::repository_of;

use crate::in_use::{Names, Search};
use crate::quarantine;

/// Task definitions that are looked through for those that name an image.
const MOST_DEFINITIONS: usize = 2000;

/// How much of the time that is left they may take.
const FOR_DEFINITIONS: f64 = 0.8;

/// What is acted through.
pub trait Ports: CodeDeploy + Deployments + Ecs + Images + Tasks {}
impl<T: CodeDeploy + Deployments + Ecs + Images + Tasks> Ports for T {}

/// One step, with nothing said yet about why.
fn step(action: Action, subject: impl Into<String>, service: Option<String>, came: Came) -> Step {
    Step { action, subject: subject.into(), service, came, why: None }
}

/// Stops a deployment that brings a blocked image.
pub async fn stop_deployment(
    ports: &impl Ports,
    deadline: &Deadline,
    deployment: &InProgress,
    mode: Mode,
) -> Option<Step> {
    let told = |came| step(Action::StopDeployment, deployment.deployment_id(), Some(deployment.id()), came);
    match mode {
        Mode::Off => None,
        Mode::Shadow => Some(told(Came::Shadow)),
        Mode::On => Some(match stop(ports, deadline, deployment, SCAN).await {
            Ok(()) => told(Came::Done),
            Err(not) => {
                let came = if not.reason == NotStopped::Changed { Came::LeftAlone } else { Came::Failed };
                Step { why: Some(not.why), ..told(came) }
            }
        }),
    }
}

/// Stops a stand-alone task that runs a blocked image, where it still runs.
pub async fn stop_task(
    ports: &impl Tasks,
    deadline: &Deadline,
    task: &Task,
    mode: Mode,
    judgement: &Judgement,
) -> Option<Step> {
    let told = |came| step(Action::StopTask, &task.arn, None, came);
    match mode {
        Mode::Off => return None,
        Mode::Shadow => return Some(told(Came::Shadow)),
        Mode::On => {}
    }
    let failed = |error: PortError| Step { why: Some(error.to_string()), ..told(Came::Failed) };
    let arns = std::slice::from_ref(&task.arn);
    let again = deadline.bound("DescribeTasks", ports.describe_tasks(&task.cluster, arns)).await;
    let again = match again {
        Ok(again) => again,
        Err(error) => return Some(failed(error)),
    };
    if !again.first().is_some_and(Task::should_run) {
        return Some(Step { why: Some("it stops already".to_owned()), ..told(Came::LeftAlone) });
    }
    // ECS takes no longer reasons.
    let reason: String = format!("Tidegate: {}", judgement.why).chars().take(255).collect();
    let stopped = deadline.bound_write("StopTask", ports.stop_task(&task.cluster, &task.arn, &reason)).await;
    Some(stopped.map_or_else(failed, |()| told(Came::Done)))
}

/// Keeps a blocked image from being used again: its task definitions are deregistered, and it is archived. Neither where
/// anybody needs it, nor where that could not be told.
pub async fn quarantine(
    ports: &impl Ports,
    deadline: &Deadline,
    concurrency: usize,
    (facts, judgement): (&Facts, &Judgement),
    deregister: Mode,
    archive: Mode,
) -> Vec<Step> {
    if deregister.max(archive) == Mode::Off {
        return Vec::new();
    }
    let Some(names) = names(facts) else { return Vec::new() };
    let search = Search::new(ports, deadline);
    let left = |why: String, came: Came| {
        let image = facts.image.id();
        let both = [(Action::DeregisterTaskDefinition, deregister), (Action::ArchiveImage, archive)];
        let on = both.into_iter().filter(|(_, mode)| *mode != Mode::Off);
        on.map(|(action, _)| Step { why: Some(why.clone()), ..step(action, &image, None, came) }).collect()
    };
    match search.who_needs(&names).await {
        Ok(None) => {}
        Ok(Some(who)) => return left(format!("it is in use: {who}"), Came::LeftAlone),
        Err(error) => return left(format!("whether anybody needs it could not be told: {error}"), Came::Failed),
    }
    let mut steps = Vec::new();
    if deregister != Mode::Off {
        steps.extend(deregister_definitions(&search, concurrency, &names, deregister).await);
    }
    if archive != Mode::Off {
        steps.extend(archive_image(ports, deadline, facts, judgement, archive).await);
    }
    steps
}

/// What the image and its platforms are called.
fn names(facts: &Facts) -> Option<Names> {
    let registry = Registry::of(&facts.image.registry);
    let own = facts.image.digest.clone()?;
    let platforms = facts.platforms.iter().map(|platform| platform.digest.clone());
    let digests: BTreeSet<String> = std::iter::once(own).chain(platforms).collect();
    Some(Names {
        registry,
        repository: facts.image.repository.clone(),
        digests: digests.into_iter().collect(),
        tags: facts.image.tags.clone(),
    })
}

async fn deregister_definitions<P: Ports>(
    search: &Search<'_, P>,
    concurrency: usize,
    names: &Names,
    mode: Mode,
) -> Vec<Step> {
    const ACTION: Action = Action::DeregisterTaskDefinition;
    let subject = "the task definitions that name it";
    let (ports, deadline) = (search.ports, search.deadline);
    let listed = deadline.bound("ListTaskDefinitions", ports.list_task_definitions(None, MOST_DEFINITIONS)).await;
    let (arns, more) = match listed {
        Ok(listed) => listed,
        Err(error) => return vec![Step { why: Some(error.to_string()), ..step(ACTION, subject, None, Came::Failed) }],
    };
    let until = deadline.share(FOR_DEFINITIONS);
    let read = stream::iter(&arns).map(|arn| async {
        if until.is_past() {
            return Err(PortError::new("DescribeTaskDefinition", Kind::NoTime, "the run has other work to do"));
        }
        search.definition(arn).await
    });
    let mut steps = Vec::new();
    let (mut unread, mut why) = (0_usize, None);
    for definition in read.buffered(concurrency).collect::<Vec<_>>().await {
        match definition {
            Ok(definition) if definition.active && names.are_in(&definition) => {
                steps.push(deregister_one(ports, deadline, &definition.arn, mode).await);
            }
            Ok(_) => {}
            // It was deleted in the meantime.
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => {
                unread += 1;
                why.get_or_insert(error.to_string());
            }
        }
    }
    if more {
        why.get_or_insert(format!("no more than {MOST_DEFINITIONS} are looked through"));
    }
    if let Some(why) = why {
        let subject = if more { "more task definitions".to_owned() } else { counted(unread, "task definition") };
        // Looking again would get no further: what was reached is done, and the rest is told.
        steps.push(Step { why: Some(format!("not looked at: {why}")), ..step(ACTION, subject, None, Came::LeftAlone) });
    }
    steps
}

async fn deregister_one(ports: &impl Tasks, deadline: &Deadline, arn: &str, mode: Mode) -> Step {
    let told = |came| step(Action::DeregisterTaskDefinition, arn, None, came);
    if mode != Mode::On {
        return told(Came::Shadow);
    }
    match deadline.bound_write("DeregisterTaskDefinition", ports.deregister_task_definition(arn)).await {
        Ok(()) => told(Came::Done),
        Err(error) => Step { why: Some(error.to_string()), ..told(Came::Failed) },
    }
}

async fn archive_image(
    ports: &impl Images,
    deadline: &Deadline,
    facts: &Facts,
    judgement: &Judgement,
    mode: Mode,
) -> Vec<Step> {
    let told =
        |digest: &str, came| step(Action::ArchiveImage, format!("{}@{digest}", facts.image.repository), None, came);
    let (Some(repository), Some(digest)) = (repository_of(&facts.image), &facts.image.digest) else {
        return Vec::new();
    };
    // Platforms that nothing blocks stay: another index may have them, too.
    let bad = |label: &str| judgement.blocking.iter().any(|blocking| blocking.platforms.iter().any(|on| on == label));
    let platforms = facts.platforms.iter().filter(|platform| bad(platform.label()));
    let platforms: Vec<String> = platforms.map(|platform| platform.digest.clone()).collect();
    if mode != Mode::On {
        return vec![told(digest, Came::Shadow)];
    }
    let came = quarantine::archive(ports, deadline, &repository, digest, &platforms).await;
    let step = |(digest, came): (String, Result<(), PortError>)| match came {
        Ok(()) => told(&digest, Came::Done),
        Err(error) => Step { why: Some(error.to_string()), ..told(&digest, Came::Failed) },
    };
    came.into_iter().map(step).collect()
}
