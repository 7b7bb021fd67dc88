//! ECS's own deployments: every stage passes, and every stage fails.

use std::time::Duration;

use tidegate_tests::hooking::WRITES;
use tidegate_tests::world::failures::Failure;

use super::{bad, by_ecs, good, nothing_was_lost, shop, vulnerable};

const STAGES: [&str; 5] = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

#[tokio::test(start_paused = true)]
async fn a_good_version_passes_every_stage() {
    let hooking = by_ecs(shop("on").tag("smoke", "GET /health 200 500ms"), &STAGES);
    let id = hooking.deploy(good().answers("/health", 200, "ok", Duration::from_millis(20)));
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL", "{:?}", hooking.records());
    assert!(hooking.records().iter().all(|record| record.starts_with("pass") || record == "inconclusive waiting"));
    hooking.never_called(&WRITES);
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn before_any_task_a_vulnerable_image_is_failed() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(20).await;
    assert_eq!(hooking.status(&id), "ROLLBACK_SUCCESSFUL");
    assert_eq!(hooking.records(), ["fail image_blocked"]);
    let told = hooking.told();
    assert!(told.contains("CVE-2026-1001") && told.contains("openssl 3.0.1"), "{told}");
    assert!(told.contains("- id: CVE-2026-1001"), "the exception to paste: {told}");
    hooking.never_called(&["DescribeTasks", "DescribeTargetHealth", "StopServiceDeployment"]);
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_nobody_pushed_is_failed_before_ecs_tries_to_pull_it() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let id = hooking.deploy(tidegate_tests::world::version::Version::new("v9").image("shop:v9"));
    hooking.run_for(20).await;
    assert!(hooking.status(&id).starts_with("ROLLBACK"), "{}", hooking.status(&id));
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail image_missing"));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_in_alarm_already_fails_a_deployment_before_it_begins() {
    let hooking = by_ecs(shop("on").tag("alarms", "checkout-errors"), &["PRE_SCALE_UP"]);
    hooking.world.lock().set_alarm("checkout-errors", "ALARM");
    let id = hooking.deploy(good());
    hooking.run_for(20).await;
    assert!(hooking.status(&id).starts_with("ROLLBACK"), "{}", hooking.status(&id));
    assert_eq!(hooking.records(), ["fail alarm_in_alarm"]);
    assert!(hooking.told().contains("checkout-errors"), "{}", hooking.told());
}

#[tokio::test(start_paused = true)]
async fn before_each_step_an_alarm_is_looked_at_again() {
    let hooking = by_ecs(shop("on").tag("alarms", "checkout-errors"), &["PRE_PRODUCTION_TRAFFIC_SHIFT"]);
    hooking.world.lock().set_alarm("checkout-errors", "OK");
    let id = hooking.deploy(good());
    hooking.run_for(8).await;
    assert!(hooking.world.share("prod/shop", "v2") > 0.0, "the first step was taken: {:?}", hooking.records());
    hooking.world.lock().set_alarm("checkout-errors", "ALARM");
    hooking.run_for(30).await;
    assert_eq!(hooking.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(hooking.records().contains(&"fail alarm_in_alarm".to_owned()), "{:?}", hooking.records());
    hooking.never_called(&["DescribeTaskDefinition", "DescribeImages", "GetMetricData"]);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_crash_fail_the_stage_after_they_were_started() {
    let hooking = by_ecs(shop("on"), &["POST_SCALE_UP"]);
    let id = hooking.deploy(good().fails(Failure::exits(1).after(60)));
    hooking.run_for(40).await;
    assert!(hooking.status(&id).starts_with("ROLLBACK"), "{}: {:?}", hooking.status(&id), hooking.records());
    assert!(hooking.world.share("prod/shop", "v2") < 0.1);
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn a_smoke_request_that_is_answered_wrongly_fails_the_test_traffic() {
    let hooking = by_ecs(shop("on").tag("smoke", "GET /health 200 500ms"), &["POST_TEST_TRAFFIC_SHIFT"]);
    let id = hooking.deploy(good().answers("/health", 503, "starting", Duration::from_millis(20)));
    hooking.run_for(20).await;
    assert!(hooking.status(&id).starts_with("ROLLBACK"), "{}: {:?}", hooking.status(&id), hooking.records());
    assert_eq!(hooking.records(), ["fail smoke_failed"]);
    assert!(hooking.told().contains("503"), "{}", hooking.told());
    assert_eq!(hooking.world.asked().len(), 4, "as often as a request is tried");
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn unhealthy_targets_are_waited_for_and_then_fail_the_last_stage() {
    let hooking = by_ecs(shop("on").tag("patience", "3m"), &["POST_PRODUCTION_TRAFFIC_SHIFT"]);
    let id = hooking.deploy(good().unhealthy(1));
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "ROLLBACK_SUCCESSFUL", "{:?}", hooking.records());
    assert_eq!(hooking.records(), ["inconclusive waiting", "fail target_unhealthy"]);
    hooking.never_called(&["DescribeTaskDefinition", "DescribeImages", "DescribeAlarms"]);
}

#[tokio::test(start_paused = true)]
async fn a_stage_at_which_nothing_is_looked_at_passes() {
    let hooking = by_ecs(shop("on"), &["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"]);
    let id = hooking.deploy(good());
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL");
    assert_eq!(hooking.records(), ["pass other_stage"]);
    hooking.never_called(&["DescribeTaskDefinition", "DescribeImages", "DescribeAlarms", "DescribeTargetHealth"]);
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_is_not_over_is_waited_for() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let slow = tidegate_tests::world::registry::image::Image::new("shop", "v3").user("1000").pending_for(4);
    hooking.world.push(slow);
    let id = hooking.deploy(tidegate_tests::world::version::Version::new("v3").image("shop:v3"));
    hooking.run_for(3).await;
    assert_eq!(
        (hooking.status(&id).as_str(), hooking.records().last().map(String::as_str)),
        ("IN_PROGRESS", Some("inconclusive waiting"))
    );
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL", "{:?}", hooking.records());
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_comes_with_the_scan_fails_the_wait() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let slow =
        tidegate_tests::world::registry::image::Image::new("shop", "v3").user("1000").pending_for(4).finds([bad()]);
    hooking.world.push(slow);
    let id = hooking.deploy(tidegate_tests::world::version::Version::new("v3").image("shop:v3"));
    hooking.run_for(30).await;
    assert_eq!(hooking.status(&id), "ROLLBACK_SUCCESSFUL");
    assert_eq!(hooking.records(), ["inconclusive waiting", "fail image_blocked"]);
    assert_eq!(hooking.subjects().len(), 1, "{:?}", hooking.subjects());
}
