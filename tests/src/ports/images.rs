//! ECR, Inspector and SSM.

use std::collections::BTreeMap;

use tidegate_aws::error::PortError;
use tidegate_aws::images::{By, Described, Images, MOST_FINDINGS, Manifest, RegistryScans, Repository, StorageClass};
use tidegate_aws::inspector::{Inspector, Risk};
use tidegate_aws::parameters::Parameters;
use tidegate_core::scan::facts::{AskedFor, Coverage, Kind, Scan, ScanStatus, Storage};
use tidegate_core::scan::finding::{Finding, Fix, Package, Severity};

use super::refused;
use crate::world::api::images::ImageId;
use crate::world::registry::scan::{Known, Report};
use crate::world::registry::{self as simulated, StoredImage};
use crate::world::{ACCOUNT, REGION, World};

impl Images for World {
    async fn describe_image(&self, repository: &Repository, image: &By<'_>) -> Result<Option<Described>, PortError> {
        const OPERATION: &str = "DescribeImages";
        self.call(OPERATION).await?;
        let id = match image {
            By::Digest(digest) => ImageId::Digest(digest),
            By::Tag(tag) => ImageId::Tag(tag),
        };
        match self.lock().describe_image(&ours(repository), id) {
            Ok(found) => Ok(Some(described(found))),
            Err(error) if ["ImageNotFoundException", "RepositoryNotFoundException"].contains(&error.code) => Ok(None),
            Err(error) => Err(refused(OPERATION)(error)),
        }
    }

    async fn list_indexes(&self, repository: &Repository) -> Result<Vec<Described>, PortError> {
        const OPERATION: &str = "DescribeImages";
        self.call(OPERATION).await?;
        let account = self.lock();
        let found = match account.describe_images(&ours(repository)) {
            Err(error) if error.code == "RepositoryNotFoundException" => Vec::new(),
            found => found.map_err(refused(OPERATION))?,
        };
        Ok(found.into_iter().filter(|image| image.is_index()).map(described).collect())
    }

    async fn manifest(&self, repository: &Repository, digest: &str) -> Result<Option<Manifest>, PortError> {
        const OPERATION: &str = "BatchGetImage";
        self.call(OPERATION).await?;
        let account = self.lock();
        let found = match account.batch_get_image(&ours(repository), digest) {
            Err(error) if error.code == "RepositoryNotFoundException" => None,
            found => found.map_err(refused(OPERATION))?,
        };
        Ok(found.map(|image| Manifest {
            media_type: image.manifest.media_type.to_owned(),
            body: image.manifest.body.clone(),
        }))
    }

    async fn config(&self, repository: &Repository, digest: &str) -> Result<Vec<u8>, PortError> {
        const OPERATION: &str = "GetDownloadUrlForLayer";
        self.call(OPERATION).await?;
        let account = self.lock();
        let body = account.download_url_for_layer(&ours(repository), digest).map_err(refused(OPERATION))?;
        Ok(body.as_bytes().to_vec())
    }

    async fn scan(&self, repository: &Repository, digest: &str) -> Result<Scan, PortError> {
        const OPERATION: &str = "DescribeImageScanFindings";
        self.call(OPERATION).await?;
        match self.lock().describe_image_scan_findings(&ours(repository), digest) {
            Ok(report) => Ok(scan(&report)),
            Err(error) if error.code == "ScanNotFoundException" => Ok(Scan::of(ScanStatus::NotFound)),
            Err(error) => Err(refused(OPERATION)(error)),
        }
    }

    async fn start_scan(&self, repository: &Repository, digest: &str) -> Result<AskedFor, PortError> {
        const OPERATION: &str = "StartImageScan";
        const REFUSALS: [&str; 4] = [
            "ValidationException",
            "ImageArchivedException",
            "UnsupportedImageTypeException",
            "LimitExceededException",
        ];
        self.call(OPERATION).await?;
        match self.lock().start_image_scan(&ours(repository), digest) {
            Ok(()) => Ok(AskedFor::Begun),
            Err(error) if REFUSALS.contains(&error.code) => {
                Ok(AskedFor::Refused(format!("{}: {}", error.code, error.message)))
            }
            Err(error) => Err(refused(OPERATION)(error)),
        }
    }

    async fn set_storage(&self, repository: &Repository, digest: &str, class: StorageClass) -> Result<(), PortError> {
        const OPERATION: &str = "UpdateImageStorageClass";
        self.call(OPERATION).await?;
        let class = match class {
            StorageClass::Standard => "STANDARD",
            StorageClass::Archive => "ARCHIVE",
        };
        let updated = self.lock().update_image_storage_class(&ours(repository), digest, class);
        updated.map(drop).map_err(refused(OPERATION))
    }

