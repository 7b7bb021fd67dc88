//! Which images a deployment brings: their names, and whether one of them is brought back.

use std::collections::BTreeSet;

use tidegate_aws::codedeploy::{self, CodeDeploy};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::{self, Deployments};
use tidegate_aws::ecs::ContainerImage;
use tidegate_aws::error::PortError;
use tidegate_core::prices::Architecture;
use tidegate_core::scan::Facts;
use tidegate_core::scan::image_name::{ImageName, Registry};

use crate::deployments::{InProgress, Of, target_revision};

/// Earlier deployments that are looked through for the one that is brought back.
const EARLIER: usize = 20;

/// An image by the name in a task definition, and what that came to where ECS has resolved it.
#[must_use]
pub fn named(text: &str, digest: Option<String>) -> ImageName {
    // Of a name that can't be read nothing is known, as of every image that is not in ECR.
    let foreign = |_| ImageName {
        registry: Registry::Foreign(String::new()),
        repository: text.to_owned(),
        tag: None,
        digest: None,
    };
    let name = ImageName::read(text).unwrap_or_else(foreign);
    // What ECS pulls is what it came to, whatever the tag has come to since.
    ImageName { digest: digest.or(name.digest), ..name }
}

/// As the entries of an image index write it.
#[must_use]
pub fn in_an_index(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "amd64",
        Architecture::Arm64 => "arm64",
    }
}

/// Whether a deployment brings an image back by hand: a task definition that its service ran in an earlier successful
/// deployment, with the same image in it. The sentence that says so.
///
/// # Errors
/// Where the earlier deployments could not be read.
pub async fn back_by_hand(
    ports: &(impl CodeDeploy + Deployments),
    deadline: &Deadline,
    deployment: &InProgress,
    name: &ImageName,
    facts: &Facts,
) -> Result<Option<String>, PortError> {
    let service = &deployment.service;
    match &deployment.of {
        Of::Ecs { deployment, revisions } => {
            let Some(target) = target_revision(deployment, revisions) else { return Ok(None) };
            let earlier = ports.successful_revisions(&service.cluster, &service.name, EARLIER);
            let mut arns = deadline.bound("ListServiceDeployments", earlier).await?;
            arns.retain(|arn| *arn != target.arn);
            let mut found = Vec::new();
            for arns in arns.chunks(deployments::REVISIONS_PER_CALL) {
                let described = ports.describe_service_revisions(arns);
                found.extend(deadline.bound("DescribeServiceRevisions", described).await?);
            }
            // A tag may have come to another image since: the digest has to be the same one, too, where it is known.
            let platforms = facts.platforms.iter().map(|platform| platform.digest.as_str());
            let digests: BTreeSet<&str> = platforms.chain(facts.image.digest.as_deref()).collect();
            let is_it = |image: &&ContainerImage| {
                let named = image.image.as_deref().and_then(|text| ImageName::read(text).ok());
                named.is_some_and(|named| named.repository == name.repository)
            };
            let ran = |images: &[ContainerImage]| {
                let mut known = images.iter().filter(is_it).filter_map(|image| image.digest.as_deref()).peekable();
                known.peek().is_none() || known.any(|digest| digests.contains(digest))
            };
            let same = |revision: &&deployments::ServiceRevision| {
                revision.task_definition.is_some()
                    && revision.task_definition == target.task_definition
                    && ran(&revision.images)
            };
            Ok(found.iter().find(same).map(|revision| {
                format!("the service ran it before, with the service revision {}: it is brought back", revision.arn)
            }))
        }
        Of::CodeDeploy { deployment, .. } => {
            let Some(revision) = &deployment.revision else { return Ok(None) };
            let listed = ports.list_successful_deployments(&deployment.application, &deployment.group);
            let mut ids = deadline.bound("ListDeployments", listed).await?;
            ids.truncate(EARLIER.min(codedeploy::DEPLOYMENTS_PER_CALL));
            if ids.is_empty() {
                return Ok(None);
            }
            let earlier = deadline.bound("BatchGetDeployments", ports.batch_get_deployments(&ids)).await?;
            // What a tag came to then is not told; an image that was pushed later it was not.
            let could_be =
                |earlier: &codedeploy::CodeDeployment| facts.pushed_at.is_some_and(|at| at <= earlier.created);
            let same = |earlier: &&codedeploy::CodeDeployment| {
                earlier.revision.as_ref() == Some(revision) && could_be(earlier)
            };
            Ok(earlier.iter().find(same).map(|earlier| {
                format!("the service ran it before, with the deployment {}: it is brought back", earlier.id)
            }))
        }
    }
}
