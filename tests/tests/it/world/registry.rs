//! ECR and Inspector: what scans say in time, the archive, and the events of it all.

use serde_json::{Value, json};
use tidegate_aws::images::{By, Images, Repository, StorageClass};
use tidegate_aws::inspector::Inspector;
use tidegate_core::scan::facts::{AskedFor, Scan, ScanStatus, Storage};
use tidegate_core::scan::finding::{Fix, Severity};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::registry::findings::{critical, high, low, medium, unrated};
use tidegate_tests::world::registry::image::{Image, Index};
use tidegate_tests::world::registry::manifest;
use tidegate_tests::world::registry::scan::Says;
use tidegate_tests::world::{ACCOUNT, REGION, World};

use super::minutes;

fn shop() -> Repository {
    let [account, region, name] = [ACCOUNT, REGION, "shop"].map(str::to_owned);
    Repository { account, region, name }
}

async fn scan(world: &World, digest: &str) -> Scan {
    world.scan(&shop(), digest).await.expect("a scan")
}

async fn stored(world: &World, digest: &str) -> Storage {
    let found = world.describe_image(&shop(), &By::Digest(digest)).await.expect("an answer");
    found.map_or(Storage::Missing, |found| found.storage)
}

async fn set(world: &World, digest: &str, class: StorageClass) -> Result<(), String> {
    world.set_storage(&shop(), digest, class).await.map_err(|error| error.message)
}

/// What events are about: their type, and the word that says what happened.
fn told(events: &[Value]) -> Vec<(String, String)> {
    let word = |event: &Value| {
        let detail = &event["detail"];
        let words = ["target-storage-class", "action-type", "scan-status", "title"];
        let word = words.iter().find_map(|key| detail[*key].as_str()).unwrap_or_default();
        (event["detail-type"].as_str().unwrap_or_default().to_owned(), word.to_owned())
    };
    events.iter().map(word).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(kind, word)| (kind.to_owned(), word.to_owned())).into()
}

#[tokio::test]
async fn a_scan_says_one_thing_after_the_other_and_nothing_too_early() {
    let world = World::new(TEN);
    let image = Image::new("shop", "v2").unknown_for(1).pending_for(2).in_progress_for(1).empty_for(1);
    let digest =
        world.push(image.finds([critical("CVE-2026-1001").in_package("openssl", "3.0.1")]).expires_after_days(1));
    let mut said = Vec::new();
    for _ in 0..7 {
        let scan = scan(&world, &digest).await;
        said.push((scan.status, scan.findings.len(), scan.counted, scan.completed_at.is_some()));
        world.pass(1);
    }
    let expected = [
        (ScanStatus::NotFound, 0, false, false),
        (ScanStatus::Pending, 0, false, false),
        (ScanStatus::Pending, 0, false, false),
        (ScanStatus::InProgress, 0, false, false),
        (ScanStatus::Complete, 0, false, false),
        (ScanStatus::Complete, 1, true, true),
        (ScanStatus::Complete, 1, true, true),
    ];
    assert_eq!(said, expected);
    world.pass(24 * 60);
    let expired = scan(&world, &digest).await;
    assert_eq!(
        (expired.status, expired.findings.len(), expired.counted),
        (ScanStatus::ScanEligibilityExpired, 0, false)
    );
}

#[tokio::test]
async fn a_clean_image_is_scanned_and_has_no_counts() {
    let world = World::new(TEN);
    let digest = world.push(Image::new("shop", "v1"));
    let scan = scan(&world, &digest).await;
    assert_eq!((scan.status, scan.kind, scan.counted), (ScanStatus::Complete, None, false));
    assert_eq!(scan.completed_at, Some(TEN));
}

#[tokio::test]
async fn basic_scanning_tells_less_than_enhanced() {
    let finding = critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2").published(TEN).epss(0.4);
    for enhanced in [false, true] {
        let world = World::new(TEN);
        if enhanced {
            world.scans_enhanced();
        }
        let digest = world.push(Image::new("shop", "v2").finds([finding.clone(), unrated("CVE-2026-1002")]));
        let scan = scan(&world, &digest).await;
        let [found, second] = scan.findings.as_slice() else { panic!("{scan:?}") };
        let status = if enhanced { ScanStatus::Active } else { ScanStatus::Complete };
        assert_eq!(scan.status, status);
        assert_eq!(found.fix, if enhanced { Fix::Yes } else { Fix::Unknown });
        assert_eq!(found.packages[0].fixed.is_some(), enhanced);
        assert_eq!((found.published_at.is_some(), found.arn.is_some()), (enhanced, enhanced));
        assert_eq!(second.severity, if enhanced { Severity::Untriaged } else { Severity::Undefined });
        let risks = world.risks(&digest).await.expect("risks");
        assert_eq!(found.arn.as_ref().and_then(|arn| risks.get(arn)?.epss), enhanced.then_some(0.4));
    }
}

