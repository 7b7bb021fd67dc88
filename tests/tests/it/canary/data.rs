//! Late, missing, duplicated and partial data, things that vanish, and calls that fail: none ends in a wrong stop or a
//! silent pass.

use jiff::SignedDuration;
use tidegate_tests::release::Release;
use tidegate_tests::world::Meanwhile;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::native::DeploymentConfiguration;

use super::{bad, by_code_deploy, by_ecs, good, group, hook, service};

/// From now on a metric comes so many minutes later than the others.
fn late(release: &Release, name: &str, minutes: i64) {
    release.world.lock().metrics.late.push((name.to_owned(), SignedDuration::from_mins(minutes)));
}

#[tokio::test(start_paused = true)]
async fn a_newest_minute_that_still_grows_stops_nobody() {
    let release = by_code_deploy(service("on"), group());
    release.world.lock().metrics.grows_for = Some(SignedDuration::from_secs(90));
    let id = release.deploy(good());
    release.run_for(16).await;
    assert_eq!(release.status(&id), "InProgress");
    assert_eq!(release.calls("StopDeployment"), 0);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_counted_late_are_not_unanswered() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(good());
    release.run_for(2).await;
    late(&release, "HTTPCode_Target_2XX_Count", 10);
    release.run_for(10).await;
    assert_eq!(release.status(&id), "InProgress");
    assert_eq!(release.calls("StopDeployment"), 0);
}

#[tokio::test(start_paused = true)]
async fn request_counts_that_are_late_are_no_evidence_until_they_come() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    release.run_for(2).await;
    late(&release, "RequestCount", 8);
    release.run_for(5).await;
    assert_eq!(release.status(&id), "InProgress", "nothing is known of the canary yet");
    release.run_for(9).await;
    assert_eq!(release.status(&id), "Stopped", "minutes that settle later still count");
}

#[tokio::test(start_paused = true)]
async fn a_point_that_is_told_twice_counts_once() {
    let once = by_code_deploy(service("on"), group());
    let _ = once.deploy(bad());
    let twice = by_code_deploy(service("on"), group());
    twice.world.lock().metrics.doubled.extend(["RequestCount", "HTTPCode_Target_5XX_Count"].map(str::to_owned));
    let _ = twice.deploy(bad());
    for release in [&once, &twice] {
        release.run_for(12).await;
    }
    assert_eq!(once.record()["why"], twice.record()["why"]);
}

#[tokio::test(start_paused = true)]
async fn partial_data_is_never_judged() {
    let release = by_code_deploy(service("on"), group());
    release.world.lock().faults.add("GetMetricData", Fault::PartialData, Times::Always);
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "InProgress");
    assert_eq!(release.record()["reason"], "metrics_unreadable");
    // Once; a fault that lasts is a metric with an alarm, which holds the state.
    assert_eq!(release.subjects(), ["Tidegate: prod/shop: the deployment can't be judged (metrics_unreadable)"]);
    assert!(release.world.lock().printed.iter().any(|line| line.contains(r#""DeploymentsFailed":1"#)));
}

#[tokio::test(start_paused = true)]
async fn partial_data_ends_a_step_as_the_policy_says_and_aloud() {
    let release = by_ecs(service("on").tag("patience", "6m"), DeploymentConfiguration::canary(10.0, 2).hook(hook()));
    release.world.lock().faults.add("GetMetricData", Fault::PartialData, Times::Always);
    let id = release.deploy(good());
    release.run_for(40).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    let said = "Tidegate: prod/shop: the deployment was let pass (passed_without_proof)";
    assert!(release.subjects().iter().any(|subject| subject == said), "{:?}", release.subjects());
}

#[tokio::test(start_paused = true)]
async fn metrics_that_come_back_are_judged_from_the_beginning() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    release.world.lock().faults.add("GetMetricData", Fault::ServerError, Times::First(10));
    release.run_for(9).await;
    assert_eq!(release.status(&id), "InProgress");
    release.run_for(3).await;
    assert_eq!(release.status(&id), "Stopped");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_vanishes_between_two_calls_is_nobody_s_fault() {
    let release = by_code_deploy(service("on"), group());
    let _ = release.deploy(good());
    release.run_for(3).await;
    let reads = release.calls("BatchGetDeploymentTargets");
    release.world.lock().meanwhile.push(Meanwhile {
        operation: "BatchGetDeploymentTargets",
        nth: reads + 1,
        happens: |account| account.codedeploy.deployments.clear(),
    });
    release.world.pass(1);
    let summary = release.run().await;
    assert_eq!((summary.in_progress, summary.stopped), (0, 0));
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
}

#[tokio::test(start_paused = true)]
async fn a_service_deployment_that_vanishes_is_nobody_s_fault() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 20));
    let _ = release.deploy(good());
    release.run_for(3).await;
    let reads = release.calls("DescribeServiceDeployments");
    release.world.lock().meanwhile.push(Meanwhile {
        operation: "DescribeServiceDeployments",
        nth: reads + 1,
        happens: |account| account.native.deployments.clear(),
    });
    release.world.pass(1);
    let summary = release.run().await;
    assert_eq!((summary.in_progress, summary.stopped), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_target_group_that_vanishes_leaves_nothing_to_judge_by() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    release.world.lock().faults.add("DescribeTargetGroups", Fault::Denied, Times::Always);
    release.run_for(12).await;
    assert_eq!(release.status(&id), "InProgress");
    let record = release.record();
    assert_eq!(record["reason"], "metrics_unreadable");
    assert!(record["why"].to_string().contains("DescribeTargetGroups is not allowed"), "{record}");
}

