//! The quarantine: what puts a blocked image out of reach, where nobody needs it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::lock::Mutex;
use futures_util::{StreamExt, stream};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::images::Images;
use tidegate_aws::tasks::{TaskDefinition, Tasks};
use tidegate_core::mode::Mode;
use tidegate_core::scan::image_name::Registry;
use tidegate_core::scan::judgement::Came;
use tidegate_core::scan::{Action, Facts, Judgement, Step};
use tidegate_core::words::counted;
use tidegate_lambda::images::{self, repository_of};
use tokio::time::Instant;

use crate::act::step;
use crate::archive;
use crate::in_use::{Definitions, Names, Reading, Usage};
use crate::look::Looks;

/// Task definitions that are looked through for those that name an image.
const MOST_DEFINITIONS: usize = 2000;

/// How much of the time that is left they may take.
const FOR_DEFINITIONS: f64 = 0.8;

/// Who needs an image is read again where it was read longer ago than this.
const JUST_READ: Duration = Duration::from_secs(30);

/// What is read and written.
pub trait Ports: images::Ports + Deployments + Ecs + Tasks {}
impl<T: images::Ports + Deployments + Ecs + Tasks> Ports for T {}

/// Keeps blocked images from being used again: their task definitions are deregistered, and they are archived. Neither
/// where anybody needs one, nor where that could not be told.
pub struct Quarantine<'a, P> {
    ports: &'a P,
    deadline: &'a Deadline,
    concurrency: usize,
    reading: Reading<'a, P>,
    /// Who needs what, and when it was read.
    usage: Mutex<Option<(Instant, Rc<Usage>)>>,
    definitions: Mutex<Option<Rc<AllDefinitions>>>,
}

/// The active task definitions of the account.
#[derive(Default)]
struct AllDefinitions {
    found: Vec<TaskDefinition>,
    missing: Option<Missing>,
}

/// What was not read.
struct Missing {
    what: String,
    why: String,
    came: Came,
}

/// What not to have read something comes to: where there was no time for it, looking again would get no further.
fn came_of(error: &PortError) -> Came {
    if error.kind == Kind::NoTime { Came::LeftAlone } else { Came::Failed }
}

/// Why nothing is done about an image.
struct Left {
    why: String,
    came: Came,
}

impl Left {
    /// A step for each action that is not switched off.
    fn steps(self, image: &str, deregister: Mode, archive: Mode) -> Vec<Step> {
        let both = [(Action::DeregisterTaskDefinition, deregister), (Action::ArchiveImage, archive)];
        let on = both.into_iter().filter(|(_, mode)| *mode != Mode::Off);
        on.map(|(action, _)| Step { why: Some(self.why.clone()), ..step(action, image, None, self.came) }).collect()
    }
}

impl<'a, P: Ports> Quarantine<'a, P> {
    /// For the images of one run.
    #[must_use]
    pub fn new(ports: &'a P, deadline: &'a Deadline, concurrency: usize, definitions: &'a Definitions) -> Self {
        let reading = Reading::new(ports, deadline, definitions);
        Self { ports, deadline, concurrency, reading, usage: Mutex::new(None), definitions: Mutex::new(None) }
    }

    /// Does with one image what its modes allow.
    pub async fn of(
        &self,
        looks: &Looks<'_, P>,
        facts: &Facts,
        judgement: &Judgement,
        deregister: Mode,
        archive: Mode,
    ) -> Vec<Step> {
        if deregister.max(archive) == Mode::Off {
            return Vec::new();
        }
        let Some(names) = names(facts) else { return Vec::new() };
        if let Some(left) = out_of_sight(looks, facts).await {
            return left.steps(&facts.image.id(), deregister, archive);
        }
        // Looking for its task definitions takes time, so it comes first; and only for what seems to be needed by nobody.
        if let Some(left) = self.needed(&names).await {
            return left.steps(&facts.image.id(), deregister, archive);
        }
        let (found, not_looked_at) =
            if deregister == Mode::Off { (Vec::new(), None) } else { self.naming(&names).await };
        if let Some(left) = self.needed(&names).await {
            return left.steps(&facts.image.id(), deregister, archive);
        }
        let mut steps = Vec::new();
        for arn in found {
            steps.push(deregister_one(self.ports, self.deadline, &arn, deregister).await);
        }
        steps.extend(not_looked_at);
        // An image in the archive is not judged again, so what failed before it would never be done.
        if archive != Mode::Off && steps.iter().all(|step| step.came != Came::Failed) {
            steps.extend(archive_image(self.ports, self.deadline, facts, judgement, archive).await);
        }
        steps
    }

