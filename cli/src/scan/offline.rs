//! An image judged by what a file says of its scan.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use tidegate_core::scan::facts::Kind;
use tidegate_core::scan::{Facts, Policy, Reason, judge};

use super::Judged;
use super::findings::{self, Known};
use super::rules::Rules;
use crate::{input, trace};

/// What a file says of a scan, and what it does not.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Offline {
    /// What `aws ecr describe-image-scan-findings` printed; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// The repository by whose rules it is judged [default: that of the findings].
    #[arg(long, value_name = "NAME", conflicts_with = "image")]
    pub repository: Option<String>,
    /// When the image was pushed; without it, a scan without findings, counts and time of its own is not believed.
    #[arg(long, value_name = "TIME", conflicts_with = "image", value_parser = time)]
    pub pushed_at: Option<Timestamp>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    trace::time(text).ok_or_else(|| format!("must be {}", trace::TIME))
}

/// Judges the image.
///
/// # Errors
/// Where a file can't be read, or is not what it should be.
pub fn judged(file: &Path, args: &Offline, rules: &Rules, input: impl Read, now: Timestamp) -> Result<Judged> {
    let known = Known { repository: args.repository.clone(), pushed_at: args.pushed_at };
    let read = input::read(file, input)?;
    let facts = findings::read(&read.text, known).with_context(|| read.name)?;
    let policy = rules.in_file(now)?.unwrap_or_default().policy(&facts.image.repository);
    let judgement = judge(&facts, &policy, now);
    let mut notes = notes(&facts, &policy);
    if judgement.reason == Reason::Settling && facts.pushed_at.is_none() {
        notes.push("it is not said when the image was pushed; --pushed-at says it".to_owned());
    }
    Ok(Judged { facts, policy, judgement, notes, at: now })
}

/// What the policy asks for and the file does not tell.
fn notes(facts: &Facts, policy: &Policy) -> Vec<String> {
    let scans = || facts.platforms.iter().map(|platform| &platform.scan);
    let enhanced = scans().any(|scan| scan.kind == Some(Kind::Enhanced));
    let found = || scans().flat_map(|scan| &scan.findings);
    let unknown = |asked: bool, known: fn(&findings::Finding) -> bool| asked && enhanced && !found().any(known);
    let rules = [
        ("escalate.known_exploited", unknown(policy.escalate.known_exploited, |one| one.known_exploited.is_some())),
        ("escalate.epss", unknown(policy.escalate.epss.is_some(), |one| one.epss.is_some())),
    ];
    let rules: Vec<&str> = rules.into_iter().filter(|(_, unknown)| *unknown).map(|(rule, _)| rule).collect();
    let mut notes = Vec::new();
    if !rules.is_empty() {
        let rules = rules.join(" and ");
        notes.push(format!("ECR's findings do not say what {rules} would go by; the gate asks Inspector for it"));
    }
    if found().next().is_some() && facts.pushed_at.is_none() && scans().any(|scan| scan.completed_at.is_none()) {
        notes.push("it is not said when the scan was made, so its age is not looked at".to_owned());
    }
    notes
}