#[tokio::test(start_paused = true)]
async fn throttling_delays_a_stop_and_causes_none() {
    for version in [good(), bad()] {
        let is_bad = version.error_percent > 1.0;
        let release = by_code_deploy(service("on"), group().canary(10, 40));
        release.world.lock().faults.add("*", Fault::Throttle, Times::InAHundred(10));
        let id = release.deploy(version);
        for _ in 0..30 {
            release.world.pass(1);
            // A run that can't even read the list is the next one's.
            let now = release.world.lock().now;
            let _ = release.invoke(&tidegate_tests::scene::scheduled(now)).await;
        }
        assert_eq!(release.status(&id) == "Stopped", is_bad, "{}", release.status(&id));
    }
}

#[tokio::test(start_paused = true)]
async fn one_service_that_can_not_be_described_is_named_and_the_others_are_judged() {
    let release = by_code_deploy(service("on"), group());
    release.world.add(
        tidegate_tests::world::service::Service::new("prod/cart", 4, tidegate_tests::scene::TEN).tag("gate", "on"),
    );
    let fault = Fault::FailService("cart".to_owned(), "INTERNAL".to_owned());
    release.world.lock().faults.add("DescribeServices", fault, Times::Always);
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "Stopped");
    assert_eq!(release.run().await.failed.get("service_unreadable"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_does_not_exist_is_never_quiet() {
    let release = by_ecs(
        service("on").tag("alarms", "shop-ordres").tag("patience", "20m").tag("on-inconclusive", "fail"),
        DeploymentConfiguration::canary(10.0, 2).hook(hook()),
    );
    let id = release.deploy(good());
    release.run_for(60).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
    let failed = release.full_records().into_iter().find(|record| record["reason"] == "no_proof_in_time");
    let why = failed.expect("a record")["why"].to_string();
    assert!(why.contains("there is no alarm shop-ordres"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn weights_that_somebody_else_set_void_the_counts() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 30));
    let id = release.deploy(good());
    release.run_for(4).await;
    {
        // Infrastructure code gives the canary three quarters.
        let mut account = release.world.lock();
        let balancer = account.balancer("prod/shop");
        let group = balancer.group_of("v2").expect("the canary's").arn.clone();
        balancer.listener.shift(&group, 75.0);
    }
    release.run_for(6).await;
    assert_eq!(release.status(&id), "IN_PROGRESS");
    assert_eq!(release.run().await.go_on.get("split_is_off"), Some(&1));
}