    /// Why nothing is done about it: somebody needs it, or that could not be told. None where nobody does.
    async fn needed(&self, names: &Names) -> Option<Left> {
        match self.usage().await.map(|usage| usage.who_needs(names).map(str::to_owned)) {
            Ok(None) => None,
            Ok(Some(who)) => Some(Left { why: format!("it is in use: {who} has it"), came: Came::LeftAlone }),
            Err(error) => {
                let why = format!("whether anybody needs it could not be told: {error}");
                Some(Left { why, came: Came::Failed })
            }
        }
    }

    /// The active task definitions that name it, and the step that tells of those that were not looked at.
    async fn naming(&self, names: &Names) -> (Vec<String>, Option<Step>) {
        let known = self.definitions().await;
        let naming = known.found.iter().filter(|definition| definition.active && names.are_in(definition));
        let not_looked_at = known.missing.as_ref().map(|Missing { what, why, came }| Step {
            why: Some(format!("not looked at: {why}")),
            ..step(Action::DeregisterTaskDefinition, what, None, *came)
        });
        (naming.map(|definition| definition.arn.clone()).collect(), not_looked_at)
    }

    /// All task definitions of the account, as far as there is time to read them: once a run.
    async fn definitions(&self) -> Rc<AllDefinitions> {
        let mut known = self.definitions.lock().await;
        if let Some(known) = known.as_ref() {
            return known.clone();
        }
        let read = Rc::new(self.read_definitions().await);
        *known = Some(read.clone());
        read
    }

    async fn read_definitions(&self) -> AllDefinitions {
        let listed = self.ports.list_task_definitions(None, MOST_DEFINITIONS);
        let (arns, more) = match self.deadline.bound("ListTaskDefinitions", listed).await {
            Ok(listed) => listed,
            Err(error) => {
                let (what, why) = ("the task definitions that name it".to_owned(), error.to_string());
                let missing = Some(Missing { what, why, came: came_of(&error) });
                return AllDefinitions { found: Vec::new(), missing };
            }
        };
        let until = self.deadline.share(FOR_DEFINITIONS);
        let read = stream::iter(&arns).map(|arn| async {
            if until.is_past() {
                return Err(PortError::new("DescribeTaskDefinition", Kind::NoTime, "the run has other work to do"));
            }
            self.reading.definition(arn).await
        });
        let mut all = AllDefinitions::default();
        let (mut unread, mut why, mut came) = (0_usize, None, Came::LeftAlone);
        for definition in read.buffered(self.concurrency).collect::<Vec<_>>().await {
            match definition {
                Ok(definition) => all.found.push(definition),
                // It was deleted in the meantime.
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => {
                    unread += 1;
                    if came_of(&error) == Came::Failed {
                        came = Came::Failed;
                    }
                    why.get_or_insert(error.to_string());
                }
            }
        }
        if more {
            why.get_or_insert(format!("no more than {MOST_DEFINITIONS} are looked through"));
        }
        let what = if more { "more task definitions".to_owned() } else { counted(unread, "task definition") };
        all.missing = why.map(|why| Missing { what, why, came });
        all
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

/// Why nothing can be done about an image of another registry: only this account's ECS, in its region, is seen.
async fn out_of_sight<P: images::Ports>(looks: &Looks<'_, P>, facts: &Facts) -> Option<Left> {
    match looks.has(&facts.image).await {
        Ok(true) => None,
        Ok(false) => {
            let why = "it is in another registry, and who needs it there is not seen from here".to_owned();
            Some(Left { why, came: Came::LeftAlone })
        }
        Err(error) => {
            let why = format!("whose registry it is in could not be told: {error}");
            Some(Left { why, came: Came::Failed })
        }
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
    let came = archive::archive(ports, deadline, &repository, digest, &platforms).await;
    let step = |(digest, came): (String, Result<(), PortError>)| match came {
        Ok(()) => told(&digest, Came::Done),
        Err(error) => {
            // ECR has its reasons, such as an index that has the image, and would have them again.
            let came = if error.kind == Kind::Refused { Came::LeftAlone } else { Came::Failed };
            Step { why: Some(error.to_string()), ..told(&digest, came) }
        }
    };
    came.into_iter().map(step).collect()
}
