//! The ten races between an image, its scan and its deployment.

use jiff::SignedDuration;
use tidegate_tests::scanning::{Scanning, WRITES};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::registry::findings::critical;
use tidegate_tests::world::registry::image::{Image, Index};
use tidegate_tests::world::registry::scan::Says;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{EVERY, NONE, bad, clean, deploy, shop, shop_by_code_deploy};

#[tokio::test(start_paused = true)]
async fn a_deployment_that_begins_before_the_scan_is_over_is_stopped_when_the_scan_is() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").pending_for(2).finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(1).await;
    assert_eq!(scanning.world.status(&deployment), "IN_PROGRESS", "nothing is known against it yet");
    scanning.run_for(3).await;
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"), "{}", scanning.world.status(&deployment));
    assert!(scanning.world.share("prod/shop", "v2") < 0.001, "it never had traffic");
    assert_eq!(scanning.steps(), ["stop_deployment: done"]);
    let told = scanning.world.subjects();
    assert_eq!(told, ["Tidegate: prod/shop: the deployment was stopped (vulnerable)"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_an_image_that_was_scanned_long_ago_is_stopped_as_it_begins() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.world.pass(60);
    scanning.deliver().await;
    assert!(scanning.records().is_empty(), "no repository is enrolled, and nothing brings it");
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(2).await;
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"));
}

#[tokio::test(start_paused = true)]
async fn a_clean_image_is_not_held_up_by_anything() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").pending_for(1));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    assert_eq!(scanning.queued(), 0);
    scanning.never_called(&WRITES);
    assert!(scanning.world.subjects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_moves_after_the_pull_does_not_hide_what_was_pulled() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").in_progress_for(4).finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(3).await;
    // ECS resolved the tag when the first task started; now it is another, clean image's.
    scanning.world.push(clean("v2").built_from("other"));
    scanning.run_for(3).await;
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"), "{}", scanning.world.status(&deployment));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_moves_before_the_pull_is_judged_by_what_it_comes_to() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.world.push(clean("v2").built_from("rebuilt"));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_is_never_stopped_however_bad_the_image_is_that_it_brings_back() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "on");
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(1).await;
    assert_eq!(scanning.world.status(&deployment), "ROLLBACK_IN_PROGRESS");
    let stops = scanning.calls("StopServiceDeployment");
    scanning.world.discover(&v1, critical("CVE-2026-9999").in_package("zlib", "1.2"));
    scanning.run_for(15).await;
    assert_eq!(scanning.world.status(&deployment), "ROLLBACK_SUCCESSFUL");
    assert_eq!(scanning.calls("StopServiceDeployment"), stops, "the roll-back was let be");
}

#[tokio::test(start_paused = true)]
async fn going_back_by_hand_to_what_ran_before_warns_and_stops_nothing() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    let before = scanning.world.lock().service("prod/shop").task_definition();
    scanning.world.push(clean("v2"));
    deploy(&scanning, "v2");
    scanning.run_for(40).await;
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.discover(&v1, bad());
    let back = scanning.world.deploy("prod/shop", Version::new("v1").task_definition(&before));
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&back), "SUCCESSFUL");
    scanning.never_called(&WRITES);
    assert_eq!(scanning.records().last().map(String::as_str), Some("pass roll_back"));
    assert!(scanning.record()["why"].as_str().is_some_and(|why| why.contains("ran it before")));
}

