//! What can wake the function, in the shapes in which AWS sends it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::Path;

use deploy_hook::event::{Event, Queue, Request, Wake};
use deploy_hook::settings::Settings;
use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_core::hook::Rule;
use tidegate_core::hook::policy::Level;
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

/// A batch of messages with these bodies, `m-0`, `m-1` and so on.
fn queue(bodies: &[String]) -> Queue {
    let message = |(at, body): (usize, &String)| json!({"messageId": format!("m-{at}"), "body": body, "eventSource": "aws:sqs", "attributes": {}});
    let records: Vec<Value> = bodies.iter().enumerate().map(message).collect();
    match Event::read(&json!({"Records": records})) {
        Ok(Event::Queue(queue)) => queue,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hook_of_ecs_tells_its_stage_and_what_its_configuration_asks_for() {
    let hook = native("hook-native-pre-scale-up.json");
    assert_eq!((hook.stage.as_str(), hook.id().as_str()), ("PRE_SCALE_UP", "prod/store"));
    let policy = hook.policy();
    assert_eq!(policy.get("preflight"), Some("block"));
    assert_eq!(policy.unknown().count(), 0, "what is not ours is no tag");
}

#[test]
fn a_hook_that_is_called_again_knows_since_when_its_stage_is_waited_for() {
    let hook = native("hook-native-test-traffic-again.json");
    assert_eq!(hook.waiting_since("POST_TEST_TRAFFIC_SHIFT"), Some(TEN));
    assert_eq!(hook.waiting_since("POST_SCALE_UP"), None, "that was another stage");
}

#[test]
fn the_flat_shape_of_2025_does_not_say_its_stage() {
    let hook = native("hook-native-flat.json");
    assert_eq!((hook.stage.as_str(), hook.id().as_str(), hook.deployment), ("", "prod/store", None));
}

#[test]
fn a_hook_of_codedeploy_and_its_continuation_are_told_apart() {
    let since = ["hook-codedeploy.json", "hook-codedeploy-second-hop.json"].map(|name| {
        let Event::CodeDeploy(hook) = fixture(name) else { panic!("{name} is a hook of CodeDeploy") };
        assert_eq!(hook.hook.deployment, "d-3K8VTQ2WX");
        hook.since()
    });
    assert_eq!(since, [None, Some(TEN)]);
}

#[test]
fn both_queues_are_told_apart_by_the_shape_of_each_message() {
    let bodies = ["unanswered.json", "task-stopped.json", "service-action-placement.json"];
    let mut bodies: Vec<String> = bodies.into_iter().map(|name| payload(name).to_string()).collect();
    bodies.push("somebody's own message".to_owned());
    let Queue { unanswered, told, not_understood } = queue(&bodies);
    let [unanswered] = unanswered.as_slice() else { panic!("{unanswered:?}") };
    assert_eq!(unanswered.message_id, "m-0");
    assert_eq!(unanswered.event.as_ref().map(|event| &event["DeploymentId"]), Some(&json!("d-3K8VTQ2WX")));
    let [(first, Wake::Stopped { cluster, service, task }), (second, Wake::Action { at, message, .. })] =
        told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((first.as_str(), cluster.as_str(), service.as_str()), ("m-1", "prod", "store"));
    assert_eq!(task.containers[0].exit_code, Some(137));
    assert_eq!((second.as_str(), message.as_str()), ("m-2", "SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:MEMORY"));
    assert_eq!(at.to_string(), "2026-11-21T10:04:58.214Z");
    assert_eq!(not_understood.len(), 1);
    assert!(not_understood[0].1.starts_with("not JSON"), "{not_understood:?}");
}

#[test]
fn what_tells_of_nothing_wrong_is_declined() {
    let mut running = payload("task-stopped.json");
    running["detail"]["lastStatus"] = json!("DEPROVISIONING");
    let mut alone = payload("task-stopped.json");
    alone["detail"]["group"] = json!("family:nightly-report");
    let mut steady = payload("service-action-placement.json");
    steady["detail"]["eventType"] = json!("INFO");
    let other = json!({"detail-type": "ECR Image Action", "detail": {}});
    let bodies = [running, alone, steady, other].map(|event| event.to_string());
    let queue = queue(&bodies);
    assert!(queue.told.iter().all(|(_, wake)| matches!(wake, Wake::Nothing(_))), "{:?}", queue.told);
    assert_eq!((queue.told.len(), queue.not_understood), (4, Vec::new()));
}

#[test]
fn what_names_no_service_or_no_task_is_not_understood() {
    for (name, field) in [
        ("task-stopped.json", "taskArn"),
        ("task-stopped.json", "clusterArn"),
        ("service-action-placement.json", "eventName"),
    ] {
        for value in [Value::Null, json!("")] {
            let mut event = payload(name);
            event["detail"][field] = value;
            assert!(Wake::read(&event).is_err(), "{name} {field}");
        }
    }
    let mut event = payload("service-action-placement.json");
    event["resources"] = json!([]);
    assert!(Wake::read(&event).is_err());
}

#[test]
fn the_old_arn_of_a_service_leaves_its_cluster_to_the_detail() {
    let mut event = payload("service-action-placement.json");
    event["resources"] = json!(["arn:aws:ecs:eu-west-1:123456789012:service/store"]);
    let Ok(Wake::Action { cluster, service, .. }) = Wake::read(&event) else { panic!("an action") };
    assert_eq!((cluster.as_str(), service.as_str()), ("prod", "store"));
}

#[test]
fn a_person_names_a_service_and_a_stage() {
    let asked = json!({"service": "prod/store", "stage": "BeforeInstall", "mode": "shadow"});
    let Ok(Event::Person(request)) = Event::read(&asked) else { panic!("a request") };
    let shadow = Some(Mode::Shadow);
    assert_eq!(request, Request { service: "prod/store".into(), stage: "BeforeInstall".into(), mode: shadow });
    assert_eq!(request.service(), Ok(("prod", "store")));
    for service in ["store", "/store", "prod/", "prod/store/1"] {
        let request = Request { service: service.to_owned(), ..request.clone() };
        assert_eq!(request.service(), Err(format!("service is {service:?}: must be cluster/name")));
    }
    for wrong in
        [json!({}), json!({"service": "prod/store"}), json!([]), json!({"service": 1, "stage": "x"}), json!(null)]
    {
        assert!(Event::read(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_environment_is_read_with_every_fault() {
    let read = |variables: &'static [(&str, &str)]| {
        Settings::read(|name: &str| {
            let own = variables.iter().find(|(own, _)| *own == name);
            own.map(|(_, value)| (*value).to_owned())
        })
    };
    let settings = read(&[
        ("TIDEGATE_PREFLIGHT", "block mutable_tag=warn"),
        ("TIDEGATE_PATIENCE", "5m"),
        ("TIDEGATE_PROBER", "tidegate-deploy-hook-prober"),
        ("TIDEGATE_SCAN_POLICY", "/tidegate/scan-policy"),
    ]);
    let settings = settings.expect("settings");
    let preflight = &settings.defaults.preflight;
    assert_eq!((preflight.level, preflight.level(Rule::MutableTag, None)), (Level::Block, Level::Warn));
    assert_eq!((settings.defaults.patience_s, settings.defaults.mode), (300, Mode::On));
    assert_eq!(settings.prober.as_deref(), Some("tidegate-deploy-hook-prober"));
    let faults = read(&[
        ("TIDEGATE_PREFLIGHT", "sometimes"),
        ("TIDEGATE_PATIENCE", "long"),
        ("TIDEGATE_PROBER", "a b"),
        ("TIDEGATE_PROBES_ONLY", "maybe"),
    ]);
    let faults = faults.expect_err("faults").to_string();
    for variable in ["TIDEGATE_PREFLIGHT", "TIDEGATE_PATIENCE", "TIDEGATE_PROBER", "TIDEGATE_PROBES_ONLY"] {
        assert!(faults.contains(variable), "{faults}");
    }
}
