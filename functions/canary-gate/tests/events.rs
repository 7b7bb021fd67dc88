//! What can wake the gate, in the shapes in which AWS sends it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::Path;

use canary_gate::event::{Event, Request};
use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_core::mode::Mode;
use tidegate_lambda::hooks::native::NativeHook;

const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

fn payload(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("JSON")
}

fn fixture(name: &str) -> Event {
    Event::read(&payload(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn native(name: &str) -> NativeHook {
    let Event::Native(hook) = fixture(name) else { panic!("{name} is a hook of ECS") };
    hook
}

#[test]
fn a_hook_of_ecs_tells_its_stage_its_deployment_and_its_service() {
    let hook = native("hook-native-first.json");
    assert_eq!((hook.stage.as_str(), hook.id().as_str()), ("PRE_PRODUCTION_TRAFFIC_SHIFT", "prod/shop"));
    assert!(hook.deployment.as_deref().is_some_and(|arn| arn.ends_with("/Kx3mQw9ZtB4vN7sLpR2yD")));
    assert_eq!(hook.policy(), tidegate_core::tags::Tags::default());
    assert_eq!(hook.waiting_since("0 Step"), None);
}

#[test]
fn a_hook_that_is_called_again_knows_since_when_it_waits_and_for_which_step() {
    let hook = native("hook-native-again.json");
    assert_eq!(hook.waiting_since("12.5 Step"), Some(TEN));
    assert_eq!(hook.waiting_since("25 Step"), None, "that was another step");
    let policy = hook.policy();
    assert_eq!((policy.get("max-ratio"), policy.get("on-inconclusive")), (Some("2"), Some("fail")));
    assert_eq!(policy.unknown().count(), 0, "neither our own note nor the user's details are tags");
}

#[test]
fn an_answer_hands_the_user_s_details_back_beside_our_note() {
    let answer = native("hook-native-again.json").in_progress("12.5 Step", TEN, Some(20));
    let told = serde_json::to_value(&answer).expect("JSON");
    assert_eq!((&told["hookStatus"], &told["callBackDelay"]), (&json!("IN_PROGRESS"), &json!(20)));
    assert_eq!(told["hookDetails"]["tidegate:waiting"], "2026-11-21T10:00:00Z 12.5 Step");
    assert_eq!(told["hookDetails"]["approvals"]["bucket"], "shop-approvals");
    assert_eq!(serde_json::to_value(NativeHook::succeeded()).expect("JSON"), json!({"hookStatus": "SUCCEEDED"}));
    assert_eq!(serde_json::to_value(NativeHook::failed()).expect("JSON"), json!({"hookStatus": "FAILED"}));
}

#[test]
fn the_flat_shape_of_2025_is_read() {
    let hook = native("hook-native-flat.json");
    assert_eq!((hook.stage.as_str(), hook.id().as_str(), hook.deployment), ("", "prod/shop", None));
}

#[test]
fn a_hook_of_codedeploy_and_its_continuation_are_told_apart_from_everything_else() {
    for name in ["hook-codedeploy.json", "hook-codedeploy-second-hop.json"] {
        let Event::CodeDeploy(hook) = fixture(name) else { panic!("{name} is a hook of CodeDeploy") };
        assert_eq!(hook.hook.deployment, "d-7H2K9QWXZ");
    }
    assert_ne!(fixture("hook-codedeploy.json"), fixture("hook-codedeploy-second-hop.json"));
}

#[test]
fn the_on_failure_queue_gives_back_what_was_not_answered() {
    let Event::Unanswered(events) = fixture("unanswered.json") else { panic!("it is a batch of the queue") };
    let ids: Vec<&str> = events.iter().map(|event| &event.message_id[34..]).collect();
    assert_eq!(ids, ["01", "02"]);
    assert_eq!(events[0].event.as_ref().map(|event| &event["DeploymentId"]), Some(&json!("d-7H2K9QWXZ")));
    assert_eq!(events[1].event, None, "it is none of Lambda's");
}

#[test]
fn people_ask_for_everything_or_for_one_service() {
    assert_eq!(Event::read(&json!({})), Ok(Event::Person(Request::default())));
    let asked =
        Request { cluster: Some("prod".to_owned()), service: Some("shop".to_owned()), mode: Some(Mode::Shadow) };
    let request = json!({"cluster": "prod", "service": "shop", "mode": "shadow"});
    assert_eq!(Event::read(&request), Ok(Event::Person(asked)));
}

#[test]
fn what_is_not_understood_is_told_by_name() {
    for (event, said) in [
        (json!({"LifecycleEventHookExecutionId": "x"}), "missing field `DeploymentId`"),
        (json!({"lifecycleStage": "PRE_SCALE_UP"}), "without a serviceArn"),
        (json!({"executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:1:service/shop"}}), "has the old format"),
        (json!({"executionDetails": {"serviceArn": "shop"}}), r#""shop" is no ARN of a service"#),
        (
            json!({"executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:1:service/prod/shop"}, "hookDetails": 7}),
            "hookDetails is 7: must be an object",
        ),
        (json!({"Records": [{"eventSource": "aws:s3"}]}), "not an SNS event"),
        (json!({"servce": "shop"}), "unknown field `servce`"),
        (json!(null), "not a request"),
    ] {
        let error = Event::read(&event).expect_err("not understood");
        assert!(error.contains(said), "{error}");
    }
}

/// Real payloads, where they are at hand: hooks and alarms are read, and no other is taken for something it is not.
#[test]
fn real_payloads_are_read_or_refused_by_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/events");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let document: Value = serde_json::from_str(&fs::read_to_string(&file).expect("readable")).expect("JSON");
        let listed = document["events"].as_array().cloned();
        let payloads = listed.map_or(vec![document], |events| events.iter().map(|e| e["payload"].clone()).collect());
        for payload in payloads {
            let is_hook = payload["executionDetails"].is_object() || payload["productionTrafficWeights"].is_object();
            match Event::read(&payload) {
                Ok(Event::Native(hook)) => assert!(is_hook && !hook.service.is_empty(), "{payload}"),
                Ok(Event::CodeDeploy(_)) => assert!(payload["DeploymentId"].is_string(), "{payload}"),
                Ok(Event::Alarms(changes)) => assert!(!changes.is_empty(), "{payload}"),
                Ok(other) => panic!("{} was taken for {other:?}", file.display()),
                Err(error) => assert!(!is_hook && !error.is_empty(), "{error}: {payload}"),
            }
        }
    }
}

#[test]
fn the_schedule_tells_when_it_was_due() {
    let event = json!({"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "time": TEN.to_string(), "region": "eu-west-1", "resources": [], "detail": {}});
    assert_eq!(Event::read(&event), Ok(Event::Schedule { at: TEN }));
}
