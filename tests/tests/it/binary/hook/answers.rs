//! A hook is always answered by the binary, or its event is answered from the on-failure queue.

use serde_json::{Value, json};
use tidegate_tests::drive::Drive;
use tidegate_tests::hooking::FUNCTION;
use tidegate_tests::world::World;
use tidegate_tests::world::faults::{CLOCK, Fault, Times};
use tidegate_tests::world::hooks::{Caller, HookCall};

use super::{
    SHOP, all_is_well_again, done_with, drive, fails, hook_status, judged, scanned_for, unanswered, under_code_deploy,
    under_ecs, version, vulnerable,
};
use crate::hook::shop;

const EVENT: &str = "BeforeInstall";
const STAGE: &str = "PRE_SCALE_UP";

/// The reasons that were given so far.
fn said(world: &World) -> String {
    let records = world.full_records();
    records.iter().filter_map(|record| record["why"].as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_event_that_can_not_be_read_is_answered_or_goes_to_the_queue_and_is_dropped_there() {
    let world = under_ecs(shop("on"), &[]);
    let mut drive = drive(world.clone()).await;
    for event in [json!({"lifecycleStage": STAGE}), json!({"executionDetails": {"serviceArn": 7}})] {
        assert_eq!(drive.invoke(event).await, Ok(json!({"hookStatus": "FAILED"})));
        assert_eq!(world.record()["reason"], "event_not_understood");
    }
    let event = json!({"DeploymentId": 7, "LifecycleEventHookExecutionId": "e-1"});
    for event in [event, json!({"servce": SHOP}), json!([])] {
        let error = drive.invoke(event.clone()).await.expect_err("there is nobody to answer");
        assert_eq!(error["errorType"], "EventNotUnderstood", "{event}");
        assert_eq!(drive.invoke(unanswered(&event)).await, Ok(done_with()));
    }
    assert_eq!(world.calls("PutLifecycleEventHookExecutionStatus") + world.calls("StopDeployment"), 0);
}

#[tokio::test]
async fn a_right_that_is_missing_fails_the_hook_in_its_time_and_the_message_names_the_action() {
    let world = under_code_deploy(shop("on").tag("alarms", "checkout-errors"), &[EVENT, "AfterInstall"]);
    world.lock().set_alarm("checkout-errors", "OK");
    let mut drive = drive(world.clone()).await;
    for (operation, action) in [
        ("DescribeImages", "ecr:DescribeImages"),
        ("DescribeTaskDefinition", "ecs:DescribeTaskDefinition"),
        ("DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("GetDeploymentGroup", "codedeploy:GetDeploymentGroup"),
        ("ListTasks", "ecs:ListTasks"),
        ("DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth"),
    ] {
        fails(&world, operation, Fault::Denied);
        let id = world.deploy(SHOP, version("v2"));
        drive.pass(15).await;
        assert_eq!(world.status(&id), "Failed", "{operation}: {:?}", world.records());
        let told = world.lock().published.last().expect("a message").body.clone();
        assert!(told.contains(&format!("not authorized to perform: {action}")), "{operation}: {told}");
        all_is_well_again(&world);
        drive.pass(45).await;
        assert!(world.share(SHOP, "v1") > 99.9, "{operation}");
    }
    // An AppSpec that can't be read is no reason to fail: the record says why, and the same is looked at when the tasks
    // are there.
    fails(&world, "GetDeployment", Fault::Denied);
    let id = world.deploy(SHOP, version("v2"));
    drive.pass(60).await;
    assert_eq!(world.status(&id), "Succeeded", "{:?}", world.records());
    let records = json!(world.full_records()).to_string();
    assert!(records.contains("not authorized to perform: codedeploy:GetDeployment"), "{records}");
    assert_eq!(world.lost(SHOP), 0);
}

#[tokio::test]
async fn the_same_is_told_of_a_hook_of_ecs() {
    let world = under_ecs(shop("on"), &[STAGE]);
    let mut drive = drive(world.clone()).await;
    for (operation, action) in [
        ("DescribeServices", "ecs:DescribeServices"),
        ("DescribeServiceDeployments", "ecs:DescribeServiceDeployments"),
        ("DescribeImages", "ecr:DescribeImages"),
    ] {
        fails(&world, operation, Fault::Denied);
        let id = world.deploy(SHOP, version("v2"));
        drive.pass(15).await;
        assert_eq!(world.status(&id), "ROLLBACK_SUCCESSFUL", "{operation}: {:?}", world.records());
        let told = world.lock().published.last().expect("a message").body.clone();
        assert!(told.contains(&format!("not authorized to perform: {action}")), "{operation}: {told}");
        all_is_well_again(&world);
    }
}

#[tokio::test]
async fn an_api_that_is_away_for_a_while_costs_time_only_and_one_that_stays_away_the_deployment() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    fails(&world, "DescribeImages", Fault::ServerError);
    let id = world.deploy(SHOP, version("v2"));
    drive.pass(15).await;
    assert_eq!(world.status(&id), "Failed", "{:?}", world.records());
    assert!(said(&world).contains("DescribeImages"), "{}", said(&world));
    all_is_well_again(&world);
    drive.pass(45).await;

    // A call is tried six times before it is given up.
    world.lock().faults.add("DescribeImages", Fault::ServerError, Times::First(7));
    let id = world.deploy(SHOP, version("v3"));
    drive.pass(15).await;
    assert_eq!(hook_status(&world, &id, EVENT), "Succeeded", "{:?}", world.records());
}

#[tokio::test]
async fn an_outage_of_everything_ends_in_the_queue_and_is_answered_from_there() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    drive.timeout_s = 60;
    let id = world.deploy(SHOP, version("v2"));
    let call = drive.next_call();
    fails(&world, "*", Fault::Denied);
    drive.answer(call.clone()).await;
    drive.pass(2).await;
    assert_eq!(hook_status(&world, &id, EVENT), "InProgress", "nobody could say anything");
    // Lambda gives the event up; the last door is tried until the outage is over.
    let kept = json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]});
    assert_eq!(drive.invoke(unanswered(&call.payload)).await, Ok(kept));
    all_is_well_again(&world);
    assert_eq!(drive.invoke(unanswered(&call.payload)).await, Ok(done_with()));
    drive.pass(1).await;
    assert_eq!((hook_status(&world, &id, EVENT).as_str(), world.status(&id).as_str()), ("Failed", "Failed"));
    assert!(said(&world).contains("no invocation answered the hook"), "{}", said(&world));
    assert_eq!(world.lost(SHOP), 0);
}

