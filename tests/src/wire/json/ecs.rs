//! ECS: services.

use serde_json::{Value, json};

use super::{Answer, Refusal, text, texts, time};
use crate::world::api::loadbalancing::TaskSet;
use crate::world::faults::Fault;
use crate::world::service::Service;
use crate::world::{ACCOUNT, Account, REGION};

pub(super) fn describe_services(account: &Account, input: &Value, fault: Option<&Fault>) -> Answer {
    let names = texts(&input["services"]);
    if names.len() > 10 {
        return Err(Refusal::new("InvalidParameterException", "Services must be 10 or less."));
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
        found.into_iter().filter(|service| service.name != failed).map(|s| describe(account, s, with_tags)).collect();
    Ok(json!({"services": described, "failures": failures}))
}

fn describe(account: &Account, service: &Service, with_tags: bool) -> Value {
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
    let groups = account.target_groups_of(service);
    let balancers: Vec<Value> = groups.iter().map(|group| balancer(&elb(group))).collect();
    let definitions = account.deployed_definitions(service);
    let deployments: Vec<Value> = service
        .deployments
        .iter()
        .zip(definitions)
        .map(|((status, rollout), definition)| {
            json!({
                "id": "ecs-svc/1", "status": status, "rolloutState": rollout, "desiredCount": service.desired,
                "taskDefinition": definition,
            })
        })
        .collect();
    let strategy: Vec<Value> = service
        .strategy
        .iter()
        .map(|(provider, base, weight)| json!({"capacityProvider": provider, "base": base, "weight": weight}))
        .collect();
    let tags: Vec<Value> = service.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let cluster = format!("arn:aws:ecs:{}:{}:cluster/{}", REGION, ACCOUNT, service.cluster);
    let public = if service.public_ip { "ENABLED" } else { "DISABLED" };
    let network = json!({"awsvpcConfiguration": {
        "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": public,
    }});
    // There the task sets say it.
    let by_code_deploy = service.controller == "CODE_DEPLOY";
    let sets: Vec<Value> = account.task_sets(service).iter().map(|set| task_set(set, &network)).collect();
    json!({
        "serviceArn": service.arn(), "serviceName": service.name, "clusterArn": cluster,
        "status": service.status, "desiredCount": service.desired, "runningCount": account.counts(service).0,
        "pendingCount": account.counts(service).1, "launchType": service.launch_type,
        "capacityProviderStrategy": strategy, "taskDefinition": service.task_definition(),
        "loadBalancers": balancers, "deployments": deployments, "taskSets": sets, "events": events,
        "createdAt": time(service.created), "schedulingStrategy": service.scheduling,
        "currentServiceDeployment": account.current_service_deployment(&service.id()),
        "deploymentConfiguration": account.deployment_configuration(service), "networkConfiguration": if by_code_deploy { Value::Null } else { network },
        "healthCheckGracePeriodSeconds": service.grace_s,
        "deploymentController": {"type": service.controller}, "enableECSManagedTags": true,
        "enableExecuteCommand": false, "tags": if with_tags { tags } else { Vec::new() },
    })
}

fn task_set(set: &TaskSet, network: &Value) -> Value {
    let balancers: Vec<Value> = set.target_group.iter().map(|group| balancer(group)).collect();
    json!({
        "id": set.id, "externalId": set.external_id, "status": set.status, "loadBalancers": balancers,
        "taskDefinition": set.task_definition, "networkConfiguration": network,
    })
}

fn balancer(target_group: &str) -> Value {
    json!({"targetGroupArn": target_group, "containerName": "app", "containerPort": 8080})
}

fn elb(dimension: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{dimension}")
}

pub(super) fn update_service(account: &mut Account, input: &Value) -> Answer {
    let (cluster, name) = (text(&input["cluster"]), text(&input["service"]));
    let known = ["cluster", "service", "desiredCount"];
    let strange = input.as_object().into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str()));
    if let Some((key, _)) = strange {
        return Err(Refusal::new("InvalidParameterException", format!("nothing here should change {key}")));
    }
    let desired = input["desiredCount"].as_u64().and_then(|count| u32::try_from(count).ok());
    let desired = desired.ok_or_else(|| Refusal::new("InvalidParameterException", "no desired count"))?;
    account.update_service(&cluster, &name, desired)?;
    let (found, _) = account.describe_services(&cluster, &[name]);
    Ok(json!({"service": found.first().map(|service| describe(account, service, false))}))
}