    async fn registry_scans(&self) -> Result<RegistryScans, PortError> {
        self.call("GetRegistryScanningConfiguration").await?;
        let kind = self.lock().registry.scans;
        Ok(RegistryScans { account: ACCOUNT.to_owned(), region: REGION.to_owned(), kind })
    }
}

impl Inspector for World {
    async fn risks(&self, digest: &str) -> Result<BTreeMap<String, Risk>, PortError> {
        self.call("ListFindings").await?;
        let account = self.lock();
        let risk = |known: &Known<'_>| {
            let exploit_available = Some(known.finding.exploit_available);
            (known.arn(), Risk { epss: known.finding.epss, exploit_available })
        };
        let inspected = account.inspected(Some(digest));
        Ok(inspected.iter().flat_map(|(_, report)| &report.findings).map(risk).collect())
    }

    async fn known_exploited(&self, finding_arns: &[String]) -> Result<Vec<String>, PortError> {
        const PER_CALL: usize = 10;
        for _ in finding_arns.chunks(PER_CALL) {
            self.call("BatchGetFindingDetails").await?;
        }
        let account = self.lock();
        let inspected = account.inspected(None);
        let exploited = inspected.iter().flat_map(|(_, report)| &report.findings);
        let exploited: Vec<String> = exploited.filter(|known| known.finding.known_exploited).map(Known::arn).collect();
        Ok(finding_arns.iter().filter(|arn| exploited.contains(arn)).cloned().collect())
    }

    async fn coverage(&self, image_arn: &str) -> Result<Option<Coverage>, PortError> {
        self.call("ListCoverage").await?;
        let found = self.lock().list_coverage(image_arn);
        Ok(found.map(|(reason, scanned_at)| Coverage { reason: reason.to_owned(), scanned_at }))
    }
}

impl Parameters for World {
    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError> {
        self.call("GetParameter").await?;
        Ok(self.lock().parameters.get(name).cloned())
    }
}

fn ours(repository: &Repository) -> simulated::Repository {
    let Repository { account, region, name } = repository.clone();
    simulated::Repository { account, region, name }
}

fn described(found: &StoredImage) -> Described {
    Described {
        digest: found.digest.clone(),
        tags: found.tags.clone(),
        pushed_at: Some(found.pushed_at),
        restored_at: found.restored_at,
        storage: match found.storage {
            simulated::Storage::Active => Storage::Active,
            simulated::Storage::Archived => Storage::Archived,
            simulated::Storage::Activating(_) => Storage::Activating,
        },
    }
}

fn scan(report: &Report<'_>) -> Scan {
    let status = serde_json::from_value(report.status.into()).expect("a word");
    let enhanced = report.kind == Kind::Enhanced;
    Scan {
        status,
        description: Some(report.description.to_owned()),
        kind: (!report.findings.is_empty()).then_some(report.kind),
        completed_at: report.completed_at,
        counted: report.counts().is_some(),
        coverage: None,
        asked_for: None,
        findings: report.findings.iter().take(MOST_FINDINGS).map(|known| finding(known, enhanced)).collect(),
        more: report.findings.len() > MOST_FINDINGS,
    }
}

/// Basic scanning tells of one package, and nothing of fixes, exploits and dates.
fn finding(known: &Known<'_>, enhanced: bool) -> Finding {
    let found = known.finding;
    let package = |package: &simulated::findings::Package| Package {
        name: package.name.clone(),
        installed: Some(package.installed.clone()),
        fixed: package.fixed.clone().filter(|_| enhanced),
        manager: enhanced.then(|| package.manager.clone()),
        path: package.path.clone().filter(|_| enhanced),
        layer: package.layer.clone().filter(|_| enhanced),
    };
    Finding {
        id: found.id.clone(),
        severity: Severity::from_word(known.severity).expect("a severity"),
        status: if enhanced { found.status } else { tidegate_core::scan::finding::Status::Active },
        fix: match found.fix_available() {
            _ if !enhanced => Fix::Unknown,
            "YES" => Fix::Yes,
            "PARTIAL" => Fix::Partial,
            _ => Fix::No,
        },
        packages: found.packages.iter().take(if enhanced { usize::MAX } else { 1 }).map(package).collect(),
        published_at: found.published_at.filter(|_| enhanced),
        first_seen_at: enhanced.then_some(known.since),
        exploit_available: enhanced.then_some(found.exploit_available),
        known_exploited: None,
        epss: None,
        url: Some(found.url.clone()),
        arn: enhanced.then(|| known.arn()),
    }
}
