//! ECS: clusters, tasks and task definitions.

use serde_json::{Value, json};
use tidegate_core::diagnosis::task::Container;

use super::{Answer, Refusal, definitions, page, text, texts, time};
use crate::world::tasks::Task;
use crate::world::{ACCOUNT, Account, REGION};

/// Smaller than ECS's own, so that tests see more than one page.
const PER_PAGE: u64 = 3;

pub(super) fn list_clusters(account: &Account, input: &Value) -> Value {
    let arns: Vec<String> = account.list_clusters().iter().map(|name| cluster(name)).collect();
    let (shown, next) = page(&arns, input, PER_PAGE);
    json!({"clusterArns": shown, "nextToken": next})
}

pub(super) fn list_services(account: &Account, input: &Value) -> Answer {
    let arns = account.list_services(&text(&input["cluster"]))?;
    let (shown, next) = page(&arns, input, PER_PAGE);
    Ok(json!({"serviceArns": shown, "nextToken": next}))
}

pub(super) fn list_tasks(account: &Account, input: &Value) -> Answer {
    let desired = input["desiredStatus"].as_str().unwrap_or("RUNNING");
    let arns = account.list_tasks(&text(&input["cluster"]), input["serviceName"].as_str(), desired)?;
    let (shown, next) = page(&arns, input, PER_PAGE);
    Ok(json!({"taskArns": shown, "nextToken": next}))
}

pub(super) fn describe_tasks(account: &Account, input: &Value) -> Answer {
    let (found, missing) = account.describe_tasks(&text(&input["cluster"]), &texts(&input["tasks"]))?;
    let with_tags = texts(&input["include"]).contains(&"TAGS".to_owned());
    let failures: Vec<Value> = missing.iter().map(|arn| json!({"arn": arn, "reason": "MISSING"})).collect();
    Ok(json!({"tasks": found.iter().map(|own| task(own, with_tags)).collect::<Vec<_>>(), "failures": failures}))
}

pub(super) fn stop_task(account: &mut Account, input: &Value) -> Answer {
    let (cluster, arn) = (text(&input["cluster"]), text(&input["task"]));
    account.stop_task(&cluster, &arn, &text(&input["reason"]))?;
    let (found, _) = account.describe_tasks(&cluster, &[arn])?;
    Ok(json!({"task": found.first().map(|own| task(own, false))}))
}

pub(super) fn list_task_definitions(account: &Account, input: &Value) -> Value {
    let active = input["status"].as_str().unwrap_or("ACTIVE") == "ACTIVE";
    let mut arns = account.list_task_definitions(input["familyPrefix"].as_str(), active);
    if input["sort"] != "DESC" {
        arns.reverse();
    }
    let (shown, next) = page(&arns, input, PER_PAGE);
    json!({"taskDefinitionArns": shown, "nextToken": next})
}

pub(super) fn describe_task_definition(account: &Account, input: &Value) -> Answer {
    let (found, whole) = account.describe_task_definition(&text(&input["taskDefinition"]))?;
    let tags = if texts(&input["include"]).contains(&"TAGS".to_owned()) { tags(&found.tags) } else { Vec::new() };
    Ok(json!({"taskDefinition": definitions::written(found, &whole), "tags": tags}))
}

pub(super) fn deregister_task_definition(account: &mut Account, input: &Value) -> Answer {
    let name = text(&input["taskDefinition"]);
    // Unlike the others, this call takes no family alone.
    if !name.contains(':') {
        return Err(Refusal::new("InvalidParameterException", "revision is missing"));
    }
    account.deregister_task_definition(&name)?;
    let (found, whole) = account.describe_task_definition(&name)?;
    Ok(json!({"taskDefinition": definitions::written(found, &whole)}))
}

fn task(own: &Task, with_tags: bool) -> Value {
    let told = own.told();
    let container = |container: &Container| {
        json!({
            "name": container.name, "image": container.image, "imageDigest": container.image_digest,
            "taskArn": own.arn, "lastStatus": container.last_status, "exitCode": container.exit_code,
            "reason": container.reason, "healthStatus": container.health_status, "cpu": "0",
        })
    };
    json!({
        "taskArn": own.arn, "clusterArn": told.cluster_arn, "group": own.group, "startedBy": own.started_by,
        "taskDefinitionArn": told.task_definition_arn, "lastStatus": own.last_status,
        "desiredStatus": own.desired_status, "healthStatus": own.health, "stopCode": own.stop_code,
        "stoppedReason": own.stopped_reason, "createdAt": time(own.created), "startedAt": own.started.map(time),
        "stoppingAt": own.stopping.map(time), "stoppedAt": own.ended.map(time), "launchType": "FARGATE",
        "cpu": "1024", "memory": "2048", "containers": told.containers.iter().map(container).collect::<Vec<_>>(),
        "tags": if with_tags { tags(&own.tags) } else { Vec::new() },
    })
}

fn tags(tags: &[(String, String)]) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn cluster(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}")
}
