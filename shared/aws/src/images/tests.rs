use std::fmt::Write;

use tidegate_core::scan::finding::{Finding, Fix, Package, Severity, Status};

use super::*;
use crate::canned::Canned;

const DIGEST: &str = "sha256:1f7b5e4b3c2d1a0f9e8d7c6b5a49382716f5e4d3c2b1a0f9e8d7c6b5a4938271";

fn shop_in(region: &str) -> Repository {
    Repository { account: "111122223333".to_owned(), region: region.to_owned(), name: "shop".to_owned() }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn refused(code: &str) -> String {
    format!(r#"{{"__type": "{code}", "message": "no, because"}}"#)
}

/// A page of basic findings: their names, and the token that asks for more.
fn page(names: impl IntoIterator<Item = usize>, next: &str) -> String {
    let mut findings = String::new();
    for name in names {
        let comma = if findings.is_empty() { "" } else { "," };
        write!(findings, r#"{comma}{{"name": "CVE-2026-{name}", "severity": "LOW"}}"#).expect("a string grows");
    }
    format!(
        r#"{{"imageScanStatus": {{"status": "COMPLETE"}}, "imageScanFindings": {{"findings": [{findings}]}}{next}}}"#
    )
}

async fn scan(answer: &str) -> Scan {
    let (aws, _) = Canned::aws([(200, answer)]).await;
    aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect("a scan")
}

#[tokio::test]
async fn every_call_goes_to_the_registry_and_the_region_of_the_repository() {
    let described = format!(r#"{{"imageDetails": [{{"imageDigest": "{DIGEST}"}}]}}"#);
    let (aws, canned) = Canned::aws([
        (200, &*described),
        (200, r#"{"images": []}"#),
        (200, r#"{"imageScanStatus": {"status": "PENDING"}}"#),
        (200, r#"{"imageScanStatus": {"status": "IN_PROGRESS"}}"#),
        (200, r#"{"imageStatus": "ARCHIVED"}"#),
        (400, &*refused("LayersNotFoundException")),
        (200, r#"{"registryId": "444455556666", "scanningConfiguration": {"scanType": "ENHANCED"}}"#),
    ])
    .await;
    let there = shop_in("ap-south-1");
    aws.describe_image(&there, &By::Tag("v1")).await.expect("an image");
    aws.manifest(&there, DIGEST).await.expect("an answer");
    aws.scan(&there, DIGEST).await.expect("a scan");
    aws.start_scan(&there, DIGEST).await.expect("a scan");
    aws.set_storage(&there, DIGEST, StorageClass::Archive).await.expect("it is archived");
    assert_eq!(aws.config(&there, DIGEST).await.expect_err("no layer").kind, error::Kind::NotFound);
    let own =
        RegistryScans { account: "444455556666".to_owned(), region: "eu-west-1".to_owned(), kind: Kind::Enhanced };
    assert_eq!(aws.registry_scans().await, Ok(own));

    let asked = canned.asked();
    let (of_registry, of_images) = asked.split_last().expect("calls");
    let operations = [
        "DescribeImages",
        "BatchGetImage",
        "DescribeImageScanFindings",
        "StartImageScan",
        "UpdateImageStorageClass",
        "GetDownloadUrlForLayer",
    ];
    assert_eq!(of_images.iter().map(|call| &*call.operation).collect::<Vec<_>>(), operations);
    for call in of_images {
        assert_eq!(call.region, "ap-south-1", "{call:?}");
        assert!(call.body.contains(r#""registryId":"111122223333""#), "{call:?}");
        assert!(call.body.contains(r#""repositoryName":"shop""#), "{call:?}");
    }
    assert_eq!(of_registry.region, "eu-west-1", "the registry is that of the region that is worked in");
}

#[tokio::test]
async fn an_image_is_found_in_the_archive_too() {
    for (word, storage) in
        [("ACTIVE", Storage::Active), ("ARCHIVED", Storage::Archived), ("ACTIVATING", Storage::Activating)]
    {
        let answer = format!(
            r#"{{"imageDetails": [{{"imageDigest": "{DIGEST}", "imageTags": ["v1", "latest"], "imageStatus": "{word}",
                "imagePushedAt": 1767225600, "lastActivatedAt": 1767312000}}]}}"#
        );
        let (aws, canned) = Canned::aws([(200, &*answer)]).await;
        let expected = Described {
            digest: DIGEST.to_owned(),
            tags: vec!["v1".to_owned(), "latest".to_owned()],
            pushed_at: Some(at("2026-01-01T00:00:00Z")),
            restored_at: Some(at("2026-01-02T00:00:00Z")),
            storage,
        };
        let found = aws.describe_image(&shop_in("eu-west-1"), &By::Digest(DIGEST)).await;
        assert_eq!(found, Ok(Some(expected)));
        assert!(canned.asked()[0].body.contains(r#""filter":{"imageStatus":"ANY"}"#), "{:?}", canned.asked());
    }
}

#[tokio::test]
async fn an_image_without_a_status_is_from_before_the_archive_and_one_with_an_unknown_status_is_an_error() {
    let plain = format!(r#"{{"imageDetails": [{{"imageDigest": "{DIGEST}"}}]}}"#);
    let strange = format!(r#"{{"imageDetails": [{{"imageDigest": "{DIGEST}", "imageStatus": "FROZEN"}}]}}"#);
    let (aws, _) = Canned::aws([(200, &*plain), (200, &*strange)]).await;
    let found = aws.describe_image(&shop_in("eu-west-1"), &By::Tag("v1")).await.expect("an answer").expect("an image");
    assert_eq!((found.storage, found.pushed_at, found.restored_at), (Storage::Active, None, None));
    let error = aws.describe_image(&shop_in("eu-west-1"), &By::Tag("v1")).await.expect_err("no image");
    assert_eq!(error.kind, error::Kind::Garbled);
    assert!(error.message.contains("FROZEN"), "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_may_not_be_seen_is_an_error() {
    for code in ["ImageNotFoundException", "RepositoryNotFoundException"] {
        let (aws, _) = Canned::aws([(400, &*refused(code)), (400, &*refused(code))]).await;
        assert_eq!(aws.describe_image(&shop_in("eu-west-1"), &By::Tag("v1")).await, Ok(None), "{code}");
        assert_eq!(aws.manifest(&shop_in("eu-west-1"), DIGEST).await, Ok(None), "{code}");
    }
    let denied = r#"{"__type": "AccessDeniedException", "message": "User: arn:aws:sts::1:assumed-role/gate is not authorized
        to perform: ecr:DescribeImages on resource: shop because no resource-based policy allows it"}"#;
    let (aws, _) = Canned::aws([(400, &*denied.replace('\n', ""))]).await;
    let error = aws.describe_image(&shop_in("eu-west-1"), &By::Tag("v1")).await.expect_err("no permission");
    assert_eq!(error.kind, error::Kind::Denied);
    assert!(error.to_string().contains("perform: ecr:DescribeImages"), "{error}");
}

#[tokio::test]
async fn the_indexes_of_a_repository_are_told_from_its_other_images() {
    let image = |digest: &str, kind: &str| {
        format!(r#"{{"imageDigest": "{digest}", "imageManifestMediaType": "application/vnd.{kind}+json"}}"#)
    };
    let (oci, docker) = (image("oci", "oci.image.index.v1"), image("docker", "docker.distribution.manifest.list.v2"));
    let plain = [image("a", "oci.image.manifest.v1"), image("b", "docker.distribution.manifest.v2")].join(",");
    let first = format!(r#"{{"imageDetails": [{plain}, {oci}], "nextToken": "more"}}"#);
    let second = format!(r#"{{"imageDetails": [{docker}, {{"imageDigest": "c"}}]}}"#);
    let (aws, canned) = Canned::aws([(200, &*first), (200, &*second)]).await;
    let indexes = aws.list_indexes(&shop_in("ap-south-1")).await.expect("indexes");
    assert_eq!(indexes.iter().map(|index| &*index.digest).collect::<Vec<_>>(), ["oci", "docker"]);
    assert!(canned.asked()[1].body.contains(r#""nextToken":"more""#), "{:?}", canned.asked());
    assert!(canned.asked().iter().all(|call| call.region == "ap-south-1"), "{:?}", canned.asked());
}

#[tokio::test]
async fn a_manifest_is_read_as_it_was_pushed() {
    let index = r#"{"images": [{"imageManifest": "{\"manifests\": []}",
        "imageManifestMediaType": "application/vnd.oci.image.index.v1+json"}], "failures": []}"#;
    let (aws, canned) = Canned::aws([(200, index)]).await;
    let manifest = aws.manifest(&shop_in("eu-west-1"), DIGEST).await.expect("an answer").expect("a manifest");
    assert_eq!(manifest.media_type, "application/vnd.oci.image.index.v1+json");
    assert_eq!(manifest.body, r#"{"manifests": []}"#);
    for media_type in MANIFESTS {
        assert!(canned.asked()[0].body.contains(media_type), "{media_type}");
    }
}

#[tokio::test]
async fn a_manifest_that_ecr_fails_to_give_is_not_taken_for_one_that_is_not_there() {
    let failure = |code: &str| format!(r#"{{"failures": [{{"failureCode": "{code}", "failureReason": "so"}}]}}"#);
    for (code, kind) in [
        ("UpstreamAccessDenied", error::Kind::Denied),
        ("UpstreamTooManyRequests", error::Kind::Throttled),
        ("UpstreamUnavailable", error::Kind::Unavailable),
        ("KmsError", error::Kind::Refused),
        ("SomethingNew", error::Kind::Refused),
    ] {
        let (aws, _) = Canned::aws([(200, &*failure(code))]).await;
        let error = aws.manifest(&shop_in("eu-west-1"), DIGEST).await.expect_err("a failure");
        assert_eq!((error.kind, &*error.message), (kind, &*format!("{code}: so")));
    }
    let (aws, _) = Canned::aws([(200, &*failure("ImageNotFound"))]).await;
    assert_eq!(aws.manifest(&shop_in("eu-west-1"), DIGEST).await, Ok(None));
}

#[tokio::test]
async fn a_basic_finding_says_nothing_of_fixes() {
    let found = scan(
        r#"{"imageScanStatus": {"status": "COMPLETE", "description": "The scan was made."},
        "imageScanFindings": {"imageScanCompletedAt": 1767225600.5, "findingSeverityCounts": {"HIGH": 1},
            "findings": [{"name": "CVE-2026-1", "severity": "HIGH", "uri": "https://example.org/CVE-2026-1", "attributes": [
                {"key": "package_version", "value": "1.1.1n"}, {"key": "package_name", "value": "openssl"},
                {"key": "CVSS2_SCORE", "value": "4.6"}]}]}}"#,
    )
    .await;
    assert_eq!((found.status, found.kind, found.counted), (ScanStatus::Complete, Some(Kind::Basic), true));
    assert_eq!(found.completed_at, Some(at("2026-01-01T00:00:00.5Z")));
    assert_eq!(found.description.as_deref(), Some("The scan was made."));
    let expected = Finding {
        id: "CVE-2026-1".to_owned(),
        severity: Severity::High,
        status: Status::Active,
        fix: Fix::Unknown,
        packages: vec![Package {
            name: "openssl".to_owned(),
            installed: Some("1.1.1n".to_owned()),
            ..Package::default()
        }],
        published_at: None,
        first_seen_at: None,
        exploit_available: None,
        known_exploited: None,
        epss: None,
        url: Some("https://example.org/CVE-2026-1".to_owned()),
        arn: None,
    };
    assert_eq!(found.findings, [expected]);
}

#[tokio::test]
async fn an_enhanced_finding_tells_all_but_the_risk() {
    let found = scan(
        r#"{"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"findings": [], "enhancedFindings": [{
        "findingArn": "arn:aws:inspector2:eu-west-1:111122223333:finding/1", "severity": "CRITICAL",
        "status": "SUPPRESSED", "fixAvailable": "PARTIAL", "exploitAvailable": "YES", "firstObservedAt": 1767312000,
        "title": "CVE-2026-2 - openssl, requests", "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2026-2", "sourceUrl": "https://example.org/CVE-2026-2",
            "vendorCreatedAt": 1767225600, "vulnerablePackages": [
                {"name": "openssl", "epoch": 1, "version": "1.1.1k", "release": "7.el8", "fixedInVersion": "1:1.1.1k-9.el8",
                    "packageManager": "OS", "sourceLayerHash": "sha256:aa"},
                {"name": "requests", "epoch": 0, "version": "2.31.0", "fixedInVersion": "NotAvailable",
                    "packageManager": "PYTHON", "filePath": "app/METADATA"}]}}]}}"#,
    )
    .await;
    assert_eq!((found.status, found.kind, found.counted), (ScanStatus::Active, Some(Kind::Enhanced), false));
    let text = |text: &str| Some(text.to_owned());
    let expected = Finding {
        id: "CVE-2026-2".to_owned(),
        severity: Severity::Critical,
        status: Status::Suppressed,
        fix: Fix::Partial,
        packages: vec![
            Package {
                name: "openssl".to_owned(),
                installed: text("1:1.1.1k-7.el8"),
                fixed: text("1:1.1.1k-9.el8"),
                manager: text("OS"),
                path: None,
                layer: text("sha256:aa"),
            },
            Package {
                name: "requests".to_owned(),
                installed: text("2.31.0"),
                fixed: None,
                manager: text("PYTHON"),
                path: text("app/METADATA"),
                layer: None,
            },
        ],
        published_at: Some(at("2026-01-01T00:00:00Z")),
        first_seen_at: Some(at("2026-01-02T00:00:00Z")),
        exploit_available: Some(true),
        known_exploited: None,
        epss: None,
        url: text("https://example.org/CVE-2026-2"),
        arn: text("arn:aws:inspector2:eu-west-1:111122223333:finding/1"),
    };
    assert_eq!(found.findings, [expected]);
}

#[tokio::test]
async fn a_severity_that_nobody_knows_is_no_rating() {
    let found = scan(
        r#"{"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {
        "findings": [{"name": "CVE-2026-1", "severity": "SEVERE"}, {"name": "CVE-2026-2"}],
        "enhancedFindings": [{"severity": "SEVERE", "title": "CVE-2026-3 - curl"}, {"severity": "UNTRIAGED"}]}}"#,
    )
    .await;
    let severities: Vec<Severity> = found.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Undefined, Severity::Undefined, Severity::Untriaged, Severity::Untriaged]);
    assert!(found.findings.iter().all(|finding| finding.packages.is_empty() && finding.fix == Fix::Unknown));
    assert_eq!(found.findings[2].id, "CVE-2026-3 - curl", "what has no id is named by its title");
}

#[tokio::test]
async fn how_a_scan_stands_is_told_in_ecrs_words() {
    for (word, status) in [
        ("PENDING", ScanStatus::Pending),
        ("SCAN_ELIGIBILITY_EXPIRED", ScanStatus::ScanEligibilityExpired),
        ("IMAGE_ARCHIVED", ScanStatus::ImageArchived),
        ("SOMETHING_NEW", ScanStatus::Other("SOMETHING_NEW".to_owned())),
    ] {
        let answer = format!(
            r#"{{"imageScanStatus": {{"status": "{word}"}},
            "imageScanFindings": {{"findings": [], "enhancedFindings": [], "findingSeverityCounts": {{}}}}}}"#
        );
        assert_eq!(scan(&answer).await, Scan::of(status), "nothing was found, and nothing counted");
    }
    for silent in ["{}", r#"{"imageScanStatus": {}}"#] {
        let (aws, _) = Canned::aws([(200, silent)]).await;
        let error = aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect_err("no status");
        assert_eq!(error.kind, error::Kind::Garbled, "{silent}");
    }
}

#[tokio::test]
async fn an_image_that_was_never_scanned_is_told_from_one_that_is_not_there() {
    let answers = [refused("ScanNotFoundException"), refused("ImageNotFoundException")];
    let (aws, _) = Canned::aws(answers.iter().map(|answer| (400, &**answer))).await;
    assert_eq!(aws.scan(&shop_in("eu-west-1"), DIGEST).await, Ok(Scan::of(ScanStatus::NotFound)));
    let error = aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect_err("no image");
    assert_eq!(error.kind, error::Kind::NotFound);
}

#[tokio::test]
async fn findings_are_read_page_by_page() {
    let pages = [page(0..1000, r#", "nextToken": "more""#), page(1000..1200, "")];
    let (aws, canned) = Canned::aws(pages.iter().map(|page| (200, &**page))).await;
    let found = aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect("a scan");
    assert_eq!((found.findings.len(), found.more), (1200, false));
    assert_eq!(found.findings.last().map(|finding| &*finding.id), Some("CVE-2026-1199"));
    let asked = canned.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|call| call.body.contains(r#""maxResults":1000"#)), "{asked:?}");
    assert!(!asked[0].body.contains("nextToken") && asked[1].body.contains(r#""nextToken":"more""#), "{asked:?}");
}

#[tokio::test]
async fn more_findings_than_are_read_are_told_and_not_asked_for() {
    let full = page(0..MOST_FINDINGS, r#", "nextToken": "more""#);
    let (aws, canned) = Canned::aws([(200, &*full)]).await;
    let found = aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect("a scan");
    assert_eq!((found.findings.len(), found.more), (MOST_FINDINGS, true));
    assert_eq!(canned.asked().len(), 1);
}

#[tokio::test]
async fn a_list_of_findings_without_an_end_is_an_error() {
    let looping = page([], r#", "nextToken": "again""#);
    let (aws, canned) = Canned::aws((0..=MOST_PAGES).map(|_| (200, &*looping))).await;
    let error = aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect_err("no end");
    assert_eq!(error.kind, error::Kind::Garbled);
    assert_eq!(canned.asked().len(), MOST_PAGES);
}

#[tokio::test]
async fn findings_that_are_counted_and_not_in_the_list_are_missing() {
    let answer = |counts: &str| {
        format!(
            r#"{{"imageScanStatus": {{"status": "COMPLETE"}}, "imageScanFindings": {{"findings": [],
                "enhancedFindings": [{{"severity": "LOW", "title": "CVE-2026-1"}}], "findingSeverityCounts": {counts}}}}}"#
        )
    };
    for (counts, counted, more) in [
        ("{}", false, false),
        (r#"{"LOW": 1, "HIGH": 0}"#, true, false),
        (r#"{"LOW": 2}"#, true, true),
        (r#"{"LOW": 1, "HIGH": 2}"#, true, true),
        (r#"{"CRITICAL": 1.0}"#, true, true),
        (r#"{"TOTAL": 9}"#, true, false),
    ] {
        let found = scan(&answer(counts)).await;
        assert_eq!((found.counted, found.more), (counted, more), "{counts}");
    }
    // Each page has the counts of all.
    let page = |severity: &str, next: &str| {
        format!(
            r#"{{"imageScanStatus": {{"status": "COMPLETE"}}, "imageScanFindings": {{"findings": [
                {{"name": "CVE-2026-1", "severity": "{severity}"}}],
                "findingSeverityCounts": {{"LOW": 1, "HIGH": 1}}}}{next}}}"#
        )
    };
    let pages = [page("LOW", r#", "nextToken": "more""#), page("HIGH", "")];
    let (aws, _) = Canned::aws(pages.iter().map(|page| (200, &**page))).await;
    let found = aws.scan(&shop_in("eu-west-1"), DIGEST).await.expect("a scan");
    assert_eq!((found.findings.len(), found.counted, found.more), (2, true, false));
}

#[tokio::test]
async fn a_scan_that_ecr_refuses_is_no_error_and_is_not_asked_for_again() {
    for code in REFUSALS {
        let answer = refused(code);
        let (aws, canned) = Canned::aws([(400, &*answer), (400, &*answer)]).await;
        let asked = aws.start_scan(&shop_in("eu-west-1"), DIGEST).await;
        assert_eq!(asked, Ok(AskedFor::Refused(format!("{code}: no, because"))));
        assert_eq!(canned.asked().len(), 1, "{code}");
    }
    let (aws, _) = Canned::aws([(200, r#"{"imageScanStatus": {"status": "IN_PROGRESS"}}"#)]).await;
    assert_eq!(aws.start_scan(&shop_in("eu-west-1"), DIGEST).await, Ok(AskedFor::Begun));
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_ecr_has_no_time_for_is_asked_for_again() {
    let throttled = refused("ThrottlingException");
    let answers = [(400, &*throttled), (200, r#"{"imageScanStatus": {"status": "IN_PROGRESS"}}"#)];
    let (aws, canned) = Canned::aws(answers).await;
    assert_eq!(aws.start_scan(&shop_in("eu-west-1"), DIGEST).await, Ok(AskedFor::Begun));
    assert_eq!(canned.asked().len(), 2);
}

#[tokio::test]
async fn a_scan_that_may_not_be_asked_for_is_an_error() {
    for (code, kind) in
        [("AccessDeniedException", error::Kind::Denied), ("RepositoryNotFoundException", error::Kind::NotFound)]
    {
        let (aws, _) = Canned::aws([(400, &*refused(code))]).await;
        let error = aws.start_scan(&shop_in("eu-west-1"), DIGEST).await.expect_err("an error");
        assert_eq!(error.kind, kind);
    }
}

#[tokio::test]
async fn an_image_goes_into_the_archive_and_out_of_it() {
    for (class, word) in [(StorageClass::Archive, "ARCHIVE"), (StorageClass::Standard, "STANDARD")] {
        let (aws, canned) = Canned::aws([(200, "{}")]).await;
        assert_eq!(aws.set_storage(&shop_in("eu-west-1"), DIGEST, class).await, Ok(()));
        let body = &canned.asked()[0].body;
        assert!(body.contains(&format!(r#""targetStorageClass":"{word}""#)) && body.contains(DIGEST), "{body}");
    }
    let (aws, _) = Canned::aws([(400, &*refused("ImageStorageClassUpdateNotSupportedException"))]).await;
    let answer = aws.set_storage(&shop_in("eu-west-1"), DIGEST, StorageClass::Archive).await;
    assert_eq!(answer.map_err(|error| error.kind), Err(error::Kind::Refused));
}

#[tokio::test]
async fn a_way_of_scanning_that_nobody_knows_is_an_error() {
    for (answer, kind) in [
        (r#"{"registryId": "1", "scanningConfiguration": {"scanType": "BASIC", "rules": []}}"#, Ok(Kind::Basic)),
        (r#"{"registryId": "1", "scanningConfiguration": {"scanType": "DEEP"}}"#, Err(error::Kind::Garbled)),
        (r#"{"registryId": "1"}"#, Err(error::Kind::Garbled)),
    ] {
        let (aws, _) = Canned::aws([(200, answer)]).await;
        let scans = aws.registry_scans().await.map(|scans| scans.kind).map_err(|error| error.kind);
        assert_eq!(scans, kind, "{answer}");
    }
}

#[tokio::test]
async fn a_configuration_is_read_from_a_host_of_aws_only() {
    let (aws, _) = Canned::aws([(200, r#"{"downloadUrl": "https://evil.example/blob"}"#), (200, "{}")]).await;
    let error = aws.config(&shop_in("eu-west-1"), DIGEST).await.expect_err("a refusal");
    assert_eq!(error.kind, error::Kind::Refused);
    let error = aws.config(&shop_in("eu-west-1"), DIGEST).await.expect_err("no URL");
    assert_eq!(error.kind, error::Kind::Garbled);
}
