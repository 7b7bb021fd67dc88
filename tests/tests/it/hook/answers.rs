//! A hook is always answered: on a panic, on events that can't be read, on rights that are missing, when an API is away or
//! throttles, when time runs out, twice, and for what is gone.

use serde_json::{Value, json};
use tidegate_tests::hooking::Hooking;
use tidegate_tests::world::Meanwhile;
use tidegate_tests::world::faults::{Fault, Times};

use super::{by_code_deploy, by_ecs, event_status, good, shop};

const EVENT: &str = "BeforeInstall";

fn panics(hooking: &Hooking, operation: &'static str) {
    let nth = hooking.calls(operation) + 1;
    let happens = |_: &mut tidegate_tests::world::Account| panic!("the port fell over");
    hooking.world.lock().meanwhile.push(Meanwhile { operation, nth, happens });
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_the_hook_that_it_came_from_and_says_so() {
    let hooking = by_code_deploy(shop("on"), &[EVENT]);
    let id = hooking.deploy(good());
    let call = hooking.next_call(5);
    panics(&hooking, "DescribeImages");
    hooking.answer(&call).await;
    hooking.world.pass(1);
    assert_eq!((event_status(&hooking, EVENT).as_str(), hooking.status(&id).as_str()), ("Failed", "Failed"));
    assert_eq!(hooking.records(), ["error answer_failed"]);
    assert!(hooking.record()["why"].to_string().contains("the port fell over"), "{}", hooking.record());

    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let id = hooking.deploy(good());
    let call = hooking.next_call(5);
    panics(&hooking, "DescribeImages");
    hooking.answer(&call).await;
    hooking.run_for(10).await;
    assert!(hooking.status(&id).starts_with("ROLLBACK"), "{}", hooking.status(&id));
}

#[tokio::test(start_paused = true)]
async fn a_panic_does_not_hold_up_what_is_in_shadow() {
    let hooking = by_code_deploy(shop("shadow"), &[EVENT]);
    let _ = hooking.deploy(good());
    let call = hooking.next_call(5);
    panics(&hooking, "DescribeImages");
    hooking.answer(&call).await;
    assert_eq!(event_status(&hooking, EVENT), "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn what_looks_like_a_hook_of_ecs_and_is_none_is_answered_too() {
    let hooking = by_ecs(shop("on"), &[]);
    for event in [json!({"lifecycleStage": "PRE_SCALE_UP"}), json!({"executionDetails": {"serviceArn": 7}})] {
        assert_eq!(hooking.ask(&event).await, json!({"hookStatus": "FAILED"}));
        assert_eq!(hooking.record()["reason"], "event_not_understood");
    }
    let shadow = hooking.with_variables(&[("TIDEGATE_MODE", "shadow")]);
    assert_eq!(shadow.ask(&json!({"lifecycleStage": "PRE_SCALE_UP"})).await, json!({"hookStatus": "SUCCEEDED"}));
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_codedeploy_that_can_not_be_read_goes_to_the_on_failure_queue() {
    let hooking = by_code_deploy(shop("on"), &[]);
    let event = json!({"DeploymentId": 7, "LifecycleEventHookExecutionId": "e"});
    let error = hooking.invoke(&event).await.expect_err("nobody can be answered");
    assert!(error.to_string().contains("not a CodeDeploy hook's event"), "{error}");
    // And there it is dropped: it names no hook that could be answered.
    assert_eq!(hooking.ask(&unanswered(&[event])).await, json!({"batchItemFailures": []}));
    hooking.never_called(&["PutLifecycleEventHookExecutionStatus", "StopDeployment"]);
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_fails_the_hook_in_its_time_and_names_the_call() {
    for (operation, stage) in [
        ("DescribeImages", EVENT),
        ("DescribeTaskDefinition", EVENT),
        ("GetDeploymentGroup", EVENT),
        ("DescribeTargetHealth", "BeforeAllowTraffic"),
        ("ListTasks", "AfterInstall"),
    ] {
        let hooking = by_code_deploy(shop("on").tag("patience", "3m"), &[stage]);
        hooking.fails(operation, Fault::Denied);
        let id = hooking.deploy(good());
        hooking.run_for(50).await;
        assert_eq!(hooking.status(&id), "Failed", "{operation}: {:?}", hooking.records());
        let told = hooking.told();
        assert!(told.contains("is not allowed"), "{operation}: {told}");
        let named = if operation == "ListTasks" { "Tasks" } else { operation };
        assert!(told.contains(named), "{operation}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_away_costs_time_and_then_the_deployment() {
    let hooking = by_code_deploy(shop("on").tag("patience", "3m"), &[EVENT]);
    hooking.world.lock().faults.add("DescribeImages", Fault::ServerError, Times::First(3));
    let _ = hooking.deploy(good());
    hooking.run_for(10).await;
    assert_eq!(event_status(&hooking, EVENT), "Succeeded", "{:?}", hooking.records());

    for operation in ["DescribeServices", "BatchGetDeployments", "DescribeImages"] {
        let hooking = by_code_deploy(shop("on").tag("patience", "3m"), &[EVENT]);
        hooking.fails(operation, Fault::ServerError);
        let id = hooking.deploy(good());
        let call = hooking.next_call(5);
        hooking.answer(&call).await;
        hooking.world.pass(1);
        assert_eq!(hooking.status(&id), "Failed", "{operation}: {:?}", hooking.records());
        hooking.never_called(&["StopDeployment"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_everything_ends_in_the_queue_and_is_answered_from_there() {
    let hooking = by_code_deploy(shop("on"), &[EVENT]);
    let id = hooking.deploy(good());
    let call = hooking.next_call(5);
    hooking.fails("*", Fault::ServerError);
    let mut next = Some(call.payload.clone());
    let mut error = None;
    // The chain of its invocations, as far as it gets.
    while let Some(payload) = next.take() {
        error = hooking.invoke(&payload).await.err();
        let later = hooking.world.lock().invoked_later.pop();
        next = later.map(|(_, payload)| serde_json::from_str(&payload).expect("JSON"));
    }
    assert!(error.is_some_and(|error| error.to_string().contains("could not be answered")));
    hooking.world.lock().faults = tidegate_tests::world::faults::Faults::default();
    assert_eq!(hooking.ask(&unanswered(std::slice::from_ref(&call.payload))).await, json!({"batchItemFailures": []}));
    hooking.world.pass(1);
    assert!(matches!(hooking.status(&id).as_str(), "Failed" | "Stopped"), "{}", hooking.status(&id));
}

#[tokio::test(start_paused = true)]
async fn every_second_call_may_be_throttled() {
    let hooking = by_code_deploy(shop("on"), &[EVENT, "AfterInstall", "BeforeAllowTraffic"]);
    hooking.world.lock().faults.add("*", Fault::Throttle, Times::Every(2));
    let _ = hooking.deploy(good());
    hooking.run_for(60).await;
    // Whatever is answered, it is answered: in process no call is tried again but by the next look.
    for event in [EVENT, "AfterInstall", "BeforeAllowTraffic"] {
        assert_ne!(event_status(&hooking, event), "InProgress", "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_near_hands_the_waiting_on() {
    let mut hooking = by_code_deploy(shop("on"), &[EVENT]);
    hooking.timeout_s = 180;
    hooking.world.push(tidegate_tests::world::registry::image::Image::new("shop", "v3").user("1000").pending_for(3));
    let _ = hooking.deploy(tidegate_tests::world::version::Version::new("v3").image("shop:v3"));
    hooking.run_for(20).await;
    assert_eq!(event_status(&hooking, EVENT), "Succeeded", "{:?}", hooking.records());
    assert!(hooking.calls("Invoke") >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_past_is_answered_to_ecs_all_the_same() {
    let mut hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    hooking.timeout_s = 1;
    let _ = hooking.deploy(good());
    let call = hooking.next_call(5);
    let answer = hooking.ask(&call.payload).await;
    assert_eq!(answer["hookStatus"], "IN_PROGRESS", "{answer}");
    assert_eq!(hooking.records(), ["error service_unreadable"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_wins_and_a_duplicate_is_no_error() {
    let hooking = by_code_deploy(shop("on"), &[EVENT]);
    let _ = hooking.deploy(good());
    let call = hooking.next_call(5);
    hooking.answer(&call).await;
    assert_eq!(event_status(&hooking, EVENT), "Succeeded");
    hooking.world.pass(10);
    assert_eq!(hooking.ask(&call.payload).await, json!({"hook": "over"}));
    assert_eq!(hooking.calls("PutLifecycleEventHookExecutionStatus"), 1);
    // The last door is told that it is over, which counts as done.
    assert_eq!(hooking.ask(&unanswered(std::slice::from_ref(&call.payload))).await, json!({"batchItemFailures": []}));
    assert_eq!(event_status(&hooking, EVENT), "Succeeded");
    hooking.never_called(&["StopDeployment"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_gone_is_nobody_s_to_answer() {
    let hooking = by_code_deploy(shop("on"), &[]);
    let event = json!({"DeploymentId": "d-GONE00000", "LifecycleEventHookExecutionId": "e-1"});
    assert_eq!(hooking.ask(&event).await, json!({"hook": "over"}));
    assert_eq!(hooking.ask(&unanswered(&[event])).await, json!({"batchItemFailures": []}));

    let native = json!({"executionId": "1", "lifecycleStage": "PRE_SCALE_UP",
        "resourceArn": "arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/shop/gone",
        "executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"}});
    let hooking = by_ecs(shop("on"), &[]);
    assert_eq!(hooking.ask(&native).await, json!({"hookStatus": "FAILED"}));
    assert_eq!(hooking.records(), ["fail deployment_unreadable"]);
    hooking.never_called(&["StopServiceDeployment", "DescribeImages"]);
}

#[tokio::test(start_paused = true)]
async fn where_the_answer_is_refused_the_last_door_stops_the_deployment() {
    let hooking = by_code_deploy(shop("on"), &[EVENT]);
    let id = hooking.deploy(good());
    let call = hooking.next_call(5);
    hooking.fails("PutLifecycleEventHookExecutionStatus", Fault::Denied);
    let error = hooking.invoke(&call.payload).await.expect_err("it was not answered");
    assert!(error.to_string().contains("PutLifecycleEventHookExecutionStatus is not allowed"), "{error}");
    assert_eq!(hooking.ask(&unanswered(std::slice::from_ref(&call.payload))).await, json!({"batchItemFailures": []}));
    assert_eq!(hooking.status(&id), "Stopped");
    // And where nothing can be done, the message stays.
    hooking.fails("StopDeployment", Fault::Denied);
    let answer = hooking.ask(&unanswered(&[call.payload])).await;
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "0"}]}));
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_can_not_be_used_fails_every_hook_with_every_fault() {
    let broken = [("TIDEGATE_PREFLIGHT", "often"), ("TIDEGATE_PATIENCE", "long")];
    let hooking = by_code_deploy(shop("on"), &[EVENT]).with_variables(&broken);
    let id = hooking.deploy(good());
    let call = hooking.next_call(5);
    hooking.answer(&call).await;
    hooking.world.pass(1);
    assert_eq!(hooking.status(&id), "Failed");
    let why = hooking.record()["why"].to_string();
    assert!(why.contains("TIDEGATE_PREFLIGHT is") && why.contains("TIDEGATE_PATIENCE is"), "{why}");
    let native = json!({"executionId": "1", "lifecycleStage": "PRE_SCALE_UP",
        "executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"}});
    assert_eq!(hooking.ask(&native).await, json!({"hookStatus": "FAILED"}));
}

/// What SQS hands over from the on-failure queue.
fn unanswered(events: &[Value]) -> Value {
    let record = |(index, event): (usize, &Value)| {
        let body =
            json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event});
        json!({"messageId": index.to_string(), "eventSource": "aws:sqs", "body": body.to_string()})
    };
    json!({"Records": events.iter().enumerate().map(record).collect::<Vec<_>>()})
}
