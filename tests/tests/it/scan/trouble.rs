//! What the gate does when it does not know: nothing that harms, and it says so.

use tidegate_tests::scanning::{Scanning, WRITES};
use tidegate_tests::world::Meanwhile;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::faults::{Fault, Times};

use super::{EVERY, NONE, bad, clean, deploy, shop, shop_by_code_deploy};

fn faulty(scanning: &Scanning, operation: &str, fault: Fault) {
    scanning.world.lock().faults.add(operation, fault, Times::Always);
}

#[tokio::test(start_paused = true)]
async fn who_needs_an_image_has_to_be_known_before_it_is_put_out_of_reach() {
    for operation in ["ListClusters", "ListTasks", "DescribeTasks", "ListServices", "DescribeServices"] {
        let mut scanning = Scanning::under(EVERY);
        // A cluster with a task of another image.
        scanning.world.push(clean("v1"));
        let other = scanning.world.register(TaskDefinition::of("other").container("app", "shop:v1"));
        scanning.world.run_task(tidegate_tests::world::tasks::RunTask::of(&other, "prod")).expect("it starts");
        scanning.world.add(
            tidegate_tests::world::service::Service::new("prod/web", 1, tidegate_tests::scene::TEN).image("shop:v1"),
        );
        let digest = scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
        scanning.world.pass(1);
        faulty(&scanning, operation, Fault::ServerError);
        scanning.run_for(1).await;
        assert_eq!(scanning.world.storage(&digest), "ACTIVE", "{operation}");
        let reasons = scanning.reasons();
        assert!(
            reasons.iter().any(|why| why.starts_with("whether anybody needs it could not be told")),
            "{operation}: {reasons:?}"
        );
        scanning.never_called(&WRITES);
        assert!(scanning.queued() > 0, "it is looked at again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_names_an_image_has_to_be_known_before_it_is_archived_and_is_looked_for_again() {
    for operation in ["ListTaskDefinitions", "DescribeTaskDefinition"] {
        let mut scanning = Scanning::under(EVERY);
        let digest = scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
        let _definition = scanning.world.register(TaskDefinition::of("report").container("app", "shop:v2"));
        scanning.world.pass(1);
        scanning.world.lock().faults.add(operation, Fault::ServerError, Times::First(1));
        scanning.deliver().await;
        // An image in the archive is not judged again, so nobody would come back for its task definition.
        assert_eq!(scanning.world.storage(&digest), "ACTIVE", "{operation}");
        assert!(scanning.queued() > 0, "{operation}: it is looked at again");
        scanning.run_for(4).await;
        assert_eq!((scanning.world.storage(&digest), scanning.queued()), ("ARCHIVED", 0), "{operation}");
        assert_eq!(scanning.calls("DeregisterTaskDefinition"), 1, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_read_of_an_image_that_is_waited_for_is_told() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    scanning.world.push(clean("v1"));
    scanning.world.pass(1);
    faulty(&scanning, "ListCoverage", Fault::Denied);
    scanning.deliver().await;
    assert!(scanning.queued() > 0, "whether it was scanned is not known yet");
    let facts = scanning.record()["facts"].to_string();
    assert!(facts.contains("ListCoverage is not allowed"), "{facts}");
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_cannot_be_read_is_an_error_and_is_read_again() {
    for fault in [Fault::ServerError, Fault::Throttle, Fault::Denied, Fault::MalformedBody] {
        let mut scanning = Scanning::under(EVERY);
        shop(&scanning, "on");
        scanning.world.push(clean("v2").finds([bad()]));
        deploy(&scanning, "v2");
        let faults = [("DescribeImageScanFindings", Times::First(2))];
        for (operation, times) in faults {
            scanning.world.lock().faults.add(operation, fault.clone(), times);
        }
        scanning.deliver().await;
        assert!(scanning.records().iter().all(|said| said == "error image_unreadable"), "{:?}", scanning.records());
        scanning.never_called(&WRITES);
        scanning.run_for(5).await;
        assert_eq!(scanning.calls("StopServiceDeployment"), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_inspector_does_not_tell_is_not_taken_for_harmless() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    let low = tidegate_tests::world::registry::findings::low("CVE-2026-3003").in_package("curl", "8");
    scanning.world.push(clean("v2").finds([low]));
    faulty(&scanning, "BatchGetFindingDetails", Fault::Denied);
    scanning.deliver().await;
    assert_eq!(scanning.records(), ["error risk_unreadable"]);
    let why = scanning.record()["why"].as_str().unwrap_or_default().to_owned();
    assert!(why.contains("BatchGetFindingDetails is not allowed"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_list_of_services_that_is_not_to_be_had_keeps_the_events() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    scanning.world.pass(2);
    faulty(&scanning, "GetResources", Fault::ServerError);
    scanning.deliver().await;
    assert!(scanning.queued() > 0);
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_changed_since_it_was_judged_is_left_alone() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    deploy(&scanning, "v2");
    let switched_off = Meanwhile {
        operation: "DescribeServices",
        nth: 2,
        happens: |account| account.service("prod/shop").tags.retain(|(key, _)| key != "tidegate:scan"),
    };
    scanning.world.lock().meanwhile.push(switched_off);
    scanning.run_for(1).await;
    assert_eq!(scanning.steps(), ["stop_deployment: left_alone"]);
    assert_eq!(scanning.reasons(), ["tidegate:scan of its service is no longer on; nothing was stopped"]);
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_refused_is_told_and_tried_again() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.world.lock().faults.add("StopServiceDeployment", Fault::Denied, Times::First(1));
    scanning.run_for(1).await;
    assert_eq!(scanning.steps()[0], "stop_deployment: failed");
    assert_eq!(scanning.world.subjects(), ["Tidegate: prod/shop: the deployment was not stopped (vulnerable)"]);
    scanning.run_for(5).await;
    assert!(scanning.world.status(&deployment).starts_with("ROLLBACK"));
}

#[tokio::test(start_paused = true)]
async fn a_code_deploy_deployment_of_an_old_bad_image_is_stopped_as_soon_as_its_task_set_is_there() {
    let mut scanning = Scanning::under(NONE);
    shop_by_code_deploy(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.world.pass(60);
    scanning.deliver().await;
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(20).await;
    assert_eq!(scanning.world.status(&deployment), "Stopped");
    assert_eq!(scanning.calls("StopDeployment"), 1);
    assert!(scanning.world.share("prod/shop", "v2") < 0.001);
}

#[tokio::test(start_paused = true)]
async fn a_run_without_time_judges_nothing_and_loses_nothing() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.timeout_s = 1;
    scanning.deliver().await;
    scanning.never_called(&WRITES);
    assert!(scanning.queued() > 0);
    scanning.timeout_s = 120;
    scanning.run_for(5).await;
    assert_eq!(scanning.records().last().map(String::as_str), Some("fail vulnerable"));
    assert_eq!(scanning.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_deployments_ecs_does_not_tell_is_asked_by_its_task_definition() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "off");
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.push(clean("v2"));
    deploy(&scanning, "v2");
    scanning.run_for(45).await;
    // As if the deployment were older than those that ECS keeps.
    scanning.world.lock().native.deployments.clear();
    scanning.world.lock().native.revisions.clear();
    scanning.world.scans_enhanced();
    scanning.world.discover(&v1, bad());
    scanning.run_for(1).await;
    assert_eq!(scanning.world.storage(&v1), "ACTIVE");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn of_an_image_of_another_account_inspector_knows_nothing_and_the_policy_says_what_then() {
    let low = || tidegate_tests::world::registry::findings::low("CVE-2026-3003").in_package("curl", "8");
    let elsewhere = || tidegate_tests::world::registry::image::Image::new("shop", "v2").in_account("999999999999");
    for (policy, said) in
        [(EVERY, "error risk_unreadable"), ("version: 1\nmode: on\nescalate: {known_exploited: false}\n", "pass clean")]
    {
        let scanning = Scanning::with(&[("TIDEGATE_RECORDS", "all")], policy);
        scanning.world.scans_enhanced();
        let digest = scanning.world.push(elsewhere().finds([low()]));
        let uri = scanning.world.lock().registry.image(&digest).uri();
        scanning.run(&serde_json::json!({"image": uri})).await;
        assert_eq!(scanning.records(), [said]);
        scanning.never_called(&["BatchGetFindingDetails", "ListFindings"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_nobody_could_be_told_is_told_again() {
    let mut scanning = Scanning::with(&[], EVERY);
    scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    scanning.world.pass(1);
    scanning.world.lock().faults.add("Publish", Fault::ServerError, Times::First(1));
    scanning.deliver().await;
    assert!(scanning.world.subjects().is_empty() && scanning.queued() > 0);
    scanning.run_for(4).await;
    assert_eq!((scanning.world.subjects().len(), scanning.queued()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_whose_task_set_does_not_come_holds_up_nobody_elses_events() {
    let mut scanning = Scanning::under(EVERY);
    shop_by_code_deploy(&scanning, "on");
    scanning.world.push(clean("v2"));
    deploy(&scanning, "v2");
    scanning.world.push(tidegate_tests::world::registry::image::Image::new("other", "v1"));
    scanning.deliver().await;
    // Only the event of the deployment's own beginning comes again.
    assert_eq!(scanning.queued(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_tasks_is_read_in_hundreds_and_each_task_definition_once() {
    let mut scanning = Scanning::under(NONE);
    scanning.world.push(clean("v1"));
    let definition = scanning.world.register(TaskDefinition::of("batch").container("app", "shop:v1"));
    for _ in 0..250 {
        scanning.world.run_task(tidegate_tests::world::tasks::RunTask::of(&definition, "prod")).expect("it starts");
    }
    scanning.deliver().await;
    assert_eq!((scanning.calls("DescribeTasks"), scanning.calls("DescribeTaskDefinition")), (3, 1));
    scanning.never_called(&["DescribeImages"]);
    assert_eq!(scanning.queued(), 0);
}
