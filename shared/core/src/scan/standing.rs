//! What ECR's word for a scan means: a small machine of states.
//!
//! `COMPLETE` can come before the findings do, continuous scanning says `ACTIVE`, and what is no longer scanned looks
//! clean. Sources: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>,
//! <https://github.com/aws/aws-sdk/issues/289>,
//! <https://docs.aws.amazon.com/inspector/v2/APIReference/API_ScanStatus.html>

use jiff::{SignedDuration, Timestamp};

use super::facts::{AskedFor, Facts, Kind, Part, Platform, Scan, ScanStatus, Unreadable};
use super::policy::Policy;

/// What a scan comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It tells what is in the image.
    Told,
    /// It tells what was in the image, and that is too long ago.
    Stale(String),
    /// It says that nothing was found, so soon that it may not be all.
    Settling(Wait),
    /// It has not been made yet.
    Waiting(Wait),
    /// None was ever made, and one can be begun.
    ToBegin(String),
    /// There is none, and none is to be expected.
    Unknown(String),
    /// The image can't be scanned.
    Unscannable(String),
    /// The image is in the archive.
    Archived,
    /// It, or what tells what it means, could not be read.
    Unreadable(String),
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In words.
    pub why: String,
    /// When to look again, in seconds.
    pub look_again_s: u32,
}

/// Scans take about a minute; asking more often brings nothing.
const ASK_AGAIN_S: u32 = 30;

/// What the scan of one platform comes to.
#[must_use]
pub fn standing(platform: &Platform, facts: &Facts, policy: &Policy, now: Timestamp) -> Standing {
    let age = Age { since: facts.pushed_at.max(facts.restored_at), now };
    let scan = &platform.scan;
    let patient = age.is_below(policy.patience_minutes);
    match &scan.status {
        ScanStatus::Complete | ScanStatus::Active => made(scan, facts, policy, &age),
        ScanStatus::InProgress => waiting("the scan is under way"),
        // Where the push is not known, nor is it known that patience ran out.
        ScanStatus::Pending if patient || age.since.is_none() => waiting("the scan is about to begin"),
        ScanStatus::Pending => Standing::Unknown(age.told("the scan was still about to begin")),
        ScanStatus::NotFound if patient => waiting("the image was pushed a moment ago, and is not scanned yet"),
        ScanStatus::NotFound => never(scan, facts.registry_scans, "the image was never scanned"),
        ScanStatus::FindingsUnavailable => never(scan, facts.registry_scans, "the findings of its scan are not kept"),
        ScanStatus::Failed | ScanStatus::LimitExceeded if patient => waiting(&failed(scan)),
        ScanStatus::Failed | ScanStatus::LimitExceeded => Standing::Unknown(failed(scan)),
        ScanStatus::ScanEligibilityExpired => Standing::Stale(EXPIRED.to_owned()),
        ScanStatus::UnsupportedImage => Standing::Unscannable(described(scan, "ECR can't scan an image of this kind")),
        ScanStatus::ImageArchived => Standing::Archived,
        ScanStatus::Unreadable => Standing::Unreadable("its scan could not be read".to_owned()),
        ScanStatus::Other(word) => {
            Standing::Unknown(format!("ECR says {word:?} of its scan, which this version does not know"))
        }
    }
}

const EXPIRED: &str = "Inspector no longer scans the image, because it is too old: what was found since is not known. \
                       Push it again, or have Inspector scan for longer";

/// How long ago an image came to be where it can be pulled.
struct Age {
    since: Option<Timestamp>,
    now: Timestamp,
}

impl Age {
    /// Whether it is known to be below so many minutes.
    fn is_below(&self, minutes: u32) -> bool {
        self.left_s(minutes).is_some_and(|left| left > 0)
    }

    /// Seconds until it is so many minutes; None where it is not known.
    fn left_s(&self, minutes: u32) -> Option<i64> {
        let until = self.since?.checked_add(SignedDuration::from_mins(i64::from(minutes))).ok()?;
        Some(until.duration_since(self.now).as_secs())
    }

    fn told(&self, what: &str) -> String {
        let minutes = self.since.map(|since| self.now.duration_since(since).as_mins());
        minutes.map_or_else(|| what.to_owned(), |minutes| format!("{what} {minutes} minutes after the push"))
    }
}

/// A scan of which ECR says that it was made.
fn made(scan: &Scan, facts: &Facts, policy: &Policy, age: &Age) -> Standing {
    if !scan.is_empty() {
        return fresh(scan, policy, age);
    }
    let settled = match &scan.coverage {
        None => not_told(facts),
        Some(coverage) => match covered(&coverage.reason) {
            // A scan from before it was archived says nothing.
            Covered::Scanned if coverage.scanned_at.is_none_or(|at| Some(at) >= age.since) => {
                return fresh(scan, policy, age);
            }
            Covered::Scanned | Covered::Says => None,
            Covered::Unclear(standing) => Some(standing),
            Covered::Not(standing) => return standing,
        },
    };
    // Basic scanning is over when it says so. Without findings nothing else tells which kind it is.
    let over = scan.completed_at.is_some() && (facts.registry_scans == Some(Kind::Basic) || age.since.is_none());
    if !over {
        let left = age.left_s(policy.settle_minutes);
        if left.is_none_or(|left| left > 0) {
            let left = left.and_then(|left| u32::try_from(left).ok()).unwrap_or(ASK_AGAIN_S);
            let why = format!(
                "the scan says that nothing was found, which is believed {} minutes after the push",
                policy.settle_minutes
            );
            return Standing::Settling(Wait { why, look_again_s: left.clamp(1, ASK_AGAIN_S) });
        }
    }
    settled.unwrap_or_else(|| fresh(scan, policy, age))
}