#[tokio::test]
async fn coverage_leads_where_a_scan_is_empty_and_says_why_there_is_none() {
    let world = World::new(TEN);
    world.scans_enhanced();
    let digest = world.push(Image::new("shop", "v2").pending_for(1).empty_for(1).finds([high("CVE-2026-1001")]));
    let arn = format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop/{digest}");
    let mut said = Vec::new();
    for _ in 0..3 {
        let coverage = world.coverage(&arn).await.expect("an answer").expect("it is covered");
        said.push((scan(&world, &digest).await.status, coverage.reason, coverage.scanned_at.is_some()));
        world.pass(1);
    }
    let expected = [
        (ScanStatus::Pending, "PENDING_INITIAL_SCAN".to_owned(), false),
        (ScanStatus::Active, "PENDING_INITIAL_SCAN".to_owned(), false),
        (ScanStatus::Active, "SUCCESSFUL".to_owned(), true),
    ];
    assert_eq!(said, expected);
    assert_eq!(world.coverage("arn:gone").await.expect("an answer"), None);
}

#[tokio::test]
async fn an_index_names_its_platforms_and_their_attestations_and_is_not_scanned_itself() {
    let world = World::new(TEN);
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64")).with(Image::of("linux/arm64").user("1000"));
    let digest = world.push(index.attested());
    let read = world.manifest(&shop(), &digest).await.expect("an answer").expect("a manifest");
    assert_eq!((read.media_type.as_str(), manifest::digest(&read.body)), (manifest::INDEX, digest.clone()));
    let body: Value = serde_json::from_str(&read.body).expect("JSON");
    let platforms: Vec<_> =
        body["manifests"].as_array().expect("a list").iter().map(|own| own["platform"].clone()).collect();
    let platform = |os: &str, architecture: &str| json!({"os": os, "architecture": architecture});
    let (amd64, arm64, unknown) =
        (platform("linux", "amd64"), platform("linux", "arm64"), platform("unknown", "unknown"));
    assert_eq!(platforms, [amd64, arm64, unknown.clone(), unknown]);
    let attestation = &body["manifests"][2];
    assert_eq!(attestation["annotations"]["vnd.docker.reference.type"], "attestation-manifest");
    assert_eq!(attestation["annotations"]["vnd.docker.reference.digest"], body["manifests"][0]["digest"]);

    assert_eq!(scan(&world, &digest).await.status, ScanStatus::NotFound);
    let child = world.platform_of(&digest, "linux/arm64");
    assert_eq!(scan(&world, &child).await.status, ScanStatus::Complete);
    let manifest = world.manifest(&shop(), &child).await.expect("an answer").expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest.body).expect("JSON");
    let config = world.config(&shop(), manifest["config"]["digest"].as_str().expect("a digest")).await.expect("bytes");
    let config: Value = serde_json::from_slice(&config).expect("JSON");
    assert_eq!((&config["architecture"], &config["config"]["User"]), (&json!("arm64"), &json!("1000")));
}

#[tokio::test]
async fn tags_move_and_digests_stay() {
    let world = World::new(TEN);
    let first = world.push(Image::new("shop", "latest"));
    assert_eq!(world.push(Image::new("shop", "latest")), first, "the same build is the same image");
    let second = world.push(Image::new("shop", "latest").built_from("the fix"));
    let found = world.describe_image(&shop(), &By::Tag("latest")).await.expect("an answer").expect("an image");
    assert_eq!((found.digest == second, found.digest == first), (true, false));
    let first = world.describe_image(&shop(), &By::Digest(&first)).await.expect("an answer").expect("an image");
    assert_eq!(first.tags, Vec::<String>::new());
    for missing in [By::Tag("v9"), By::Digest(&manifest::digest("nothing"))] {
        assert_eq!(world.describe_image(&shop(), &missing).await.expect("an answer"), None);
    }
    let elsewhere = Repository { account: "210987654321".to_owned(), ..shop() };
    assert_eq!(world.describe_image(&elsewhere, &By::Tag("latest")).await.expect("an answer"), None);
    world.push(Image::new("shop", "latest").in_account("210987654321"));
    assert!(world.describe_image(&elsewhere, &By::Tag("latest")).await.expect("an answer").is_some());
}

