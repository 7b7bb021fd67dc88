//! ECR.

use serde_json::{Value, json};
use tidegate_core::scan::facts::Kind;

use super::{Answer, Place, Refusal, page, text, texts, time};
use crate::world::api::images::ImageId;
use crate::world::events::status;
use crate::world::registry::scan::Known;
use crate::world::registry::{Repository, Storage, StoredImage, manifest};
use crate::world::{ACCOUNT, Account, REGION};

/// As many as ECR gives at once.
const PER_PAGE: u64 = 1000;

pub(super) fn describe_images(account: &Account, place: &Place<'_>, input: &Value) -> Answer {
    let repository = repository(place, input);
    let id = &input["imageIds"][0];
    let id = match (id["imageDigest"].as_str(), id["imageTag"].as_str()) {
        (Some(digest), _) => ImageId::Digest(digest),
        (None, Some(tag)) => ImageId::Tag(tag),
        (None, None) => {
            let all = account.describe_images(&repository)?;
            let (shown, next) = page(&all, input, PER_PAGE);
            return Ok(
                json!({"imageDetails": shown.iter().map(|own| detail(own)).collect::<Vec<_>>(), "nextToken": next}),
            );
        }
    };
    let found = account.describe_image(&repository, id)?;
    // Where nobody asks for them, those in the archive are not there.
    if input["filter"]["imageStatus"] != "ANY" && found.storage != Storage::Active {
        return Err(Refusal::new("ImageNotFoundException", "The image does not exist within the repository"));
    }
    Ok(json!({"imageDetails": [detail(found)]}))
}

fn detail(found: &StoredImage) -> Value {
    json!({
        "registryId": found.repository.account, "repositoryName": found.repository.name, "imageDigest": found.digest,
        "imageTags": found.tags, "imageSizeInBytes": 31_457_280, "imagePushedAt": time(found.pushed_at),
        "lastActivatedAt": found.restored_at.map(time), "imageStatus": found.storage.as_str(),
        "imageManifestMediaType": found.manifest.media_type, "artifactMediaType": manifest::CONFIG,
    })
}

pub(super) fn batch_get_image(account: &Account, place: &Place<'_>, input: &Value) -> Answer {
    let repository = repository(place, input);
    let digest = text(&input["imageIds"][0]["imageDigest"]);
    let id = json!({"imageDigest": digest});
    let found = account.batch_get_image(&repository, &digest)?;
    let accepts = texts(&input["acceptedMediaTypes"]);
    let Some(found) =
        found.filter(|image| accepts.is_empty() || accepts.iter().any(|own| own == image.manifest.media_type))
    else {
        let failure = json!({
            "imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found",
        });
        return Ok(json!({"images": [], "failures": [failure]}));
    };
    let image = json!({
        "registryId": repository.account, "repositoryName": repository.name, "imageId": id,
        "imageManifest": found.manifest.body, "imageManifestMediaType": found.manifest.media_type,
    });
    Ok(json!({"images": [image], "failures": []}))
}

pub(super) fn get_download_url_for_layer(account: &Account, place: &Place<'_>, input: &Value) -> Answer {
    let digest = text(&input["layerDigest"]);
    account.download_url_for_layer(&repository(place, input), &digest)?;
    let url = format!("{}/blobs/{digest}?X-Amz-Signature=0000", place.url);
    Ok(json!({"downloadUrl": url, "layerDigest": digest}))
}

pub(super) fn describe_image_scan_findings(account: &Account, place: &Place<'_>, input: &Value) -> Answer {
    let repository = repository(place, input);
    let digest = text(&input["imageId"]["imageDigest"]);
    let report = account.describe_image_scan_findings(&repository, &digest)?;
    let (shown, next) = page(&report.findings, input, PER_PAGE);
    // The list of the other kind is there as well, and empty.
    let mut findings = json!({"findings": [], "enhancedFindings": []});
    match report.kind {
        Kind::Basic => findings["findings"] = shown.iter().map(basic).collect(),
        Kind::Enhanced => findings["enhancedFindings"] = shown.iter().map(enhanced).collect(),
    }
    if let Some(counts) = report.counts() {
        findings["findingSeverityCounts"] = json!(counts);
    }
    if let Some(completed) = report.completed_at {
        findings["imageScanCompletedAt"] = json!(time(completed));
        findings["vulnerabilitySourceUpdatedAt"] = json!(time(completed));
    }
    Ok(json!({
        "registryId": repository.account, "repositoryName": repository.name, "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": report.status, "description": report.description},
        "imageScanFindings": findings, "nextToken": next,
    }))
}

