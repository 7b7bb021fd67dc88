//! From what ECR says of a scan, in its two kinds of findings, to ours.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidegate_core::scan::facts::{Kind, Scan, ScanStatus};
use tidegate_core::scan::finding::{Finding, Fix, Package, Severity, Status};

use crate::convert::seconds;

/// How a scan stands.
#[derive(Deserialize)]
pub(super) struct ImageScanStatus {
    status: Option<String>,
    description: Option<String>,
}

/// A page of findings. Times are in seconds since 1970.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageScanFindings {
    image_scan_completed_at: Option<f64>,
    finding_severity_counts: Option<BTreeMap<String, f64>>,
    findings: Option<Vec<BasicFinding>>,
    enhanced_findings: Option<Vec<EnhancedFinding>>,
}

#[derive(Deserialize)]
struct BasicFinding {
    name: Option<String>,
    uri: Option<String>,
    severity: Option<String>,
    attributes: Option<Vec<Attribute>>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnhancedFinding {
    finding_arn: Option<String>,
    title: Option<String>,
    severity: Option<String>,
    status: Option<String>,
    fix_available: Option<String>,
    exploit_available: Option<String>,
    first_observed_at: Option<f64>,
    package_vulnerability_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    vulnerability_id: Option<String>,
    source_url: Option<String>,
    vendor_created_at: Option<f64>,
    vulnerable_packages: Option<Vec<VulnerablePackage>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VulnerablePackage {
    name: Option<String>,
    epoch: Option<i32>,
    version: Option<String>,
    release: Option<String>,
    fixed_in_version: Option<String>,
    package_manager: Option<String>,
    file_path: Option<String>,
    source_layer_hash: Option<String>,
}

/// A scan of which only is known how it stands. None where ECR has no word for that.
pub(super) fn stands(found: ImageScanStatus) -> Option<Scan> {
    let status = match found.status?.as_str() {
        "IN_PROGRESS" => ScanStatus::InProgress,
        "COMPLETE" => ScanStatus::Complete,
        "FAILED" => ScanStatus::Failed,
        "UNSUPPORTED_IMAGE" => ScanStatus::UnsupportedImage,
        "ACTIVE" => ScanStatus::Active,
        "PENDING" => ScanStatus::Pending,
        "SCAN_ELIGIBILITY_EXPIRED" => ScanStatus::ScanEligibilityExpired,
        "FINDINGS_UNAVAILABLE" => ScanStatus::FindingsUnavailable,
        "LIMIT_EXCEEDED" => ScanStatus::LimitExceeded,
        "IMAGE_ARCHIVED" => ScanStatus::ImageArchived,
        other => ScanStatus::Other(other.to_owned()),
    };
    Some(Scan { description: found.description, ..Scan::of(status) })
}

/// What ECR counts by severity, over all pages.
pub(super) type Counts = Vec<(String, f64)>;

/// Adds a page of findings. The status does not tell the kind of scan: which list has something in it does.
pub(super) fn add(scan: &mut Scan, counts: &mut Counts, page: Option<ImageScanFindings>) {
    let Some(page) = page else { return };
    scan.completed_at = scan.completed_at.or_else(|| seconds(page.image_scan_completed_at?));
    counts.extend(page.finding_severity_counts.unwrap_or_default());
    let (plain, rich) = (page.findings.unwrap_or_default(), page.enhanced_findings.unwrap_or_default());
    if !rich.is_empty() {
        scan.kind = Some(Kind::Enhanced);
    } else if !plain.is_empty() {
        scan.kind = scan.kind.or(Some(Kind::Basic));
    }
    scan.findings.extend(plain.into_iter().map(basic));
    scan.findings.extend(rich.into_iter().map(enhanced));
}

/// A finding of basic scanning, which says nothing of fixes.
fn basic(found: BasicFinding) -> Finding {
    let mut package = Package::default();
    for attribute in found.attributes.unwrap_or_default() {
        match attribute.key.as_str() {
            "package_name" => package.name = attribute.value.unwrap_or_default(),
            "package_version" => package.installed = attribute.value,
            _ => {}
        }
    }
    let severity = found.severity.as_deref().and_then(Severity::from_word);
    Finding {
        id: found.name.unwrap_or_default(),
        severity: severity.unwrap_or(Severity::Undefined),
        status: Status::Active,
        fix: Fix::Unknown,
        packages: if package == Package::default() { Vec::new() } else { vec![package] },
        published_at: None,
        first_seen_at: None,
        exploit_available: None,
        known_exploited: None,
        epss: None,
        url: found.uri,
        arn: None,
    }
}

/// A finding of Inspector's, as ECR passes it on: without EPSS, and without known exploitation.
fn enhanced(found: EnhancedFinding) -> Finding {
    let details = found.package_vulnerability_details;
    let (id, packages, published_at, url) = match details {
        Some(details) => (
            details.vulnerability_id,
            details.vulnerable_packages.unwrap_or_default().into_iter().map(package).collect(),
            details.vendor_created_at.and_then(seconds),
            details.source_url,
        ),
        None => (None, Vec::new(), None, None),
    };
    Finding {
        id: id.or(found.title).unwrap_or_default(),
        severity: found.severity.as_deref().and_then(Severity::from_word).unwrap_or(Severity::Untriaged),
        status: found.status.as_deref().map_or(Status::Active, Status::from_word),
        fix: Fix::told(found.fix_available.as_deref(), &packages),
        packages,
        published_at,
        first_seen_at: found.first_observed_at.and_then(seconds),
        exploit_available: match found.exploit_available.as_deref() {
            Some("YES") => Some(true),
            Some("NO") => Some(false),
            _ => None,
        },
        known_exploited: None,
        epss: None,
        url,
        arn: found.finding_arn,
    }
}

fn package(found: VulnerablePackage) -> Package {
    let epoch = i64::from(found.epoch.unwrap_or(0));
    Package {
        name: found.name.unwrap_or_default(),
        installed: found.version.map(|version| Package::version(epoch, &version, found.release.as_deref())),
        fixed: found.fixed_in_version.as_deref().and_then(Package::fixed_in),
        manager: found.package_manager,
        path: found.file_path,
        layer: found.source_layer_hash,
    }
}
