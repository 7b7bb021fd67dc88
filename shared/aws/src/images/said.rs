//! What ECR answers, as far as it is looked at, and what that is in our words.

use serde::Deserialize;
use tidegate_core::scan::facts::Storage;

use super::{Described, findings};
use crate::convert::seconds;
use crate::error::{self, PortError};

/// What `DescribeImages` answers. Times are in seconds since 1970.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) image_details: Option<Vec<ImageDetail>>,
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageDetail {
    pub(super) image_digest: Option<String>,
    pub(super) image_tags: Option<Vec<String>>,
    pub(super) image_pushed_at: Option<f64>,
    pub(super) last_activated_at: Option<f64>,
    pub(super) image_status: Option<String>,
    pub(super) image_manifest_media_type: Option<String>,
}

/// What `BatchGetImage` answers.
#[derive(Deserialize)]
pub(super) struct Got {
    pub(super) images: Option<Vec<Image>>,
    pub(super) failures: Option<Vec<ImageFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    pub(super) image_manifest: Option<String>,
    pub(super) image_manifest_media_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFailure {
    pub(super) failure_code: Option<String>,
    pub(super) failure_reason: Option<String>,
}

/// What `GetDownloadUrlForLayer` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Layer {
    pub(super) download_url: Option<String>,
}

/// What `DescribeImageScanFindings` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scanned {
    pub(super) image_scan_status: Option<findings::ImageScanStatus>,
    pub(super) image_scan_findings: Option<findings::ImageScanFindings>,
    pub(super) next_token: Option<String>,
}

/// What `GetRegistryScanningConfiguration` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registry {
    pub(super) registry_id: Option<String>,
    pub(super) scanning_configuration: Option<Scanning>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scanning {
    pub(super) scan_type: Option<String>,
}

pub(super) fn described(found: ImageDetail) -> Result<Described, String> {
    Ok(Described {
        digest: found.image_digest.ok_or("the image has no digest")?,
        tags: found.image_tags.unwrap_or_default(),
        pushed_at: found.image_pushed_at.and_then(seconds),
        restored_at: found.last_activated_at.and_then(seconds),
        storage: match found.image_status.as_deref() {
            // Registries that know of no archive say nothing.
            None | Some("ACTIVE") => Storage::Active,
            Some("ARCHIVED") => Storage::Archived,
            Some("ACTIVATING") => Storage::Activating,
            Some(other) => return Err(format!("{other:?} is no status of an image that is known")),
        },
    })
}

/// Why `BatchGetImage` did not give an image.
pub(super) fn not_read(operation: &'static str, failure: &ImageFailure) -> PortError {
    let kind = match failure.failure_code.as_deref() {
        Some("ImageNotFound") => error::Kind::NotFound,
        Some("UpstreamAccessDenied") => error::Kind::Denied,
        Some("UpstreamTooManyRequests") => error::Kind::Throttled,
        Some("UpstreamUnavailable") => error::Kind::Unavailable,
        _ => error::Kind::Refused,
    };
    let code = failure.failure_code.as_deref().unwrap_or("no code");
    PortError::new(operation, kind, format!("{code}: {}", failure.failure_reason.as_deref().unwrap_or("no reason")))
}
