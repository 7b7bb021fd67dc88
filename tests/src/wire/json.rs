//! awsJson 1.1: ECS, the tagging API, Application Auto Scaling.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::api::ApiError;
use crate::world::faults::Fault;
use crate::world::service::Service;
use crate::world::{Account, World};

type Answer = Result<Value, (String, String)>;

pub(super) fn error(code: &str, message: &str) -> Vec<u8> {
    json!({"__type": code, "message": message}).to_string().into_bytes()
}

pub(super) fn answer(
    operation: &str,
    body: &[u8],
    world: &World,
    fault: Option<&Fault>,
) -> Result<Vec<u8>, (String, String)> {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut account = world.lock();
    let output = match operation {
        "GetResources" => get_resources(&account, &input),
        "DescribeServices" => describe_services(&account, &input, fault),
        "DescribeTaskDefinition" => describe_task_definition(&account, &input),
        "UpdateService" => update_service(&mut account, &input),
        "DescribeScalableTargets" => describe_scalable_targets(&account, &input),
        other => Err(("UnknownOperationException".to_owned(), format!("{other} is not known here"))),
    };
    output.map(|output| output.to_string().into_bytes())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn refused(error: ApiError) -> (String, String) {
    (error.code.to_owned(), error.message)
}

/// Times on the wire are seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
fn time(at: Timestamp) -> f64 {
    at.as_second() as f64
}

fn get_resources(account: &Account, input: &Value) -> Answer {
    if texts(&input["ResourceTypeFilters"]) != ["ecs:service"] {
        return Err(("InvalidParameterException".to_owned(), "only ecs:service is known here".to_owned()));
    }
    let page = text(&input["PaginationToken"]).parse().unwrap_or(0);
    let (services, next) = account.get_resources(&text(&input["TagFilters"][0]["Key"]), page);
    let tags = |tags: Vec<(String, String)>| -> Vec<Value> {
        tags.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    };
    let services: Vec<Value> =
        services.into_iter().map(|(arn, own)| json!({"ResourceARN": arn, "Tags": tags(own)})).collect();
    Ok(json!({
        "PaginationToken": next.map_or_else(String::new, |page| page.to_string()),
        "ResourceTagMappingList": services,
    }))
}

fn describe_services(account: &Account, input: &Value, fault: Option<&Fault>) -> Answer {
    let names = texts(&input["services"]);
    if names.len() > 10 {
        return Err(("InvalidParameterException".to_owned(), "Services must be 10 or less.".to_owned()));
    }
    let (found, missing) = account.describe_services(&text(&input["cluster"]), &names);
    let with_tags = texts(&input["include"]).contains(&"TAGS".to_owned());
    let mut failures: Vec<Value> = missing.iter().map(|name| json!({"arn": name, "reason": "MISSING"})).collect();
    let failed = match fault {
        Some(Fault::FailService(name, why)) => {
            failures.push(json!({"arn": name, "reason": why}));
            name.as_str()
        }
        _ => "",
    };
    let described: Vec<Value> =
        found.into_iter().filter(|service| service.name != failed).map(|s| describe(s, with_tags)).collect();
    Ok(json!({"services": described, "failures": failures}))
}

fn describe(service: &Service, with_tags: bool) -> Value {
    let events: Vec<Value> = service
        .events
        .iter()
        .rev()
        .take(100)
        .enumerate()
        .map(
            |(index, (at, message))| json!({"id": format!("{index:036x}"), "createdAt": time(*at), "message": message}),
        )
        .collect();
    let balancers: Vec<Value> = service
        .target_group
        .iter()
        .map(|group| {
            let arn =
                format!("arn:aws:elasticloadbalancing:{}:{}:{group}", crate::world::REGION, crate::world::ACCOUNT);
            json!({"targetGroupArn": arn, "containerName": "app", "containerPort": 8080})
        })
        .collect();
    let deployments: Vec<Value> = service
        .deployments
        .iter()
        .map(|(status, rollout)| json!({"id": "ecs-svc/1", "status": status, "rolloutState": rollout, "desiredCount": service.desired}))
        .collect();
    let strategy: Vec<Value> = service
        .strategy
        .iter()
        .map(|(provider, base, weight)| json!({"capacityProvider": provider, "base": base, "weight": weight}))
        .collect();
    let tags: Vec<Value> = service.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let sets: Vec<Value> = (0..service.task_sets)
        .map(|set| json!({"id": format!("ecs-svc/{set}"), "status": if set == 0 { "PRIMARY" } else { "ACTIVE" }}))
        .collect();
    let cluster = format!("arn:aws:ecs:{}:{}:cluster/{}", crate::world::REGION, crate::world::ACCOUNT, service.cluster);
    json!({
        "serviceArn": service.arn(), "serviceName": service.name, "clusterArn": cluster,
        "status": service.status, "desiredCount": service.desired, "runningCount": service.running(),
        "pendingCount": service.pending(), "launchType": service.launch_type,
        "capacityProviderStrategy": strategy, "taskDefinition": service.task_definition(),
        "loadBalancers": balancers, "deployments": deployments, "taskSets": sets, "events": events,
        "createdAt": time(service.created), "schedulingStrategy": service.scheduling,
        "deploymentController": {"type": service.controller}, "enableECSManagedTags": true,
        "enableExecuteCommand": false, "tags": if with_tags { tags } else { Vec::new() },
    })
}

fn describe_task_definition(account: &Account, input: &Value) -> Answer {
    let arn = text(&input["taskDefinition"]);
    let service = account.task_definition(&arn).map_err(refused)?;
    let (cpu, memory) = service.size;
    Ok(json!({"taskDefinition": {
        "taskDefinitionArn": arn, "family": service.name, "revision": 7, "status": "ACTIVE",
        "cpu": cpu.to_string(), "memory": memory.to_string(), "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [{"name": "app", "essential": true}],
    }}))
}

fn update_service(account: &mut Account, input: &Value) -> Answer {
    let (cluster, name) = (text(&input["cluster"]), text(&input["service"]));
    let known = ["cluster", "service", "desiredCount"];
    let strange = input.as_object().into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str()));
    if let Some((key, _)) = strange {
        return Err(("InvalidParameterException".to_owned(), format!("nothing here should change {key}")));
    }
    let desired = input["desiredCount"].as_u64().and_then(|count| u32::try_from(count).ok());
    let desired = desired.ok_or(("InvalidParameterException".to_owned(), "no desired count".to_owned()))?;
    account.update_service(&cluster, &name, desired).map_err(refused)?;
    let (found, _) = account.describe_services(&cluster, &[name]);
    Ok(json!({"service": found.first().map(|service| describe(service, false))}))
}

fn describe_scalable_targets(account: &Account, input: &Value) -> Answer {
    let ids = texts(&input["ResourceIds"]);
    if ids.len() > 50 {
        return Err(("ValidationException".to_owned(), "at most 50 resource ids".to_owned()));
    }
    let target = |id: &String| {
        let target = account.scalable_targets.get(id)?;
        Some(json!({
            "ServiceNamespace": "ecs", "ResourceId": id, "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": target.min, "MaxCapacity": target.max, "RoleARN": "arn:aws:iam::123456789012:role/aas",
            "CreationTime": 1.0,
        }))
    };
    Ok(json!({"ScalableTargets": ids.iter().filter_map(target).collect::<Vec<_>>()}))
}
