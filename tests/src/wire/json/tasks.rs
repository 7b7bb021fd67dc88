//! ECS: clusters, tasks and task definitions.

use serde_json::{Value, json};

use super::{Answer, Refusal, page, text, texts, time};
use crate::world::definitions::{ContainerImage, TaskDefinition};
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
    let arns = account.list_tasks(&text(&input["cluster"]), desired)?;
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
    let (found, size) = account.describe_task_definition(&text(&input["taskDefinition"]))?;
    let with_tags = texts(&input["include"]).contains(&"TAGS".to_owned());
    Ok(
        json!({"taskDefinition": definition(found, size), "tags": if with_tags { tags(&found.tags) } else { Vec::new() }}),
    )
}

pub(super) fn deregister_task_definition(account: &mut Account, input: &Value) -> Answer {
    let name = text(&input["taskDefinition"]);
    // Unlike the others, this call takes no family alone.
    if !name.contains(':') {
        return Err(Refusal::new("InvalidParameterException", "revision is missing"));
    }
    account.deregister_task_definition(&name)?;
    let (found, size) = account.describe_task_definition(&name)?;
    Ok(json!({"taskDefinition": definition(found, size)}))
}

fn definition(own: &TaskDefinition, (cpu, memory): (u32, u32)) -> Value {
    let container = |(name, image): &(String, Option<String>)| {
        let mut container = json!({"name": name, "essential": true});
        if let Some(image) = image {
            container["image"] = json!(image);
        }
        container
    };
    json!({
        "taskDefinitionArn": own.arn(), "family": own.family, "revision": own.revision,
        "status": if own.active { "ACTIVE" } else { "INACTIVE" }, "cpu": cpu.to_string(), "memory": memory.to_string(),
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"cpuArchitecture": own.architecture, "operatingSystemFamily": "LINUX"},
        "containerDefinitions": own.containers.iter().map(container).collect::<Vec<_>>(),
    })
}

fn task(own: &Task, with_tags: bool) -> Value {
    let container = |image: &ContainerImage| {
        json!({
            "name": image.container, "image": image.image, "imageDigest": image.digest, "taskArn": own.arn,
            "lastStatus": own.last_status,
        })
    };
    json!({
        "taskArn": own.arn, "clusterArn": cluster(&own.cluster), "group": own.group,
        "taskDefinitionArn": own.workload.task_definition, "lastStatus": own.last_status,
        "desiredStatus": own.desired_status, "stopCode": own.stop_code, "stoppedReason": own.stopped_reason,
        "createdAt": time(own.created), "launchType": "FARGATE", "cpu": "1024", "memory": "2048",
        "containers": own.workload.images.iter().map(container).collect::<Vec<_>>(),
        "tags": if with_tags { tags(&own.tags) } else { Vec::new() },
    })
}

fn tags(tags: &[(String, String)]) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn cluster(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}")
}
