//! ECS's own deployments.

use serde_json::{Value, json};

use super::{Answer, Refusal, page, text, texts, time};
use crate::world::api::deployments::Successful;
use crate::world::definitions::ContainerImage;
use crate::world::native::hooks::HookExecution;
use crate::world::native::{ServiceDeployment, ServiceRevision, Strategy};
use crate::world::{ACCOUNT, Account, REGION};

pub(super) fn describe_service_deployments(account: &Account, input: &Value) -> Answer {
    let (found, missing) = account.describe_service_deployments(&texts(&input["serviceDeploymentArns"]))?;
    let found: Vec<Value> = found.into_iter().map(deployment).collect();
    Ok(json!({"serviceDeployments": found, "failures": failures(&missing)}))
}

pub(super) fn describe_service_revisions(account: &Account, input: &Value) -> Answer {
    let (found, missing) = account.describe_service_revisions(&texts(&input["serviceRevisionArns"]))?;
    let found: Vec<Value> = found.into_iter().map(|own| revision(account, own)).collect();
    Ok(json!({"serviceRevisions": found, "failures": failures(&missing)}))
}

pub(super) fn list_service_deployments(account: &Account, input: &Value) -> Answer {
    if texts(&input["status"]) != ["SUCCESSFUL"] {
        return Err(Refusal::new("InvalidParameterException", "only SUCCESSFUL is listed here"));
    }
    let service = format!("{}/{}", text(&input["cluster"]), text(&input["service"]));
    let all = account.list_successful_deployments(&service)?;
    let (shown, next) = page(&all, input, 100);
    let brief = |own: &Successful| {
        json!({
            "serviceDeploymentArn": own.arn, "targetServiceRevisionArn": own.revision, "status": "SUCCESSFUL",
            "serviceArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{service}"), "clusterArn": cluster(&service),
            "createdAt": time(own.created),
        })
    };
    Ok(json!({"serviceDeployments": shown.iter().map(brief).collect::<Vec<_>>(), "nextToken": next}))
}

pub(super) fn stop_service_deployment(account: &mut Account, input: &Value) -> Answer {
    if input["stopType"] != "ROLLBACK" {
        return Err(Refusal::new("InvalidParameterException", "only ROLLBACK is known here"));
    }
    let arn = text(&input["serviceDeploymentArn"]);
    account.stop_service_deployment(&arn)?;
    Ok(json!({"serviceDeploymentArn": arn}))
}

fn failures(missing: &[String]) -> Vec<Value> {
    missing.iter().map(|arn| json!({"arn": arn, "reason": "MISSING"})).collect()
}

fn deployment(deployment: &ServiceDeployment) -> Value {
    let percents = deployment.percents();
    let target = revision_summary(&deployment.target, percents.map(|(target, _)| target));
    let source = |arn: &String| revision_summary(arn, percents.map(|(_, source)| source));
    json!({
        "serviceDeploymentArn": deployment.arn, "status": deployment.status, "lifecycleStage": deployment.stage(),
        "serviceArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{}", deployment.service),
        "clusterArn": cluster(&deployment.service),
        "createdAt": time(deployment.created), "startedAt": deployment.started.map(time),
        "finishedAt": deployment.finished.map(time),
        "targetServiceRevision": target, "sourceServiceRevisions": deployment.sources.iter().map(source).collect::<Vec<_>>(),
        "deploymentConfiguration": configuration(deployment),
        "alarms": {
            "status": deployment.alarm_status(), "alarmNames": deployment.alarms,
            "triggeredAlarmNames": deployment.triggered_alarms,
        },
        "rollback": deployment.rollback.as_ref().map(|rollback| json!({
            "reason": rollback.reason, "startedAt": time(rollback.started), "serviceRevisionArn": rollback.revision,
        })),
        "lifecycleHookDetails": deployment.hooks.iter().map(hook).collect::<Vec<_>>(),
    })
}

fn revision_summary(arn: &str, percent: Option<f64>) -> Value {
    json!({
        "arn": arn, "requestedTaskCount": 1, "runningTaskCount": 1, "pendingTaskCount": 0,
        "requestedProductionTrafficWeight": percent,
    })
}

fn configuration(deployment: &ServiceDeployment) -> Value {
    let shift = match deployment.strategy {
        Strategy::Canary(percent, minutes) => {
            Some(("canaryConfiguration", json!({"canaryPercent": percent, "canaryBakeTimeInMinutes": minutes})))
        }
        Strategy::Linear(percent, minutes) => {
            Some(("linearConfiguration", json!({"stepPercent": percent, "stepBakeTimeInMinutes": minutes})))
        }
        Strategy::Rolling | Strategy::BlueGreen => None,
    };
    let mut configuration = json!({
        "strategy": deployment.strategy.name(), "bakeTimeInMinutes": deployment.bake_minutes,
        "alarms": {"alarmNames": deployment.alarms, "enable": !deployment.alarms.is_empty(), "rollback": true},
    });
    if let Some((key, shift)) = shift {
        configuration[key] = shift;
    }
    configuration
}

fn hook(hook: &HookExecution) -> Value {
    json!({
        "hookId": hook.id, "targetType": "AWS_LAMBDA", "targetArn": hook.function, "status": hook.status,
        "expiresAt": time(hook.expires), "timeoutAction": "ROLLBACK",
    })
}

/// A revision with both target groups of a pair is one for which ECS has not resolved which of them is its own.
fn revision(account: &Account, revision: &ServiceRevision) -> Value {
    let rule = &revision.listener_rule;
    let (configured, resolved) = match revision.target_groups.as_slice() {
        [group, other] => {
            let tests = &revision.test_listener_rule;
            let advanced = json!({
                "alternateTargetGroupArn": other, "productionListenerRule": rule, "testListenerRule": tests,
            });
            (vec![json!({"targetGroupArn": group, "advancedConfiguration": advanced})], Vec::new())
        }
        [group] if revision.test_listener_rule.is_some() => {
            let tests = &revision.test_listener_rule;
            let advanced = json!({"productionListenerRule": rule, "testListenerRule": tests});
            let resolved = json!({"targetGroupArn": group, "productionListenerRule": rule});
            (vec![json!({"targetGroupArn": group, "advancedConfiguration": advanced})], vec![resolved])
        }
        groups => {
            let resolved = groups.iter().map(|group| json!({"targetGroupArn": group, "productionListenerRule": rule}));
            (groups.iter().map(|group| json!({"targetGroupArn": group})).collect(), resolved.collect())
        }
    };
    json!({
        "serviceRevisionArn": revision.arn, "clusterArn": cluster(&revision.service),
        "serviceArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{}", revision.service),
        "taskDefinition": account.definition_of_revision(revision),
        "containerImages": account.images_of(revision).iter().map(image).collect::<Vec<_>>(),
        "loadBalancers": configured, "resolvedConfiguration": {"loadBalancers": resolved},
    })
}

fn image(own: &ContainerImage) -> Value {
    json!({"containerName": own.container, "image": own.image, "imageDigest": own.digest})
}

fn cluster(service: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{}", service.split('/').next().unwrap_or_default())
}
