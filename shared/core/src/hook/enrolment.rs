//! What the tags of a service, and the details of a hook, ask the deployment hook for.
//!
//! A hook's details may carry the same names as the tags, prefix and all (`tidegate:preflight`); they win over the tags, but
//! for the mode, of which the least counts, and for `tidegate:scan`, where one `shadow` is enough.

use jiff::Timestamp;

use crate::break_glass::BreakGlass;
use crate::mode::Mode;
use crate::scan::enrolment::SCAN;
use crate::smoke::{SmokeTag, read_tag};
use crate::tags::{TagFault, Tags, seconds};
use crate::words::nearest;

use super::policy::{Level, Named, Policy, Preflight};
use super::rule::Rule;

/// The tag that enrols a service.
pub const HOOK: &str = "hook";

/// A day. `tidegate:patience` is the canary gate's, too.
const LONGEST_PATIENCE_S: u32 = 24 * 3600;

/// The policy of a deployment of a service with these tags, on top of a whole installation's defaults. Where the tag names
/// a parameter with smoke requests, `smoke_parameter` says which: whoever can read it fills in `smoke`.
///
/// # Errors
/// Every tag and detail that can't be read.
pub fn read(tags: &Tags, details: &Tags, defaults: &Policy, now: Timestamp) -> Result<Policy, Vec<TagFault>> {
    let mut faults: Vec<TagFault> = tags.unknown().chain(details.unknown()).collect();
    let mut policy = defaults.clone();
    let mut mode = |source: &Tags, tag| {
        source.mode(tag).unwrap_or_else(|fault| {
            faults.push(fault);
            Mode::Off
        })
    };
    policy.mode = mode(tags, HOOK);
    if details.get(HOOK).is_some() {
        policy.mode = policy.mode.min(mode(details, HOOK));
    }
    if [tags, details].into_iter().any(|source| mode(source, SCAN) == Mode::Shadow) {
        policy.images = policy.images.min(Mode::Shadow);
    }
    for source in [tags, details] {
        read_one(source, &mut policy, &mut faults, now);
    }
    if faults.is_empty() { Ok(policy) } else { Err(faults) }
}

fn read_one(tags: &Tags, policy: &mut Policy, faults: &mut Vec<TagFault>, now: Timestamp) {
    if let Some(text) = tags.get("preflight") {
        match Preflight::read(text) {
            Ok(preflight) => policy.preflight = preflight,
            Err(rule) => faults.push(tags.fault("preflight", rule)),
        }
    }
    if let Some(text) = tags.get("patience") {
        if let Some(seconds) = seconds(text).filter(|seconds| *seconds <= LONGEST_PATIENCE_S) {
            policy.patience_s = seconds;
        } else {
            let rule = format!("must be seconds or minutes such as 90s or 2m, at most {LONGEST_PATIENCE_S} s");
            faults.push(tags.fault("patience", rule));
        }
    }
    if tags.get("alarms").is_some() {
        policy.alarms = tags.words("alarms").map(str::to_owned).collect();
    }
    if let Some(text) = tags.get("smoke") {
        let read = if text == Mode::Off.as_str() { Ok(SmokeTag::Requests(Vec::new())) } else { read_tag(text) };
        match read {
            Ok(SmokeTag::Requests(requests)) => (policy.smoke, policy.smoke_parameter) = (requests, None),
            Ok(SmokeTag::Parameter(name)) => (policy.smoke, policy.smoke_parameter) = (Vec::new(), Some(name)),
            Err(rule) => faults.push(tags.fault("smoke", rule)),
        }
    }
    if let Some(text) = tags.get("break-glass") {
        match BreakGlass::read(text, now) {
            Ok(glass) => policy.break_glass = Some(glass),
            Err(rule) => faults.push(tags.fault("break-glass", rule)),
        }
    }
}

impl Preflight {
    /// Reads a level for all rules, and levels for single ones: `block root_user=off:xray-daemon mutable_tag=warn`.
    ///
    /// # Errors
    /// The rule that is broken, with the word that breaks it.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        let level = Level::from_word(first).ok_or(LEVELS)?;
        Ok(Self { level, rules: words.map(named).collect::<Result<_, _>>()? })
    }
}

const LEVELS: &str = "must begin with warn, block or off; levels of single rules follow, such as mutable_tag=block or \
                      root_user=off:xray-daemon";

fn named(word: &str) -> Result<Named, String> {
    let (code, level) = word.split_once('=').ok_or_else(|| {
        format!("{word:?} must be a rule with its level, such as mutable_tag=block or root_user=off:xray-daemon")
    })?;
    let rule = Rule::from_code(code).ok_or_else(|| {
        let meant = nearest(code, Rule::ALL.iter().map(|rule| rule.code()));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        format!("there is no rule {code:?}{meant}")
    })?;
    let (level, container) = match level.split_once(':') {
        Some((level, container)) => (level, Some(container)),
        None => (level, None),
    };
    let level = Level::from_word(level).ok_or_else(|| format!("{word:?} must have the level warn, block or off"))?;
    if container == Some("") {
        return Err(format!("{word:?} must name a container behind its colon, or have no colon"));
    }
    Ok(Named { rule, container: container.map(str::to_owned), level })
}
