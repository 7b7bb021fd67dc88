//! What a scan says at which moment: a plan that begins at the push.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_core::scan::facts::Kind;
use tidegate_core::scan::finding::Severity;

use super::findings::{Appears, Finding};
use super::{Registry, Storage, StoredImage, manifest};
use crate::world::{ACCOUNT, REGION};

/// What `DescribeImageScanFindings` says at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// `ScanNotFoundException`.
    NotFound,
    /// `PENDING`.
    Pending,
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETE`, or `ACTIVE` under continuous scanning, and none of the findings that are to come.
    Empty,
    /// `COMPLETE`, or `ACTIVE` under continuous scanning, with the findings.
    Done,
    /// `FAILED`.
    Failed,
    /// `UNSUPPORTED_IMAGE`.
    Unsupported,
    /// `SCAN_ELIGIBILITY_EXPIRED`.
    Expired,
    /// `FINDINGS_UNAVAILABLE`.
    Unavailable,
    /// `LIMIT_EXCEEDED`.
    LimitExceeded,
    /// A word that nobody knows yet.
    Word(&'static str),
}

/// What a scan says, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPlan {
    /// First these, each for so many minutes.
    pub first: Vec<(Says, u32)>,
    /// Then this.
    pub then: Says,
    /// And so many minutes after the push these.
    pub later: Vec<(u32, Says)>,
}

impl Default for ScanPlan {
    fn default() -> Self {
        Self { first: Vec::new(), then: Says::Done, later: Vec::new() }
    }
}

impl ScanPlan {
    /// What it says from when on, for a scan that began at a moment.
    #[must_use]
    pub fn timeline(&self, from: Timestamp) -> Vec<(Timestamp, Says)> {
        let minutes = |minutes: u32| SignedDuration::from_mins(i64::from(minutes));
        let mut begins = from;
        let mut timeline = Vec::new();
        for (says, lasts) in &self.first {
            timeline.push((begins, *says));
            begins += minutes(*lasts);
        }
        timeline.push((begins, self.then));
        timeline.extend(self.later.iter().map(|(after, says)| (from + minutes(*after), *says)));
        timeline.sort_by_key(|(begins, _)| *begins);
        timeline
    }
}

/// What is known of an image's scan at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<'a> {
    /// ECR's word for how it stands.
    pub status: &'static str,
    /// ECR's sentence about it.
    pub description: &'static str,
    /// How it was made.
    pub kind: Kind,
    /// When it was made last.
    pub completed_at: Option<Timestamp>,
    /// The findings.
    pub findings: Vec<Known<'a>>,
}

/// A finding that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known<'a> {
    /// What it is.
    pub finding: &'a Finding,
    /// Which of the image's findings it is.
    pub place: usize,
    /// The image that it is in.
    pub image: &'a str,
    /// The word for its severity.
    pub severity: &'static str,
    /// Since when it is known.
    pub since: Timestamp,
}

impl Known<'_> {
    /// Inspector's ARN of it.
    #[must_use]
    pub fn arn(&self) -> String {
        let hash = manifest::digest(&format!("{} in {}", self.finding.id, self.image));
        format!("arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/{}", &hash[7..39])
    }
}

impl Report<'_> {
    /// How many findings there are of each severity; None where there are none, as ECR leaves it out.
    #[must_use]
    pub fn counts(&self) -> Option<BTreeMap<&'static str, u32>> {
        let mut counts = BTreeMap::new();
        for known in &self.findings {
            *counts.entry(known.severity).or_default() += 1;
        }
        (!counts.is_empty()).then_some(counts)
    }
}

impl Registry {
    /// What is known of an image's scan. None for `ScanNotFoundException`.
    #[must_use]
    pub fn report<'a>(&self, image: &'a StoredImage, now: Timestamp) -> Option<Report<'a>> {
        let enhanced = self.scans == Kind::Enhanced;
        let (done, done_says) = match (enhanced, self.continuous) {
            (true, true) => ("ACTIVE", "Continuous scan is selected for image."),
            _ => ("COMPLETE", "The scan was completed successfully."),
        };
        let (status, description) = match image.says(now, enhanced) {
            Says::NotFound => return None,
            _ if image.storage != Storage::Active => ("IMAGE_ARCHIVED", "The image is archived."),
            Says::Pending => ("PENDING", "Pending start of the image scan."),
            Says::InProgress => ("IN_PROGRESS", "The image scan is in progress."),
            Says::Empty | Says::Done => (done, done_says),
            Says::Failed => ("FAILED", "The image scan failed."),
            Says::Unsupported => ("UNSUPPORTED_IMAGE", "The operating system or package manager is not supported."),
            Says::Expired => ("SCAN_ELIGIBILITY_EXPIRED", "The image is not scanned any more."),
            Says::Unavailable => ("FINDINGS_UNAVAILABLE", "The findings are not available."),
            Says::LimitExceeded => ("LIMIT_EXCEEDED", "The limit of images that are scanned is reached."),
            Says::Word(word) => (word, "Nobody knows what this means yet."),
        };
        let findings = image.known(self.scans, now);
        let shown = matches!(image.says(now, enhanced), Says::Done) && image.storage == Storage::Active;
        let newest = if enhanced && self.continuous { findings.iter().map(|known| known.since).max() } else { None };
        let completed_at = image.done_at().filter(|_| shown).map(|done| newest.map_or(done, |newest| newest.max(done)));
        let findings = if shown { findings } else { Vec::new() };
        Some(Report { status, description, kind: self.scans, completed_at, findings })
    }

    /// Inspector's word on covering an image, and when it scanned it last. None where it knows nothing of it.
    #[must_use]
    pub fn covers(&self, image: &StoredImage, now: Timestamp) -> Option<(&'static str, Option<Timestamp>)> {
        let scanned_at = self.report(image, now).and_then(|report| report.completed_at);
        let reason = match image.says(now, true) {
            _ if self.scans == Kind::Basic => return None,
            Says::NotFound => return None,
            _ if image.storage != Storage::Active => "IMAGE_ARCHIVED",
            Says::Pending | Says::Empty => "PENDING_INITIAL_SCAN",
            Says::InProgress => "SCAN_IN_PROGRESS",
            Says::Done if self.continuous => "SUCCESSFUL",
            Says::Done => "SCAN_FREQUENCY_SCAN_ON_PUSH",
            Says::Unsupported if image.is_index() => "UNSUPPORTED_MEDIA_TYPE",
            Says::Unsupported => "UNSUPPORTED_OS",
            Says::Expired => "SCAN_ELIGIBILITY_EXPIRED",
            Says::Failed | Says::Unavailable | Says::LimitExceeded | Says::Word(_) => "INTERNAL_ERROR",
        };
        Some((image.covered_as.unwrap_or(reason), scanned_at))
    }
}

impl StoredImage {
    fn says(&self, now: Timestamp, enhanced: bool) -> Says {
        if !self.can_be_scanned {
            // Basic scanning refuses to begin; Inspector looks, and says why it can't.
            return if enhanced { Says::Unsupported } else { Says::NotFound };
        }
        let timeline = self.plan.timeline(self.scan_from);
        timeline.into_iter().rev().find(|(begins, _)| *begins <= now).map_or(Says::NotFound, |(_, says)| says)
    }

    /// When its findings are there.
    pub(super) fn done_at(&self) -> Option<Timestamp> {
        let timeline = self.plan.timeline(self.scan_from);
        timeline.into_iter().find(|(_, says)| *says == Says::Done).map(|(begins, _)| begins)
    }

    /// The findings that are known at a moment, whether or not its scan tells them then.
    pub(super) fn known(&self, kind: Kind, now: Timestamp) -> Vec<Known<'_>> {
        let known = (0..self.findings.len()).filter_map(|place| self.known_at(place, kind));
        known.filter(|known| known.since <= now).collect()
    }

    /// What is known of one finding once it is known.
    pub(super) fn known_at(&self, place: usize, kind: Kind) -> Option<Known<'_>> {
        let (finding, done) = (&self.findings[place], self.done_at()?);
        Some({
            let since = match finding.appears {
                Appears::WithTheScan => done,
                Appears::After(minutes) => self.scan_from + SignedDuration::from_mins(i64::from(minutes)),
                Appears::At(moment) => moment,
            };
            Known {
                finding,
                place,
                image: &self.digest,
                severity: match (finding.severity, kind) {
                    (Severity::Undefined | Severity::Untriaged, Kind::Basic) => "UNDEFINED",
                    (Severity::Undefined | Severity::Untriaged, Kind::Enhanced) => "UNTRIAGED",
                    (severity, _) => severity.as_str(),
                },
                since: since.max(done),
            }
        })
    }
}