pub(super) fn start_image_scan(account: &mut Account, place: &Place<'_>, input: &Value) -> Answer {
    let digest = text(&input["imageId"]["imageDigest"]);
    account.start_image_scan(&repository(place, input), &digest)?;
    Ok(json!({"imageId": {"imageDigest": digest}, "imageScanStatus": {"status": "IN_PROGRESS"}}))
}

pub(super) fn update_image_storage_class(account: &mut Account, place: &Place<'_>, input: &Value) -> Answer {
    let digest = text(&input["imageId"]["imageDigest"]);
    let class = text(&input["targetStorageClass"]);
    let status = account.update_image_storage_class(&repository(place, input), &digest, &class)?;
    Ok(json!({"imageId": {"imageDigest": digest}, "imageStatus": status}))
}

pub(super) fn get_registry_scanning_configuration(account: &Account) -> Value {
    let kind = if account.registry.scans == Kind::Basic { "BASIC" } else { "ENHANCED" };
    json!({"registryId": ACCOUNT, "scanningConfiguration": {"scanType": kind, "rules": []}})
}

/// The repository, in the region that the call went to.
fn repository(place: &Place<'_>, input: &Value) -> Repository {
    let account = input["registryId"].as_str().unwrap_or(ACCOUNT).to_owned();
    let region = if place.region.is_empty() { REGION } else { place.region }.to_owned();
    Repository { account, region, name: text(&input["repositoryName"]) }
}

/// Of the packages, one: basic scanning has no list of them.
fn basic(known: &Known<'_>) -> Value {
    let attribute = |key: &str, value: &str| json!({"key": key, "value": value});
    let package = known.finding.packages.first();
    let named = package.map(|own| [attribute("package_version", &own.installed), attribute("package_name", &own.name)]);
    json!({
        "name": known.finding.id, "description": format!("About {}.", known.finding.id), "uri": known.finding.url,
        "severity": known.severity, "attributes": named.into_iter().flatten().collect::<Vec<_>>(),
    })
}

/// As long as they are.
const DESCRIPTION: &str = "A request with a header that is longer than the buffer that it is copied to makes the server \
    write past the end of that buffer. Whoever can send such a request can stop the server, and may be able to run code of \
    his own with its rights. Servers that are only reached through a proxy which bounds its headers are not affected.";
const VECTOR: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";

fn cvss(version: &str, score: f64) -> Value {
    json!({"baseScore": score, "scoringVector": VECTOR, "source": "NVD", "version": version})
}

/// With everything that the real ones carry and nobody reads: it is what reading them costs.
fn enhanced(known: &Known<'_>) -> Value {
    let finding = known.finding;
    let packages: Vec<Value> = finding
        .packages
        .iter()
        .map(|own| {
            json!({
                "name": own.name, "version": own.installed, "packageManager": own.manager, "epoch": 0,
                "fixedInVersion": own.fixed.as_deref().unwrap_or("NotAvailable"), "filePath": own.path,
                "sourceLayerHash": own.layer,
            })
        })
        .collect();
    json!({
        "findingArn": known.arn(), "awsAccountId": ACCOUNT, "title": finding.id, "type": "PACKAGE_VULNERABILITY",
        "severity": known.severity, "status": status(finding.status), "fixAvailable": finding.fix_available(),
        "exploitAvailable": if finding.exploit_available { "YES" } else { "NO" },
        "firstObservedAt": time(known.since), "lastObservedAt": time(known.since), "updatedAt": time(known.since),
        "packageVulnerabilityDetails": {
            "vulnerabilityId": finding.id, "source": "NVD", "sourceUrl": finding.url, "vulnerablePackages": packages,
            "vendorCreatedAt": finding.published_at.map(time), "vendorSeverity": known.severity,
            "cvss": [cvss("2.0", 5.8), cvss("3.1", 7.5)], "referenceUrls": [finding.url, finding.url],
            "relatedVulnerabilities": [],
        },
        "description": DESCRIPTION, "score": 7.5,
        "scoreDetails": {"cvss": {
            "adjustments": [], "score": 7.5, "scoreSource": "NVD", "scoringVector": VECTOR, "version": "3.1",
        }},
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [{
            "id": known.image, "type": "AWS_ECR_CONTAINER_IMAGE", "tags": {},
            "details": {"awsEcrContainerImage": {
                "architecture": "amd64", "imageHash": known.image, "imageTags": [], "platform": "DEBIAN_12",
                "registry": ACCOUNT,
            }},
        }],
    })
}
