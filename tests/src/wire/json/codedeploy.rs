//! CodeDeploy.

use serde_json::{Value, json};

use super::{Answer, Refusal, text, texts, time};
use crate::world::Account;
use crate::world::codedeploy::{BUCKET, CodeDeployment, EcsTarget, LifecycleEvent, TaskSetInfo};

/// Smaller than CodeDeploy's own, so that tests see more than one.
const PER_PAGE: usize = 2;

pub(super) fn list_deployments(account: &Account, input: &Value) -> Answer {
    let page: usize = match input["nextToken"].as_str() {
        None => 0,
        Some(page) => page.parse().map_err(|_| Refusal::new("InvalidNextTokenException", "The token is not valid."))?,
    };
    let of = input["applicationName"].as_str().zip(input["deploymentGroupName"].as_str());
    let all = account.list_deployments(of, &texts(&input["includeOnlyStatuses"]));
    // Of a group, one page is enough for everybody.
    let length = if of.is_some() { 100 } else { PER_PAGE };
    let shown: Vec<&String> = all.iter().skip(page * length).take(length).collect();
    let next = (all.len() > (page + 1) * length).then(|| (page + 1).to_string());
    Ok(json!({"deployments": shown, "nextToken": next}))
}

pub(super) fn batch_get_deployments(account: &Account, input: &Value) -> Answer {
    let found = account.batch_get_deployments(&texts(&input["deploymentIds"]))?;
    Ok(json!({"deploymentsInfo": found.into_iter().map(info).collect::<Vec<_>>()}))
}

pub(super) fn get_deployment(account: &Account, input: &Value) -> Answer {
    let id = text(&input["deploymentId"]);
    Ok(json!({"deploymentInfo": info(account.code_deployment(&id)?)}))
}

/// Of an `AppSpec` that CodeDeploy keeps itself.
pub(super) fn get_application_revision(account: &Account, input: &Value) -> Answer {
    let (application, hash) = (text(&input["applicationName"]), text(&input["revision"]["appSpecContent"]["sha256"]));
    let content = account.get_application_revision(&application, &hash)?;
    let revision = json!({"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": hash}});
    Ok(json!({"applicationName": application, "revision": revision, "revisionInfo": {}}))
}

/// Where the AppSpec of a deployment is; its content is told by another call.
fn revision(deployment: &CodeDeployment) -> Value {
    let Some(key) = deployment.object_key() else {
        let content = json!({"content": null, "sha256": deployment.revision});
        return json!({"revisionType": "AppSpecContent", "appSpecContent": content});
    };
    let tag = &deployment.revision[..32];
    let object = json!({"bucket": BUCKET, "key": key, "bundleType": "YAML", "eTag": tag});
    json!({"revisionType": "S3", "s3Location": object})
}

fn info(deployment: &CodeDeployment) -> Value {
    // The name of a configuration says what it is for.
    let platform = if deployment.config.contains(".Lambda") { "Lambda" } else { "ECS" };
    json!({
        "deploymentId": deployment.id, "applicationName": deployment.application,
        "deploymentGroupName": deployment.group, "deploymentConfigName": deployment.config,
        "status": deployment.status, "creator": deployment.creator, "computePlatform": platform,
        "createTime": time(deployment.created), "completeTime": deployment.ended.map(time),
        "errorInformation": deployment.error.as_ref().map(|(code, message)| json!({"code": code, "message": message})),
        "revision": revision(deployment),
        "rollbackInfo": {
            "rollbackDeploymentId": deployment.rolled_back_by,
            "rollbackTriggeringDeploymentId": deployment.rolls_back,
        },
        "ignoreApplicationStopFailures": false, "updateOutdatedInstancesOnly": false,
        "instanceTerminationWaitTimeStarted": false,
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    })
}

pub(super) fn list_deployment_targets(account: &Account, input: &Value) -> Answer {
    Ok(json!({"targetIds": account.list_deployment_targets(&text(&input["deploymentId"]))?}))
}