#[tokio::test]
async fn with_every_second_call_throttled_good_is_passed_and_bad_is_failed() {
    let world = under_code_deploy(shop("on").tag("patience", "10m"), &[EVENT, "AfterInstall", "BeforeAllowTraffic"]);
    let mut drive = drive(world.clone()).await;
    let bad = vulnerable(&world, "bad");
    world.lock().faults.add("*", Fault::Throttle, Times::InAHundred(50));
    let id = world.deploy(SHOP, bad);
    drive.pass(45).await;
    assert_eq!((world.status(&id).as_str(), judged(&world).as_str()), ("Failed", "fail image_blocked"));
    drive.pass(30).await;
    let id = world.deploy(SHOP, version("v2"));
    drive.pass(90).await;
    assert_eq!(world.status(&id), "Succeeded", "{:?}", world.records());
    assert_eq!(world.lost(SHOP), 0);
}

#[tokio::test]
async fn a_deadline_that_is_near_hands_the_hook_on() {
    let world = under_code_deploy(shop("on").tag("patience", "20m"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    drive.timeout_s = 120;
    let version = scanned_for(&world, "v3", 5);
    let id = world.deploy(SHOP, version);
    drive.pass(20).await;
    assert_eq!(hook_status(&world, &id, EVENT), "Succeeded", "{:?}", world.records());
    assert!((2..=5).contains(&world.calls("Invoke")), "{}", world.calls("Invoke"));
    assert_eq!(world.calls("PutLifecycleEventHookExecutionStatus"), 1, "one answer of the whole chain");
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up_and_the_hook_answered() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    let id = world.deploy(SHOP, version("v2"));
    let call = drive.next_call();
    world.lock().faults.add("DescribeImages", Fault::Hang, Times::First(1));
    drive.answer(call).await;
    drive.pass(5).await;
    assert_eq!(hook_status(&world, &id, EVENT), "Succeeded", "{:?}", world.records());
}

#[tokio::test]
async fn the_first_answer_wins_over_duplicates_and_whatever_comes_later() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    let id = world.deploy(SHOP, version("v2"));
    let call = drive.next_call();
    // Lambda may hand an event over twice; both invocations look, and both may answer.
    let twice = drive.at_once([call.payload.clone(), call.payload.clone()]).await;
    assert!(twice.iter().all(Result::is_ok), "{twice:?}");
    assert!(twice.contains(&Ok(json!({"hook": "answered"}))), "{twice:?}");
    assert_eq!(hook_status(&world, &id, EVENT), "Succeeded");
    // The last door answers what it is handed; that somebody was faster counts as done.
    assert_eq!(drive.invoke(unanswered(&call.payload)).await, Ok(done_with()));
    assert_eq!((hook_status(&world, &id, EVENT).as_str(), world.calls("StopDeployment")), ("Succeeded", 0));
    drive.pass(60).await;
    assert_eq!(world.status(&id), "Succeeded");
    let answers = world.calls("PutLifecycleEventHookExecutionStatus");
    drive.answer(call).await;
    drive.pass(2).await;
    assert_eq!(world.sleepers(), 0, "nobody waits for another answer, and it is over");
    assert_eq!(world.calls("PutLifecycleEventHookExecutionStatus"), answers);
}

#[tokio::test]
async fn a_hook_of_a_deployment_that_is_gone_is_nobodys_to_answer() {
    let world = under_code_deploy(shop("on"), &[]);
    let mut drive = drive(world.clone()).await;
    let event = json!({"DeploymentId": "d-GONE00000", "LifecycleEventHookExecutionId": "e-1"});
    // It may only not be told of yet, so that it is asked for a little longer.
    let at = world.lock().now;
    let execution = "e-1".to_owned();
    let call =
        HookCall { at, caller: Caller::CodeDeploy, function: FUNCTION.to_owned(), execution, payload: event.clone() };
    drive.answer(call).await;
    assert_eq!(world.sleepers(), 1);
    drive.pass(2).await;
    assert_eq!((world.sleepers(), world.calls("PutLifecycleEventHookExecutionStatus")), (0, 0), "it is over");
    assert_eq!(drive.invoke(unanswered(&event)).await, Ok(done_with()));
    assert_eq!(world.calls("StopDeployment"), 0);

    let native = |deployment: &str, service: &str| {
        json!({"executionId": "1", "lifecycleStage": STAGE,
            "resourceArn": format!("arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/{service}/{deployment}"),
            "executionDetails": {"serviceArn": format!("arn:aws:ecs:eu-west-1:123456789012:service/prod/{service}")}})
    };
    for (service, reason) in [("shop", "deployment_unreadable"), ("closed", "service_unreadable")] {
        assert_eq!(drive.invoke(native("gone", service)).await, Ok(json!({"hookStatus": "FAILED"})));
        assert_eq!(world.record()["reason"], reason);
    }
    assert_eq!(world.calls("StopServiceDeployment"), 0);
}

#[tokio::test]
async fn a_service_that_is_not_enrolled_is_let_pass_whatever_it_brings() {
    let world = under_code_deploy(shop("off"), &[EVENT, "AfterInstall"]);
    let mut of_code_deploy = drive(world.clone()).await;
    let bad = vulnerable(&world, "bad");
    let id = world.deploy(SHOP, bad);
    of_code_deploy.pass(60).await;
    assert_eq!(world.status(&id), "Succeeded");
    assert_eq!(world.calls("DescribeImages") + world.calls("ListTasks"), 0, "nothing of it is looked at");
    assert!(world.subjects().is_empty(), "{:?}", world.subjects());

    let world = under_ecs(shop("off"), &[STAGE, "POST_SCALE_UP"]);
    let mut of_ecs = drive(world.clone()).await;
    let bad = vulnerable(&world, "bad");
    let id = world.deploy(SHOP, bad);
    of_ecs.pass(60).await;
    assert_eq!(world.status(&id), "SUCCESSFUL");
    assert_eq!(world.calls("DescribeImages") + world.calls("ListTasks"), 0);
}

#[tokio::test]
async fn where_the_process_is_killed_the_event_is_answered_from_the_queue() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut killed = drive(world.clone()).await;
    let version = scanned_for(&world, "v3", 10);
    let id = world.deploy(SHOP, version);
    let call = killed.next_call();
    killed.answer(call.clone()).await;
    assert_eq!(world.sleepers(), 1, "it waits for the scan");
    drop(killed);
    while world.sleepers() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hook_status(&world, &id, EVENT), "InProgress");
    let mut next = drive(world.clone()).await;
    assert_eq!(next.invoke(unanswered(&call.payload)).await, Ok(done_with()));
    next.pass(20).await;
    assert_eq!((hook_status(&world, &id, EVENT).as_str(), world.status(&id).as_str()), ("Failed", "Failed"));
    assert_eq!(world.lost(SHOP), 0);
    assert!(world.share(SHOP, "v1") > 99.9);
}

