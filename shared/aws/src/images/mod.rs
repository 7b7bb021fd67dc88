//! ECR: images, their manifests and their scans.
//!
//! - `said`: what ECR answers
//! - `findings`: from ECR's two kinds of findings to ours
//! - `download`: reading what ECR gives a URL for

mod download;
mod findings;
mod said;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidegate_core::scan::facts::{AskedFor, Kind, Scan, ScanStatus, Storage};

use crate::bare::{Ask, Service};
use crate::error::{self, PortError, unless_gone};
use crate::sdk::Aws;
pub(crate) use download::Downloads;
use said::{Got, ImageDetail, Layer, Page, Registry, Scanned, described, not_read};

/// The calls that are used.
pub trait Images {
    /// `DescribeImages` of one image, by digest or by tag. None where there is no such image, or no such repository.
    async fn describe_image(&self, repository: &Repository, image: &By<'_>) -> Result<Option<Described>, PortError>;

    /// `DescribeImages` of a whole repository, up to [`MOST_IMAGES`]: those that are indexes of other images.
    async fn list_indexes(&self, repository: &Repository) -> Result<Vec<Described>, PortError>;

    /// `BatchGetImage`: the manifest of an image, or of an index. None where there is no such image.
    async fn manifest(&self, repository: &Repository, digest: &str) -> Result<Option<Manifest>, PortError>;

    /// `GetDownloadUrlForLayer`, and a GET over HTTPS of what it names: an image's configuration, which has the platform
    /// and the user. At most [`LONGEST_CONFIG`] bytes, from a host of AWS's only.
    async fn config(&self, repository: &Repository, digest: &str) -> Result<Vec<u8>, PortError>;

    /// `DescribeImageScanFindings`, all pages up to [`MOST_FINDINGS`]. An image that was never scanned has the status
    /// [`NotFound`](tidegate_core::scan::facts::ScanStatus::NotFound).
    async fn scan(&self, repository: &Repository, digest: &str) -> Result<Scan, PortError>;

    /// `StartImageScan`, for basic scanning. What ECR refuses, as a second scan within a day, is no error.
    async fn start_scan(&self, repository: &Repository, digest: &str) -> Result<AskedFor, PortError>;

    /// `UpdateImageStorageClass`: into the archive, or out of it.
    async fn set_storage(&self, repository: &Repository, digest: &str, class: StorageClass) -> Result<(), PortError>;

    /// `GetRegistryScanningConfiguration`: how this account's registry scans, in the region that is worked in.
    async fn registry_scans(&self) -> Result<RegistryScans, PortError>;
}

/// How a registry scans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryScans {
    /// The account of the registry: the one that asked.
    pub account: String,
    /// The region that was asked in.
    pub region: String,
    /// Basic or enhanced.
    pub kind: Kind,
}

impl RegistryScans {
    /// Whether a repository is in this registry.
    #[must_use]
    pub fn has(&self, repository: &Repository) -> bool {
        (&self.account, &self.region) == (&repository.account, &repository.region)
    }
}

/// What is read of an image's configuration; the largest that is known has 40 KB.
pub const LONGEST_CONFIG: usize = 1024 * 1024;

/// What is read of an image's findings.
pub const MOST_FINDINGS: usize = 50_000;

/// What is read of a repository's images. A repository can hold twice as many.
pub const MOST_IMAGES: usize = 50_000;

/// The API gives no more at once, neither of findings nor of images.
const PER_PAGE: u32 = 1000;

/// A list that gets no further than this is not paging but looping, even where its pages are short.
const MOST_PAGES: usize = MOST_FINDINGS / 100;

/// The kinds of manifest that are read: images and indexes, as Docker and as OCI write them.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    INDEXES[0],
    INDEXES[1],
];

/// Of those, the indexes.
const INDEXES: [&str; 2] =
    ["application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"];

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    /// The account of its registry.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
}

/// How an image is named in its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// By its digest.
    Digest(&'a str),
    /// By a tag.
    Tag(&'a str),
}

impl By<'_> {
    /// The digest, or the tag.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Digest(text) | Self::Tag(text) => text,
        }
    }
}

/// What `DescribeImages` says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its digest.
    pub digest: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<Timestamp>,
    /// When it came back out of the archive.
    pub restored_at: Option<Timestamp>,
    /// Whether it can be pulled.
    pub storage: Storage,
}

