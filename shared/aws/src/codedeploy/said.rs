//! What CodeDeploy answers, as far as it is looked at, and what that is in our words. Times are in seconds since 1970.
//!
//! Source: <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_Types.html>

use serde::Deserialize;

use super::{CodeDeployment, DeploymentGroup, LifecycleEvent, Target, TaskSetInfo};
use crate::convert::seconds;

/// A deployment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeploymentInfo {
    pub(super) deployment_id: Option<String>,
    pub(crate) application_name: Option<String>,
    pub(crate) revision: Option<RevisionLocation>,
    deployment_group_name: Option<String>,
    deployment_config_name: Option<String>,
    status: Option<String>,
    create_time: Option<f64>,
    creator: Option<String>,
    rollback_info: Option<RollbackInfo>,
    compute_platform: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RollbackInfo {
    rollback_triggering_deployment_id: Option<String>,
}

/// Where a revision is kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionLocation {
    pub(crate) s3_location: Option<S3Location>,
    pub(crate) app_spec_content: Option<Content>,
    /// What deployments before `appSpecContent` have.
    pub(crate) string: Option<Content>,
}

/// An object in a bucket.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct S3Location {
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) version: Option<String>,
    e_tag: Option<String>,
}

/// A text with its hash.
#[derive(Deserialize)]
pub(crate) struct Content {
    #[cfg(feature = "app-specs")]
    pub(crate) content: Option<String>,
    pub(crate) sha256: Option<String>,
}

/// The target of a deployment to ECS.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EcsTarget {
    pub(super) target_id: Option<String>,
    target_arn: Option<String>,
    lifecycle_events: Option<Vec<Event>>,
    task_sets_info: Option<Vec<EcsTaskSet>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    lifecycle_event_name: Option<String>,
    status: Option<String>,
    start_time: Option<f64>,
    end_time: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcsTaskSet {
    /// So CodeDeploy spells it.
    identifer: Option<String>,
    task_set_label: Option<String>,
    traffic_weight: Option<f64>,
    target_group: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// A deployment group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentGroupInfo {
    alarm_configuration: Option<AlarmConfiguration>,
    auto_rollback_configuration: Option<AutoRollbackConfiguration>,
    blue_green_deployment_configuration: Option<BlueGreenConfiguration>,
    load_balancer_info: Option<LoadBalancerInfo>,
}

