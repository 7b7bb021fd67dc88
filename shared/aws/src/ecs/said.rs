//! What ECS answers of services, as far as it is looked at, and what that is in our words. Times are in seconds since 1970.
//!
//! A hundred events come with every service, and are most of what is read in a run: nothing is kept of them but their
//! times and their messages.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use tidegate_core::prices::{Capacity, Mix, Purchase};
use tidegate_core::scaling::facts::Status;
use tidegate_core::scaling::history::{Change, EventHistory, change_in_message};

use super::{DeploymentController, Failure, Tag, controller, scheduling, tags};
use crate::convert::seconds;

/// ECS keeps no more events of a service.
const EVENTS_KEPT: usize = 100;

/// What `DescribeServices` answers.
#[derive(Deserialize)]
pub(super) struct Described {
    pub(super) services: Option<Vec<Found>>,
    pub(super) failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    service_name: Option<String>,
    status: Option<String>,
    scheduling_strategy: Option<String>,
    deployment_controller: Option<DeploymentController>,
    desired_count: Option<i64>,
    running_count: Option<i64>,
    pending_count: Option<i64>,
    created_at: Option<f64>,
    task_definition: Option<String>,
    launch_type: Option<String>,
    capacity_provider_strategy: Option<Vec<Share>>,
    load_balancers: Option<Vec<LoadBalancer>>,
    deployments: Option<Vec<Deployment>>,
    task_sets: Option<Vec<TaskSet>>,
    current_service_deployment: Option<String>,
    events: Option<Vec<Event>>,
    deployment_configuration: Option<DeploymentConfiguration>,
    health_check_grace_period_seconds: Option<i64>,
    network_configuration: Option<NetworkConfiguration>,
    tags: Option<Vec<Tag>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Share {
    capacity_provider: Option<String>,
    base: Option<i64>,
    weight: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadBalancer {
    target_group_arn: Option<String>,
    advanced_configuration: Option<AdvancedConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdvancedConfiguration {
    alternate_target_group_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    status: Option<String>,
    task_definition: Option<String>,
    rollout_state: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskSet {
    id: Option<String>,
    external_id: Option<String>,
    status: Option<String>,
    task_definition: Option<String>,
    launch_type: Option<String>,
    capacity_provider_strategy: Option<Vec<Share>>,
    network_configuration: Option<NetworkConfiguration>,
    load_balancers: Option<Vec<LoadBalancer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    created_at: Option<f64>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentConfiguration {
    minimum_healthy_percent: Option<i64>,
    deployment_circuit_breaker: Option<RollsBack>,
    alarms: Option<RollsBack>,
}

/// What rolls back, where it is switched on.
#[derive(Deserialize)]
struct RollsBack {
    enable: Option<bool>,
    rollback: Option<bool>,
}

impl RollsBack {
    fn does(&self) -> bool {
        self.enable == Some(true) && self.rollback == Some(true)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NetworkConfiguration {
    awsvpc_configuration: Option<Vpc>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vpc {
    assign_public_ip: Option<AssignPublicIp>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum AssignPublicIp {
    Enabled,
    #[serde(other)]
    Other,
}

/// A service.
pub(super) fn service(cluster: &str, found: Found) -> super::Service {
    let task_sets = found.task_sets.unwrap_or_default();
    // Under CodeDeploy the task sets say what a service of the other controllers says itself.
    let primary = task_sets.iter().find(|set| set.status.as_deref() == Some("PRIMARY"));
    let task_definition = found.task_definition.or_else(|| primary?.task_definition.clone());
    let strategy = found.capacity_provider_strategy.filter(|strategy| !strategy.is_empty());
    let strategy = strategy.or_else(|| primary?.capacity_provider_strategy.clone()).unwrap_or_default();
    let launch_type = found.launch_type.or_else(|| primary?.launch_type.clone());
    let network = found.network_configuration.or_else(|| primary?.network_configuration);
    let balancers = found.load_balancers.iter().chain(task_sets.iter().filter_map(|set| set.load_balancers.as_ref()));
    let target_groups = target_groups(balancers.flatten());
    let deployments = found.deployments.unwrap_or_default();
    let of_deployments = deployments.iter().filter_map(|deployment| deployment.task_definition.clone());
    let of_sets = task_sets.iter().filter_map(|set| set.task_definition.clone());
    let task_definitions: BTreeSet<String> =
        task_definition.iter().cloned().chain(of_deployments).chain(of_sets).collect();
    let events = found.events.unwrap_or_default();
    super::Service {
        cluster: cluster.to_owned(),
        name: found.service_name.unwrap_or_default(),
        status: match found.status.as_deref() {
            Some("ACTIVE") => Status::Active,
            Some("DRAINING") => Status::Draining,
            Some("INACTIVE") => Status::Inactive,
            _ => Status::Unknown,
        },
        scheduling: scheduling(found.scheduling_strategy.as_deref()),
        controller: controller(found.deployment_controller.as_ref()),
        desired: number(found.desired_count).unwrap_or(0),
        running: number(found.running_count).unwrap_or(0),
        pending: number(found.pending_count).unwrap_or(0),
        deployments: deployments.into_iter().map(deployment).collect(),
        service_deployment: found.current_service_deployment,
        history: history(&events, found.created_at),
        messages: events.into_iter().filter_map(|event| Some((seconds(event.created_at?)?, event.message?))).collect(),
        settings: settings(
            found.deployment_configuration.as_ref(),
            found.health_check_grace_period_seconds,
            network.and_then(|network| network.awsvpc_configuration),
        ),
        tags: tags(found.tags),
        task_definition,
        task_definitions: task_definitions.into_iter().collect(),
        capacity: capacity(launch_type.as_deref(), &strategy),
        target_groups,
        task_sets: task_sets.into_iter().map(task_set).collect(),
    }
}

/// What can't be a number of ours is none.
fn number(number: Option<i64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn settings(
    deployment: Option<&DeploymentConfiguration>,
    grace_s: Option<i64>,
    vpc: Option<Vpc>,
) -> super::ServiceSettings {
    let watch = deployment.map(|own| [own.deployment_circuit_breaker.as_ref(), own.alarms.as_ref()]);
    super::ServiceSettings {
        minimum_healthy_percent: number(deployment.and_then(|own| own.minimum_healthy_percent)),
        health_check_grace_s: number(grace_s),
        public_ip: vpc.map(|vpc| vpc.assign_public_ip == Some(AssignPublicIp::Enabled)),
        rolls_back: watch.into_iter().flatten().flatten().any(RollsBack::does),
    }
}

fn task_set(set: TaskSet) -> super::TaskSet {
    let balancers = set.load_balancers.unwrap_or_default();
    super::TaskSet {
        id: set.id.unwrap_or_default(),
        external_id: set.external_id.filter(|id| !id.is_empty()),
        status: set.status.unwrap_or_default(),
        task_definition: set.task_definition,
        target_groups: balancers.into_iter().filter_map(|balancer| balancer.target_group_arn).collect(),
    }
}

fn deployment(deployment: Deployment) -> super::Deployment {
    super::Deployment { status: deployment.status.unwrap_or_default(), rollout_state: deployment.rollout_state }
}

fn history(events: &[Event], created: Option<f64>) -> EventHistory {
    let time = |at: Option<f64>| at.and_then(seconds);
    let oldest = events.iter().filter_map(|event| time(event.created_at)).min();
    let complete_since = if events.len() >= EVENTS_KEPT { oldest } else { time(created) };
    let change = |event: &Event| {
        Some(Change { tasks: change_in_message(event.message.as_deref()?)?, at: time(event.created_at)? })
    };
    let mut changes: Vec<Change> = events.iter().filter_map(change).collect();
    changes.sort_by_key(|change| change.at);
    EventHistory { complete_since: complete_since.or(oldest).unwrap_or(Timestamp::MAX), changes }
}

fn capacity(launch_type: Option<&str>, strategy: &[Share]) -> Capacity {
    let provider = |name: &str| strategy.iter().find(|item| item.capacity_provider.as_deref() == Some(name));
    let (on_demand, spot) = (provider("FARGATE"), provider("FARGATE_SPOT"));
    let number = |value| number(value).unwrap_or(0);
    match (on_demand, spot) {
        (Some(on_demand), Some(spot)) => Capacity::FargateMix(Mix {
            on_demand_base: number(on_demand.base),
            spot_base: number(spot.base),
            on_demand_weight: number(on_demand.weight),
            spot_weight: number(spot.weight),
        }),
        (Some(_), None) => Capacity::Fargate(Purchase::OnDemand),
        (None, Some(_)) => Capacity::Fargate(Purchase::Spot),
        (None, None) if !strategy.is_empty() => Capacity::Ec2,
        (None, None) => match launch_type {
            Some("FARGATE") => Capacity::Fargate(Purchase::OnDemand),
            Some("EC2") => Capacity::Ec2,
            _ => Capacity::Unknown,
        },
    }
}

/// `targetgroup/name/id` of every target group, the other side of a blue/green deployment too.
fn target_groups<'a>(balancers: impl Iterator<Item = &'a LoadBalancer>) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for balancer in balancers {
        let alternate = balancer.advanced_configuration.as_ref();
        let alternate = alternate.and_then(|advanced| advanced.alternate_target_group_arn.as_deref());
        for arn in [balancer.target_group_arn.as_deref(), alternate].into_iter().flatten() {
            let group = arn.rsplit(':').next().unwrap_or(arn);
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
    }
    groups
}