#[tokio::test(start_paused = true)]
async fn going_back_by_hand_under_code_deploy_is_told_by_the_same_appspec() {
    let mut scanning = Scanning::under(NONE);
    shop_by_code_deploy(&scanning, "on");
    scanning.world.push(clean("v2"));
    scanning.world.push(clean("v3"));
    deploy(&scanning, "v2");
    scanning.run_for(60).await;
    let before = scanning.world.lock().service("prod/shop").task_definition();
    deploy(&scanning, "v3");
    scanning.run_for(60).await;
    let v2 = scanning.world.lock().registry.images[1].digest.clone();
    scanning.world.discover(&v2, bad());
    let back = scanning.world.deploy("prod/shop", Version::new("v2").task_definition(&before));
    scanning.run_for(5).await;
    let summary = scanning.run_daily().await;
    assert_eq!(summary.passed.get("roll_back"), Some(&1), "{summary:?}");
    scanning.run_for(60).await;
    assert_eq!(scanning.world.status(&back), "Succeeded");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn complete_but_empty_is_no_verdict_until_the_findings_are_there() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    scanning.world.push(Image::new("shop", "v2").pending_for(1).empty_for(3).finds([bad()]));
    scanning.run_for(3).await;
    assert!(scanning.records().is_empty(), "{:?}", scanning.records());
    assert!(scanning.queued() > 0, "it is looked at again");
    scanning.run_for(30).await;
    // Later events find it in the archive.
    assert_eq!(scanning.records(), ["fail vulnerable", "fail image_archived"]);
    assert_eq!((scanning.queued(), scanning.world.subjects().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_image_in_which_nothing_is_found_passes_when_it_has_settled() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    // Inspector never says that it is done with it.
    scanning.world.push(Image::new("shop", "v2").says(Says::Empty).covered_as("SCAN_FREQUENCY_SCAN_ON_PUSH"));
    scanning.run_for(5).await;
    assert!(scanning.queued() > 0);
    scanning.run_for(20).await;
    assert_eq!(scanning.queued(), 0);
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn events_that_come_twice_late_or_out_of_order_come_to_the_same() {
    let end = async |shuffle: fn(&mut Vec<serde_json::Value>)| {
        let mut scanning = Scanning::under(EVERY);
        shop(&scanning, "on");
        scanning.world.scans_enhanced();
        scanning
            .world
            .push(clean("v2").pending_for(1).finds([bad(), critical("CVE-2026-1002").in_package("curl", "8")]));
        let deployment = deploy(&scanning, "v2");
        scanning.world.pass(3);
        let mut events = scanning.world.take_events();
        shuffle(&mut events);
        for event in events {
            let now = scanning.world.lock().now;
            scanning.send(&event, now);
            scanning.deliver().await;
        }
        scanning.run_for(15).await;
        let digest = scanning.world.lock().registry.images[1].digest.clone();
        let quarantined = scanning.world.storage(&digest);
        (scanning.world.status(&deployment), quarantined, scanning.calls("StopServiceDeployment"))
    };
    let once = end(|_| {}).await;
    assert_eq!((once.0.as_str(), once.2), ("ROLLBACK_SUCCESSFUL", 1));
    assert_eq!(end(|events| events.reverse()).await, once);
    assert_eq!(end(|events| events.extend(events.clone())).await, once);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_findings_of_one_image_are_one_decision() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    let findings = (0..100).map(|n| critical(&format!("CVE-2026-{n:04}")).in_package("openssl", "3.0.1"));
    scanning.world.push(clean("v2").finds(findings));
    scanning.deliver().await;
    assert_eq!(scanning.calls("DescribeImageScanFindings"), 1);
    assert_eq!(scanning.world.full_records().len(), 1);
    assert_eq!(scanning.world.subjects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_image_that_is_pushed_again_is_caught_again() {
    let mut scanning = Scanning::under(EVERY);
    let digest = scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    scanning.run_for(2).await;
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
    assert_eq!(scanning.world.push(clean("v2").in_progress_for(1).finds([bad()])), digest);
    assert_eq!(scanning.world.storage(&digest), "ACTIVE", "a push takes it out of the archive");
    scanning.run_for(20).await;
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
    assert_eq!(scanning.calls("UpdateImageStorageClass"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_a_service_runs_is_never_put_out_of_reach() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "on");
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.scans_enhanced();
    scanning.world.discover(&v1, bad());
    scanning.run_for(2).await;
    assert_eq!(scanning.records(), ["fail vulnerable"]);
    assert_eq!(scanning.steps(), ["deregister_task_definition: left_alone", "archive_image: left_alone"]);
    assert!(scanning.reasons()[0].starts_with("it is in use: the task prod/"), "{:?}", scanning.reasons());
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn the_revision_that_a_service_would_go_back_to_is_not_put_out_of_reach() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "off");
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.push(clean("v2"));
    deploy(&scanning, "v2");
    scanning.run_for(45).await;
    scanning.world.scans_enhanced();
    scanning.world.discover(&v1, bad());
    scanning.run_for(2).await;
    assert!(
        scanning.reasons().iter().any(|why| why.contains("a current or previous revision of the service prod/shop"))
    );
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn what_another_cluster_needs_is_not_put_out_of_reach_either() {
    let mut scanning = Scanning::under(EVERY);
    let digest = scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    // Nobody enrolled it.
    scanning.world.add(Service::new("staging/shop", 1, TEN).image("shop:v2"));
    scanning.run_for(2).await;
    assert_eq!(scanning.world.storage(&digest), "ACTIVE");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn an_image_of_a_pull_through_cache_is_judged_as_soon_as_it_is_cached() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    // ECS pulls it before ECR has it, so nothing is known when the deployment begins.
    let cached = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/nginx:1";
    let deployment = scanning.world.deploy("prod/shop", Version::new("v2").image(cached));
    scanning.deliver().await;
    assert_eq!(scanning.records(), ["fail image_missing"]);
    scanning.never_called(&WRITES);
    scanning.world.push(Image::new("docker-hub/library/nginx", "1").in_progress_for(1).finds([bad()]));
    scanning.run_for(3).await;
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"), "{}", scanning.world.status(&deployment));
}

#[tokio::test(start_paused = true)]
async fn an_image_of_another_account_or_region_is_asked_for_where_it_is() {
    for image in [
        Image::new("shop", "v2").in_account("999999999999").finds([bad()]),
        Image::new("shop", "v2").in_region("us-east-1").finds([bad()]),
    ] {
        let mut scanning = Scanning::under(NONE);
        shop(&scanning, "on");
        let digest = scanning.world.push(image);
        let uri = scanning.world.lock().registry.image(&digest).uri().clone();
        let deployment = scanning.world.deploy("prod/shop", Version::new("v2").image(&uri));
        scanning.run_for(2).await;
        assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"), "{uri}: {:?}", scanning.records());
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_may_not_be_read_is_an_error_that_names_the_action_and_stops_nothing() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    let elsewhere = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop:v2";
    scanning.world.lock().faults.add("DescribeImages", Fault::Denied, Times::Always);
    scanning.world.deploy("prod/shop", Version::new("v2").image(elsewhere));
    scanning.run_for(1).await;
    assert_eq!(scanning.records(), ["error image_unreadable"]);
    assert!(scanning.record()["why"].as_str().is_some_and(|why| why.contains("DescribeImages is not allowed")));
    scanning.never_called(&WRITES);
    assert!(scanning.queued() > 0, "it is looked at again");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_in_ecr_warns_unless_the_policy_blocks_it() {
    let nginx = || Version::new("v2").image("public.ecr.aws/docker/library/nginx:1");
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    let deployment = scanning.world.deploy("prod/shop", nginx());
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    scanning.never_called(&WRITES);
    let mut scanning = Scanning::under("version: 1\nforeign_registry: block\n");
    shop(&scanning, "on");
    let deployment = scanning.world.deploy("prod/shop", nginx());
    scanning.run_for(2).await;
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"));
    assert_eq!(scanning.records()[0], "fail foreign_registry");
}

#[tokio::test(start_paused = true)]
async fn an_index_with_one_bad_platform_is_blocked_and_archived_before_its_images() {
    let mut scanning = Scanning::under(EVERY);
    let index = Index::new("shop", "v2")
        .with(Image::of("linux/amd64").in_progress_for(1))
        .with(Image::of("linux/arm64").in_progress_for(1).finds([bad()]))
        .attested();
    let digest = scanning.world.push(index);
    let (good, worse) =
        (scanning.world.platform_of(&digest, "linux/amd64"), scanning.world.platform_of(&digest, "linux/arm64"));
    scanning.run_for(3).await;
    assert_eq!(scanning.records(), ["fail vulnerable", "fail image_archived"]);
    let record = scanning.world.full_records().remove(0);
    assert_eq!(record["blocking"][0]["platforms"], serde_json::json!(["linux/arm64"]));
    assert_eq!([&digest, &worse, &good].map(|of| scanning.world.storage(of)), ["ARCHIVED", "ARCHIVED", "ACTIVE"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_on_one_architecture_is_not_held_up_by_the_other_ones_findings() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64")).with(Image::of("linux/arm64").finds([bad()]));
    scanning.world.push(index);
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_was_never_scanned_is_blocked() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.scans_enhanced();
    scanning.world.push(clean("v2").never_scanned());
    scanning.world.pass_for(SignedDuration::from_hours(2));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(2).await;
    assert_eq!(scanning.records()[0], "fail not_scanned");
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"));
    scanning.never_called(&["UpdateImageStorageClass", "DeregisterTaskDefinition"]);
}

#[tokio::test(start_paused = true)]
async fn basic_scanning_that_never_ran_is_begun_and_its_result_counts() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").never_scanned().finds([bad()]));
    scanning.world.pass_for(SignedDuration::from_hours(2));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(3).await;
    assert_eq!(scanning.calls("StartImageScan"), 1);
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"), "{:?}", scanning.records());
}

#[tokio::test(start_paused = true)]
async fn a_new_finding_on_what_runs_is_told_and_changes_nothing() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    shop(&scanning, "on");
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.pass_for(SignedDuration::from_hours(48));
    scanning.deliver().await;
    scanning.world.discover(&v1, bad());
    scanning.run_for(2).await;
    let told = scanning.world.lock().published.pop().expect("it is told");
    assert_eq!(
        told.subject,
        "Tidegate: shop:v1@sha256:".to_owned() + &v1[7..19] + ": the image is blocked (vulnerable)"
    );
    assert!(
        told.body.contains("CVE-2026-1001") && told.body.contains("openssl 3.0.1, fixed in 3.0.2"),
        "{}",
        told.body
    );
    scanning.never_called(&WRITES);
    let before = scanning.world.subjects().len();
    scanning.run_daily().await;
    assert_eq!(scanning.world.subjects().len(), before, "the daily run has nothing to add");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn an_image_for_another_architecture_than_the_tasks_is_stopped_before_it_can_crash() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").on("linux/arm64"));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(1).await;
    assert_eq!(scanning.records()[0], "fail no_platform");
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"));
    // Where its configuration can't be read, it may be for any.
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.lock().faults.add("GetDownloadUrlForLayer", Fault::Denied, Times::Always);
    scanning.world.push(clean("v2"));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
}
