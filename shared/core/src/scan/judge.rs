//! The judgement of an image.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::verdict::Verdict;
use crate::words::counted;

use super::facts::{Facts, Part, Platform, Storage};
use super::finding::{Finding, Severity, Status};
use super::judgement::{Accepted, Blocking, Judgement};
use super::policy::{InDoubt, Policy};
use super::reason::Reason;
use super::standing::{Standing, standing};
use super::tell;
use super::weigh::{Scales, Weight};

/// When a scan that was begun is looked for, in seconds.
const BEGUN_S: u32 = 60;

/// When an image that comes out of the archive is looked for, in seconds; it takes up to 20 minutes.
const ACTIVATING_S: u32 = 120;

/// Judges an image. What is not known never passes, but where the policy says so, with a warning.
#[must_use]
pub fn judge(facts: &Facts, policy: &Policy, now: Timestamp) -> Judgement {
    let standings: Vec<(&Platform, Standing)> =
        facts.platforms.iter().map(|platform| (platform, standing(platform, facts, policy, now))).collect();
    let mut judgement = weighed(facts, policy, &standings, now);
    let said = opened(facts, policy, now)
        .map(|(reason, why)| (Verdict::Pass, reason, why))
        .or_else(|| stored(facts, policy, &mut judgement))
        .unwrap_or_else(|| concluded(facts, policy, &standings, &mut judgement));
    let (verdict, reason, why) = said;
    if matches!(reason, Reason::RollBack | Reason::BreakGlass) && !judgement.blocking.is_empty() {
        let would = format!("without that it would be blocked: {}", tell::blocked(&judgement.blocking));
        judgement.warnings.insert(0, would);
    }
    Judgement { verdict, reason, why, ..judgement }
}

/// A judgement that rests on no findings.
#[must_use]
pub fn plain(verdict: Verdict, reason: Reason, why: impl Into<String>) -> Judgement {
    Judgement {
        verdict,
        reason,
        why: why.into(),
        blocking: Vec::new(),
        accepted: Vec::new(),
        stale_exceptions: Vec::new(),
        warnings: Vec::new(),
        found: BTreeMap::new(),
        scan_to_begin: Vec::new(),
        look_again_s: None,
    }
}

/// What lets everything pass.
fn opened(facts: &Facts, policy: &Policy, now: Timestamp) -> Option<(Reason, String)> {
    if let Some(why) = &facts.roll_back {
        return Some((Reason::RollBack, why.clone()));
    }
    let glass = policy.break_glass.as_ref().filter(|glass| glass.is_open(now))?;
    Some((Reason::BreakGlass, format!("the gate is open until {}: {}", glass.until, glass.reason)))
}

type Said = (Verdict, Reason, String);

/// What follows from where the image is, whatever its scan says.
fn stored(facts: &Facts, policy: &Policy, judgement: &mut Judgement) -> Option<Said> {
    let name = facts.image.short();
    Some(match facts.storage {
        Storage::Missing => (Verdict::Fail, Reason::ImageMissing, format!("there is no image {name}")),
        Storage::Archived => {
            let why = format!("{name} is in the archive already, so that nothing can pull it");
            (Verdict::Fail, Reason::ImageArchived, why)
        }
        Storage::Activating => {
            judgement.look_again_s = Some(ACTIVATING_S);
            (Verdict::Inconclusive, Reason::Activating, format!("{name} is coming back out of the archive"))
        }
        Storage::Foreign => {
            let why = format!("{name} is from {}, of whose images nothing is known here", facts.image.registry);
            match policy.foreign_registry {
                InDoubt::Block => (Verdict::Fail, Reason::ForeignRegistry, why),
                InDoubt::Warn => (Verdict::Pass, Reason::PassedWithWarning, why),
            }
        }
        Storage::Active => return None,
    })
}

