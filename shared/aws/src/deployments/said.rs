//! What ECS answers of its own deployments, as far as it is looked at, and what that is in our words. Times are in seconds
//! since 1970.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html>

use serde::Deserialize;

use super::{ContainerImage, HookInProgress, Revision};
use crate::convert::seconds;

/// A service deployment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    service_deployment_arn: Option<String>,
    cluster_arn: Option<String>,
    service_arn: Option<String>,
    status: Option<String>,
    lifecycle_stage: Option<String>,
    created_at: Option<f64>,
    started_at: Option<f64>,
    target_service_revision: Option<Summary>,
    source_service_revisions: Option<Vec<Summary>>,
    deployment_configuration: Option<Settings>,
    alarms: Option<Alarms>,
    rollback: Option<Rollback>,
    lifecycle_hook_details: Option<Vec<Hook>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    arn: Option<String>,
    requested_production_traffic_weight: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    strategy: Option<String>,
    bake_time_in_minutes: Option<i64>,
    canary_configuration: Option<Canary>,
    linear_configuration: Option<Linear>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Canary {
    canary_percent: Option<f64>,
    canary_bake_time_in_minutes: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linear {
    step_percent: Option<f64>,
    step_bake_time_in_minutes: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alarms {
    status: Option<String>,
    alarm_names: Option<Vec<String>>,
    triggered_alarm_names: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Rollback {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hook {
    target_type: Option<String>,
    target_arn: Option<String>,
    status: Option<String>,
    expires_at: Option<f64>,
}

/// A service revision.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    service_revision_arn: Option<String>,
    task_definition: Option<String>,
    container_images: Option<Vec<Pulled>>,
    load_balancers: Option<Vec<LoadBalancer>>,
    resolved_configuration: Option<Resolved>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pulled {
    container_name: Option<String>,
    image: Option<String>,
    image_digest: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadBalancer {
    target_group_arn: Option<String>,
    advanced_configuration: Option<Advanced>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advanced {
    alternate_target_group_arn: Option<String>,
    production_listener_rule: Option<String>,
    test_listener_rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resolved {
    load_balancers: Option<Vec<ResolvedBalancer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResolvedBalancer {
    target_group_arn: Option<String>,
    production_listener_rule: Option<String>,
}

/// None where it says no time of creation, from which on it would be judged.
pub(super) fn deployment(found: Standing) -> Option<super::ServiceDeployment> {
    let last = |arn: Option<String>| arn.and_then(|arn| arn.rsplit('/').next().map(str::to_owned)).unwrap_or_default();
    let minutes = |minutes: Option<i64>| minutes.and_then(|minutes| u32::try_from(minutes).ok());
    let config = found.deployment_configuration.as_ref();
    let strategy = config.and_then(|config| config.strategy.as_deref()).unwrap_or_default();
    let canary = config.and_then(|config| config.canary_configuration.as_ref());
    let linear = config.and_then(|config| config.linear_configuration.as_ref());
    let (step_percent, step_minutes) = match strategy {
        "CANARY" => canary.map(|canary| (canary.canary_percent, canary.canary_bake_time_in_minutes)),
        "LINEAR" => linear.map(|linear| (linear.step_percent, linear.step_bake_time_in_minutes)),
        _ => None,
    }
    .unwrap_or_default();
    let alarms = found.alarms.filter(|alarms| alarms.status.as_deref() != Some("DISABLED"));
    let (alarms, triggered) = alarms.map_or((None, None), |alarms| (alarms.alarm_names, alarms.triggered_alarm_names));
    let hooks = found.lifecycle_hook_details.unwrap_or_default().into_iter().filter(|hook| {
        let calls = hook.target_type.as_deref() != Some("PAUSE");
        calls && matches!(hook.status.as_deref(), Some("IN_PROGRESS" | "AWAITING_ACTION"))
    });
    Some(super::ServiceDeployment {
        created: seconds(found.created_at?)?,
        arn: found.service_deployment_arn.unwrap_or_default(),
        cluster: last(found.cluster_arn),
        service: last(found.service_arn),
        status: found.status.unwrap_or_default(),
        strategy: strategy.to_owned(),
        step_percent,
        step_minutes: minutes(step_minutes),
        stage: found.lifecycle_stage.unwrap_or_default(),
        started: found.started_at.and_then(seconds),
        target: found.target_service_revision.and_then(summary),
        sources: found.source_service_revisions.unwrap_or_default().into_iter().filter_map(summary).collect(),
        alarms: alarms.unwrap_or_default(),
        triggered_alarms: triggered.unwrap_or_default(),
        bake_minutes: minutes(config.and_then(|config| config.bake_time_in_minutes)).unwrap_or(0),
        rollback: found.rollback.map(|rollback| rollback.reason.unwrap_or_default()),
        hooks: hooks
            .filter_map(|hook| {
                Some(HookInProgress { function: hook.target_arn?, expires: hook.expires_at.and_then(seconds) })
            })
            .collect(),
    })
}

fn summary(found: Summary) -> Option<Revision> {
    Some(Revision { arn: found.arn?, production_percent: found.requested_production_traffic_weight })
}

/// A service revision.
pub(super) fn revision(found: Version) -> super::ServiceRevision {
    let resolved = found.resolved_configuration.and_then(|resolved| resolved.load_balancers).unwrap_or_default();
    let configured = found.load_balancers.unwrap_or_default();
    let advanced = || configured.iter().filter_map(|balancer| balancer.advanced_configuration.as_ref());
    let mut target_groups: Vec<String> =
        resolved.iter().filter_map(|balancer| balancer.target_group_arn.clone()).collect();
    if target_groups.is_empty() {
        let alternate = advanced().filter_map(|advanced| advanced.alternate_target_group_arn.clone());
        target_groups = configured.iter().filter_map(|balancer| balancer.target_group_arn.clone()).collect();
        target_groups.extend(alternate);
    }
    let rule = resolved.iter().find_map(|balancer| balancer.production_listener_rule.clone());
    let image = |image: Pulled| ContainerImage {
        container: image.container_name.unwrap_or_default(),
        image: image.image,
        digest: image.image_digest,
    };
    super::ServiceRevision {
        arn: found.service_revision_arn.unwrap_or_default(),
        task_definition: found.task_definition,
        images: found.container_images.unwrap_or_default().into_iter().map(image).collect(),
        target_groups,
        listener_rule: rule.or_else(|| advanced().find_map(|advanced| advanced.production_listener_rule.clone())),
        test_listener_rule: advanced().find_map(|advanced| advanced.test_listener_rule.clone()),
    }
}