#[tokio::test]
async fn where_the_answer_is_refused_the_last_door_stops_the_deployment() {
    for (mode, status) in [("on", "Stopped"), ("shadow", "InProgress")] {
        let world = under_code_deploy(shop(mode), &[EVENT]);
        let mut drive = drive(world.clone()).await;
        let id = world.deploy(SHOP, version("v2"));
        let call = drive.next_call();
        fails(&world, "PutLifecycleEventHookExecutionStatus", Fault::Denied);
        let error = drive.invoke(call.payload.clone()).await.expect_err("it was not answered");
        assert_eq!(error["errorType"], "NotAnswered");
        let action = "not authorized to perform: codedeploy:PutLifecycleEventHookExecutionStatus";
        assert!(error["errorMessage"].as_str().is_some_and(|why| why.contains(action)), "{error}");
        let answer = drive.invoke(unanswered(&call.payload)).await.expect("an answer to the batch");
        // What nothing holds up is not stopped for that; it is tried again.
        assert_eq!((answer == done_with(), world.status(&id).as_str()), (mode == "on", status));
    }
}

#[tokio::test]
async fn a_panic_fails_the_hook_that_it_came_from_and_the_process_survives_it() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    let id = world.deploy(SHOP, version("v2"));
    let call = drive.next_call();
    // The clock is asked before anything else.
    world.lock().faults.add(CLOCK, Fault::MalformedBody, Times::First(1));
    drive.answer(call).await;
    assert_eq!(hook_status(&world, &id, EVENT), "Failed");
    assert!(said(&world).contains("the gate panicked: the local world"), "{}", said(&world));
    all_is_well_again(&world);
    drive.pass(45).await;
    let id = world.deploy(SHOP, version("v3"));
    drive.pass(60).await;
    assert_eq!(world.status(&id), "Succeeded", "{:?}", world.records());

    let world = under_ecs(shop("on"), &[STAGE]);
    for times in [Times::First(1), Times::Always] {
        let mut drive = super::drive(world.clone()).await;
        let id = world.deploy(SHOP, version("v2"));
        let call = drive.next_call();
        world.lock().faults.add(CLOCK, Fault::MalformedBody, times);
        let answer = drive.invoke(call.payload.clone()).await;
        assert_eq!(answer, Ok(json!({"hookStatus": "FAILED"})), "whether or not it can be told: {times:?}");
        all_is_well_again(&world);
        world.lock().answer_native_hook(&call.execution, &answer);
        world.pass(10);
        assert_eq!(world.status(&id), "ROLLBACK_SUCCESSFUL");
    }
}