/// What follows from the scans.
fn concluded(facts: &Facts, policy: &Policy, standings: &[(&Platform, Standing)], judgement: &mut Judgement) -> Said {
    let name = facts.image.short();
    let unreadable = |part: &[Part]| facts.unreadable.iter().find(|unreadable| part.contains(&unreadable.what));
    if !judgement.blocking.is_empty() {
        let why = format!("{name} has {}{}", tell::blocked(&judgement.blocking), tell::others(judgement));
        return (Verdict::Fail, Reason::Vulnerable, why);
    }
    if let Some(unreadable) = unreadable(&[Part::Image, Part::Manifest, Part::Scan]) {
        return (Verdict::Error, Reason::ImageUnreadable, format!("{name} could not be looked at: {}", unreadable.why));
    }
    if standings.is_empty() {
        let why = format!("no manifest of {name} is for a platform that runs");
        return (Verdict::Fail, Reason::NoPlatform, why);
    }
    if let Some((platform, _)) = standings.iter().find(|(platform, _)| platform.scan.more) {
        let why =
            format!("{} has more findings than are read, and none of those that were read blocks", platform.label());
        return (Verdict::Error, Reason::ImageUnreadable, why);
    }
    let mut waits: Option<(Reason, String)> = None;
    for (platform, standing) in standings {
        let of = |what: &str| {
            if standings.len() == 1 {
                format!("{name}: {what}")
            } else {
                format!("{name}, {}: {what}", platform.label())
            }
        };
        let (doubt, reason, what) = match standing {
            Standing::Told => continue,
            Standing::Settling(wait) | Standing::Waiting(wait) => {
                let settles = matches!(standing, Standing::Settling(_));
                let reason = if settles { Reason::Settling } else { Reason::WaitingForScan };
                let soonest = judgement.look_again_s.map_or(wait.look_again_s, |s| s.min(wait.look_again_s));
                judgement.look_again_s = Some(soonest);
                waits.get_or_insert((reason, of(&wait.why)));
                continue;
            }
            Standing::ToBegin(why) => {
                judgement.scan_to_begin.push(platform.digest.clone());
                judgement.look_again_s.get_or_insert(BEGUN_S);
                waits.get_or_insert((Reason::WaitingForScan, of(why)));
                continue;
            }
            Standing::Archived => {
                return (
                    Verdict::Fail,
                    Reason::ImageArchived,
                    of("it is in the archive already, so that nothing can pull it"),
                );
            }
            Standing::Unreadable(why) => return (Verdict::Error, Reason::ImageUnreadable, of(why)),
            Standing::Unknown(why) => (policy.unknown, Reason::NotScanned, why),
            Standing::Stale(why) => (policy.stale, Reason::StaleScan, why),
            Standing::Unscannable(why) => (policy.unscannable, Reason::Unscannable, why),
        };
        match doubt {
            InDoubt::Block => return (Verdict::Fail, reason, of(what)),
            InDoubt::Warn => judgement.warnings.push(of(what)),
        }
    }
    if let Some((reason, why)) = waits {
        return (Verdict::Inconclusive, reason, why);
    }
    let asks = policy.escalate.known_exploited || policy.escalate.epss.is_some();
    if let Some(unreadable) = unreadable(&[Part::Risk]).filter(|_| asks) {
        let why =
            format!("{name} has nothing that blocks by its severity, and more could not be read: {}", unreadable.why);
        return (Verdict::Error, Reason::RiskUnreadable, why);
    }
    if let Some(warning) = judgement.warnings.first() {
        return (Verdict::Pass, Reason::PassedWithWarning, warning.clone());
    }
    let why = format!("{name} has nothing that blocks{}", tell::others(judgement));
    (Verdict::Pass, Reason::Clean, why)
}

/// Every finding that is there, weighed. One that several platforms have is told once.
fn weighed(facts: &Facts, policy: &Policy, standings: &[(&Platform, Standing)], now: Timestamp) -> Judgement {
    let mut judgement = plain(Verdict::Error, Reason::ImageUnreadable, "");
    let mut scales = Scales::new(policy, &facts.image.repository, now);
    let mut weighed: BTreeMap<Key<'_>, Weighed<'_>> = BTreeMap::new();
    for platform in &facts.platforms {
        for finding in platform.scan.findings.iter().filter(|finding| finding.status != Status::Closed) {
            let weight = scales.weigh(finding);
            let key = Key::of(finding);
            let entry =
                weighed.entry(key).or_insert_with(|| Weighed { finding, weight: Weight::None, platforms: Vec::new() });
            // The same vulnerability may have a fix on one platform only.
            if rank(&weight) > rank(&entry.weight) {
                (entry.finding, entry.weight) = (finding, weight);
            }
            if entry.platforms.last() != Some(&platform.label()) {
                entry.platforms.push(platform.label());
            }
        }
    }
    for Weighed { finding, weight, platforms } in weighed.into_values() {
        *judgement.found.entry(finding.severity).or_default() += 1;
        match weight {
            Weight::None => {}
            Weight::Accepted { why, until } => judgement.accepted.push(Accepted {
                id: finding.id.clone(),
                severity: finding.severity,
                packages: finding.packages.iter().map(|package| package.name.clone()).collect(),
                why,
                until,
            }),
            Weight::Blocks { because, why } => judgement.blocking.push(Blocking {
                id: finding.id.clone(),
                severity: finding.severity,
                fix: finding.fix,
                packages: finding.packages.clone(),
                because,
                why,
                platforms: platforms.into_iter().map(str::to_owned).collect(),
                url: finding.url.clone(),
            }),
        }
    }
    judgement.blocking.sort_by(|a, b| (a.because, b.severity, &a.id).cmp(&(b.because, a.severity, &b.id)));
    judgement.accepted.sort_by(|a, b| (b.severity, &a.id).cmp(&(a.severity, &b.id)));
    let told = standings.iter().all(|(platform, standing)| *standing == Standing::Told && !platform.scan.more);
    judgement.stale_exceptions = scales.stale(told && !standings.is_empty() && facts.findings_left_out == 0);
    judgement
}

/// What makes two findings the same one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    id: &'a str,
    packages: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Key<'a> {
    fn of(finding: &'a Finding) -> Self {
        let packages = finding.packages.iter().map(|package| (package.name.as_str(), package.installed.as_deref()));
        Self { id: &finding.id, packages: packages.collect() }
    }
}

struct Weighed<'a> {
    finding: &'a Finding,
    weight: Weight,
    platforms: Vec<&'a str>,
}

fn rank(weight: &Weight) -> u8 {
    match weight {
        Weight::None => 0,
        Weight::Accepted { .. } => 1,
        Weight::Blocks { .. } => 2,
    }
}

/// How many there are of each severity, the worst first.
pub(super) fn by_severity(found: &BTreeMap<Severity, u64>) -> String {
    let told = found.iter().rev().map(|(severity, count)| format!("{count} {}", severity.as_str()));
    told.collect::<Vec<_>>().join(", ")
}

/// A count of findings.
pub(super) fn findings(count: usize) -> String {
    counted(count, "finding")
}
