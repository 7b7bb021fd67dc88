//! What is done about a blocked image, each under its own switch and least of all modes, and what is left alone.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::lock::Mutex;
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
use tokio::time::Instant;

use crate::in_use::{Definitions, Names, Reading, Usage};
use crate::quarantine;

/// Task definitions that are looked through for those that name an image.
const MOST_DEFINITIONS: usize = 2000;

/// How much of the time that is left they may take.
const FOR_DEFINITIONS: f64 = 0.8;

/// Who needs an image is read again where it was read longer ago than this.
const JUST_READ: Duration = Duration::from_secs(30);

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

/// Keeps blocked images from being used again: their task definitions are deregistered, and they are archived. Neither
/// where anybody needs one, nor where that could not be told.
pub struct Quarantine<'a, P> {
    ports: &'a P,
    deadline: &'a Deadline,
    concurrency: usize,
    reading: Reading<'a, P>,
    /// Who needs what, and when it was read.
    usage: Mutex<Option<(Instant, Rc<Usage>)>>,
}

impl<'a, P: Ports> Quarantine<'a, P> {
    /// For the images of one run.
    #[must_use]
    pub fn new(ports: &'a P, deadline: &'a Deadline, concurrency: usize, definitions: &'a Definitions) -> Self {
        let reading = Reading::new(ports, deadline, definitions);
        Self { ports, deadline, concurrency, reading, usage: Mutex::new(None) }
    }

    /// Does with one image what its modes allow.
    pub async fn of(&self, facts: &Facts, judgement: &Judgement, deregister: Mode, archive: Mode) -> Vec<Step> {
        if deregister.max(archive) == Mode::Off {
            return Vec::new();
        }
        let Some(names) = names(facts) else { return Vec::new() };
        let left = |why: String, came: Came| {
            let image = facts.image.id();
            let both = [(Action::DeregisterTaskDefinition, deregister), (Action::ArchiveImage, archive)];
            let on = both.into_iter().filter(|(_, mode)| *mode != Mode::Off);
            on.map(|(action, _)| Step { why: Some(why.clone()), ..step(action, &image, None, came) }).collect()
        };
        match self.is_seen_from_here(facts).await {
            Ok(true) => {}
            Ok(false) => {
                let why = "it is in another registry, and who needs it there is not seen from here";
                return left(why.to_owned(), Came::LeftAlone);
            }
            Err(error) => return left(format!("whose registry it is in could not be told: {error}"), Came::Failed),
        }
        match self.usage().await.map(|usage| usage.who_needs(&names).map(str::to_owned)) {
            Ok(None) => {}
            Ok(Some(who)) => return left(format!("it is in use: {who} has it"), Came::LeftAlone),
            Err(error) => return left(format!("whether anybody needs it could not be told: {error}"), Came::Failed),
        }
        let mut steps = Vec::new();
        if deregister != Mode::Off {
            steps.extend(self.deregister(&names, deregister).await);
        }
        if archive != Mode::Off {
            steps.extend(archive_image(self.ports, self.deadline, facts, judgement, archive).await);
        }
        steps
    }

    /// The task definitions that name it, as far as there is time to look for them.
    async fn deregister(&self, names: &Names, mode: Mode) -> Vec<Step> {
        const ACTION: Action = Action::DeregisterTaskDefinition;
        let subject = "the task definitions that name it";
        let (ports, deadline) = (self.ports, self.deadline);
        let listed = deadline.bound("ListTaskDefinitions", ports.list_task_definitions(None, MOST_DEFINITIONS)).await;
        let (arns, more) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                return vec![Step { why: Some(error.to_string()), ..step(ACTION, subject, None, Came::Failed) }];
            }
        };
        let until = deadline.share(FOR_DEFINITIONS);
        let read = stream::iter(&arns).map(|arn| async {
            if until.is_past() {
                return Err(PortError::new("DescribeTaskDefinition", Kind::NoTime, "the run has other work to do"));
            }
            self.reading.definition(arn).await
        });
        let mut steps = Vec::new();
        let (mut unread, mut why) = (0_usize, None);
        for definition in read.buffered(self.concurrency).collect::<Vec<_>>().await {
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
            steps.push(Step {
                why: Some(format!("not looked at: {why}")),
                ..step(ACTION, subject, None, Came::LeftAlone)
            });
        }
        steps
    }

    async fn is_seen_from_here(&self, facts: &Facts) -> Result<bool, PortError> {
        let own = self.deadline.bound("GetRegistryScanningConfiguration", self.ports.registry_scans()).await?;
        Ok(repository_of(&facts.image).is_some_and(|repository| own.has(&repository)))
    }

    /// Who needs what, just read: once for all images that are looked at within moments of each other.
    async fn usage(&self) -> Result<Rc<Usage>, PortError> {
        let mut known = self.usage.lock().await;
        if let Some((read, usage)) = known.as_ref()
            && read.elapsed() < JUST_READ
        {
            return Ok(usage.clone());
        }
        let usage = Rc::new(self.reading.usage().await?);
        *known = Some((Instant::now(), usage.clone()));
        Ok(usage)
    }
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
