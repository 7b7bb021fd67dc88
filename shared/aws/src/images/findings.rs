//! From what ECR says of a scan, in its two kinds of findings, to ours.

use aws_sdk_ecr::types::{
    EnhancedImageScanFinding, FindingSeverity, ImageScanFinding, ImageScanFindings, ImageScanStatus,
    ScanStatus as Word, VulnerablePackage,
};
use tidegate_core::scan::facts::{Kind, Scan, ScanStatus};
use tidegate_core::scan::finding::{Finding, Fix, Package, Severity, Status};

use crate::convert::time;

/// A scan of which only is known how it stands. None where ECR has no word for that.
pub(super) fn stands(found: ImageScanStatus) -> Option<Scan> {
    let status = match found.status? {
        Word::InProgress => ScanStatus::InProgress,
        Word::Complete => ScanStatus::Complete,
        Word::Failed => ScanStatus::Failed,
        Word::UnsupportedImage => ScanStatus::UnsupportedImage,
        Word::Active => ScanStatus::Active,
        Word::Pending => ScanStatus::Pending,
        Word::ScanEligibilityExpired => ScanStatus::ScanEligibilityExpired,
        Word::FindingsUnavailable => ScanStatus::FindingsUnavailable,
        Word::LimitExceeded => ScanStatus::LimitExceeded,
        Word::ImageArchived => ScanStatus::ImageArchived,
        other => ScanStatus::Other(other.as_str().to_owned()),
    };
    Some(Scan { description: found.description, ..Scan::of(status) })
}

/// What ECR counts by severity, over all pages.
pub(super) type Counts = Vec<(FindingSeverity, i32)>;

/// Adds a page of findings. The status does not tell the kind of scan: which list has something in it does.
pub(super) fn add(scan: &mut Scan, counts: &mut Counts, page: Option<ImageScanFindings>) {
    let Some(page) = page else { return };
    scan.completed_at = scan.completed_at.or_else(|| time(page.image_scan_completed_at.as_ref()?));
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
fn basic(found: ImageScanFinding) -> Finding {
    let mut package = Package::default();
    for attribute in found.attributes.unwrap_or_default() {
        match attribute.key.as_str() {
            "package_name" => package.name = attribute.value.unwrap_or_default(),
            "package_version" => package.installed = attribute.value,
            _ => {}
        }
    }
    let severity = found.severity.and_then(|severity| Severity::from_word(severity.as_str()));
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
fn enhanced(found: EnhancedImageScanFinding) -> Finding {
    let details = found.package_vulnerability_details;
    let (id, packages, published_at, url) = match details {
        Some(details) => (
            details.vulnerability_id,
            details.vulnerable_packages.unwrap_or_default().into_iter().map(package).collect(),
            details.vendor_created_at.as_ref().and_then(time),
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
        first_seen_at: found.first_observed_at.as_ref().and_then(time),
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
