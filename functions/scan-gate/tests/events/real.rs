//! Real payloads, where they are at hand.

use std::fs;
use std::path::Path;

use scan_gate::event::Event;
use serde_json::{Value, json};

use super::{wake, woken};

/// Payloads of a folder, each by its file's name and, where a file lists several, its own.
fn payloads(folder: &Path) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.path();
        let Some(name) = file.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else { continue };
        let document: Value = serde_json::from_str(&fs::read_to_string(&file).expect("readable")).expect("JSON");
        match document["events"].as_array() {
            None => found.push((name.to_owned(), document)),
            Some(events) => found.extend(
                events.iter().map(|event| (event["name"].as_str().unwrap_or("?").to_owned(), event["payload"].clone())),
            ),
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

/// What a payload is understood as, in words.
fn said(payload: &Value) -> String {
    match Event::read(payload) {
        Ok(Event::One(wake)) => woken(&wake),
        Ok(other) => format!("{other:?}"),
        // Of some events only the detail is at hand.
        Err(_) if payload.get("detail-type").is_none() && payload["detail"]["taskArn"].is_string() => {
            wake(&json!({"detail-type": "ECS Task State Change", "detail": payload["detail"]}))
        }
        Err(why) => format!("refused: {why}"),
    }
}

/// What makes the gate look at something, or is declined for a reason of its own. Every other event is none for it.
const TABLE: [(&str, &str); 21] = [
    ("ecr-image-action-push", "the image my-repository-name@"),
    ("ecr-image-action-restore", "the image ubuntu@"),
    ("ecr-image-scan-basic-all-severities", "the image tribble-image-scan-test@"),
    ("ecr-image-scan-basic-complete", "the image my-repository-name@"),
    ("ecr-image-scan-basic-complete-no-counts", "the image my-repository-name@"),
    ("ecr-image-scan-basic-failed-no-counts", "the image my-repository-name@"),
    ("ecr-image-scan-basic-missing-severities", "the image my-repository-name@"),
    ("ecs-deployment-state-in-progress", "the deployment of default/servicetest"),
    ("ecs-deployment-state-rollback-in-progress", "the deployment of default/servicetest"),
    ("ecs-task-state-change-essential-exited-deprovisioning", "task_stopping: "),
    ("ecs-task-state-change-failed-to-start-no-containers", "task_stopping: "),
    ("ecs-task-state-change-running-ec2", "the task arn:aws:ecs:us-east-1:123456789012:task/example/"),
    ("ecs-task-state-change-running-fargate", "the task arn:aws:ecs:us-east-1:123456789012:task/example-cluster/"),
    ("ecs-task-state-change-spot-interruption", "task_stopping: "),
    ("ecs-task-state-change-stopped-scaling-fargate", "service_task: "),
    ("ecs_deployment_in_progress", "the deployment of default/servicetest"),
    ("ecs_deployment_in_progress_rollback", "the deployment of default/servicetest"),
    ("inspector2-finding-ecr-2021", "the image amazon/amazon-ecs-sample@"),
    ("inspector2-finding-ecr-2024", "the image inspector2@"),
    ("inspector2-scan-ecr-initial-2021", "the image amazon/amazon-ecs-sample@"),
    ("inspector2-scan-ecr-initial-zero-counts", "the image inspector2@"),
];

#[test]
fn real_payloads_are_understood_or_declined_or_refused_by_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/events");
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    for (name, payload) in payloads(&folder) {
        let said = said(&payload);
        println!("{name}: {said}");
        // The others are answers of APIs, hooks and records of CloudTrail.
        let is_event = payload["detail-type"].is_string() || payload["detail"].is_object();
        let otherwise = if is_event { "other_event: " } else { "refused: " };
        let expected = TABLE.iter().find(|(own, _)| *own == name).map_or(otherwise, |(_, expected)| expected);
        assert!(said.starts_with(expected), "{name}: {said}");
    }
}
