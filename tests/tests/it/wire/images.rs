//! ECR, Inspector and SSM over the wire.

use std::collections::BTreeMap;

use clap::Parser;
use tidegate_aws::Aws;
use tidegate_aws::error::Kind;
use tidegate_aws::images::{By, Images, LONGEST_CONFIG, Repository, StorageClass};
use tidegate_aws::inspector::Inspector;
use tidegate_aws::parameters::Parameters;
use tidegate_core::scan::facts::{AskedFor, ScanStatus, Storage};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::registry::findings::{Finding, critical, high, low, medium, unrated};
use tidegate_tests::world::registry::image::{Image, Index};
use tidegate_tests::world::registry::manifest;
use tidegate_tests::world::registry::scan::Says;
use tidegate_tests::world::{ACCOUNT, REGION, World};

use super::connect;

fn shop() -> Repository {
    let [account, region, name] = [ACCOUNT, REGION, "shop"].map(str::to_owned);
    Repository { account, region, name }
}

fn world(enhanced: bool) -> World {
    let world = World::new(TEN);
    if enhanced {
        world.scans_enhanced();
    }
    world
}

/// The same question over the wire and in process: the status in both.
async fn status(aws: &Aws, world: &World, digest: &str) -> ScanStatus {
    let scan = aws.scan(&shop(), digest).await;
    assert_eq!(scan, world.scan(&shop(), digest).await);
    scan.expect("an answer").status
}

/// Findings with everything that there is to say.
fn findings() -> Vec<Finding> {
    let python = high("CVE-2026-1002").in_package("requests", "2.1").managed_by("PYTHON", "app/METADATA");
    vec![
        critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2").in_package("libssl", "3.0.1"),
        python.fixed_in("2.2").published(TEN).exploitable().known_exploited().epss(0.25),
        medium("CVE-2026-1003").suppressed().in_package("zlib", "1.2").in_layer(&manifest::layer("the base")),
        unrated("CVE-2026-1004"),
    ]
}

#[tokio::test]
async fn every_status_of_a_scan_is_the_same_over_the_wire_as_in_process() {
    for enhanced in [false, true] {
        let world = world(enhanced);
        let (_server, aws) = connect(&world).await;
        let done = if enhanced { ScanStatus::Active } else { ScanStatus::Complete };
        let statuses = [
            (Says::NotFound, ScanStatus::NotFound),
            (Says::Pending, ScanStatus::Pending),
            (Says::InProgress, ScanStatus::InProgress),
            (Says::Empty, done.clone()),
            (Says::Done, done),
            (Says::Failed, ScanStatus::Failed),
            (Says::Unsupported, ScanStatus::UnsupportedImage),
            (Says::Expired, ScanStatus::ScanEligibilityExpired),
            (Says::Unavailable, ScanStatus::FindingsUnavailable),
            (Says::LimitExceeded, ScanStatus::LimitExceeded),
            (Says::Word("PERPLEXED"), ScanStatus::Other("PERPLEXED".to_owned())),
        ];
        for (says, expected) in statuses {
            let image = Image::new("shop", &format!("{says:?}")).finds(findings()).says(says);
            let digest = world.push(image);
            assert_eq!(status(&aws, &world, &digest).await, expected);
            let arn = format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop/{digest}");
            assert_eq!(aws.coverage(&arn).await.unwrap(), world.coverage(&arn).await.unwrap(), "{says:?}");
        }
    }
}

#[tokio::test]
async fn findings_of_both_kinds_and_what_inspector_adds_are_the_same_over_the_wire_as_in_process() {
    for enhanced in [false, true] {
        let world = world(enhanced);
        let (_server, aws) = connect(&world).await;
        let digest = world.push(Image::new("shop", "v1").finds(findings()));
        status(&aws, &world, &digest).await;
        let scan = aws.scan(&shop(), &digest).await.unwrap();
        assert_eq!((scan.findings.len(), scan.counted, scan.more), (4, true, false));
        let risks = aws.risks(&digest).await.unwrap();
        assert_eq!(risks, world.risks(&digest).await.unwrap());
        let arns: Vec<String> = scan.findings.into_iter().filter_map(|finding| finding.arn).collect();
        assert_eq!((arns.len(), risks.len()), if enhanced { (4, 4) } else { (0, 0) });
        let exploited = aws.known_exploited(&arns).await.unwrap();
        assert_eq!(exploited, world.known_exploited(&arns).await.unwrap());
        assert_eq!(exploited, arns.get(1).cloned().into_iter().collect::<Vec<_>>());
        assert_eq!(aws.registry_scans().await.unwrap(), world.registry_scans().await.unwrap());
    }
}

