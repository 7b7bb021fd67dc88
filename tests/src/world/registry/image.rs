//! Images and indexes, as a test says them:
//! `Image::new("shop", "v2").pending_for(2).empty_for(1).finds([critical("CVE-2026-1001")])`.
//!
//! Without any word on its scan, an image is clean, and scanned the moment it is pushed.

use super::Repository;
use super::findings::{Appears, Finding};
use super::scan::{Says, ScanPlan};

/// An image that is pushed.
#[derive(Clone, Debug)]
pub struct Image {
    pub(super) repository: Repository,
    pub(super) tags: Vec<String>,
    pub(super) platform: String,
    pub(super) user: Option<String>,
    pub(super) content: String,
    pub(super) config: Option<String>,
    pub(super) plan: ScanPlan,
    pub(super) findings: Vec<Finding>,
    pub(super) covered_as: Option<&'static str>,
}

/// An index of images that is pushed, with its images.
#[derive(Clone, Debug)]
pub struct Index {
    pub(super) repository: Repository,
    pub(super) tags: Vec<String>,
    pub(super) images: Vec<Image>,
    pub(super) attested: bool,
}

/// What is pushed.
#[derive(Clone, Debug)]
pub enum Artifact {
    /// An image.
    Image(Image),
    /// An index with its images.
    Index(Index),
}

impl From<Image> for Artifact {
    fn from(image: Image) -> Self {
        Self::Image(image)
    }
}

impl From<Index> for Artifact {
    fn from(index: Index) -> Self {
        Self::Index(index)
    }
}

impl Image {
    /// An image for `linux/amd64` in a repository of the account. The same repository and tag are the same image, with the
    /// same digest, unless [`Image::built_from`] says otherwise.
    #[must_use]
    pub fn new(repository: &str, tag: &str) -> Self {
        Self {
            repository: Repository::named(repository),
            tags: vec![tag.to_owned()],
            platform: "linux/amd64".to_owned(),
            user: None,
            content: format!("{repository}:{tag}"),
            config: None,
            plan: ScanPlan::default(),
            findings: Vec::new(),
            covered_as: None,
        }
    }

    /// An image of an index, for this platform, such as `linux/arm64`.
    #[must_use]
    pub fn of(platform: &str) -> Self {
        Self { tags: Vec::new(), content: String::new(), ..Self::new("", "") }.on(platform)
    }

    /// It is for this platform.
    #[must_use]
    pub fn on(self, platform: &str) -> Self {
        Self { platform: platform.to_owned(), ..self }
    }

    /// It is built from something else than its tag says, so that it has another digest.
    #[must_use]
    pub fn built_from(self, content: &str) -> Self {
        Self { content: content.to_owned(), ..self }
    }

    /// It has this tag too.
    #[must_use]
    pub fn tagged(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// It has no tag.
    #[must_use]
    pub fn untagged(self) -> Self {
        Self { tags: Vec::new(), ..self }
    }

    /// It runs as this user.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self }
    }

    /// Its configuration is this, whatever it is.
    #[must_use]
    pub fn config(self, body: &str) -> Self {
        Self { config: Some(body.to_owned()), ..self }
    }

    /// It is in a repository of another account.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.repository.account);
        self
    }

    /// It is in a repository of another region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.repository.region);
        self
    }

    /// For so many minutes ECR knows of no scan.
    #[must_use]
    pub fn unknown_for(self, minutes: u32) -> Self {
        self.first(Says::NotFound, minutes)
    }

    /// Its scan is pending for so many minutes.
    #[must_use]
    pub fn pending_for(self, minutes: u32) -> Self {
        self.first(Says::Pending, minutes)
    }

    /// Its scan is in progress for so many minutes.
    #[must_use]
    pub fn in_progress_for(self, minutes: u32) -> Self {
        self.first(Says::InProgress, minutes)
    }

    /// Its scan says for so many minutes that it is done, and tells none of the findings.
    #[must_use]
    pub fn empty_for(self, minutes: u32) -> Self {
        self.first(Says::Empty, minutes)
    }

    /// Its scan says at last this, and no more.
    #[must_use]
    pub fn says(mut self, says: Says) -> Self {
        self.plan.then = says;
        self
    }

    /// It is never scanned, unless somebody asks for it.
    #[must_use]
    pub fn never_scanned(self) -> Self {
        self.says(Says::NotFound)
    }

    /// Its scan fails.
    #[must_use]
    pub fn fails_to_scan(self) -> Self {
        self.says(Says::Failed)
    }

    /// Nobody can scan it.
    #[must_use]
    pub fn unsupported(self) -> Self {
        self.says(Says::Unsupported)
    }

    /// So many minutes after the push its scan says something else.
    #[must_use]
    pub fn later(mut self, minutes: u32, says: Says) -> Self {
        self.plan.later.push((minutes, says));
        self
    }

    /// So many days after the push it is not scanned any more.
    #[must_use]
    pub fn expires_after_days(self, days: u32) -> Self {
        self.later(days * 24 * 60, Says::Expired)
    }

    /// Its scan finds these.
    #[must_use]
    pub fn finds(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.findings.extend(findings);
        self
    }

    /// So many minutes after the push, these are found in it too.
    #[must_use]
    pub fn finds_later(self, minutes: u32, findings: impl IntoIterator<Item = Finding>) -> Self {
        let appears = Appears::After(minutes);
        self.finds(findings.into_iter().map(|finding| Finding { appears, ..finding }))
    }

    /// Inspector says this of covering it, such as `SCAN_ELIGIBILITY_EXPIRED`.
    #[must_use]
    pub fn covered_as(self, reason: &'static str) -> Self {
        Self { covered_as: Some(reason), ..self }
    }

    fn first(mut self, says: Says, minutes: u32) -> Self {
        self.plan.first.push((says, minutes));
        self
    }
}

impl Index {
    /// An index in a repository of the account.
    #[must_use]
    pub fn new(repository: &str, tag: &str) -> Self {
        Self {
            repository: Repository::named(repository),
            tags: vec![tag.to_owned()],
            images: Vec::new(),
            attested: false,
        }
    }

    /// It has this image: `Index::new("shop", "v2").with(Image::of("linux/amd64"))`.
    #[must_use]
    pub fn with(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// It has an attestation for each of its images, as a build adds them.
    #[must_use]
    pub fn attested(self) -> Self {
        Self { attested: true, ..self }
    }

    /// It is in a repository of another account.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.repository.account);
        self
    }
}