pub(super) fn batch_get_deployment_targets(account: &Account, input: &Value) -> Answer {
    let targets = texts(&input["targetIds"]);
    let found = account.batch_get_deployment_targets(&text(&input["deploymentId"]), &targets)?;
    Ok(json!({"deploymentTargets": found.iter().map(target).collect::<Vec<_>>()}))
}

fn target(target: &EcsTarget) -> Value {
    let service = target.id.replace(':', "/");
    json!({"deploymentTargetType": "ECSTarget", "ecsTarget": {
        "deploymentId": target.deployment, "targetId": target.id, "status": target.status,
        "targetArn": format!("arn:aws:ecs:{}:{}:service/{service}", crate::world::REGION, crate::world::ACCOUNT),
        "lifecycleEvents": target.events.iter().map(event).collect::<Vec<_>>(),
        "taskSetsInfo": target.task_sets.iter().map(task_set).collect::<Vec<_>>(),
    }})
}

fn event(event: &LifecycleEvent) -> Value {
    json!({
        "lifecycleEventName": event.name, "status": event.status,
        "startTime": event.started.map(time), "endTime": event.ended.map(time),
    })
}

/// `identifer` is how CodeDeploy spells it.
fn task_set(set: &TaskSetInfo) -> Value {
    json!({
        "identifer": set.id, "status": set.status, "taskSetLabel": set.label, "trafficWeight": set.traffic_percent,
        "desiredCount": set.tasks, "pendingCount": 0, "runningCount": set.tasks,
        "targetGroup": {"name": set.target_group},
    })
}

pub(super) fn get_deployment_group(account: &Account, input: &Value) -> Answer {
    let group = account.get_deployment_group(&text(&input["applicationName"]), &text(&input["deploymentGroupName"]))?;
    let alarms: Vec<Value> = group.alarms.iter().map(|name| json!({"name": name})).collect();
    let balancer = account.balancers.iter().find(|balancer| balancer.service == group.service);
    let groups: Vec<Value> =
        balancer.into_iter().flat_map(|b| &b.groups).map(|group| json!({"name": group.name})).collect();
    let listeners: Vec<&String> = balancer.iter().map(|balancer| &balancer.listener.arn).collect();
    let test_listeners: Vec<&String> =
        balancer.iter().filter_map(|balancer| balancer.test_listener.as_ref()).map(|listener| &listener.arn).collect();
    Ok(json!({"deploymentGroupInfo": {
        "applicationName": group.application, "deploymentGroupName": group.name,
        "deploymentConfigName": group.shift.config(), "computePlatform": "ECS",
        "alarmConfiguration": {"enabled": !alarms.is_empty(), "ignorePollAlarmFailure": false, "alarms": alarms},
        "autoRollbackConfiguration": {
            "enabled": group.rolls_back,
            "events": if group.rolls_back { json!(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]) } else { json!([]) },
        },
        "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": {
            "action": "TERMINATE", "terminationWaitTimeInMinutes": group.termination_wait_minutes,
        }},
        "loadBalancerInfo": {"targetGroupPairInfoList": [{
            "targetGroups": groups, "prodTrafficRoute": {"listenerArns": listeners},
            "testTrafficRoute": {"listenerArns": test_listeners},
        }]},
    }}))
}

pub(super) fn stop_deployment(account: &mut Account, input: &Value) -> Answer {
    let roll_back = input["autoRollbackEnabled"].as_bool().unwrap_or(false);
    let status = account.stop_deployment(&text(&input["deploymentId"]), roll_back)?;
    Ok(json!({"status": status, "statusMessage": "Stopping deployment"}))
}

pub(super) fn answer_hook(account: &mut Account, input: &Value) -> Answer {
    let execution = text(&input["lifecycleEventHookExecutionId"]);
    let (id, status) = (text(&input["deploymentId"]), text(&input["status"]));
    account.put_lifecycle_event_hook_execution_status(&id, &execution, &status)?;
    Ok(json!({"lifecycleEventHookExecutionId": execution}))
}
