//! The real binary of the canary gate, beside deployments that really take their time.

use jiff::SignedDuration;
use tidegate_tests::drive::Drive;
use tidegate_tests::release::FUNCTION;
use tidegate_tests::scene::{TEN, alarms, scheduled};
use tidegate_tests::world::native::DeploymentConfiguration;

use super::{by_code_deploy, by_ecs};
use crate::canary::{bad, good, group, hook, old, service};

fn deploy(drive: &Drive, version: tidegate_tests::world::version::Version) -> String {
    drive.world.deploy("prod/shop", version)
}

/// What the records so far asked to be done, each once in a row.
fn actions(drive: &Drive) -> Vec<String> {
    let records = drive.world.full_records();
    let mut actions: Vec<String> =
        records.iter().filter_map(|record| record["action"].as_str()).map(str::to_owned).collect();
    actions.dedup();
    actions
}

/// What each hook of ECS's deployment ended as.
fn hooks(drive: &Drive) -> Vec<&'static str> {
    let account = drive.world.lock();
    let deployment = account.native.deployments.last().expect("a deployment");
    deployment.hooks.iter().map(|hook| hook.status).collect()
}

#[tokio::test]
async fn a_bad_canary_under_code_deploy_is_stopped_and_its_roll_back_left_alone() {
    let mut drive = by_code_deploy(service("on"), group()).await;
    let id = deploy(&drive, bad());
    drive.run_for(12).await;
    let world = drive.world.clone();
    assert_eq!(world.status(&id), "Stopped");
    let record = world.record();
    assert_eq!((&record["reason"], &record["acted"]), (&"worse_than_baseline".into(), &true.into()));
    // The roll-back is a deployment of its own, which brings the old version back.
    drive.run_for(20).await;
    assert_eq!(world.calls("StopDeployment"), 1);
    assert_eq!(world.subjects(), ["Tidegate: prod/shop: the deployment was stopped (worse_than_baseline)"]);
    assert!(world.share("prod/shop", "v1") > 99.9);
    let account = world.lock();
    let roll_back = account.codedeploy.deployments.last().expect("a roll-back");
    assert_eq!((roll_back.creator, roll_back.status), ("codeDeployRollback", "Succeeded"));
}

#[tokio::test]
async fn a_bad_canary_under_ecs_waits_at_its_hook_and_fails_there() {
    let mut drive = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 2).hook(hook())).await;
    let id = deploy(&drive, bad());
    drive.run_for(30).await;
    let world = &drive.world;
    assert_eq!(world.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(world.share("prod/shop", "v2") < 0.1);
    assert_eq!(actions(&drive), ["let_pass", "wait", "fail_hook"]);
    assert_eq!(world.subjects(), ["Tidegate: prod/shop: the deployment was failed (worse_than_baseline)"]);
}

#[tokio::test]
async fn a_bad_canary_whose_next_hook_is_far_off_is_stopped_by_the_schedule() {
    let mut drive = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 20).hook(hook())).await;
    let id = deploy(&drive, bad());
    drive.run_for(30).await;
    assert_eq!(drive.world.status(&id), "ROLLBACK_SUCCESSFUL");
    assert_eq!(actions(&drive), ["let_pass", "stop_deployment"]);
    assert_eq!(drive.world.calls("StopServiceDeployment"), 1);
}

#[tokio::test]
async fn a_bad_linear_shift_under_ecs_goes_no_further_than_its_first_step() {
    let mut drive = by_ecs(service("on"), DeploymentConfiguration::linear(25.0, 2).hook(hook())).await;
    let id = deploy(&drive, bad());
    let mut most = 0.0_f64;
    for _ in 0..30 {
        drive.run_for(1).await;
        most = most.max(drive.world.share("prod/shop", "v2"));
    }
    assert_eq!((drive.world.status(&id).as_str(), most), ("ROLLBACK_SUCCESSFUL", 25.0));
    assert_eq!(actions(&drive), ["let_pass", "wait", "fail_hook"]);
}

#[tokio::test]
async fn a_good_canary_under_ecs_waits_for_its_evidence_and_bakes() {
    let configuration = DeploymentConfiguration::canary(10.0, 3).bake(4).hook(hook());
    let mut drive = by_ecs(service("on").tag("patience", "60m"), configuration).await;
    let id = deploy(&drive, good());
    drive.run_for(90).await;
    let world = &drive.world;
    assert_eq!(world.status(&id), "SUCCESSFUL");
    assert_eq!(hooks(&drive), ["SUCCEEDED"; 3], "before each step, and after the last");
    assert_eq!(actions(&drive), ["let_pass", "wait", "let_pass", "wait", "let_pass"], "for its evidence, and its bake");
    assert!(world.records().contains(&"pass baked".to_owned()), "{:?}", world.records());
}