#[tokio::test]
async fn an_index_goes_into_the_archive_before_its_images_and_nobody_pulls_what_is_there() {
    let world = World::new(TEN);
    let index = world.push(Index::new("shop", "v2").with(Image::of("linux/amd64")).with(Image::of("linux/arm64")));
    let child = world.platform_of(&index, "linux/amd64");
    let refused = set(&world, &child, StorageClass::Archive).await.expect_err("its index is there");
    assert!(refused.starts_with("ImageStorageClassUpdateNotSupportedException"), "{refused}");
    assert_eq!(stored(&world, &child).await, Storage::Active);
    for digest in [&index, &child] {
        assert_eq!(set(&world, digest, StorageClass::Archive).await, Ok(()));
        assert_eq!(stored(&world, digest).await, Storage::Archived);
        assert_eq!(world.manifest(&shop(), digest).await.expect("an answer"), None, "every pull fails");
    }
    assert!(set(&world, &index, StorageClass::Archive).await.is_err(), "it is there already");
    assert_eq!(scan(&world, &child).await.status, ScanStatus::ImageArchived);
    let found = world.describe_image(&shop(), &By::Tag("v2")).await.expect("an answer").expect("it keeps its tag");
    assert_eq!(found.digest, index);
}

#[tokio::test]
async fn a_restored_image_comes_back_after_a_quarter_of_an_hour_and_is_scanned_again() {
    for enhanced in [false, true] {
        let world = World::new(TEN);
        if enhanced {
            world.scans_enhanced();
        }
        let digest = world.push(Image::new("shop", "v2").pending_for(1).finds([high("CVE-2026-1001")]));
        world.pass(5);
        set(&world, &digest, StorageClass::Archive).await.expect("it is moved");
        let before = told(&world.take_events());
        assert_eq!(before.last(), pairs([("ECR Image Action", "ARCHIVE")]).last());
        set(&world, &digest, StorageClass::Standard).await.expect("it is moved");
        world.pass(14);
        assert_eq!((stored(&world, &digest).await, world.take_events().len()), (Storage::Activating, 0));
        world.pass(3);
        assert_eq!(stored(&world, &digest).await, Storage::Active);
        let scan = scan(&world, &digest).await;
        let restored = pairs([("ECR Image Action", "STANDARD")]);
        if enhanced {
            assert_eq!((scan.status, scan.findings.len()), (ScanStatus::Active, 1));
            let again = pairs([("Inspector2 Scan", "INITIAL_SCAN_COMPLETE"), ("Inspector2 Finding", "CVE-2026-1001")]);
            assert_eq!(told(&world.take_events()), [restored, again].concat());
        } else {
            assert_eq!(scan.status, ScanStatus::NotFound, "nobody has asked for it yet");
            assert_eq!(told(&world.take_events()), restored);
        }
    }
}

#[tokio::test]
async fn a_quarantined_image_that_is_pushed_again_is_back_at_once() {
    let world = World::new(TEN);
    let image = Image::new("shop", "v2").pending_for(2).finds([critical("CVE-2026-1001")]);
    let digest = world.push(image.clone());
    world.pass(5);
    set(&world, &digest, StorageClass::Archive).await.expect("it is moved");
    let _before = world.take_events();
    assert_eq!(world.push(image), digest);
    let found = world.describe_image(&shop(), &By::Tag("v2")).await.expect("an answer").expect("an image");
    assert_eq!((found.storage, found.pushed_at), (Storage::Active, Some(TEN)));
    assert_eq!(found.restored_at, Some(TEN + minutes(5)));
    assert_eq!(scan(&world, &digest).await.status, ScanStatus::Pending, "its plan begins anew");
    world.pass(2);
    assert_eq!(told(&world.take_events()), pairs([("ECR Image Action", "PUSH"), ("ECR Image Scan", "COMPLETE")]));
}

