//! The images of the new version: what is known of each, by what it is judged, and whom it runs as.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use tidegate_aws::ecs::ContainerImage;
use tidegate_core::hook::Check;
use tidegate_core::hook::facts::{Image, Tasks, Unreadable};
use tidegate_core::scan::document::Document;
use tidegate_core::scan::image_name::ImageName;
use tidegate_core::scan::{self, Policy};
use tidegate_core::task_definition::TaskDefinition;
use tidegate_lambda::deployments::{InProgress, Of, target_revision};
use tidegate_lambda::images::brings::{back_by_hand, in_an_index, named};
use tidegate_lambda::images::document::{NoDocument, document};
use tidegate_lambda::images::{Looking, NoImage};

use super::{Gather, Ports, cannot};

/// What was seen of the images.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Each once.
    pub(super) images: Vec<Image>,
    /// What could not be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// The policy document is not what it should be.
    pub(super) broken: Option<String>,
}

/// An image of a task definition, and what asks for it.
#[derive(Debug, Default)]
struct Asked {
    /// As the task definition names it.
    name: String,
    /// The containers that run it.
    containers: Vec<String>,
    /// Whether the image says whom any of them runs as.
    says_user: bool,
}

/// What images came to: ECS has resolved those of a service revision; under CodeDeploy the tasks that run tell.
pub(super) fn resolved(deployment: &InProgress, tasks: Option<&Tasks>) -> Vec<ContainerImage> {
    match &deployment.of {
        Of::Ecs { deployment, revisions } => {
            target_revision(deployment, revisions).map(|revision| revision.images.clone()).unwrap_or_default()
        }
        Of::CodeDeploy { .. } => {
            let containers = tasks.iter().flat_map(|tasks| &tasks.tasks).flat_map(|task| &task.containers);
            let known = containers.filter(|container| container.image_digest.is_some());
            let image = |container: &tidegate_core::diagnosis::task::Container| ContainerImage {
                container: container.name.clone(),
                image: container.image.clone(),
                digest: container.image_digest.clone(),
            };
            known.map(image).collect()
        }
    }
}

/// Each image once, with the containers that run it.
fn asked(definition: &TaskDefinition, digests: &[ContainerImage]) -> BTreeMap<ImageName, Asked> {
    let mut images: BTreeMap<ImageName, Asked> = BTreeMap::new();
    for container in definition.container_definitions.iter().filter(|container| !container.image.is_empty()) {
        let digest = digests.iter().find(|image| image.container == container.name);
        let name = named(&container.image, digest.and_then(|image| image.digest.clone()));
        let asked = images.entry(name).or_default();
        container.image.clone_into(&mut asked.name);
        asked.containers.push(container.name.clone());
        asked.says_user |= container.user.as_deref().is_none_or(str::is_empty);
    }
    images
}

impl<P: Ports> Gather<'_, P> {
    /// The images of a task definition, with the digests that some of its containers came to.
    pub(super) async fn images(
        &self,
        deployment: &InProgress,
        definition: &TaskDefinition,
        digests: &[ContainerImage],
        on_fargate: Option<bool>,
    ) -> Seen {
        let mut seen = Seen::default();
        let parameter = self.settings.policy_parameter.as_deref();
        let document = match document(self.ports, self.deadline, parameter, self.now).await {
            Ok(document) => document,
            Err(NoDocument::Broken(why)) => return Seen { broken: Some(why), ..seen },
            Err(error) => {
                seen.unreadable.push(Unreadable { what: Check::Images, why: error.to_string() });
                return seen;
            }
        };
        let concurrency = self.settings.common.concurrency;
        let looking = Looking::new(self.ports, self.deadline, concurrency, self.acts, self.now);
        let architecture = definition.architecture(on_fargate).map(in_an_index);
        let looks = stream::iter(asked(definition, digests)).map(async |(name, asked)| {
            let policy = self.of_image(&document, &name);
            Box::pin(self.image(&looking, deployment, &name, asked, (architecture, policy))).await
        });
        for (image, unreadable) in looks.buffered(concurrency).collect::<Vec<_>>().await {
            seen.images.push(image);
            seen.unreadable.extend(unreadable);
        }
        seen
    }

    fn of_image(&self, document: &Document, name: &ImageName) -> Policy {
        Policy { mode: self.policy.mode.min(self.policy.images), ..document.policy(&name.repository) }
    }

    async fn image(
        &self,
        looking: &Looking<'_, P>,
        deployment: &InProgress,
        name: &ImageName,
        asked: Asked,
        (architecture, policy): (Option<&str>, Policy),
    ) -> (Image, Vec<Unreadable>) {
        let mut unreadable = Vec::new();
        let (mut facts, mut user) = (None, None);
        match looking.judge(name, architecture, &policy).await {
            Ok((mut own, judgement)) => {
                if judgement.stops() {
                    match back_by_hand(self.ports, self.deadline, deployment, name, &own).await {
                        Ok(back) => own.roll_back = back,
                        Err(error) => unreadable.push(cannot(Check::Images, &error)),
                    }
                }
                if asked.says_user {
                    user = looking.user(&own).await.unwrap_or_else(|error| {
                        tracing::warn!(%error, image = asked.name, "whom it runs as is not known");
                        None
                    });
                }
                facts = Some(own);
            }
            Err(NoImage(why)) => tracing::warn!(why, "a container has no image that could run"),
        }
        (Image { name: asked.name, containers: asked.containers, facts, policy, user }, unreadable)
    }
}

/// The facts of images with only such findings as their verdicts rest on, so that they fit into a log line: judged again by
/// the same policy they come to the same.
pub(crate) fn condense(images: &mut [Image], now: jiff::Timestamp) {
    for image in images {
        if let Some(facts) = &mut image.facts {
            let mut judgement = scan::judge(facts, &image.policy, now);
            scan::condense::condense(facts, &mut judgement, &image.policy, now);
        }
    }
}
