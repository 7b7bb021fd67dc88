//! Looking at images: each once a run, however many events, deployments and tasks are about it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use tidegate_aws::error::PortError;
use tidegate_aws::images::Images;
use tidegate_core::scan::facts::Image;
use tidegate_core::scan::image_name::ImageName;
use tidegate_core::scan::manifest::Manifest;
use tidegate_core::scan::{Facts, Judgement, Policy};
use tidegate_lambda::images::{Looking, NoImage, Ports, repository, repository_of};

/// Indexes of one repository that are looked through for the one that an image belongs to: those pushed nearest to it.
const MOST_INDEXES: usize = 20;

/// What was seen of an image, and judged of it.
pub type Seen = Result<(Facts, Judgement), NoImage>;

/// An image on one platform, or on all of them.
type Key = (ImageName, Option<&'static str>);

/// The looks of one run.
pub struct Looks<'a, P> {
    looking: Looking<'a, P>,
    seen: RefCell<BTreeMap<Key, Result<Facts, NoImage>>>,
}

impl<'a, P: Ports + Images> Looks<'a, P> {
    /// None yet.
    #[must_use]
    pub fn new(looking: Looking<'a, P>) -> Self {
        Self { looking, seen: RefCell::default() }
    }

    /// Judges an image, on the platform that is named, or on all of them.
    ///
    /// # Errors
    /// Where it is no image that could run.
    pub async fn judge(&self, name: &ImageName, architecture: Option<&'static str>, policy: &Policy) -> Seen {
        let key = (name.clone(), architecture);
        let known = self.seen.borrow().get(&key).cloned();
        match known {
            Some(Err(no_image)) => Err(no_image),
            // The policy may be another one; what is known of the image is the same.
            Some(Ok(facts)) => Ok(self.looking.judge_again(name, facts, policy).await),
            None => {
                let seen = self.looking.judge(name, architecture, policy).await;
                let facts = seen.as_ref().map(|(facts, _)| facts.clone()).map_err(Clone::clone);
                self.seen.borrow_mut().insert(key, facts);
                seen
            }
        }
    }

    /// Whether an image is in this account's own registry, in the region that is worked in.
    ///
    /// # Errors
    /// Where it could not be told which that is.
    pub async fn has(&self, image: &Image) -> Result<bool, PortError> {
        let own = self.looking.registry_scans().await?;
        Ok(repository_of(image).is_some_and(|repository| own.has(&repository)))
    }

    /// The images that an event about one is about: the indexes that it belongs to, or else itself. What is scanned are
    /// the images of platforms, and what is deployed are mostly their indexes.
    ///
    /// # Errors
    /// Where it could not be told.
    pub async fn roots(&self, name: &ImageName) -> Result<Vec<ImageName>, PortError> {
        let Looking { ports, deadline, .. } = self.looking;
        let itself = || vec![name.clone()];
        let (Some(repository), Some(digest)) = (repository(name), &name.digest) else { return Ok(itself()) };
        let Some(own) = self.looking.resolve(name).await? else { return Ok(itself()) };
        // Builders tag the index only.
        if !own.tags.is_empty() {
            return Ok(itself());
        }
        let listed = deadline.bound("DescribeImages", ports.list_indexes(&repository)).await?;
        let mut listed: Vec<_> = listed.into_iter().filter(|index| index.digest != *digest).collect();
        let apart = |at: Option<Timestamp>| at.zip(own.pushed_at).map(|(a, b)| a.duration_since(b).abs());
        listed.sort_by_key(|index| apart(index.pushed_at));
        let mut roots = Vec::new();
        for index in listed.into_iter().take(MOST_INDEXES) {
            let manifest = deadline.bound("BatchGetImage", ports.manifest(&repository, &index.digest)).await?;
            let manifest = manifest.and_then(|manifest| serde_json::from_str::<Manifest>(&manifest.body).ok());
            let entries = manifest.and_then(|manifest| manifest.manifests).unwrap_or_default();
            if entries.iter().any(|entry| entry.digest == *digest) {
                roots.push(ImageName { digest: Some(index.digest), ..name.clone() });
            }
        }
        Ok(if roots.is_empty() { itself() } else { roots })
    }
}
