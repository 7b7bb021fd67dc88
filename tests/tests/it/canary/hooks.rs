//! A hook is always answered: on bad policy, on API failure, when time runs out, and when nobody did.

use serde_json::{Value, json};
use tidegate_tests::release::{FUNCTION, Release};
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::native::DeploymentConfiguration;

use super::{by_code_deploy, by_ecs, good, group, hook, service};

fn held(service: tidegate_tests::world::service::Service) -> Release {
    by_code_deploy(service, group().canary(10, 1).hook("AfterAllowTraffic", FUNCTION))
}

/// The status of the hook of the first deployment.
fn hook_status(release: &Release) -> String {
    let account = release.world.lock();
    let deployment = &account.codedeploy.deployments[0];
    deployment.event("AfterAllowTraffic").map_or("none", |event| event.status).to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_can_not_be_read_fails_the_hook_with_the_rule() {
    let release = held(service("on").tag("bake", "forever"));
    let id = release.deploy(good());
    release.run_for(20).await;
    // It was stopped before it was answered, as not every group rolls back what fails.
    assert_eq!((hook_status(&release).as_str(), release.status(&id).as_str()), ("Skipped", "Stopped"));
    let held = |record: &Value| record["action"] == "stop_deployment";
    let said = release.full_records().into_iter().find(held).expect("a record");
    assert!(said["why"].to_string().contains(r#"tidegate:bake is \"forever\": must be seconds or minutes"#), "{said}");
    let release = by_ecs(service("on").tag("bake", "forever"), DeploymentConfiguration::canary(10.0, 1).hook(hook()));
    let id = release.deploy(good());
    release.run_for(20).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
}

#[tokio::test(start_paused = true)]
async fn a_broken_tag_does_not_hold_up_the_roll_back_that_it_caused() {
    let release = held(service("on").tag("bake", "forever"));
    release.world.lock().codedeploy.groups[0].hooks_on_roll_back = true;
    let _ = release.deploy(good());
    release.run_for(40).await;
    let account = release.world.lock();
    let statuses: Vec<_> = account.codedeploy.deployments.iter().map(|deployment| deployment.status).collect();
    assert_eq!(statuses, ["Stopped", "Succeeded"], "the release, and its roll-back");
}

#[tokio::test(start_paused = true)]
async fn nor_does_an_environment_that_can_not_be_used() {
    let release = held(service("on"));
    release.world.lock().codedeploy.groups[0].hooks_on_roll_back = true;
    let id = release.deploy(good());
    release.world.pass(3);
    release.world.lock().stop_deployment(&id, true).expect("it is stopped");
    let broken = release.with_variables(&[("TIDEGATE_ALPHA", "often")]);
    while let Some(call) = broken.world.next_call(jiff::SignedDuration::from_mins(20)) {
        broken.answer(&call).await;
    }
    assert_eq!(broken.world.lock().codedeploy.deployments.last().map(|newest| newest.status), Some("Succeeded"));
}

#[tokio::test(start_paused = true)]
async fn an_installation_in_shadow_holds_nothing_up_also_where_nothing_can_be_read() {
    let release = Release::with(&[("TIDEGATE_MODE", "shadow")], service("on").by_code_deploy(), super::balancer());
    release.world.lock().codedeploy.groups.push(group().canary(10, 1).hook("AfterAllowTraffic", FUNCTION));
    let _ = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    release.world.lock().faults.add("GetDeploymentGroup", Fault::Denied, Times::Always);
    release.answer(&call).await;
    assert_eq!(hook_status(&release), "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_can_not_be_used_fails_every_hook() {
    let broken = [("TIDEGATE_ALPHA", "often")];
    let release = Release::with(&broken, service("on").by_code_deploy(), super::balancer());
    release.world.lock().codedeploy.groups.push(group().canary(10, 1).hook("AfterAllowTraffic", FUNCTION));
    let id = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    release.answer(&call).await;
    release.world.pass(1);
    assert_eq!((hook_status(&release).as_str(), release.status(&id).as_str()), ("Failed", "Failed"));
    assert!(release.record()["why"].to_string().contains("TIDEGATE_ALPHA is"), "{}", release.record()["why"]);
    let native = json!({"executionId": "1", "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"}});
    let reply = release.invoke(&native).await.expect("an answer");
    assert_eq!(serde_json::to_value(reply).expect("JSON"), json!({"hookStatus": "FAILED"}));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_fails_is_tried_again_and_then_the_hook_is_failed() {
    let release = held(service("on"));
    release.world.lock().faults.add("DescribeServices", Fault::ServerError, Times::Always);
    let id = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    let began = release.minutes();
    release.answer(&call).await;
    assert_eq!(hook_status(&release), "Failed");
    assert!((50..=56).contains(&(release.minutes() - began)), "{}", release.minutes() - began);
    release.world.pass(1);
    assert_eq!(release.status(&id), "Failed");
}

#[tokio::test(start_paused = true)]
async fn an_api_that_fails_for_a_while_costs_time_only() {
    let release = held(service("on").tag("bake", "5m"));
    release.world.lock().faults.add("BatchGetDeploymentTargets", Fault::Throttle, Times::First(4));
    let _ = release.deploy(good());
    release.run_for(30).await;
    assert_eq!(hook_status(&release), "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn an_api_that_fails_fails_a_hook_of_ecs_when_its_patience_is_over() {
    let release = by_ecs(service("on").tag("patience", "5m"), DeploymentConfiguration::canary(10.0, 2).hook(hook()));
    let id = release.deploy(good());
    release.run_for(3).await;
    release.world.lock().faults.add("DescribeServiceDeployments", Fault::ServerError, Times::Always);
    release.run_for(20).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(release.records().contains(&"error deployment_unreadable".to_owned()), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_between_does_not_begin_the_wait_of_a_step_anew() {
    let service = service("on").tag("patience", "8m").tag("on-inconclusive", "fail");
    let release = by_ecs(service, DeploymentConfiguration::canary(10.0, 2).hook(hook()));
    release.world.lock().balancer("prod/shop").requests = std::sync::Arc::new(|_| 5.0);
    let id = release.deploy(good());
    release.run_for(8).await;
    release.world.lock().faults.add("DescribeServiceDeployments", Fault::ServerError, Times::First(3));
    release.run_for(6).await;
    assert!(release.status(&id).starts_with("ROLLBACK"), "{}: {:?}", release.status(&id), release.records());
}

#[tokio::test(start_paused = true)]
async fn a_bake_longer_than_an_invocation_is_handed_on() {
    let release = held(service("on").tag("bake", "40m"));
    let _ = release.deploy(good());
    release.run_for(70).await;
    assert_eq!(hook_status(&release), "Succeeded");
    assert!((2..=4).contains(&release.calls("Invoke")), "{}", release.calls("Invoke"));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_can_not_be_handed_on_fails_its_hook() {
    let release = held(service("on").tag("bake", "40m"));
    release.world.lock().faults.add("Invoke", Fault::Denied, Times::Always);
    let _ = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    release.answer(&call).await;
    assert_eq!(hook_status(&release), "Failed");
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_wins_and_a_second_is_no_error() {
    let release = held(service("on").tag("bake", "2m"));
    let _ = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    release.answer(&call).await;
    assert_eq!(hook_status(&release), "Succeeded");
    let again = release.invoke(&call.payload).await.expect("it is no error");
    assert_eq!(serde_json::to_value(again).expect("JSON"), json!({"hook": "over"}));
    assert_eq!(release.calls("PutLifecycleEventHookExecutionStatus"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_refused_is_an_error_and_ends_in_the_queue() {
    let release = held(service("on").tag("bake", "2m"));
    release.world.lock().faults.add("PutLifecycleEventHookExecutionStatus", Fault::Denied, Times::Always);
    let _ = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    let error = release.invoke(&call.payload).await.expect_err("it was not answered");
    assert!(error.to_string().contains("PutLifecycleEventHookExecutionStatus is not allowed"), "{error}");
}

/// What SQS hands over from the on-failure queue.
fn queue(events: &[Value]) -> Value {
    let record = |(index, event): (usize, &Value)| {
        let body =
            json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event});
        json!({"messageId": index.to_string(), "eventSource": "aws:sqs", "body": body.to_string()})
    };
    json!({"Records": events.iter().enumerate().map(record).collect::<Vec<_>>()})
}

#[tokio::test(start_paused = true)]
async fn the_on_failure_queue_is_the_last_door() {
    let release = held(service("on"));
    let id = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    let schedule = tidegate_tests::scene::scheduled(release.world.lock().now);
    let reply = release.invoke(&queue(&[schedule, call.payload])).await.expect("a batch");
    assert_eq!(serde_json::to_value(reply).expect("JSON"), json!({"batchItemFailures": []}));
    assert_eq!(hook_status(&release), "Failed");
    release.world.pass(1);
    assert_eq!(release.status(&id), "Failed");
}

#[tokio::test(start_paused = true)]
async fn the_last_door_holds_nothing_up_that_is_not_switched_on() {
    let release = held(service("shadow"));
    let id = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    release.invoke(&queue(&[call.payload])).await.expect("a batch");
    assert_eq!((hook_status(&release).as_str(), release.status(&id).as_str()), ("Succeeded", "InProgress"));
}

#[tokio::test(start_paused = true)]
async fn where_even_that_answer_is_refused_the_deployment_is_stopped() {
    let release = held(service("on"));
    release.world.lock().faults.add("PutLifecycleEventHookExecutionStatus", Fault::Denied, Times::Always);
    let id = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(20)).expect("a call");
    let reply = release.invoke(&queue(std::slice::from_ref(&call.payload))).await.expect("a batch");
    assert_eq!(serde_json::to_value(reply).expect("JSON"), json!({"batchItemFailures": []}));
    assert_eq!(release.status(&id), "Stopped");
    // And where nothing can be done, the message stays.
    release.world.lock().faults.add("StopDeployment", Fault::Denied, Times::Always);
    let reply = release.invoke(&queue(&[call.payload])).await.expect("a batch");
    assert_eq!(serde_json::to_value(reply).expect("JSON"), json!({"batchItemFailures": [{"itemIdentifier": "0"}]}));
}

#[tokio::test(start_paused = true)]
async fn what_looks_like_a_hook_of_ecs_and_is_none_is_answered_too() {
    let release = held(service("on"));
    for event in [json!({"lifecycleStage": "PRE_SCALE_UP"}), json!({"executionDetails": {"serviceArn": 7}})] {
        let reply = release.invoke(&event).await.expect("an answer");
        assert_eq!(serde_json::to_value(reply).expect("JSON"), json!({"hookStatus": "FAILED"}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_at_a_stage_without_live_traffic_passes() {
    let release = by_code_deploy(service("on"), group().canary(10, 1).hook("BeforeInstall", FUNCTION));
    let _ = release.deploy(good());
    let call = release.world.next_call(jiff::SignedDuration::from_mins(5)).expect("a call");
    release.answer(&call).await;
    assert_eq!(release.record()["reason"], "other_stage");
    assert_eq!(release.calls("GetMetricData"), 0);
}

#[tokio::test(start_paused = true)]
async fn hosts_that_are_not_healthy_at_the_end_of_the_bake_hold_and_then_fail_it() {
    let release = held(service("on").tag("bake", "2m").tag("patience", "4m"));
    let id = release.deploy(good().unhealthy(1));
    release.run_for(40).await;
    assert_eq!((hook_status(&release).as_str(), release.status(&id).as_str()), ("Skipped", "Stopped"));
    assert!(release.records().contains(&"fail targets_unhealthy".to_owned()), "{:?}", release.records());
}