#[derive(Deserialize)]
struct AlarmConfiguration {
    enabled: Option<bool>,
    alarms: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct AutoRollbackConfiguration {
    enabled: Option<bool>,
    events: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlueGreenConfiguration {
    terminate_blue_instances_on_deployment_success: Option<Termination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Termination {
    action: Option<String>,
    termination_wait_time_in_minutes: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadBalancerInfo {
    target_group_pair_info_list: Option<Vec<Pair>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    target_groups: Option<Vec<Named>>,
    prod_traffic_route: Option<Route>,
    test_traffic_route: Option<Route>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    listener_arns: Option<Vec<String>>,
}

impl DeploymentInfo {
    /// Whether it is to ECS, and not to instances or a function.
    pub(super) fn is_to_ecs(&self) -> bool {
        self.compute_platform.as_deref() == Some("ECS")
    }
}

/// None where it says no time of creation, from which on it would be judged.
pub(super) fn deployment(info: DeploymentInfo) -> Option<CodeDeployment> {
    let creators = ["codeDeployRollback", "CloudFormationRollback"];
    let caused = info.rollback_info.and_then(|rollback| rollback.rollback_triggering_deployment_id);
    Some(CodeDeployment {
        created: seconds(info.create_time?)?,
        revision: info.revision.and_then(revision),
        id: info.deployment_id.unwrap_or_default(),
        application: info.application_name.unwrap_or_default(),
        group: info.deployment_group_name.unwrap_or_default(),
        config: info.deployment_config_name.unwrap_or_default(),
        status: info.status.unwrap_or_default(),
        roll_back: info.creator.is_some_and(|creator| creators.contains(&creator.as_str())) || caused.is_some(),
    })
}

/// What tells a revision from others.
fn revision(location: RevisionLocation) -> Option<String> {
    let content = location.app_spec_content.and_then(|content| content.sha256);
    let string = location.string.and_then(|string| string.sha256);
    let object = || {
        let object = location.s3_location?;
        // Without either, the object may have been another one then.
        let version = object.version.or(object.e_tag)?;
        Some(format!("s3://{}/{}?{version}", object.bucket?, object.key?))
    };
    content.or(string).or_else(object)
}

/// None where it does not say for which service it is.
pub(super) fn target(target: EcsTarget) -> Option<Target> {
    let (cluster, service) = match target.target_id.as_deref().and_then(|id| id.split_once(':')) {
        Some(named) => named,
        // `arn:aws:ecs:region:account:service/cluster/name`
        None => target.target_arn.as_deref()?.split_once(":service/")?.1.split_once('/')?,
    };
    let event = |event: Event| LifecycleEvent {
        name: event.lifecycle_event_name.unwrap_or_default(),
        status: event.status.unwrap_or_default(),
        started: event.start_time.and_then(seconds),
        ended: event.end_time.and_then(seconds),
    };
    Some(Target {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        events: target.lifecycle_events.unwrap_or_default().into_iter().map(event).collect(),
        task_sets: target.task_sets_info.unwrap_or_default().into_iter().map(task_set).collect(),
    })
}

fn task_set(set: EcsTaskSet) -> TaskSetInfo {
    TaskSetInfo {
        green: match set.task_set_label.as_deref() {
            Some("Green") => Some(true),
            Some("Blue") => Some(false),
            _ => None,
        },
        id: set.identifer.unwrap_or_default(),
        traffic_percent: set.traffic_weight.unwrap_or_default(),
        target_group: set.target_group.and_then(|group| group.name),
    }
}

pub(super) fn group(info: DeploymentGroupInfo) -> DeploymentGroup {
    let watched = info.alarm_configuration.filter(|alarms| alarms.enabled == Some(true));
    let watched = watched.and_then(|alarms| alarms.alarms).unwrap_or_default();
    let ends = info.blue_green_deployment_configuration;
    let ends = ends.and_then(|ends| ends.terminate_blue_instances_on_deployment_success);
    let ends = ends.filter(|ends| ends.action.as_deref() != Some("KEEP_ALIVE"));
    let wait = ends.and_then(|ends| ends.termination_wait_time_in_minutes);
    let rolls_back = |set: AutoRollbackConfiguration| {
        let on_failure = |event: &String| event == "DEPLOYMENT_FAILURE";
        set.enabled == Some(true) && set.events.unwrap_or_default().iter().any(on_failure)
    };
    let pairs = info.load_balancer_info.and_then(|balancers| balancers.target_group_pair_info_list);
    let (mut listeners, mut test_listeners, mut target_groups) = (Vec::new(), Vec::new(), Vec::new());
    for pair in pairs.into_iter().flatten() {
        listeners.extend(pair.prod_traffic_route.and_then(|route| route.listener_arns).into_iter().flatten());
        test_listeners.extend(pair.test_traffic_route.and_then(|route| route.listener_arns).into_iter().flatten());
        target_groups.extend(pair.target_groups.into_iter().flatten().filter_map(|group| group.name));
    }
    DeploymentGroup {
        alarms: watched.into_iter().filter_map(|alarm| alarm.name).collect(),
        termination_wait_minutes: wait.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(0),
        rolls_back: info.auto_rollback_configuration.is_some_and(rolls_back),
        listeners,
        test_listeners,
        target_groups,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_without_an_id_is_named_by_its_arn() {
        let named = |found| {
            let found: EcsTarget = serde_json::from_value(found).expect("a target");
            target(found).map(|target| (target.cluster, target.service))
        };
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop";
        assert_eq!(named(json!({"targetArn": arn})), Some(("prod".to_owned(), "shop".to_owned())));
        assert_eq!(named(json!({"targetArn": "arn:aws:ecs:eu-west-1:123456789012:service/shop"})), None);
        assert_eq!(named(json!({})), None);
    }

    #[test]
    fn a_revision_is_told_by_its_hash_or_by_the_very_object() {
        let told = |found| revision(serde_json::from_value(found).expect("a location"));
        assert_eq!(told(json!({"appSpecContent": {"sha256": "abc"}})).as_deref(), Some("abc"));
        assert_eq!(told(json!({"string": {"sha256": "abc"}})).as_deref(), Some("abc"));
        let at = |more| {
            let mut object = json!({"bucket": "builds", "key": "appspec.yaml", "bundleType": "YAML"});
            if let Some((key, value)) = more {
                object[key] = json!(value);
            }
            told(json!({"revisionType": "S3", "s3Location": object}))
        };
        assert_eq!(at(Some(("version", "3"))).as_deref(), Some("s3://builds/appspec.yaml?3"));
        assert_eq!(at(Some(("eTag", "e1"))).as_deref(), Some("s3://builds/appspec.yaml?e1"));
        assert_eq!(at(None::<(&str, &str)>), None, "it may have been another object then");
        assert_eq!(told(json!({})), None);
    }
}