#[tokio::test]
async fn an_environment_that_can_not_be_used_fails_every_hook_with_every_fault() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let broken = [("TIDEGATE_PREFLIGHT", "often"), ("TIDEGATE_PATIENCE", "long")];
    let mut drive = Drive::start(world.clone(), "deploy-hook", FUNCTION, &broken).await;
    let id = world.deploy(SHOP, version("v2"));
    drive.pass(5).await;
    assert_eq!(world.status(&id), "Failed");
    for fault in [r#"TIDEGATE_PREFLIGHT is "often""#, r#"TIDEGATE_PATIENCE is "long""#] {
        assert!(said(&world).contains(fault), "{}", said(&world));
    }
    let native = json!({"executionId": "1", "lifecycleStage": STAGE,
        "executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"}});
    assert_eq!(drive.invoke(native).await, Ok(json!({"hookStatus": "FAILED"})));
    // What nobody waits for fails, with the faults.
    for event in [json!({"service": SHOP, "stage": EVENT}), stopped()] {
        let error = drive.invoke(event).await.expect_err("nothing is done");
        assert_eq!(error["errorType"], "SettingsUnusable");
    }
    assert!(world.share(SHOP, "v1") > 99.9);
}

/// A batch with an event of a task that stopped.
fn stopped() -> Value {
    let event = json!({"detail-type": "ECS Task State Change", "detail": {
        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/prod/00000000000000000000000000000001",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        "group": "service:shop", "lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited",
    }});
    json!({"Records": [{"messageId": "m-1", "eventSource": "aws:sqs", "body": event.to_string()}]})
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_answered_and_does_nothing() {
    let world = under_code_deploy(shop("on"), &[]);
    let mut drive = drive(world.clone()).await;
    let bad = vulnerable(&world, "bad");
    let id = world.deploy(SHOP, bad);
    drive.pass(1).await;
    let record = drive.invoke(json!({"service": SHOP, "stage": EVENT})).await.expect("a record");
    assert_eq!((&record["reason"], &record["action"]), (&json!("image_blocked"), &json!("fail_hook")));
    assert_eq!((&record["acted"], record["request_id"].is_string()), (&json!(false), true));
    assert_eq!(world.status(&id), "InProgress");
    assert!(world.subjects().is_empty() && world.lock().writes.is_empty());
}

#[tokio::test]
async fn every_line_is_json_and_the_record_is_whole() {
    let world = under_code_deploy(shop("on"), &[EVENT]);
    let mut drive = drive(world.clone()).await;
    let bad = vulnerable(&world, "bad");
    let _ = world.deploy(SHOP, bad);
    drive.pass(5).await;
    let record = world.record();
    for key in ["level", "timestamp", "function", "service", "mode", "verdict", "reason", "at", "request_id", "version"]
    {
        assert!(record[key].is_string(), "{key}: {record}");
    }
    assert_eq!((&record["function"], &record["service"]), (&json!("deploy-hook"), &json!(SHOP)));
    assert_eq!((&record["facts"]["stage"], &record["acted"]), (&json!("before_install"), &json!(true)));
    assert_eq!(record["findings"][0]["rule"], "image_blocked");
    let account = world.lock();
    let lines: Vec<Value> = account.printed.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let metrics = lines.iter().filter(|line| line["_aws"]["CloudWatchMetrics"].is_array()).count();
    assert!(metrics > 0, "{lines:?}");
}