#[tokio::test]
async fn every_page_of_the_findings_is_read() {
    let world = world(true);
    let (_server, aws) = connect(&world).await;
    let many = (0..2_100).map(|number| low(&format!("CVE-2026-{number}")).epss(0.001));
    let digest = world.push(Image::new("shop", "v1").finds(many));
    let scan = aws.scan(&shop(), &digest).await.unwrap();
    assert_eq!(scan, world.scan(&shop(), &digest).await.unwrap());
    assert_eq!((scan.findings.len(), scan.more), (2_100, false));
    assert_eq!(world.calls("DescribeImageScanFindings"), 3 + 1);
    assert_eq!(aws.risks(&digest).await.unwrap().len(), 2_100);
    assert!(world.calls("ListFindings") > 20, "there is a limit to a page");
    let some: Vec<String> = scan.findings.iter().take(25).filter_map(|finding| finding.arn.clone()).collect();
    assert_eq!(aws.known_exploited(&some).await.unwrap(), Vec::<String>::new());
    assert_eq!(world.calls("BatchGetFindingDetails"), 3);
}

#[tokio::test]
async fn an_image_its_manifest_and_its_configuration_are_the_same_over_the_wire_as_in_process() {
    let world = world(false);
    let (_server, aws) = connect(&world).await;
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64")).with(Image::of("linux/arm64").user("1000"));
    let index = world.push(index.attested());
    let arm64 = world.platform_of(&index, "linux/arm64");
    for by in [By::Tag("v2"), By::Digest(&arm64), By::Digest(&index), By::Tag("v9")] {
        let found = aws.describe_image(&shop(), &by).await.unwrap();
        assert_eq!(found, world.describe_image(&shop(), &by).await.unwrap());
        assert_eq!(found.is_none(), by == By::Tag("v9"));
    }
    for digest in [&index, &arm64, &manifest::digest("nothing")] {
        let found = aws.manifest(&shop(), digest).await.unwrap();
        assert_eq!(found, world.manifest(&shop(), digest).await.unwrap());
    }
    let indexes = aws.list_indexes(&shop()).await.unwrap();
    assert_eq!(indexes, world.list_indexes(&shop()).await.unwrap());
    assert_eq!(indexes.into_iter().map(|own| own.digest).collect::<Vec<_>>(), [index]);
    let manifest = aws.manifest(&shop(), &arm64).await.unwrap().expect("it is there");
    let manifest: serde_json::Value = serde_json::from_str(&manifest.body).expect("JSON");
    let config = manifest["config"]["digest"].as_str().expect("a digest");
    let body = aws.config(&shop(), config).await.unwrap();
    assert_eq!(body, world.config(&shop(), config).await.unwrap());
    assert_eq!(manifest::digest(&String::from_utf8(body).expect("text")), config);
}

#[tokio::test]
async fn a_configuration_that_is_too_long_or_gone_is_a_failure() {
    let world = world(false);
    let (_server, aws) = connect(&world).await;
    let digest = world.push(Image::new("shop", "v1").config(&"x".repeat(LONGEST_CONFIG + 1)));
    let config = world.lock().registry.image(&digest).config.clone().expect("it has one").digest;
    assert_eq!(aws.config(&shop(), &config).await.map_err(|error| error.kind), Err(Kind::Refused));
    world.set_storage(&shop(), &digest, StorageClass::Archive).await.unwrap();
    let error = aws.config(&shop(), &config).await.expect_err("it is in the archive");
    assert!(error.message.contains("LayerInaccessibleException"), "{error}");
}

#[tokio::test]
async fn repositories_of_other_accounts_and_regions_are_asked_there() {
    let world = world(false);
    let (_server, aws) = connect(&world).await;
    let abroad = Repository { region: "us-east-1".to_owned(), ..shop() };
    let others = Repository { account: "210987654321".to_owned(), ..shop() };
    world.push(Image::new("shop", "v1").in_region("us-east-1"));
    world.push(Image::new("shop", "v2").in_account("210987654321"));
    let found = async |repository: &Repository, tag: &str| {
        aws.describe_image(repository, &By::Tag(tag)).await.unwrap().is_some()
    };
    assert_eq!((found(&abroad, "v1").await, found(&others, "v2").await), (true, true));
    assert_eq!((found(&shop(), "v1").await, found(&abroad, "v2").await), (false, false));
    let gone = aws.scan(&shop(), &manifest::digest("x")).await.expect_err("there is no such repository");
    assert_eq!((gone.operation, gone.kind), ("DescribeImageScanFindings", Kind::NotFound), "{gone}");
}

