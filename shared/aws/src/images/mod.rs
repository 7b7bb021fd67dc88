//! ECR: images, their manifests and their scans.
//!
//! - `findings`: from ECR's two kinds of findings to ours
//! - `download`: reading what ECR gives a URL for

mod download;
mod findings;

use aws_sdk_ecr::config::interceptors::InterceptorContext;
use aws_sdk_ecr::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_ecr::config::{Builder, Config, Region};
use aws_sdk_ecr::operation::start_image_scan::StartImageScanError;
use aws_sdk_ecr::types::{
    DescribeImagesFilter, ImageDetail, ImageFailure, ImageFailureCode, ImageIdentifier, ImageStatus, ImageStatusFilter,
    ScanType, TargetStorageClass,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use tidegate_core::scan::facts::{AskedFor, Kind, Scan, ScanStatus, Storage};

use crate::convert::time;
use crate::error::{self, PortError, unless_gone};
use crate::sdk::Aws;
pub(crate) use download::Downloads;

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
const PER_PAGE: i32 = 1000;

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

impl Images for Aws {
    async fn describe_image(&self, repository: &Repository, image: &By<'_>) -> Result<Option<Described>, PortError> {
        const OPERATION: &str = "DescribeImages";
        let id = match image {
            By::Digest(digest) => ImageIdentifier::builder().image_digest(*digest),
            By::Tag(tag) => ImageIdentifier::builder().image_tag(*tag),
        };
        // Without it, an image in the archive is not there.
        let in_any_state = DescribeImagesFilter::builder().image_status(ImageStatusFilter::Any).build();
        let call = self.ecr.describe_images().registry_id(&repository.account).repository_name(&repository.name);
        let call = call.image_ids(id.build()).filter(in_any_state);
        let answer = call.customize().config_override(there(repository)).send().await;
        let Some(answer) = unless_gone(answer.map_err(PortError::of(OPERATION)))? else { return Ok(None) };
        let found = answer.image_details.unwrap_or_default().into_iter().next();
        found.map(described).transpose().map_err(|why| PortError::new(OPERATION, error::Kind::Garbled, why))
    }

    async fn list_indexes(&self, repository: &Repository) -> Result<Vec<Described>, PortError> {
        const OPERATION: &str = "DescribeImages";
        let (mut indexes, mut next) = (Vec::new(), None);
        for _ in 0..MOST_IMAGES / 1000 {
            let call = self.ecr.describe_images().registry_id(&repository.account).repository_name(&repository.name);
            let call = call.max_results(PER_PAGE).set_next_token(next);
            let answer = call.customize().config_override(there(repository)).send().await;
            let Some(page) = unless_gone(answer.map_err(PortError::of(OPERATION)))? else { return Ok(Vec::new()) };
            let is_index =
                |image: &ImageDetail| image.image_manifest_media_type().is_some_and(|kind| INDEXES.contains(&kind));
            for image in page.image_details.unwrap_or_default().into_iter().filter(is_index) {
                indexes.push(described(image).map_err(|why| PortError::new(OPERATION, error::Kind::Garbled, why))?);
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        Ok(indexes)
    }

    async fn manifest(&self, repository: &Repository, digest: &str) -> Result<Option<Manifest>, PortError> {
        const OPERATION: &str = "BatchGetImage";
        let call = self.ecr.batch_get_image().registry_id(&repository.account).repository_name(&repository.name);
        let call = call.image_ids(by_digest(digest));
        let call = call.set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec()));
        let answer = call.customize().config_override(there(repository)).send().await;
        let Some(answer) = unless_gone(answer.map_err(PortError::of(OPERATION)))? else { return Ok(None) };
        if let Some(failure) = answer.failures().first() {
            return unless_gone(Err(not_read(OPERATION, failure)));
        }
        let Some(image) = answer.images.unwrap_or_default().into_iter().next() else { return Ok(None) };
        let manifest = image
            .image_manifest
            .map(|body| Manifest { media_type: image.image_manifest_media_type.unwrap_or_default(), body });
        let empty = || PortError::new(OPERATION, error::Kind::Garbled, format!("{digest} has no manifest"));
        manifest.map(Some).ok_or_else(empty)
    }

    async fn config(&self, repository: &Repository, digest: &str) -> Result<Vec<u8>, PortError> {
        const OPERATION: &str = "GetDownloadUrlForLayer";
        let call = self.ecr.get_download_url_for_layer().registry_id(&repository.account);
        let call = call.repository_name(&repository.name).layer_digest(digest);
        let answer = call.customize().config_override(there(repository)).send().await;
        let url = answer.map_err(PortError::of(OPERATION))?.download_url;
        let url = url.ok_or_else(|| PortError::new(OPERATION, error::Kind::Garbled, "it gives no URL"))?;
        self.downloads.get(&url, LONGEST_CONFIG).await
    }

    async fn scan(&self, repository: &Repository, digest: &str) -> Result<Scan, PortError> {
        const OPERATION: &str = "DescribeImageScanFindings";
        let (mut read, mut next): (Option<Scan>, Option<String>) = (None, None);
        let mut counts = findings::Counts::new();
        for _ in 0..MOST_PAGES {
            let call = self.ecr.describe_image_scan_findings().registry_id(&repository.account);
            let call = call.repository_name(&repository.name).image_id(by_digest(digest));
            let call = call.max_results(PER_PAGE).set_next_token(next);
            let page = match call.customize().config_override(there(repository)).send().await {
                Err(error) if error.code() == Some("ScanNotFoundException") => {
                    return Ok(Scan::of(ScanStatus::NotFound));
                }
                answer => answer.map_err(PortError::of(OPERATION))?,
            };
            let silent = || PortError::new(OPERATION, error::Kind::Garbled, "it does not say how the scan stands");
            let begun = read.take().or_else(|| page.image_scan_status.and_then(findings::stands));
            let mut scan = begun.ok_or_else(silent)?;
            findings::add(&mut scan, &mut counts, page.image_scan_findings);
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() || scan.findings.len() >= MOST_FINDINGS {
                scan.more = next.is_some() || scan.findings.len() > MOST_FINDINGS;
                scan.count(counts.iter().map(|(severity, count)| (severity.as_str(), f64::from(*count))));
                scan.findings.truncate(MOST_FINDINGS);
                return Ok(scan);
            }
            read = Some(scan);
        }
        Err(PortError::new(OPERATION, error::Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn start_scan(&self, repository: &Repository, digest: &str) -> Result<AskedFor, PortError> {
        let call = self.ecr.start_image_scan().registry_id(&repository.account).repository_name(&repository.name);
        let there = there(repository).retry_classifier(RefusalsStand);
        match call.image_id(by_digest(digest)).customize().config_override(there).send().await {
            Err(error) if error.code().is_some_and(|code| REFUSALS.contains(&code)) => {
                Ok(AskedFor::Refused(PortError::of("StartImageScan")(error).message))
            }
            answer => answer.map(|_| AskedFor::Begun).map_err(PortError::of("StartImageScan")),
        }
    }

    async fn set_storage(&self, repository: &Repository, digest: &str, class: StorageClass) -> Result<(), PortError> {
        let class = match class {
            StorageClass::Standard => TargetStorageClass::Standard,
            StorageClass::Archive => TargetStorageClass::Archive,
        };
        let call = self.ecr.update_image_storage_class().registry_id(&repository.account);
        let call = call.repository_name(&repository.name).image_id(by_digest(digest)).target_storage_class(class);
        let answer = call.customize().config_override(there(repository)).send().await;
        answer.map(drop).map_err(PortError::of("UpdateImageStorageClass"))
    }

    async fn registry_scans(&self) -> Result<RegistryScans, PortError> {
        const OPERATION: &str = "GetRegistryScanningConfiguration";
        let answer = self.ecr.get_registry_scanning_configuration().send().await.map_err(PortError::of(OPERATION))?;
        let word = answer.scanning_configuration.and_then(|configuration| configuration.scan_type);
        let kind = match word {
            Some(ScanType::Basic) => Some(Kind::Basic),
            Some(ScanType::Enhanced) => Some(Kind::Enhanced),
            _ => None,
        };
        let scans = answer.registry_id.zip(kind).map(|(account, kind)| {
            let region = self.region().to_owned();
            RegistryScans { account, region, kind }
        });
        let word = word.as_ref().map_or("nothing", ScanType::as_str);
        scans.ok_or_else(|| PortError::new(OPERATION, error::Kind::Garbled, format!("{word} is no way of scanning")))
    }
}

/// The errors of `StartImageScan` that say that ECR would not, today or ever.
const REFUSALS: [&str; 4] =
    ["LimitExceededException", "UnsupportedImageTypeException", "ValidationException", "ImageArchivedException"];

/// Keeps the SDK from trying a refusal again: it takes the error for a second scan within a day for throttling, which
/// it means elsewhere.
#[derive(Debug)]
struct RefusalsStand;

impl ClassifyRetry for RefusalsStand {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err).and_then(OrchestratorError::as_operation_error);
        let code = error.and_then(|error| error.downcast_ref::<StartImageScanError>()?.code());
        let stands = code.is_some_and(|code| REFUSALS.contains(&code));
        if stands { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "RefusalsStand"
    }
}

/// Where a repository is: it need not be in the region that is worked in.
fn there(repository: &Repository) -> Builder {
    Config::builder().region(Region::new(repository.region.clone()))
}

fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

fn described(found: ImageDetail) -> Result<Described, String> {
    Ok(Described {
        digest: found.image_digest.ok_or("the image has no digest")?,
        tags: found.image_tags.unwrap_or_default(),
        pushed_at: found.image_pushed_at.as_ref().and_then(time),
        restored_at: found.last_activated_at.as_ref().and_then(time),
        storage: match found.image_status {
            // Registries that know of no archive say nothing.
            None | Some(ImageStatus::Active) => Storage::Active,
            Some(ImageStatus::Archived) => Storage::Archived,
            Some(ImageStatus::Activating) => Storage::Activating,
            Some(other) => return Err(format!("{:?} is no status of an image that is known", other.as_str())),
        },
    })
}

/// Why `BatchGetImage` did not give an image.
fn not_read(operation: &'static str, failure: &ImageFailure) -> PortError {
    let kind = match failure.failure_code() {
        Some(ImageFailureCode::ImageNotFound) => error::Kind::NotFound,
        Some(ImageFailureCode::UpstreamAccessDenied) => error::Kind::Denied,
        Some(ImageFailureCode::UpstreamTooManyRequests) => error::Kind::Throttled,
        Some(ImageFailureCode::UpstreamUnavailable) => error::Kind::Unavailable,
        _ => error::Kind::Refused,
    };
    let code = failure.failure_code().map_or("no code", ImageFailureCode::as_str);
    PortError::new(operation, kind, format!("{code}: {}", failure.failure_reason().unwrap_or("no reason")))
}

#[cfg(test)]
mod tests;
