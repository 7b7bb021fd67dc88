//! ECR: images, their manifests and their scans.

use jiff::Timestamp;
use tidegate_core::scan::facts::{AskedFor, Kind, Scan, Storage};

use crate::error::PortError;

/// The calls that are used.
pub trait Images {
    /// `DescribeImages` of one image, by digest or by tag. None where there is no such image, or no such repository.
    async fn describe_image(&self, repository: &Repository, image: &By<'_>) -> Result<Option<Described>, PortError>;

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
    /// Basic or enhanced.
    pub kind: Kind,
}

/// What is read of an image's configuration; the largest that is known has 40 KB.
pub const LONGEST_CONFIG: usize = 1024 * 1024;

/// What is read of an image's findings.
pub const MOST_FINDINGS: usize = 50_000;

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
    /// Such as `application/vnd.oci.image.index.v1+json`.
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
