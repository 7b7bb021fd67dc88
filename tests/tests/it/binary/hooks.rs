//! A hook is always answered by the gate's binary: with what its tags can't say, its API, its clock, its time and its
//! environment broken.

use serde_json::{Value, json};
use tidegate_tests::drive::Drive;
use tidegate_tests::release::FUNCTION;
use tidegate_tests::world::faults::{CLOCK, Fault, Times};
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::service::Service;

use super::{by_code_deploy, by_ecs, code_deploy_world, ecs_world, gate};
use crate::canary::{good, group, hook, service};

/// The shop under CodeDeploy, held after its shift.
async fn held(service: Service) -> Drive {
    by_code_deploy(service, group().canary(10, 1).hook("AfterAllowTraffic", FUNCTION)).await
}

/// The shop under ECS, held before its second step.
async fn stepped(service: Service) -> Drive {
    by_ecs(service, DeploymentConfiguration::canary(10.0, 1).hook(hook())).await
}

/// The status of the hook of the first deployment of CodeDeploy's.
fn hook_status(drive: &Drive) -> &'static str {
    let account = drive.world.lock();
    account.codedeploy.deployments[0].event("AfterAllowTraffic").map_or("none", |event| event.status)
}

/// The reasons that were given so far.
fn said(drive: &Drive) -> String {
    let records = drive.world.full_records();
    records.iter().filter_map(|record| record["why"].as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_tag_that_can_not_be_read_fails_the_hook_with_the_rule() {
    let mut drive = held(service("on").tag("bake", "forever")).await;
    let id = drive.world.deploy("prod/shop", good());
    drive.run_for(8).await;
    // It was stopped before it was answered, as not every group rolls back what fails.
    assert_eq!((hook_status(&drive), drive.world.status(&id).as_str()), ("Skipped", "Stopped"));
    assert!(said(&drive).contains(r#"tidegate:bake is "forever": must be"#), "{}", said(&drive));
    let mut drive = stepped(service("on").tag("bake", "forever")).await;
    let id = drive.world.deploy("prod/shop", good());
    drive.run_for(12).await;
    assert_eq!(drive.world.status(&id), "ROLLBACK_SUCCESSFUL");
}

#[tokio::test]
async fn an_api_that_fails_for_a_while_costs_time_only() {
    let mut drive = held(service("on").tag("bake", "3m")).await;
    let _ = drive.world.deploy("prod/shop", good());
    let call = drive.next_call();
    // A call is tried six times before it is given up.
    drive.world.lock().faults.add("BatchGetDeploymentTargets", Fault::ServerError, Times::First(7));
    drive.answer(call).await;
    drive.run_for(10).await;
    assert_eq!(hook_status(&drive), "Succeeded");
}

#[tokio::test]
async fn an_api_that_fails_for_good_fails_the_hook_before_its_hour_is_over() {
    let mut drive = held(service("on")).await;
    let id = drive.world.deploy("prod/shop", good());
    let call = drive.next_call();
    drive.world.lock().faults.add("BatchGetDeploymentTargets", Fault::Denied, Times::Always);
    drive.answer(call).await;
    drive.run_for(54).await;
    assert_eq!(hook_status(&drive), "InProgress", "it is tried again and again");
    drive.run_for(2).await;
    assert_eq!((hook_status(&drive), drive.world.status(&id).as_str()), ("Failed", "Failed"));

    let world = ecs_world(service("on"), DeploymentConfiguration::canary(10.0, 1).hook(hook()));
    world.lock().faults.add("DescribeServices", Fault::Denied, Times::Always);
    let mut drive = gate(world, &[("TIDEGATE_PATIENCE", "5m")]).await;
    let id = drive.world.deploy("prod/shop", good());
    drive.run_for(12).await;
    assert_eq!(drive.world.status(&id), "ROLLBACK_SUCCESSFUL", "what can't be described is not taken for good");
}

#[tokio::test]
async fn a_panic_fails_the_hook_that_it_came_from_and_the_process_survives_it() {
    // The clock is asked before anything else, and again at every look.
    for times in [Times::First(1), Times::After(1)] {
        let mut drive = held(service("on")).await;
        let _ = drive.world.deploy("prod/shop", good());
        let call = drive.next_call();
        drive.world.lock().faults.add(CLOCK, Fault::MalformedBody, times);
        drive.answer(call).await;
        assert_eq!(hook_status(&drive), "Failed", "{times:?}");
        if times == Times::First(1) {
            assert!(said(&drive).contains("the gate panicked: the local world"), "{}", said(&drive));
            assert_eq!(drive.world.subjects().len(), 1);
            drive.run_for(1).await;
        }
    }
}

#[tokio::test]
async fn a_panic_is_answered_to_ecs_whether_or_not_it_can_be_told() {
    for times in [Times::First(1), Times::Always] {
        let mut drive = stepped(service("on")).await;
        let id = drive.world.deploy("prod/shop", good());
        let call = drive.next_call();
        drive.world.lock().faults.add(CLOCK, Fault::MalformedBody, times);
        let answer = drive.invoke(call.payload.clone()).await;
        assert_eq!(answer, Ok(json!({"hookStatus": "FAILED"})), "{times:?}");
        drive.world.lock().answer_native_hook(&call.execution, &answer);
        drive.world.pass(10);
        assert_eq!(drive.world.status(&id), "ROLLBACK_SUCCESSFUL");
    }
}

#[tokio::test]
async fn what_has_the_shape_of_a_hook_of_ecs_and_is_none_is_answered_too() {
    let mut drive = stepped(service("on")).await;
    for event in [json!({"lifecycleStage": "PRE_SCALE_UP"}), json!({"executionDetails": {"serviceArn": 7}})] {
        assert_eq!(drive.invoke(event).await, Ok(json!({"hookStatus": "FAILED"})));
    }
}

#[tokio::test]
async fn a_bake_longer_than_an_invocation_is_handed_on() {
    let mut drive = held(service("on").tag("bake", "40m")).await;
    let id = drive.world.deploy("prod/shop", good());
    drive.run_for(70).await;
    assert_eq!((hook_status(&drive), drive.world.status(&id).as_str()), ("Succeeded", "Succeeded"));
    assert!((2..=4).contains(&drive.world.calls("Invoke")), "{}", drive.world.calls("Invoke"));
}

#[tokio::test]
async fn an_environment_that_can_not_be_used_fails_every_hook() {
    let broken = [("TIDEGATE_ALPHA", "often")];
    let group = group().canary(10, 1).hook("AfterAllowTraffic", FUNCTION);
    let mut drive = gate(code_deploy_world(service("on"), group), &broken).await;
    let id = drive.world.deploy("prod/shop", good());
    let call = drive.next_call();
    drive.answer(call).await;
    assert_eq!(hook_status(&drive), "Failed");
    assert_eq!(drive.world.status(&id), "Failed");
    assert!(said(&drive).contains(r#"TIDEGATE_ALPHA is "often": must be"#), "{}", said(&drive));
    let native = json!({"executionId": "1", "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"}});
    assert_eq!(drive.invoke(native).await, Ok(json!({"hookStatus": "FAILED"})));
    // A run has nobody to answer: it fails, with the fault.
    let error = drive.invoke(Value::Object(serde_json::Map::new())).await.expect_err("nothing is done");
    assert_eq!(error["errorType"], "SettingsUnusable");
}
