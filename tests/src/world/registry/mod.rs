//! ECR and Inspector: images, where they are kept, and what their scans say while time passes.
//!
//! - this file: what there is
//! - [`image`]: images and indexes, as a test says them
//! - [`findings`]: findings, as a test says them
//! - [`scan`]: what a scan says at which moment
//! - [`manifest`]: manifests, configurations and their digests
//! - [`steps`]: pushes, the archive, and what becomes of them in time

pub mod findings;
pub mod image;
pub mod manifest;
pub mod scan;
pub mod steps;

use jiff::Timestamp;
use tidegate_core::scan::facts::Kind;

use super::{ACCOUNT, REGION};
use findings::Finding;
use manifest::Document;
use scan::ScanPlan;

/// Everything of ECR and Inspector that the account can see.
#[derive(Debug)]
pub struct Registry {
    /// How its images are scanned: basic, unless a test says otherwise.
    pub scans: Kind,
    /// Whether enhanced scanning goes on after the push: then a scan is `ACTIVE`, else `COMPLETE`.
    pub continuous: bool,
    /// Whether ECS names the digest of the platform's manifest rather than that of the index. Which of them it does is not
    /// documented.
    pub tells_platforms: bool,
    /// Repositories, those of other accounts and regions too.
    pub repositories: Vec<Repository>,
    /// Images, in the order of their first push.
    pub images: Vec<StoredImage>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            scans: Kind::Basic,
            continuous: true,
            tells_platforms: false,
            repositories: Vec::new(),
            images: Vec::new(),
        }
    }
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The account of its registry.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
}

impl Repository {
    /// A repository of the account, in its region.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { account: ACCOUNT.to_owned(), region: REGION.to_owned(), name: name.to_owned() }
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:ecr:{}:{}:repository/{}", self.region, self.account, self.name)
    }

    /// What images in it are called before their tag or digest.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com/{}", self.account, self.region, self.name)
    }

    /// Whether it is in the account's own registry, which is the one that sends it events.
    #[must_use]
    pub fn is_own(&self) -> bool {
        (&*self.account, &*self.region) == (ACCOUNT, REGION)
    }
}

/// An image, or an index, in a repository.
#[derive(Clone, Debug)]
pub struct StoredImage {
    /// Where it is.
    pub repository: Repository,
    /// The digest of its manifest.
    pub digest: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its manifest.
    pub manifest: Document,
    /// Its configuration; None for an index.
    pub config: Option<Document>,
    /// The manifests of an index; none for an image.
    pub children: Vec<Child>,
    /// Whether it is of a kind that can be scanned: no index, and no attestation.
    pub can_be_scanned: bool,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// When it came back out of the archive.
    pub restored_at: Option<Timestamp>,
    /// Whether it can be pulled.
    pub storage: Storage,
    /// What its scan says when.
    pub plan: ScanPlan,
    /// What its scan finds.
    pub findings: Vec<Finding>,
    /// Inspector's word on covering it, where it is not the one that follows from the scan.
    pub covered_as: Option<&'static str>,
    /// When the scan plan began: at the push, or when it was asked for.
    scan_from: Timestamp,
    /// When it was scanned last; basic scanning does so once a day.
    scanned: Option<Timestamp>,
    /// What came until then was told in events.
    told_until: Option<Timestamp>,
}

/// A manifest of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its digest.
    pub digest: String,
    /// Such as `linux/amd64`; `unknown/unknown` for an attestation.
    pub platform: String,
}

/// Where an image is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Where it can be pulled.
    Active,
    /// In the archive, where it can't.
    Archived,
    /// On its way out of the archive, until this moment.
    Activating(Timestamp),
}

impl Storage {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Archived => "ARCHIVED",
            Self::Activating(_) => "ACTIVATING",
        }
    }
}

impl StoredImage {
    /// Its ARN, as Inspector names it.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("{}/{}", self.repository.arn(), self.digest)
    }

    /// `repository@sha256:...`, as a task definition names it.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}@{}", self.repository.uri(), self.digest)
    }

    /// Whether it is an index.
    #[must_use]
    pub fn is_index(&self) -> bool {
        !self.children.is_empty()
    }
}

impl Registry {
    /// The image with this digest, in whichever repository.
    ///
    /// # Panics
    /// Where there is none: the test is wrong.
    pub fn image(&mut self, digest: &str) -> &mut StoredImage {
        let found = self.images.iter_mut().find(|image| image.digest == digest);
        found.unwrap_or_else(|| panic!("there is no image {digest}"))
    }

    /// The image that a name such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:v1` means, if there is one.
    #[must_use]
    pub fn find(&self, repository: &Repository, digest: Option<&str>, tag: &str) -> Option<&StoredImage> {
        let named = |image: &&StoredImage| match digest {
            Some(digest) => image.digest == digest,
            None => image.tags.iter().any(|own| own == tag),
        };
        self.images.iter().filter(|image| image.repository == *repository).find(named)
    }

    /// The manifest of an index for a platform: its digest.
    ///
    /// # Panics
    /// Where the index has none: the test is wrong.
    #[must_use]
    pub fn platform(&self, index: &str, platform: &str) -> String {
        let index = self.images.iter().find(|image| image.digest == index);
        let child = index.and_then(|index| index.children.iter().find(|child| child.platform == platform));
        child.unwrap_or_else(|| panic!("it has no manifest for {platform}")).digest.clone()
    }
}