#[tokio::test]
async fn the_archive_takes_an_index_before_its_images_and_gives_back_in_its_time() {
    let world = world(true);
    let (_server, aws) = connect(&world).await;
    let index = world.push(Index::new("shop", "v2").with(Image::of("linux/amd64").finds(findings())));
    let child = world.platform_of(&index, "linux/amd64");
    let stored = async |digest: &str| {
        let found = aws.describe_image(&shop(), &By::Digest(digest)).await.unwrap();
        assert_eq!(found, world.describe_image(&shop(), &By::Digest(digest)).await.unwrap());
        found.map(|found| (found.storage, found.restored_at.is_some()))
    };
    let refused = aws.set_storage(&shop(), &child, StorageClass::Archive).await.expect_err("its index is there");
    assert!(refused.message.contains("ImageStorageClassUpdateNotSupportedException"), "{refused}");
    assert!(refused.message.contains(&index), "{refused}");
    for digest in [&index, &child] {
        aws.set_storage(&shop(), digest, StorageClass::Archive).await.unwrap();
        assert_eq!(stored(digest).await, Some((Storage::Archived, false)));
        assert_eq!(aws.manifest(&shop(), digest).await.unwrap(), None);
    }
    assert_eq!(status(&aws, &world, &child).await, ScanStatus::ImageArchived);
    assert_eq!(aws.list_indexes(&shop()).await.unwrap(), []);
    aws.set_storage(&shop(), &child, StorageClass::Standard).await.unwrap();
    assert_eq!(stored(&child).await, Some((Storage::Activating, false)));
    world.pass(15);
    assert_eq!(stored(&child).await, Some((Storage::Active, true)));
    assert_eq!(status(&aws, &world, &child).await, ScanStatus::Active);
}

#[tokio::test]
async fn a_scan_is_asked_for_once_and_a_refusal_is_no_failure() {
    let world = world(false);
    let (_server, aws) = connect(&world).await;
    let digest = world.push(Image::new("shop", "v1").never_scanned());
    assert_eq!(aws.start_scan(&shop(), &digest).await, Ok(AskedFor::Begun));
    let again = aws.start_scan(&shop(), &digest).await.unwrap();
    assert!(matches!(&again, AskedFor::Refused(why) if why.contains("LimitExceededException")), "{again:?}");
    assert_eq!(world.calls("StartImageScan"), 2, "a quota is not asked again");
    assert_eq!(again, world.start_scan(&shop(), &digest).await.unwrap());
    let gone = aws.start_scan(&shop(), &manifest::digest("x")).await.expect_err("there is no such image");
    assert_eq!(gone.kind, Kind::NotFound, "{gone}");
}

#[tokio::test]
async fn a_parameter_is_there_or_not_and_a_denial_is_neither() {
    let world = world(false);
    let (_server, aws) = connect(&world).await;
    world.lock().parameters = BTreeMap::from([("/tidegate/scan".to_owned(), "version: 1\n".to_owned())]);
    assert_eq!(aws.parameter("/tidegate/scan").await, Ok(Some("version: 1\n".to_owned())));
    assert_eq!(aws.parameter("/tidegate/gone").await, Ok(None));
    world.lock().faults.add("GetParameter", Fault::Denied, Times::Always);
    let denied = aws.parameter("/tidegate/scan").await.expect_err("it may not");
    assert!(denied.message.ends_with("is not authorized to perform: ssm:GetParameter"), "{denied}");
}

#[tokio::test]
async fn the_command_line_says_the_same_over_the_wire_as_in_process() {
    let world = world(true);
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64").finds(findings())).attested();
    world.push(index.with(Image::of("linux/arm64")));
    world.push(Image::new("shop", "v1"));
    world.push(Image::new("shop", "v3").pending_for(30));
    world.lock().parameters.insert("/policy".to_owned(), "version: 1\nmode: on\n".to_owned());
    world.pass(15);
    let (_server, aws) = connect(&world).await;
    let settings = scan_gate::settings::Settings::read(|_| None).expect("there are none");
    for (image, verdict) in [("shop:v1", "PASS"), ("shop:v2", "FAIL"), ("shop:v3", "INCONCLUSIVE")] {
        let args = tidegate::scan::Args::parse_from(["scan", image, "--policy-parameter", "/policy"]);
        let (mut wire, mut process) = (Vec::new(), Vec::new());
        let code = tidegate::scan::run(&aws, &settings, REGION, &args, &mut wire, |_| {}).await.expect("a verdict");
        let same = tidegate::scan::run(&world, &settings, REGION, &args, &mut process, |_| {}).await;
        assert_eq!(code, same.expect("a verdict"));
        let [wire, process] = [wire, process].map(|told| String::from_utf8(told).expect("UTF-8"));
        assert_eq!(wire, process);
        assert!(wire.starts_with(verdict), "{wire}");
    }
}