#[tokio::test]
async fn a_good_canary_under_code_deploy_is_held_for_its_bake_in_one_invocation() {
    let group = group().hook("AfterAllowTraffic", FUNCTION);
    let mut drive = by_code_deploy(service("on").tag("bake", "10m"), group).await;
    let id = deploy(&drive, good());
    drive.run_for(60).await;
    assert_eq!(drive.world.status(&id), "Succeeded");
    assert_eq!(drive.world.calls("StopDeployment") + drive.world.calls("Invoke"), 0);
    let account = drive.world.lock();
    let event = account.code_deployment(&id).expect("a deployment").event("AfterAllowTraffic").expect("the hook");
    let held = event.ended.zip(event.started).map(|(ended, started)| ended.duration_since(started).as_mins());
    assert_eq!((event.status, held), ("Succeeded", Some(10)));
}

#[tokio::test]
async fn no_traffic_at_all_ends_as_the_policy_says() {
    for (policy, status) in [("pass", "SUCCESSFUL"), ("fail", "ROLLBACK_SUCCESSFUL")] {
        let service = service("on").tag("on-inconclusive", policy).tag("patience", "5m").tag("bake", "0s");
        let mut drive = by_ecs(service, DeploymentConfiguration::canary(10.0, 2).hook(hook())).await;
        drive.world.lock().balancer("prod/shop").requests = std::sync::Arc::new(|_| 0.0);
        let id = deploy(&drive, bad());
        drive.run_for(40).await;
        assert_eq!(drive.world.status(&id), status, "{policy}: {:?}", drive.world.records());
    }
}

#[tokio::test]
async fn a_common_outage_does_not_blame_the_canary() {
    let mut drive = by_code_deploy(service("on"), group()).await;
    let from = TEN + SignedDuration::from_mins(5);
    drive.world.lock().balancer("prod/shop").groups[0].running[0].version = old().then(from, old().errors(40.0));
    let id = deploy(&drive, good().then(from, good().errors(40.0)));
    drive.run_for(16).await;
    assert_eq!(drive.world.status(&id), "InProgress");
    assert_eq!(drive.world.calls("StopDeployment"), 0);
}

#[tokio::test]
async fn an_alarm_in_the_middle_of_a_deployment_stops_it_at_once() {
    let mut drive = by_code_deploy(service("on").tag("alarms", "shop-orders"), group()).await;
    drive.world.lock().set_alarm("shop-orders", "OK");
    let id = deploy(&drive, good());
    drive.run_for(4).await;
    drive.world.lock().set_alarm("shop-orders", "ALARM");
    let now = drive.world.lock().now;
    drive.invoke(alarms(now, &[("shop-orders", "ALARM")])).await.expect("a run");
    assert_eq!(drive.world.status(&id), "Stopped");
    assert_eq!(drive.world.record()["why"], "shop-orders is in ALARM");
}

#[tokio::test]
async fn two_runs_at_the_same_time_do_no_harm() {
    let mut drive = by_code_deploy(service("on"), group()).await;
    let id = deploy(&drive, bad());
    for _ in 0..12 {
        // Both read, judge and stop in processes of their own, in whatever order comes of it.
        drive.world.pass(1);
        let now = drive.world.lock().now;
        let answers = drive.at_once([scheduled(now), scheduled(now)]).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
    assert_eq!(drive.world.status(&id), "Stopped");
    assert_eq!(drive.world.subjects().len(), 1);
    assert_eq!(drive.world.lock().codedeploy.deployments.len(), 2, "itself, and one roll-back");
}

#[tokio::test]
async fn a_story_is_the_same_in_every_run() {
    let mut told = Vec::new();
    for _ in 0..2 {
        let group = group().canary(10, 3).hook("AfterAllowTraffic", FUNCTION);
        let mut drive = by_code_deploy(service("on").tag("bake", "5m"), group).await;
        let _ = deploy(&drive, good());
        drive.run_for(20).await;
        told.push(drive.world.full_records());
    }
    let second = told.pop();
    assert_eq!(told.pop(), second);
}
