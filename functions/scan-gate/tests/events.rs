//! What can wake the gate, in the shapes in which AWS sends it, and in those in which it should not.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

#[path = "events/mutated.rs"]
mod mutated;
#[path = "events/real.rs"]
mod real;

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use scan_gate::event::{Event, Request, Wake};
use scan_gate::work::Work;
use serde_json::{Value, json};
use tidegate_core::mode::Mode;
use tidegate_core::scan::image_name::{ImageName, Registry};

const ACCOUNT: &str = "444455556666";
const TASK: &str = "arn:aws:ecs:eu-west-1:444455556666:task/batch/5f0a9d3c71b84e26a8d4c2b6e9f01357";

/// Two images, by repository and the beginning of their digests.
const CHECKOUT: &str = "the image checkout@sha256:6c3541864b46";
const BASE: &str = "the image tools/base@sha256:2e62c93e6117";

fn payload(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// What an event of EventBridge's is understood as, in words.
fn wake(event: &Value) -> String {
    match Wake::read(event) {
        Ok(wake) => woken(&wake),
        Err(why) => format!("an error: {why}"),
    }
}

fn woken(wake: &Wake) -> String {
    match wake {
        Wake::Image(ImageName { repository, digest, .. }) => {
            let digest = digest.as_deref().expect("events name digests");
            format!("the image {repository}@{}", digest.chars().take(19).collect::<String>())
        }
        Wake::Task { cluster, arn } => format!("the task {arn} in {cluster}"),
        Wake::Deployment { cluster, service } => format!("the deployment of {cluster}/{service}"),
        Wake::CodeDeployment { id } => format!("the deployment {id}"),
        Wake::Nothing { reason, why } => format!("{}: {why}", reason.code()),
    }
}

#[test]
fn every_shape_is_understood_or_declined_with_a_reason() {
    let task = format!("the task {TASK} in batch");
    let of_service = format!("service_task: {TASK} belongs to a service, whose deployments are looked at");
    let stops = format!("task_stopping: {TASK} stops");
    for (name, said) in [
        ("image-scan-complete", CHECKOUT),
        ("image-scan-no-counts", CHECKOUT),
        ("image-scan-failed-no-counts", CHECKOUT),
        ("image-scan-counts-as-floats", CHECKOUT),
        ("image-action-push", CHECKOUT),
        ("image-action-push-untagged", CHECKOUT),
        ("image-action-restore", CHECKOUT),
        ("image-action-archive", "other_event: an image that went into the archive can't be pulled"),
        ("image-action-delete", "other_event: an image that is deleted can't be pulled"),
        ("image-action-push-failed", "other_event: an action that did not succeed"),
        ("inspector-scan-repository-arn", BASE),
        ("inspector-scan-repository-name", BASE),
        ("inspector-scan-zero-counts", BASE),
        ("inspector-scan-instance", "other_event: a scan of something that is no image"),
        ("inspector-scan-function", "other_event: a scan of something that is no image"),
        ("inspector-finding-2021", BASE),
        ("inspector-finding-2024", BASE),
        ("inspector-finding-closed", "other_event: a finding that is closed blocks nothing"),
        ("inspector-finding-instance", "other_event: a finding in something that is no image"),
        ("task-running", &task),
        ("task-no-containers", &task),
        ("task-no-group", &task),
        ("task-of-a-service", &of_service),
        ("task-stopped", &stops),
        ("deployment-in-progress", "the deployment of prod/checkout"),
        ("deployment-completed", "other_event: SERVICE_DEPLOYMENT_COMPLETED brings nothing"),
        ("deployment-failed", "other_event: SERVICE_DEPLOYMENT_FAILED brings nothing"),
        ("code-deployment-start", "the deployment d-4Q8ZK2WNH"),
        ("code-deployment-success", "other_event: a deployment that is SUCCESS brings nothing"),
        ("other-coverage", "other_event: Inspector2 Coverage is nothing that the scan gate decides about"),
        ("other-referrer-action", "other_event: ECR Referrer Action is nothing that the scan gate decides about"),
        ("other-replication", "other_event: ECR Replication Action is nothing that the scan gate decides about"),
        (
            "other-pull-through-cache",
            "other_event: ECR Pull Through Cache Action is nothing that the scan gate decides about",
        ),
        (
            "other-scan-resource-change",
            "other_event: ECR Scan Resource Change is nothing that the scan gate decides about",
        ),
        ("other-cloudtrail", "other_event: AWS API Call via CloudTrail is nothing that the scan gate decides about"),
    ] {
        let event = payload(&format!("{name}.json"));
        assert_eq!(wake(&event), said, "{name}");
        let whole = Event::read(&event);
        assert!(
            matches!(&whole, Ok(Event::One(of)) if woken(of) == said),
            "{name}, without a queue between: {whole:?}"
        );
    }
}

#[test]
fn an_image_has_the_whole_name_of_its_repository_and_the_registry_that_it_is_in() {
    let read = Wake::read(&payload("inspector-finding-2024.json"));
    let expected = ImageName {
        registry: Registry::in_account(ACCOUNT, "eu-west-1"),
        repository: "tools/base".to_owned(),
        tag: None,
        digest: Some("sha256:2e62c93e6117bf2962e4e44d37f1ddcbe492d8134d95403b6d61f49b7fa0248b".to_owned()),
    };
    assert_eq!(read, Ok(Wake::Image(expected)), "without a tag: it may have come to another image since");
}

#[test]
fn a_repository_as_an_arn_says_more_than_the_envelope() {
    let mut event = payload("inspector-scan-repository-arn.json");
    event["detail"]["repository-name"] = json!("arn:aws-cn:ecr:cn-north-1:111122223333:repository/tools/base");
    let Ok(Wake::Image(name)) = Wake::read(&event) else { panic!("it is an image") };
    assert_eq!(name.registry.host(), "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn");
}

/// A fixture with one part changed; `null` takes a field's place.
fn with(name: &str, pointer: &str, value: &Value) -> Value {
    let mut event = payload(name);
    *event.pointer_mut(pointer).unwrap_or_else(|| panic!("{name} has no {pointer}")) = value.clone();
    event
}

#[test]
fn what_is_not_needed_may_be_null() {
    let null = json!(null);
    for (name, pointer, said) in [
        ("image-action-push.json", "/resources", CHECKOUT),
        ("image-action-push.json", "/detail/result", CHECKOUT),
        ("image-action-push.json", "/detail/image-tag", CHECKOUT),
        ("image-action-restore.json", "/detail/target-storage-class", CHECKOUT),
        ("image-scan-complete.json", "/detail/image-tags", CHECKOUT),
        ("image-scan-complete.json", "/detail/scan-status", CHECKOUT),
        ("inspector-scan-repository-arn.json", "/account", BASE),
        ("inspector-scan-repository-arn.json", "/region", BASE),
        ("inspector-finding-2021.json", "/resources", BASE),
        ("inspector-finding-2024.json", "/detail/resources", BASE),
        ("inspector-finding-2024.json", "/detail", BASE),
        ("task-running.json", "/detail/containers", &format!("the task {TASK} in batch")),
        ("task-running.json", "/detail/clusterArn", &format!("the task {TASK} in batch")),
        ("task-running.json", "/detail", &format!("the task {TASK} in batch")),
        ("deployment-in-progress.json", "/detail/deploymentId", "the deployment of prod/checkout"),
    ] {
        assert_eq!(wake(&with(name, pointer, &null)), said, "{name} {pointer}");
    }
}

#[test]
fn an_empty_name_is_none() {
    let mut no_task = with("task-running.json", "/detail/taskArn", &json!(""));
    no_task["resources"] = json!([]);
    let mut no_cluster = with("task-running.json", "/detail/taskArn", &json!("arn:aws:ecs:eu-west-1:1:task//5f0a"));
    no_cluster["detail"]["clusterArn"] = json!("arn:aws:ecs:eu-west-1:1:cluster/");
    let of_service = |arn: &str| with("deployment-in-progress.json", "/resources/0", &json!(arn));
    for event in [
        no_task,
        no_cluster,
        of_service("arn:aws:ecs:eu-west-1:1:service//checkout"),
        of_service("arn:aws:ecs:eu-west-1:1:service/prod/"),
        with("image-action-push.json", "/detail/image-digest", &json!("")),
    ] {
        assert!(Wake::read(&event).is_err(), "{event}");
    }
}

#[test]
fn what_is_needed_and_missing_is_told_by_name() {
    let old_task = json!("arn:aws:ecs:eu-west-1:444455556666:task/5f0a9d3c71b84e26a8d4c2b6e9f01357");
    let old_service = json!(["arn:aws:ecs:eu-west-1:444455556666:service/checkout"]);
    let mut no_task = with("task-running.json", "/detail/taskArn", &json!(null));
    no_task["resources"] = json!([]);
    let mut no_cluster = with("task-running.json", "/detail/taskArn", &old_task);
    no_cluster["detail"]["clusterArn"] = json!(null);
    let mut no_image = with("inspector-finding-2024.json", "/resources", &json!([]));
    no_image["detail"]["resources"][0]["id"] = json!(7);
    for (event, said) in [
        (with("image-scan-complete.json", "/detail", &json!(null)), "ECR Image Scan without repository-name"),
        (with("image-scan-complete.json", "/detail/image-digest", &json!(7)), "ECR Image Scan without image-digest"),
        (with("image-scan-complete.json", "/account", &json!(null)), "/eu-west-1/checkout@sha256:6c35"),
        (with("image-scan-complete.json", "/detail/image-digest", &json!("latest")), "checkout@latest is no image"),
        (with("image-action-push.json", "/detail/action-type", &json!([])), "ECR Image Action without action-type"),
        (
            with("inspector-scan-repository-arn.json", "/detail", &json!(null)),
            "Inspector2 Scan without repository-name",
        ),
        (
            with("inspector-scan-zero-counts.json", "/detail/image-digest", &json!(null)),
            "Inspector2 Scan without image-digest",
        ),
        (no_image, "a finding in an image whose ARN it does not tell"),
        (no_task, "a task's change of state without its ARN"),
        (no_cluster, "names no cluster"),
        (
            with("deployment-in-progress.json", "/detail", &json!("none")),
            "ECS Deployment State Change without eventName",
        ),
        (with("deployment-in-progress.json", "/resources", &json!([7])), "without its service"),
        (
            with("deployment-in-progress.json", "/resources", &old_service),
            "is no ARN of a service that names its cluster",
        ),
        (
            with("code-deployment-start.json", "/detail/deploymentId", &json!(null)),
            "CodeDeploy Deployment State-change Notification without deploymentId",
        ),
        (json!({"detail-type": null}), "it has no detail-type"),
        (json!(["ECR Image Scan"]), "it has no detail-type"),
        (json!(null), "it has no detail-type"),
    ] {
        let error = Wake::read(&event).expect_err("it can't be understood");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn an_action_that_nobody_knows_yet_brings_no_image() {
    let event = with("image-action-push.json", "/detail/action-type", &json!("RENAME"));
    assert_eq!(wake(&event), r#"other_event: the action "RENAME" brings no image"#);
}

#[test]
fn a_batch_is_what_its_messages_are_each_for_itself() {
    let Ok(Event::Batch(messages)) = Event::read(&payload("batch.json")) else { panic!("it is a batch") };
    let work = Work::of(&messages);
    assert_eq!((work.events, work.images.len(), work.tasks.len(), work.deployments.len()), (5, 2, 1, 0));
    assert_eq!(work.declined.get("other_event"), Some(&1));
    let [(id, why)] = work.not_understood.as_slice() else { panic!("one is not JSON") };
    assert_eq!(id, "2e1b0c7a-93d4-4f58-a6c0-71d9e83b5f05");
    assert!(why.starts_with("not JSON: "), "{why}");
    let asked: Vec<&str> = work.askers().map(|id| &id[id.len() - 1..]).collect();
    assert_eq!(asked, ["1", "2", "3"], "nobody waits for what is declined");
}

#[test]
fn the_schedule_tells_when_it_was_due() {
    let at: Timestamp = "2026-11-21T04:00:00Z".parse().expect("a time");
    assert_eq!(Event::read(&payload("schedule.json")), Ok(Event::Schedule { at }));
}

#[test]
fn people_ask_for_everything_or_for_one_image() {
    assert_eq!(Event::read(&json!({})), Ok(Event::Person(Request::default())));
    let asked = Request { image: Some("shop:v2".to_owned()), mode: Some(Mode::Shadow) };
    assert_eq!(Event::read(&json!({"image": "shop:v2", "mode": "shadow"})), Ok(Event::Person(asked)));
    assert_eq!(Event::read(&json!({"image": null, "mode": null})), Ok(Event::Person(Request::default())));
}

#[test]
fn what_is_no_event_at_all_is_told_by_name() {
    for (event, said) in [
        (json!({"imge": "shop:v2"}), "not a request: unknown field `imge`"),
        (json!({"image": 7}), "not a request: invalid type: integer `7`"),
        (json!({"mode": "dry"}), r#"mode is "dry": must be off, shadow or on"#),
        (
            json!({"Records": [{"eventSource": "aws:sqs", "messageId": "m-1"}]}),
            "not a batch of SQS: missing field `body`",
        ),
        (json!({"Records": [{"EventSource": "aws:sns"}]}), "not a request: unknown field `Records`"),
        (json!({"detail-type": "Scheduled Event"}), "not an EventBridge event"),
        (json!(null), "not a request: it is no JSON object"),
        // Read as the fields of a request, one after the other, this would be the daily run.
        (json!([null]), "not a request: it is no JSON object"),
        (json!("shop:v2"), "not a request: it is no JSON object"),
    ] {
        let error = Event::read(&event).expect_err("it is no event");
        assert!(error.contains(said), "{error}");
    }
}
