//! CodeDeploy: every lifecycle event passes and fails, its `AppSpec` wherever that is kept, and waiting beyond an invocation.

use std::time::Duration;

use tidegate_tests::hooking::WRITES;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::faults::Fault;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::version::Version;

use super::{
    balancer, by_code_deploy, event_status, good, group, nothing_was_lost, over_code_deploy, shop, vulnerable,
};

const EVENTS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

#[tokio::test(start_paused = true)]
async fn a_good_version_passes_every_event() {
    let hooking = by_code_deploy(shop("on").tag("smoke", "GET /health 200 500ms"), &EVENTS);
    let id = hooking.deploy(good().answers("/health", 200, "ok", Duration::from_millis(20)));
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "Succeeded", "{:?}", hooking.records());
    assert!(hooking.records().iter().all(|record| record.starts_with("pass")), "{:?}", hooking.records());
    for event in EVENTS {
        assert_eq!(event_status(&hooking, event), "Succeeded", "{event}");
    }
    hooking.never_called(&WRITES);
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn a_vulnerable_image_is_told_from_the_app_spec_before_anything_is_installed() {
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(10).await;
    assert_eq!((event_status(&hooking, "BeforeInstall").as_str(), hooking.status(&id).as_str()), ("Failed", "Failed"));
    assert_eq!(hooking.records(), ["fail image_blocked"]);
    hooking.never_called(&["StopDeployment", "ListTasks", "DescribeTargetHealth"]);
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn an_app_spec_in_a_bucket_is_read_as_well() {
    let group = group(&["BeforeInstall"]).revisions_in_s3();
    let hooking = over_code_deploy(shop("on"), balancer(), group);
    let version = vulnerable(&hooking);
    let _ = hooking.deploy(version);
    hooking.run_for(10).await;
    assert_eq!(hooking.records(), ["fail image_blocked"]);
    hooking.never_called(&["StopDeployment"]);
}

#[tokio::test(start_paused = true)]
async fn where_no_app_spec_can_be_read_the_checks_move_to_the_tasks() {
    let group = group(&["BeforeInstall", "AfterInstall"]).without_revisions();
    let hooking = over_code_deploy(shop("on"), balancer(), group);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(20).await;
    assert_eq!(
        (event_status(&hooking, "BeforeInstall").as_str(), hooking.status(&id).as_str()),
        ("Succeeded", "Failed")
    );
    let records = hooking.world.full_records();
    let unknown = records[0]["findings"].to_string();
    assert!(unknown.contains("task_definition_unknown"), "{unknown}");
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail image_blocked"));
    assert_eq!(event_status(&hooking, "AfterInstall"), "Failed");
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_for_the_app_spec_is_told_people() {
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]);
    hooking.fails("GetDeployment", Fault::Denied);
    let _ = hooking.deploy(good());
    hooking.run_for(10).await;
    assert_eq!(hooking.records(), ["pass passed_with_warnings"]);
    let told = hooking.told();
    assert!(told.contains("task_definition_unknown") && told.contains("GetDeployment is not allowed"), "{told}");
    hooking.never_called(&["StopDeployment"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_tag_came_to_when_the_tasks_pulled_it_is_what_is_judged() {
    let hooking = by_code_deploy(shop("on"), &["AfterInstall"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.world.pass(3);
    // Somebody moves the tag to a clean image, which none of the tasks runs.
    hooking.world.push(Image::new("shop", "bad").user("1000").built_from("something else"));
    hooking.run_for(20).await;
    assert_eq!(hooking.status(&id), "Failed", "{:?}", hooking.records());
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail image_blocked"));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_could_never_start_is_failed_though_breaches_only_warn() {
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]);
    let definition = TaskDefinition::of("shop").container("app", "shop:v2").fargate(1024, 1024);
    let arn = hooking.world.register(definition);
    let id = hooking.deploy(Version::new("v2").task_definition(&arn));
    hooking.run_for(10).await;
    assert_eq!((hooking.status(&id).as_str(), hooking.records()), ("Failed", vec!["fail fargate_size".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_breach_warns_and_where_it_is_asked_for_blocks() {
    let privileged = |hooking: &tidegate_tests::hooking::Hooking| {
        let definition =
            TaskDefinition::of("shop").container("app", "shop:v2").environment("DB_PASSWORD", "hunter2hunter2");
        let arn = hooking.world.register(definition);
        hooking.deploy(Version::new("v2").task_definition(&arn))
    };
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]);
    let _ = privileged(&hooking);
    hooking.run_for(2).await;
    assert_eq!(event_status(&hooking, "BeforeInstall"), "Succeeded");
    assert_eq!(hooking.records(), ["pass passed_with_warnings"]);
    assert!(hooking.found().contains(&"plain_secret".to_owned()), "{:?}", hooking.found());
    let told = hooking.told();
    assert!(told.contains("Security Hub ECS.8") && !told.contains("hunter2"), "{told}");
    assert!(!hooking.record().to_string().contains("hunter2"), "{}", hooking.record());

    let hooking = by_code_deploy(shop("on").tag("preflight", "block"), &["BeforeInstall"]);
    let id = privileged(&hooking);
    hooking.run_for(5).await;
    assert_eq!((hooking.status(&id).as_str(), hooking.records()), ("Failed", vec!["fail plain_secret".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_comes_with_the_tasks_fails_before_any_traffic() {
    let hooking = by_code_deploy(shop("on"), &["AfterInstall"]);
    let id = hooking.deploy(good().fails(Failure::out_of_memory().after(20).times(1)));
    hooking.run_for(70).await;
    assert!(matches!(hooking.status(&id).as_str(), "Failed" | "Stopped"), "{}", hooking.status(&id));
    assert!(hooking.world.share("prod/shop", "v2") < 0.1);
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_longer_than_an_invocation_is_handed_on() {
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]);
    hooking.world.push(Image::new("shop", "v3").user("1000").pending_for(20));
    let id = hooking.deploy(Version::new("v3").image("shop:v3"));
    hooking.run_for(60).await;
    assert_eq!(event_status(&hooking, "BeforeInstall"), "Succeeded", "{:?}", hooking.records());
    assert!((1..=3).contains(&hooking.calls("Invoke")), "{}", hooking.calls("Invoke"));
    assert!(matches!(hooking.status(&id).as_str(), "InProgress" | "Succeeded"), "{}", hooking.status(&id));
}

#[tokio::test(start_paused = true)]
async fn after_the_traffic_was_shifted_a_failure_stops_the_deployment_first() {
    // The group would not roll back what fails.
    let group = group(&["AfterAllowTraffic"]).without_roll_back();
    let hooking = over_code_deploy(shop("on").tag("patience", "2m"), balancer(), group);
    let id = hooking.deploy(good().unhealthy(2));
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "Stopped", "{:?}", hooking.records());
    assert_eq!(hooking.calls("StopDeployment"), 1);
    let record = hooking.record();
    assert_eq!((&record["action"], &record["reason"]), (&"stop_deployment".into(), &"target_unhealthy".into()));
    assert!(hooking.subjects()[0].contains("the deployment was stopped"), "{:?}", hooking.subjects());
}

#[tokio::test(start_paused = true)]
async fn before_the_traffic_a_failure_stops_nothing_by_itself() {
    let hooking = by_code_deploy(shop("on").tag("alarms", "checkout-errors"), &["BeforeAllowTraffic"]);
    hooking.world.lock().set_alarm("checkout-errors", "ALARM");
    let id = hooking.deploy(good());
    hooking.run_for(20).await;
    assert_eq!(hooking.status(&id), "Failed", "{:?}", hooking.records());
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail alarm_in_alarm"));
    hooking.never_called(&["StopDeployment", "DescribeTaskDefinition", "DescribeImages"]);
    nothing_was_lost(&hooking);
}
