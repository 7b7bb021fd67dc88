//! An image to begin with, and how to say what is different about it.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::scan::facts::{Coverage, Facts, Image, Kind, Platform, Scan, ScanStatus};
use tidegate_core::scan::finding::{Finding, Fix, Package, Severity, Status};
use tidegate_core::scan::{Judgement, Policy, judge};

/// A Friday at noon.
pub(crate) fn now() -> Timestamp {
    Timestamp::constant(1_795_780_800, 0)
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

pub(crate) fn digest(of: char) -> String {
    format!("sha256:{}", String::from(of).repeat(64))
}

/// `shop:v2`, pushed an hour ago and scanned by Inspector since: nothing was found.
pub(crate) fn shop() -> Facts {
    let scan = Scan {
        kind: Some(Kind::Enhanced),
        completed_at: Some(minutes_ago(55)),
        counted: true,
        ..Scan::of(ScanStatus::Active)
    };
    let image = Image {
        registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com".to_owned(),
        repository: "team-a/shop".to_owned(),
        digest: Some(digest('a')),
        tags: vec!["v2".to_owned()],
    };
    Facts {
        pushed_at: Some(minutes_ago(60)),
        platforms: vec![Platform { digest: digest('a'), name: None, scan }],
        ..Facts::of(image)
    }
}

/// The same, with a scan of which ECR says no more than this.
pub(crate) fn scanned(status: ScanStatus, pushed_minutes_ago: i64) -> Facts {
    let mut facts = shop();
    facts.pushed_at = Some(minutes_ago(pushed_minutes_ago));
    facts.platforms[0].scan = Scan::of(status);
    facts
}

/// The same, with these findings.
pub(crate) fn with(findings: impl IntoIterator<Item = Finding>) -> Facts {
    let mut facts = shop();
    facts.platforms[0].scan.findings = findings.into_iter().collect();
    facts
}

/// The same, as an index of two platforms.
pub(crate) fn index(amd64: Vec<Finding>, arm64: Vec<Finding>) -> Facts {
    let mut facts = shop();
    let platform = |name: &str, of: char, findings| {
        let scan = Scan { findings, ..shop().platforms[0].scan.clone() };
        Platform { digest: digest(of), name: Some(name.to_owned()), scan }
    };
    facts.platforms = vec![platform("linux/amd64", 'b', amd64), platform("linux/arm64", 'c', arm64)];
    facts
}

pub(crate) fn covered(mut facts: Facts, reason: &str) -> Facts {
    facts.registry_scans = Some(Kind::Enhanced);
    facts.platforms[0].scan.coverage = Some(Coverage { reason: reason.to_owned(), scanned_at: Some(now()) });
    facts
}

/// A vulnerability of openssl.
pub(crate) fn finding(id: &str, severity: Severity, fix: Fix) -> Finding {
    let fixed = fix.is_there().then(|| "3.0.2".to_owned());
    let package =
        Package { name: "openssl".to_owned(), installed: Some("3.0.1".to_owned()), fixed, ..Package::default() };
    Finding {
        id: id.to_owned(),
        severity,
        status: Status::Active,
        fix,
        packages: vec![package],
        published_at: None,
        first_seen_at: Some(minutes_ago(55)),
        exploit_available: None,
        known_exploited: None,
        epss: None,
        url: None,
        arn: None,
    }
}

/// A vulnerability that the built-in policy blocks.
pub(crate) fn bad() -> Finding {
    finding("CVE-2026-1001", Severity::Critical, Fix::Yes)
}

/// `verdict reason`.
pub(crate) fn said(judgement: &Judgement) -> String {
    format!("{} {}", judgement.verdict.as_str(), judgement.reason.code())
}

pub(crate) fn judged(facts: &Facts, policy: &Policy) -> Judgement {
    judge(facts, policy, now())
}