/// What an empty scan comes to when it has settled, where Inspector says nothing of the image. None where it is believed:
/// basic scanning needs no Inspector, and of other registries nothing is known here.
fn not_told(facts: &Facts) -> Option<Standing> {
    if facts.registry_scans == Some(Kind::Basic) {
        return None;
    }
    let unreadable = facts.unreadable.iter().find(|unreadable| unreadable.what == Part::Coverage);
    let cause = |unreadable: &Unreadable| {
        format!("the scan says that nothing was found, and whether it looked could not be read: {}", unreadable.why)
    };
    let not_covered = || Standing::Unknown("Inspector does not cover the image".to_owned());
    let told = unreadable.map(|unreadable| Standing::Unreadable(cause(unreadable)));
    told.or_else(|| facts.registry_scans.map(|_| not_covered()))
}

/// Whether what a scan tells is still true.
fn fresh(scan: &Scan, policy: &Policy, age: &Age) -> Standing {
    // Continuous scanning keeps what it found up to date.
    if scan.status == ScanStatus::Active {
        return Standing::Told;
    }
    let oldest = SignedDuration::from_hours(24 * i64::from(policy.max_scan_age_days));
    // Where the time of the scan is not known, it was not before the push.
    match scan.completed_at.or(age.since) {
        Some(at) if age.now.duration_since(at) > oldest => {
            let days = age.now.duration_since(at).as_hours() / 24;
            Standing::Stale(format!("the scan is {days} days old, more than {}", policy.max_scan_age_days))
        }
        _ => Standing::Told,
    }
}

/// What Inspector's word for its coverage means.
enum Covered {
    Scanned,
    Says,
    Unclear(Standing),
    Not(Standing),
}

fn covered(reason: &str) -> Covered {
    let says = |what: &str| format!("Inspector says {reason} of the image: {what}");
    Covered::Not(match reason {
        "SUCCESSFUL" => return Covered::Scanned,
        "PENDING_INITIAL_SCAN" | "SCAN_IN_PROGRESS" | "PENDING_REVIVAL_SCAN" => {
            waiting(&says("its first scan is not over"))
        }
        "SCAN_ELIGIBILITY_EXPIRED" => Standing::Stale(EXPIRED.to_owned()),
        "UNSUPPORTED_OS" | "UNSUPPORTED_MEDIA_TYPE" | "UNSUPPORTED_CONFIG_FILE" | "IMAGE_SIZE_EXCEEDED" => {
            Standing::Unscannable(says("it can't be scanned"))
        }
        "IMAGE_ARCHIVED" => Standing::Archived,
        "ACCESS_DENIED" | "ACCESS_DENIED_TO_ENCRYPTION_KEY" | "INTERNAL_ERROR" | "RESOURCE_TERMINATED" => {
            Standing::Unknown(says("it could not scan it"))
        }
        // Of how often it is scanned.
        _ if reason.starts_with("SCAN_FREQUENCY_") => return Covered::Says,
        _ => return Covered::Unclear(Standing::Unknown(says("this version does not know what that means"))),
    })
}

/// A scan that was never made, or is not kept. Only basic scanning can be asked for one.
fn never(scan: &Scan, registry: Option<Kind>, what: &str) -> Standing {
    match (&scan.asked_for, registry) {
        (Some(AskedFor::Begun), _) => waiting("a scan was begun"),
        (Some(AskedFor::Refused(why)), _) => {
            Standing::Unknown(format!("{what}, and ECR would not begin a scan: {why}"))
        }
        (None, Some(Kind::Basic)) => Standing::ToBegin(format!("{what}; one is to be begun")),
        (None, Some(Kind::Enhanced)) => {
            Standing::Unknown(format!("{what}: its repository may not be among those that Inspector scans"))
        }
        (None, None) => Standing::Unknown(what.to_owned()),
    }
}

fn waiting(why: &str) -> Standing {
    Standing::Waiting(Wait { why: why.to_owned(), look_again_s: ASK_AGAIN_S })
}

fn failed(scan: &Scan) -> String {
    let what = if scan.status == ScanStatus::Failed { "the scan failed" } else { "the limit of scans is reached" };
    described(scan, what)
}

fn described(scan: &Scan, what: &str) -> String {
    scan.description.as_ref().map_or_else(|| what.to_owned(), |said| format!("{what}: {said}"))
}
