//! ECR's archive, where nothing can pull an image: into it, and out of it again.
//!
//! An image that an index refers to can't be archived before the index, so the index goes first. Source:
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html>

use std::time::Duration;

use tidegate_aws::clock::Clock;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::images::{By, Described, Images, Repository, StorageClass};
use tidegate_core::scan::facts::Storage;
use tidegate_core::scan::manifest::Manifest;

/// How often an image is looked at that is coming back.
const BETWEEN_LOOKS: Duration = Duration::from_secs(15);

/// Coming back takes up to 20 minutes.
const MOST_LOOKS: u32 = 100;

/// Archives an image, and then platforms of it; each with what came of it. Where the image itself can't be archived,
/// nothing else is tried.
pub async fn archive(
    ports: &impl Images,
    deadline: &Deadline,
    repository: &Repository,
    digest: &str,
    platforms: &[String],
) -> Vec<(String, Result<(), PortError>)> {
    let mut came = Vec::new();
    let others = platforms.iter().map(String::as_str).filter(|platform| *platform != digest);
    for digest in std::iter::once(digest).chain(others) {
        let archived = ports.set_storage(repository, digest, StorageClass::Archive);
        let archived = deadline.bound_write("UpdateImageStorageClass", archived).await;
        let failed = archived.is_err();
        came.push((digest.to_owned(), archived));
        if failed && came.len() == 1 {
            break;
        }
    }
    came
}

/// Brings an image back out of the archive, and then its platforms, of which only the image itself tells: so this waits
/// for it. `tell` is told how it goes.
///
/// # Errors
/// Where it could not be read or brought back, or did not come in time.
pub async fn release(
    ports: &(impl Images + Clock),
    repository: &Repository,
    by: &By<'_>,
    mut tell: impl FnMut(&str),
) -> Result<Vec<String>, PortError> {
    let mut released = Vec::new();
    let image = bring_back(ports, repository, by, &mut released, &mut tell).await?;
    let Some(manifest) = ports.manifest(repository, &image.digest).await? else { return Ok(released) };
    let garbled = |error: serde_json::Error| PortError::new("BatchGetImage", Kind::Garbled, error.to_string());
    let manifest: Manifest = serde_json::from_str(&manifest.body).map_err(garbled)?;
    for entry in manifest.manifests.unwrap_or_default() {
        let platform = By::Digest(&entry.digest);
        // An index may refer to what was never pushed.
        if ports.describe_image(repository, &platform).await?.is_some() {
            bring_back(ports, repository, &platform, &mut released, &mut tell).await?;
        }
    }
    Ok(released)
}

async fn bring_back(
    ports: &(impl Images + Clock),
    repository: &Repository,
    by: &By<'_>,
    released: &mut Vec<String>,
    tell: &mut impl FnMut(&str),
) -> Result<Described, PortError> {
    const OPERATION: &str = "DescribeImages";
    let gone = || PortError::new(OPERATION, Kind::NotFound, format!("there is no image {}", by.text()));
    let late = || PortError::new(OPERATION, Kind::TimedOut, format!("{} did not come back in time", by.text()));
    let mut asked = false;
    for _ in 0..MOST_LOOKS {
        let image = ports.describe_image(repository, by).await?.ok_or_else(gone)?;
        match image.storage {
            Storage::Archived if !asked => {
                ports.set_storage(repository, &image.digest, StorageClass::Standard).await?;
                tell(&format!("{} is coming back out of the archive, which takes up to 20 minutes", image.digest));
                released.push(image.digest);
                asked = true;
            }
            Storage::Archived | Storage::Activating => ports.sleep(BETWEEN_LOOKS).await,
            Storage::Active | Storage::Missing | Storage::Foreign => return Ok(image),
        }
    }
    Err(late())
}