/// A manifest as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Such as `application/vnd.oci.image.index.v1+json`; empty where ECR does not say.
    pub media_type: String,
    /// JSON.
    pub body: String,
}

/// Where an image is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageClass {
    /// Where it can be pulled.
    Standard,
    /// Where it can't.
    Archive,
}

pub(crate) const SERVICE: Service = Service { id: "ECR", host: "api.ecr", signed_for: "ecr" };

impl Images for Aws {
    async fn describe_image(&self, repository: &Repository, image: &By<'_>) -> Result<Option<Described>, PortError> {
        const OPERATION: &str = "DescribeImages";
        let id = match image {
            By::Digest(digest) => json!({"imageDigest": digest}),
            By::Tag(tag) => json!({"imageTag": tag}),
        };
        // Without it, an image in the archive is not there.
        let in_any_state = json!({"imageStatus": "ANY"});
        let question = json!({"imageIds": [id], "filter": in_any_state});
        let Some(page) = unless_gone(self.of::<Page>(repository, OPERATION, question).await)? else { return Ok(None) };
        let found = page.image_details.unwrap_or_default().into_iter().next();
        found.map(described).transpose().map_err(|why| PortError::new(OPERATION, error::Kind::Garbled, why))
    }

    async fn list_indexes(&self, repository: &Repository) -> Result<Vec<Described>, PortError> {
        const OPERATION: &str = "DescribeImages";
        let (mut indexes, mut question) = (Vec::new(), json!({"maxResults": PER_PAGE}));
        for _ in 0..MOST_IMAGES / 1000 {
            let page = unless_gone(self.of::<Page>(repository, OPERATION, question.clone()).await)?;
            let Some(page) = page else { return Ok(Vec::new()) };
            let is_index = |image: &ImageDetail| {
                image.image_manifest_media_type.as_deref().is_some_and(|kind| INDEXES.contains(&kind))
            };
            for image in page.image_details.unwrap_or_default().into_iter().filter(is_index) {
                indexes.push(described(image).map_err(|why| PortError::new(OPERATION, error::Kind::Garbled, why))?);
            }
            let Some(next) = page.next_token.filter(|token| !token.is_empty()) else { break };
            question["nextToken"] = next.into();
        }
        Ok(indexes)
    }

    async fn manifest(&self, repository: &Repository, digest: &str) -> Result<Option<Manifest>, PortError> {
        const OPERATION: &str = "BatchGetImage";
        let question = json!({"imageIds": [by_digest(digest)], "acceptedMediaTypes": MANIFESTS});
        let Some(got) = unless_gone(self.of::<Got>(repository, OPERATION, question).await)? else { return Ok(None) };
        if let Some(failure) = got.failures.unwrap_or_default().first() {
            return unless_gone(Err(not_read(OPERATION, failure)));
        }
        let Some(image) = got.images.unwrap_or_default().into_iter().next() else { return Ok(None) };
        let manifest = image
            .image_manifest
            .map(|body| Manifest { media_type: image.image_manifest_media_type.unwrap_or_default(), body });
        let empty = || PortError::new(OPERATION, error::Kind::Garbled, format!("{digest} has no manifest"));
        manifest.map(Some).ok_or_else(empty)
    }

    async fn config(&self, repository: &Repository, digest: &str) -> Result<Vec<u8>, PortError> {
        const OPERATION: &str = "GetDownloadUrlForLayer";
        let layer: Layer = self.of(repository, OPERATION, json!({"layerDigest": digest})).await?;
        let none = || PortError::new(OPERATION, error::Kind::Garbled, "it gives no URL");
        self.downloads.get(&layer.download_url.ok_or_else(none)?, LONGEST_CONFIG).await
    }

