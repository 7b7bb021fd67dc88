//! What is known of an image: everything that a verdict rests on, and nothing that it does not.
//!
//! The shape is the one in the decision record, in `tidegate scan` and in saved cases, so each field that has an honest
//! default may be left out there. Times are RFC 3339.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::defaults::is_default;

use super::finding::{Finding, Severity};

/// One image at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Which.
    pub image: Image,
    /// When it was pushed; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_at: Option<Timestamp>,
    /// When it came back out of the archive; absent where it never was in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Timestamp>,
    /// Whether it can be pulled.
    #[serde(default)]
    pub storage: Storage,
    /// How the registry scans, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_scans: Option<Kind>,
    /// The images of the platforms that may run: the image itself, or those of its index. Each is scanned by itself.
    #[serde(default)]
    pub platforms: Vec<Platform>,
    /// Manifests of the index that were left out, and why: attestations, platforms that the task does not run on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Set where the image is brought back rather than brought: the sentence that says so. A roll-back is never blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_back: Option<String>,
    /// What was asked for and could not be read, with the cause. Never treated as clean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    /// Findings that were left out because the verdict does not rest on them; a record of ten thousand would not fit into
    /// a log line.
    #[serde(default, skip_serializing_if = "is_default")]
    pub findings_left_out: u64,
}

impl Facts {
    /// An image of which nothing else is known.
    #[must_use]
    pub fn of(image: Image) -> Self {
        Self {
            image,
            pushed_at: None,
            restored_at: None,
            storage: Storage::Active,
            registry_scans: None,
            platforms: Vec::new(),
            left_out: Vec::new(),
            roll_back: None,
            unreadable: Vec::new(),
            findings_left_out: 0,
        }
    }
}

/// Which image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The registry's host, such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com`.
    pub registry: String,
    /// The repository's name.
    pub repository: String,
    /// Its digest; absent where the image was not found, or is in no registry of ECR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Image {
    /// `repository@sha256:...`, as messages name it; by tag where there is no digest.
    #[must_use]
    pub fn id(&self) -> String {
        match (&self.digest, self.tags.first()) {
            (Some(digest), _) => format!("{}@{digest}", self.repository),
            (None, Some(tag)) => format!("{}:{tag}", self.repository),
            (None, None) => self.repository.clone(),
        }
    }

    /// As short as people can still tell it: with its first tag, and the start of its digest.
    #[must_use]
    pub fn short(&self) -> String {
        let tag = self.tags.first().map_or_else(String::new, |tag| format!(":{tag}"));
        let digest = self.digest.as_deref().and_then(|digest| digest.get(..19));
        let digest = digest.map_or_else(String::new, |digest| format!("@{digest}"));
        format!("{}{tag}{digest}", self.repository)
    }
}

/// Whether an image can be pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// It can.
    #[default]
    Active,
    /// It is in the archive, and every pull fails.
    Archived,
    /// It is coming back out of the archive.
    Activating,
    /// There is no such image.
    Missing,
    /// It is in no registry of ECR's, so nothing is known of it.
    Foreign,
}

/// How ECR scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Basic scanning: operating-system packages, once per push, no fixes.
    Basic,
    /// Enhanced scanning, by Inspector.
    Enhanced,
}

/// The image of one platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Its digest; that of the image itself where there is no index.
    pub digest: String,
    /// Such as `linux/amd64`; absent where the manifest does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is known of its scan.
    pub scan: Scan,
}

impl Platform {
    /// Its name, or the start of its digest.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.digest.get(..19).unwrap_or(&self.digest))
    }
}

/// What is known of a scan, as ECR tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// ECR's word for how it stands.
    pub status: ScanStatus,
    /// ECR's sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By which kind of findings it has; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Whether ECR gives counts by severity with it.
    #[serde(default)]
    pub counted: bool,
    /// What Inspector says of covering the image; absent where it was not asked, or knows nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// What came of asking for a scan, where one had never been made; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<AskedFor>,
    /// The findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Whether there are more findings than were read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub more: bool,
}

impl Scan {
    /// A scan of which only its status is known.
    #[must_use]
    pub fn of(status: ScanStatus) -> Self {
        Self {
            status,
            description: None,
            kind: None,
            completed_at: None,
            counted: false,
            coverage: None,
            asked_for: None,
            findings: Vec::new(),
            more: false,
        }
    }

    /// Whether it was made, and has neither findings nor counts: nothing was found, or nothing is there yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.status, ScanStatus::Complete | ScanStatus::Active) && self.findings.is_empty() && !self.counted
    }

    /// Takes in what ECR counts by severity, when all findings are in. Where it counts more of a severity than there are,
    /// they are not all there: the list was cut off, or is behind the counts. Each page may tell the counts anew. Other
    /// keys, such as `TOTAL`, say nothing.
    pub fn count<'a>(&mut self, counts: impl IntoIterator<Item = (&'a str, f64)>) {
        let mut counted: BTreeMap<Severity, f64> = BTreeMap::new();
        for (word, count) in counts {
            self.counted = true;
            let Some(severity) = Severity::from_word(word) else { continue };
            // What is no number may be any.
            let count = if count.is_nan() { f64::INFINITY } else { count };
            let most = counted.entry(severity).or_default();
            *most = most.max(count);
        }
        // The words for no rating are not the same in counts and findings.
        let class = |severity: Severity| Some(severity).filter(|severity| severity.is_rated());
        let mut missing: BTreeMap<Option<Severity>, f64> = BTreeMap::new();
        for (severity, count) in counted {
            *missing.entry(class(severity)).or_default() += count;
        }
        for finding in &self.findings {
            *missing.entry(class(finding.severity)).or_default() -= 1.0;
        }
        self.more |= missing.into_values().any(|missing| missing > 0.0);
    }
}

/// ECR's word for how a scan stands.
///
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanStatus {
    /// Under way.
    InProgress,
    /// Made once.
    Complete,
    /// It could not be made.
    Failed,
    /// The image is of a kind that can't be scanned.
    UnsupportedImage,
    /// Made, and kept up to date.
    Active,
    /// About to begin.
    Pending,
    /// It was kept up to date once, and is no longer: the image is too old.
    ScanEligibilityExpired,
    /// There was one, and its findings are not kept.
    FindingsUnavailable,
    /// The account's limit is reached.
    LimitExceeded,
    /// The image is in the archive.
    ImageArchived,
    /// `ScanNotFoundException`: there never was one.
    NotFound,
    /// It could not be read; why is among the facts' unreadable parts.
    Unreadable,
    /// A word that this version does not know.
    #[serde(untagged)]
    Other(String),
}

/// What Inspector says of covering an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Inspector's word for why, such as `SUCCESSFUL` or `SCAN_ELIGIBILITY_EXPIRED`.
    pub reason: String,
    /// When it last scanned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<Timestamp>,
}

/// What came of asking for a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedFor {
    /// It has begun.
    Begun,
    /// ECR would not, and why.
    Refused(String),
}

/// A manifest of an index that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Its digest.
    pub digest: String,
    /// Why.
    pub why: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// What it is for.
    pub what: Part,
    /// The cause; where a permission is missing it names the action.
    pub why: String,
}

/// What facts are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The image itself.
    Image,
    /// Its manifest, or that of its index.
    Manifest,
    /// A scan with its findings.
    Scan,
    /// How the registry scans, and what Inspector covers; without it nobody knows what an empty scan says.
    Coverage,
    /// EPSS, exploits, known exploitation.
    Risk,
}
