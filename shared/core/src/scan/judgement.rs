//! What was judged of an image, and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::verdict::Verdict;

use super::facts::Facts;
use super::finding::{Fix, Package, Severity};
use super::policy::Policy;
use super::reason::Reason;

/// One judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Its stable code.
    pub reason: Reason,
    /// One sentence with the counts.
    pub why: String,
    /// Findings that the policy does not accept, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocking: Vec<Blocking>,
    /// Findings that would block and are accepted, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
    /// Exceptions that accept nothing any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_exceptions: Vec<StaleException>,
    /// What is to be known beside the verdict: a platform that can't be scanned, a registry that is not ECR's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Findings by severity over all platforms, each vulnerability of each package once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub found: BTreeMap<Severity, u64>,
    /// Digests of platforms for which a scan should be begun; the verdict is to be made again then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scan_to_begin: Vec<String>,
    /// When to look again, in seconds; absent where nothing is expected to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again_s: Option<u32>,
}

impl Judgement {
    /// Whether what brings or runs the image is stopped, where the mode is on. An image that is not there may have been
    /// pushed a moment ago, and starts no task meanwhile.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.verdict == Verdict::Fail && self.reason != Reason::ImageMissing
    }

    /// Whether the image itself is put out of reach, where the mode is on: only for what is known of it.
    #[must_use]
    pub fn quarantines(&self) -> bool {
        self.verdict == Verdict::Fail && self.reason == Reason::Vulnerable
    }
}

/// A finding that blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blocking {
    /// The vulnerability.
    pub id: String,
    /// As the scan rates it.
    pub severity: Severity,
    /// Whether an update removes it.
    pub fix: Fix,
    /// Where it is.
    pub packages: Vec<Package>,
    /// What it is blocked by.
    pub because: Because,
    /// In words.
    pub why: String,
    /// The platforms that have it.
    pub platforms: Vec<String>,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a finding is blocked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It is known to be exploited.
    KnownExploited,
    /// An exploit is to be had.
    ExploitAvailable,
    /// It is likely to be exploited.
    Epss,
    /// Its severity.
    Severity,
}

/// A finding that would block, and is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The vulnerability.
    pub id: String,
    /// As the scan rates it.
    pub severity: Severity,
    /// Names of the packages.
    pub packages: Vec<String>,
    /// Why.
    pub why: String,
    /// Until when; absent where that has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// An exception that accepts nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleException {
    /// The vulnerability.
    pub id: String,
    /// Why.
    pub why: String,
}

/// What a judgement asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A deployment that brings the image is stopped and rolled back.
    StopDeployment,
    /// A task-definition revision that names it is deregistered.
    DeregisterTaskDefinition,
    /// The image is put into ECR's archive.
    ArchiveImage,
    /// A stand-alone task that runs it is stopped.
    StopTask,
}

impl Action {
    /// The word in records and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StopDeployment => "stop_deployment",
            Self::DeregisterTaskDefinition => "deregister_task_definition",
            Self::ArchiveImage => "archive_image",
            Self::StopTask => "stop_task",
        }
    }
}

/// One action on one thing, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What.
    pub action: Action,
    /// The deployment, task definition, image or task.
    pub subject: String,
    /// The service that it is of; absent where it is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What became of it.
    pub came: Came,
    /// Why it was not done; absent where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// It was done.
    Done,
    /// It would have been, were its mode on.
    Shadow,
    /// It was left alone, as it should be.
    LeftAlone,
    /// It was to be done, and could not.
    Failed,
}

/// The record of one judgement.
pub type ScanRecord = Record<Facts, Policy, Judgement, Vec<Step>>;