    async fn scan(&self, repository: &Repository, digest: &str) -> Result<Scan, PortError> {
        const OPERATION: &str = "DescribeImageScanFindings";
        let (mut read, mut counts): (Option<Scan>, _) = (None, findings::Counts::new());
        let mut question = json!({"imageId": by_digest(digest), "maxResults": PER_PAGE});
        for _ in 0..MOST_PAGES {
            let page: Scanned = match self.ecr.send(OPERATION, ask(repository, OPERATION, question.clone())).await {
                Err(error) if error.code() == Some("ScanNotFoundException") => {
                    return Ok(Scan::of(ScanStatus::NotFound));
                }
                answer => answer.map_err(PortError::of(OPERATION))?.json(OPERATION)?,
            };
            let silent = || PortError::new(OPERATION, error::Kind::Garbled, "it does not say how the scan stands");
            let begun = read.take().or_else(|| page.image_scan_status.and_then(findings::stands));
            let mut scan = begun.ok_or_else(silent)?;
            findings::add(&mut scan, &mut counts, page.image_scan_findings);
            let next = page.next_token.filter(|token| !token.is_empty());
            let more = next.is_some();
            let Some(next) = next.filter(|_| scan.findings.len() < MOST_FINDINGS) else {
                scan.more = more || scan.findings.len() > MOST_FINDINGS;
                scan.count(counts.iter().map(|(severity, count)| (severity.as_str(), *count)));
                scan.findings.truncate(MOST_FINDINGS);
                return Ok(scan);
            };
            question["nextToken"] = next.into();
            read = Some(scan);
        }
        Err(PortError::new(OPERATION, error::Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn start_scan(&self, repository: &Repository, digest: &str) -> Result<AskedFor, PortError> {
        const OPERATION: &str = "StartImageScan";
        // The SDK takes the error for a second scan within a day for throttling, which it means elsewhere.
        let ask = Ask { stands: &REFUSALS, ..ask(repository, OPERATION, json!({"imageId": by_digest(digest)})) };
        match self.ecr.send(OPERATION, ask).await {
            Err(error) if error.code().is_some_and(|code| REFUSALS.contains(&code)) => {
                Ok(AskedFor::Refused(PortError::of(OPERATION)(error).message))
            }
            answer => {
                let answer = answer.map_err(PortError::of(OPERATION))?;
                answer.json::<serde::de::IgnoredAny>(OPERATION).map(|_| AskedFor::Begun)
            }
        }
    }

    async fn set_storage(&self, repository: &Repository, digest: &str, class: StorageClass) -> Result<(), PortError> {
        const OPERATION: &str = "UpdateImageStorageClass";
        let class = match class {
            StorageClass::Standard => "STANDARD",
            StorageClass::Archive => "ARCHIVE",
        };
        let question = json!({"imageId": by_digest(digest), "targetStorageClass": class});
        // Of the answer nothing matters but that it is one.
        let answer = self.ecr.json::<serde::de::IgnoredAny>(OPERATION, ask(repository, OPERATION, question));
        answer.await.map(drop)
    }

    async fn registry_scans(&self) -> Result<RegistryScans, PortError> {
        const OPERATION: &str = "GetRegistryScanningConfiguration";
        let answer: Registry = self.ecr.json(OPERATION, Ask::rpc(&target(OPERATION), &json!({}))).await?;
        let word = answer.scanning_configuration.and_then(|configuration| configuration.scan_type);
        let kind = match word.as_deref() {
            Some("BASIC") => Some(Kind::Basic),
            Some("ENHANCED") => Some(Kind::Enhanced),
            _ => None,
        };
        let scans = answer.registry_id.zip(kind).map(|(account, kind)| {
            let region = self.region().to_owned();
            RegistryScans { account, region, kind }
        });
        let word = word.as_deref().unwrap_or("nothing");
        scans.ok_or_else(|| PortError::new(OPERATION, error::Kind::Garbled, format!("{word} is no way of scanning")))
    }
}

impl Aws {
    /// What ECR says of a repository.
    async fn of<T: DeserializeOwned>(
        &self,
        repository: &Repository,
        operation: &'static str,
        question: Value,
    ) -> Result<T, PortError> {
        self.ecr.json(operation, ask(repository, operation, question)).await
    }
}

/// A question about a repository, where it is: it need not be in the region that is worked in.
fn ask(repository: &Repository, operation: &str, mut question: Value) -> Ask {
    question["registryId"] = repository.account.as_str().into();
    question["repositoryName"] = repository.name.as_str().into();
    Ask { region: Some(repository.region.clone()), ..Ask::rpc(&target(operation), &question) }
}

fn target(operation: &str) -> String {
    format!("AmazonEC2ContainerRegistry_V20150921.{operation}")
}

/// The errors of `StartImageScan` that say that ECR would not, today or ever.
const REFUSALS: [&str; 4] =
    ["LimitExceededException", "UnsupportedImageTypeException", "ValidationException", "ImageArchivedException"];

fn by_digest(digest: &str) -> Value {
    json!({"imageDigest": digest})
}

#[cfg(test)]
mod tests;
