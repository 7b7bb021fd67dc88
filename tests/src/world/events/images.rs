//! The events of ECR and Inspector.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tidegate_core::scan::finding::Status;

use super::Account;
use crate::world::ACCOUNT;
use crate::world::registry::scan::Known;
use crate::world::registry::{StoredImage, manifest};

impl Account {
    /// "ECR Image Action": a push or a deletion. It names one tag, and no resource.
    pub(in crate::world) fn send_image_action(&mut self, image: &StoredImage, action: &str, tag: Option<&str>) {
        let mut detail = json!({
            "result": "SUCCESS", "repository-name": image.repository.name, "image-digest": image.digest,
            "action-type": action, "manifest-media-type": image.manifest.media_type,
        });
        if let Some(tag) = tag {
            detail["image-tag"] = json!(tag);
        }
        self.send_of(image, "ECR Image Action", "aws.ecr", self.now, (&[], detail));
    }

    /// "ECR Image Action": into the archive, or out of it.
    pub(in crate::world) fn send_storage_class(&mut self, image: &StoredImage, class: &str) {
        let mut detail = json!({
            "action-type": "UPDATE_STORAGE_CLASS", "target-storage-class": class, "image-digest": image.digest,
            "repository-name": image.repository.name, "result": "SUCCESS",
            "manifest-media-type": image.manifest.media_type, "artifact-media-type": manifest::CONFIG,
        });
        if let Some(restored) = image.restored_at.filter(|_| class == "STANDARD") {
            detail["last-activated-at"] = json!(restored.strftime("%Y-%m-%dT%H:%M:%S%.2fZ").to_string());
        }
        self.send_of(image, "ECR Image Action", "aws.ecr", self.now, (&[], detail));
    }

    /// "ECR Image Scan", of basic scanning: no counts where there are none.
    pub(in crate::world) fn send_basic_scan(&mut self, image: &StoredImage, status: &str, at: Timestamp) {
        let mut detail = json!({
            "scan-status": status, "repository-name": image.repository.name, "image-digest": image.digest,
            "image-tags": image.tags,
        });
        if let Some(counts) = self.registry.report(image, at).and_then(|report| report.counts()) {
            detail["finding-severity-counts"] = json!(counts);
        }
        self.send_of(image, "ECR Image Scan", "aws.ecr", at, (&[image.repository.arn()], detail));
    }

    /// "Inspector2 Scan", of the first scan only. The repository is an ARN, and only three severities are counted beside
    /// the total.
    pub(in crate::world) fn send_initial_scan(&mut self, image: &StoredImage, at: Timestamp) {
        let report = self.registry.report(image, at);
        let total = report.as_ref().map_or(0, |report| report.findings.len());
        let counts = report.and_then(|report| report.counts()).unwrap_or_default();
        let mut listed = Map::from_iter([("TOTAL".to_owned(), json!(total))]);
        for severity in ["CRITICAL", "HIGH", "MEDIUM"] {
            // Without any finding there are zeros, with some there is nothing for those that have none.
            let count = counts.get(severity).copied().or((total == 0).then_some(0));
            listed.extend(count.map(|count| (severity.to_owned(), json!(count))));
        }
        let detail = json!({
            "scan-status": "INITIAL_SCAN_COMPLETE", "repository-name": image.repository.arn(),
            "finding-severity-counts": listed, "image-digest": image.digest, "image-tags": image.tags, "version": "1.0",
        });
        self.send_of(image, "Inspector2 Scan", "aws.inspector2", at, (&[image.repository.arn()], detail));
    }

    /// "Inspector2 Finding": one for each, with dates as nobody else writes them.
    pub(in crate::world) fn send_finding(&mut self, image: &StoredImage, known: &Known<'_>) {
        let (finding, since) = (known.finding, odd(known.since));
        let packages: Vec<Value> = finding
            .packages
            .iter()
            .map(|package| {
                json!({
                    "name": package.name, "version": package.installed, "packageManager": package.manager, "epoch": 0,
                    "arch": "X86_64", "fixedInVersion": package.fixed.as_deref().unwrap_or("NotAvailable"),
                    "filePath": package.path, "sourceLayerHash": package.layer,
                })
            })
            .collect();
        let mut detail = json!({
            "awsAccountId": ACCOUNT, "description": format!("About {}.", finding.id), "findingArn": known.arn(),
            "exploitAvailable": if finding.exploit_available { "YES" } else { "NO" },
            "fixAvailable": finding.fix_available(), "firstObservedAt": since, "lastObservedAt": since,
            "updatedAt": since, "severity": known.severity, "status": status(finding.status),
            "title": finding.id, "type": "PACKAGE_VULNERABILITY",
            "packageVulnerabilityDetails": {
                "cvss": [], "referenceUrls": [finding.url], "relatedVulnerabilities": [], "source": "NVD",
                "sourceUrl": finding.url, "vulnerabilityId": finding.id, "vulnerablePackages": packages,
            },
            "remediation": {"recommendation": {"text": "None Provided"}},
            "resources": [{
                "id": image.arn(), "partition": "aws", "region": image.repository.region,
                "type": "AWS_ECR_CONTAINER_IMAGE",
                "details": {"awsEcrContainerImage": {
                    "imageHash": image.digest, "imageTags": image.tags, "pushedAt": odd(image.pushed_at),
                    "registry": image.repository.account, "repositoryName": image.repository.name,
                }},
            }],
        });
        if let Some(published) = finding.published_at {
            detail["packageVulnerabilityDetails"]["vendorCreatedAt"] = json!(odd(published));
        }
        if let Some(score) = finding.epss {
            detail["epss"] = json!({"score": score});
        }
        self.send_of(image, "Inspector2 Finding", "aws.inspector2", known.since, (&[image.arn()], detail));
    }

    /// Other accounts and regions have their own buses.
    fn send_of(
        &mut self,
        image: &StoredImage,
        detail_type: &str,
        source: &str,
        at: Timestamp,
        (resources, detail): (&[String], Value),
    ) {
        if image.repository.is_own() {
            self.send(detail_type, source, at, resources, &detail);
        }
    }
}

/// Inspector's word for a finding's status.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Suppressed => "SUPPRESSED",
        Status::Closed => "CLOSED",
    }
}

/// As Inspector writes a time in an event: `Wed Sep 04 16:55:38.411 UTC 2024`.
fn odd(at: Timestamp) -> String {
    at.strftime("%a %b %d %H:%M:%S%.3f UTC %Y").to_string()
}
