//! What an image has to keep to.
//!
//! Every field has the default that the policy document has. [`document`](super::document) reads that document, and says
//! which policy is a repository's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::break_glass::BreakGlass;
use crate::mode::Mode;

use super::finding::Severity;
use super::pattern::Pattern;

/// The policy of one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How far a verdict on the image itself is acted on.
    pub mode: Mode,
    /// From which severity on findings block.
    pub thresholds: Thresholds,
    /// What a finding counts as whose severity is `UNDEFINED` or `UNTRIAGED`.
    pub unrated: Severity,
    /// What blocks whatever its severity and grace.
    pub escalate: Escalate,
    /// How many days after its publication a vulnerability of this severity begins to block. One without a date has none.
    pub grace_days: BTreeMap<Severity, u32>,
    /// What becomes of findings that a rule of Inspector's suppresses.
    pub suppressed: Suppressed,
    /// What becomes of an image whose scan was never made, failed, or can't be had.
    pub unknown: InDoubt,
    /// What becomes of one whose scan is too old, or no longer kept up to date.
    pub stale: InDoubt,
    /// What becomes of one that can't be scanned.
    pub unscannable: InDoubt,
    /// What becomes of one from a registry that is not ECR's.
    pub foreign_registry: InDoubt,
    /// A scan that is older than this many days, and not kept up to date, is stale.
    pub max_scan_age_days: u32,
    /// A scan without any finding is believed so many minutes after the image was pushed.
    pub settle_minutes: u32,
    /// A scan that has not been made so many minutes after the image was pushed is not waited for any longer.
    pub patience_minutes: u32,
    /// What is accepted for a while.
    pub exceptions: Vec<Exception>,
    /// Opens the gate; `null` for closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

impl Default for Policy {
    /// Blocks what is HIGH and can be fixed, and whatever is CRITICAL.
    fn default() -> Self {
        Self {
            mode: Mode::On,
            thresholds: Thresholds::default(),
            unrated: Severity::High,
            escalate: Escalate::default(),
            grace_days: BTreeMap::new(),
            suppressed: Suppressed::Accept,
            unknown: InDoubt::Block,
            stale: InDoubt::Warn,
            unscannable: InDoubt::Warn,
            foreign_registry: InDoubt::Warn,
            max_scan_age_days: 30,
            settle_minutes: 10,
            patience_minutes: 30,
            exceptions: Vec::new(),
            break_glass: None,
        }
    }
}

/// From which severity on findings block, at or above; None for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Findings that an update removes.
    pub fixable: Option<Severity>,
    /// All others, also those of which the scan does not say.
    pub unfixable: Option<Severity>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { fixable: Some(Severity::High), unfixable: Some(Severity::Critical) }
    }
}

/// What blocks whatever its severity and grace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// Vulnerabilities that are known to be exploited (CISA's catalogue).
    pub known_exploited: bool,
    /// Those of which an exploit is to be had, at or above this severity; None for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploit_available: Option<Severity>,
    /// Those that are likely to be exploited; None for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
}

impl Default for Escalate {
    fn default() -> Self {
        Self { known_exploited: true, exploit_available: None, epss: None }
    }
}

/// How likely exploitation has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epss {
    /// At or above this EPSS score, from 0 to 1.
    pub at_least: f64,
    /// And at or above this severity.
    pub min_severity: Severity,
}

/// What becomes of findings that a rule of Inspector's suppresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppressed {
    /// They are accepted, and told.
    Accept,
    /// They count like any other.
    Count,
}

/// What becomes of an image of which something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InDoubt {
    /// It does not pass.
    Block,
    /// It passes with a warning.
    Warn,
}

/// A vulnerability that is accepted for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The vulnerability, such as `CVE-2026-12345`.
    pub id: String,
    /// In these repositories; everywhere where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<Pattern>,
    /// In these packages; in all where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Pattern>,
    /// Until when: it counts before that moment only.
    pub until: Timestamp,
    /// Whether it lapses when an update appears.
    #[serde(default)]
    pub only_while_unfixed: bool,
    /// Why.
    pub reason: String,
}
