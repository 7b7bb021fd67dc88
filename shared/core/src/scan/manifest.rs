//! What an image is made of: one platform, or an index of several.
//!
//! Sources: <https://github.com/opencontainers/image-spec/blob/main/image-index.md>,
//! <https://docs.docker.com/build/metadata/attestations/attestation-storage/>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::facts::LeftOut;

/// A manifest, or an index of manifests, read tolerantly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The manifests of an index; absent for one image.
    #[serde(default)]
    pub manifests: Option<Vec<Entry>>,
    /// Its configuration; absent for an index.
    #[serde(default)]
    pub config: Option<Config>,
    /// What it is, where it is no image.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// What it is about: signatures and the like name their image here.
    #[serde(default)]
    pub subject: Option<Subject>,
}

/// What a manifest is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// Its digest.
    #[serde(default)]
    pub digest: String,
}

/// The configuration of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Its digest.
    #[serde(default)]
    pub digest: String,
    /// What it is: images and other artifacts have different ones.
    #[serde(default)]
    pub media_type: Option<String>,
}

/// A manifest in an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its digest.
    #[serde(default)]
    pub digest: String,
    /// What it runs on.
    #[serde(default)]
    pub platform: Option<OfPlatform>,
    /// What its builder says of it.
    #[serde(default)]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// What a manifest runs on. The configuration of an image has the same fields at its top.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct OfPlatform {
    /// Such as `linux`.
    #[serde(default)]
    pub os: String,
    /// Such as `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// Such as `v8`.
    #[serde(default)]
    pub variant: Option<String>,
}

impl OfPlatform {
    /// Whether it says anything: a configuration may leave both out.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.os.is_empty() && !self.architecture.is_empty()
    }

    /// `linux/amd64`, `linux/arm/v7`.
    #[must_use]
    pub fn name(&self) -> String {
        let variant = self.variant.as_ref().filter(|_| self.architecture == "arm");
        let variant = variant.map_or_else(String::new, |variant| format!("/{variant}"));
        format!("{}/{}{variant}", self.os, self.architecture)
    }
}

/// The media types of images' configurations, Docker's and OCI's.
const OF_IMAGES: [&str; 2] =
    ["application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"];

/// How builders mark what only tells of another manifest.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// What builders write for the platform of what is not to run.
const UNKNOWN: &str = "unknown";

/// The platforms that may run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Digests, with their platforms where the manifest says them.
    pub platforms: Vec<(String, Option<String>)>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

impl Manifest {
    /// Why it is no image that could run; None for one that is. An index is one.
    #[must_use]
    pub fn is_no_image(&self) -> Option<String> {
        let media_type = self.config.as_ref().and_then(|config| config.media_type.as_deref());
        // What has the configuration of an image runs, whatever else its manifest says of it.
        if self.manifests.is_some() || media_type.is_some_and(|media_type| OF_IMAGES.contains(&media_type)) {
            return None;
        }
        if let Some(kind) = self.artifact_type.as_deref().filter(|kind| !OF_IMAGES.contains(kind)) {
            return Some(format!("it is an artifact of the type {kind}"));
        }
        match media_type {
            Some(media_type) => Some(format!("its configuration is of the type {media_type}")),
            None => self.subject.as_ref().map(|_| "it only tells of another image".to_owned()),
        }
    }

    /// The platforms that may run. `own` is what the manifest itself would be in an index: one image says its platform in
    /// its configuration only. `wanted` is the architecture that a task runs on, such as `arm64`, where that is known.
    #[must_use]
    pub fn parts(&self, own: &Entry, wanted: Option<&str>) -> Parts {
        let mut parts = Parts::default();
        for entry in self.manifests.as_deref().unwrap_or(std::slice::from_ref(own)) {
            if let Some(why) = left_out(entry, wanted) {
                parts.left_out.push(LeftOut { digest: entry.digest.clone(), why });
            } else {
                let name = entry.platform.as_ref().map(OfPlatform::name);
                parts.platforms.push((entry.digest.clone(), name));
            }
        }
        parts
    }
}

/// Why a manifest is not looked at. One that says nothing of its platform may run on any, and one with a platform runs on
/// it whatever its builder says of it.
fn left_out(entry: &Entry, wanted: Option<&str>) -> Option<String> {
    let reference = entry.annotations.as_ref().and_then(|annotations| annotations.get(REFERENCE_TYPE));
    let runs = entry.platform.as_ref().is_some_and(|platform| platform.is_known() && platform.os != UNKNOWN);
    if let Some(kind) = reference.filter(|_| !runs) {
        return Some(format!("it is no image: {kind}"));
    }
    let platform = entry.platform.as_ref()?;
    if platform.os == UNKNOWN {
        return Some("it is no image: its platform is unknown".to_owned());
    }
    let wanted = wanted?;
    (platform.architecture != wanted).then(|| format!("the task runs on {wanted}, and this is {}", platform.name()))
}