#[tokio::test]
async fn a_scan_can_be_asked_for_once_a_day_and_only_of_an_image_under_basic_scanning() {
    let world = World::new(TEN);
    let digest = world.push(Image::new("shop", "v2").never_scanned().finds([low("CVE-2026-1001")]));
    assert_eq!(world.start_scan(&shop(), &digest).await, Ok(AskedFor::Begun));
    assert_eq!(scan(&world, &digest).await.status, ScanStatus::InProgress);
    world.pass(1);
    assert_eq!(
        (scan(&world, &digest).await.status, scan(&world, &digest).await.findings.len()),
        (ScanStatus::Complete, 1)
    );
    let refused = async |digest: &str| match world.start_scan(&shop(), digest).await {
        Ok(AskedFor::Refused(why)) => why.split(':').next().unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&digest).await, "LimitExceededException");
    let index = world.push(Index::new("shop", "v3").with(Image::of("linux/amd64")).attested());
    assert_eq!(refused(&index).await, "UnsupportedImageTypeException");
    set(&world, &digest, StorageClass::Archive).await.expect("it is moved");
    assert_eq!(refused(&digest).await, "ImageArchivedException");
    world.scans_enhanced();
    assert_eq!(refused(&digest).await, "ValidationException");
}

#[test]
fn basic_scanning_tells_of_its_end_once_even_before_the_findings_are_there() {
    let world = World::new(TEN);
    world.push(Image::new("shop", "v2").empty_for(2).finds([critical("CVE-2026-1001"), critical("CVE-2026-1002")]));
    world.push(Image::new("shop", "v3").in_progress_for(1).says(Says::Failed));
    world.push(Image::new("shop", "v4").in_progress_for(1).finds([medium("CVE-2026-1003")]));
    world.pass(10);
    let scans = world.take_events_of("ECR Image Scan");
    let said = |event: &Value| (event["detail"]["image-tags"][0].clone(), event["detail"]["scan-status"].clone());
    let expected =
        [("v2", "COMPLETE"), ("v3", "FAILED"), ("v4", "COMPLETE")].map(|(tag, says)| (json!(tag), json!(says)));
    assert_eq!(scans.iter().map(said).collect::<Vec<_>>(), expected);
    let counts: Vec<_> = scans.iter().map(|event| event["detail"]["finding-severity-counts"].clone()).collect();
    assert_eq!(counts, [Value::Null, Value::Null, json!({"MEDIUM": 1})]);
    assert_eq!(scans[0]["detail"]["repository-name"], "shop");
}

#[test]
fn inspector_tells_of_the_first_scan_of_every_finding_and_of_what_comes_later() {
    let world = World::new(TEN);
    world.scans_enhanced();
    let image = Image::new("shop", "v2").pending_for(1).empty_for(1);
    let later = [high("CVE-2026-1002").in_package("zlib", "1.2").epss(0.5)];
    let digest = world.push(image.finds([critical("CVE-2026-1001"), low("CVE-2026-1003")]).finds_later(60, later));
    world.push(Image::new("shop", "clean"));
    world.pass(1);
    assert_eq!(world.take_events_of("Inspector2 Finding"), Vec::<Value>::new());
    world.pass(1);
    let events = world.take_events();
    let first = [("Inspector2 Scan", "INITIAL_SCAN_COMPLETE")];
    let findings = [("Inspector2 Finding", "CVE-2026-1001"), ("Inspector2 Finding", "CVE-2026-1003")];
    assert_eq!(told(&events), [pairs(first), pairs(findings)].concat());
    let scanned = &events[0]["detail"];
    assert_eq!(scanned["repository-name"], format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop"));
    assert_eq!(scanned["finding-severity-counts"], json!({"CRITICAL": 1, "TOTAL": 2}));
    world.pass(58);
    world.discover(&digest, medium("CVE-2026-1004"));
    let events = world.take_events();
    assert_eq!(
        told(&events),
        pairs([("Inspector2 Finding", "CVE-2026-1002"), ("Inspector2 Finding", "CVE-2026-1004")])
    );
    assert_eq!(events[0]["detail"]["firstObservedAt"], "Sat Nov 21 11:00:00.000 UTC 2026");
    assert_eq!(events[0]["detail"]["resources"][0]["details"]["awsEcrContainerImage"]["imageHash"], digest);
    world.pass(60);
    assert_eq!(world.take_events(), Vec::<Value>::new(), "each is told once");
}

#[test]
fn a_clean_first_scan_is_told_with_zeros() {
    let world = World::new(TEN);
    world.scans_enhanced();
    world.push(Image::new("shop", "v2"));
    let scans = world.take_events_of("Inspector2 Scan");
    let zeros = json!({"CRITICAL": 0, "HIGH": 0, "MEDIUM": 0, "TOTAL": 0});
    assert_eq!(
        scans.iter().map(|event| event["detail"]["finding-severity-counts"].clone()).collect::<Vec<_>>(),
        [zeros]
    );
}
