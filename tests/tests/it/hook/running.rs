//! What runs of the new version, diagnosed: crashes, tasks that do not start, targets that are not healthy.

use tidegate_tests::world::failures::Failure;

use super::{by_code_deploy, by_ecs, event_status, good, nothing_was_lost, shop};

#[tokio::test(start_paused = true)]
async fn a_crash_is_failed_with_its_cause_and_its_fix() {
    let hooking = by_ecs(shop("on"), &["POST_SCALE_UP"]);
    let id = hooking.deploy(good().fails(Failure::out_of_memory().after(20).times(1)));
    hooking.run_for(40).await;
    assert!(hooking.status(&id).starts_with("ROLLBACK"), "{}: {:?}", hooking.status(&id), hooking.records());
    let records = hooking.records();
    assert!(records.contains(&"fail task_stopped".to_owned()), "{records:?}");
    let told = hooking.told();
    assert!(told.contains("app: ") && told.contains("to mend it: "), "the container and the fix: {told}");
    assert!(told.to_lowercase().contains("memory"), "{told}");
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn tasks_of_the_old_version_are_none_of_its_business() {
    let hooking = by_ecs(shop("on"), &["POST_SCALE_UP"]);
    hooking.world.crash("prod/shop", Failure::exits(1).times(1));
    hooking.world.pass(2);
    let id = hooking.deploy(good());
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL", "{:?}", hooking.records());
    assert!(!hooking.records().iter().any(|record| record.contains("task_stopped")), "{:?}", hooking.records());
}

#[tokio::test(start_paused = true)]
async fn a_good_version_is_waited_for_until_its_tasks_have_run_for_a_while() {
    let hooking = by_code_deploy(shop("on"), &["AfterInstall"]);
    let _ = hooking.deploy(good());
    hooking.run_for(20).await;
    assert_eq!(event_status(&hooking, "AfterInstall"), "Succeeded", "{:?}", hooking.records());
    hooking.never_called(&["StopDeployment", "GetMetricData", "DescribeAlarms"]);
}

#[tokio::test(start_paused = true)]
async fn targets_that_fail_their_health_checks_are_explained() {
    let hooking = by_code_deploy(shop("on").tag("patience", "3m"), &["BeforeAllowTraffic"]);
    let id = hooking.deploy(good().unhealthy(1));
    hooking.run_for(30).await;
    assert_eq!(hooking.status(&id), "Failed", "{:?}", hooking.records());
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail target_unhealthy"));
    let told = hooking.told();
    assert!(told.contains("1 of 4 targets") && told.contains("to mend it: "), "{told}");
    nothing_was_lost(&hooking);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_do_not_get_beyond_pending_are_told_with_what_the_service_says_of_them() {
    let hooking = by_ecs(shop("on"), &[]);
    let event = "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time.";
    let id = hooking.deploy(good().stuck_pending(event));
    hooking.run_for(8).await;
    let record = hooking.ask(&serde_json::json!({"service": "prod/shop", "stage": "POST_SCALE_UP"})).await;
    assert_eq!((&record["verdict"], &record["reason"]), (&"fail".into(), &"task_stuck".into()), "{record}");
    let finding = &record["findings"][0];
    assert!(finding["why"].to_string().to_lowercase().contains("capacity"), "{finding}");
    assert!(finding["fix"].is_string(), "{finding}");
    assert_eq!(hooking.status(&id), "IN_PROGRESS", "a dry run stops nothing");
    nothing_was_lost(&hooking);
}
