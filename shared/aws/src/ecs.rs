//! ECS: services, their task definitions and their desired counts.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    AssignPublicIp, CapacityProviderStrategyItem, CpuArchitecture, DeploymentConfiguration, DeploymentControllerType,
    LaunchType, LoadBalancer, NetworkConfiguration, OsFamily, RuntimePlatform, SchedulingStrategy, ServiceField, Tag,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use tidegate_core::prices::{Architecture, Capacity, Mix, Purchase, TaskSize};
use tidegate_core::scaling::facts::{Controller, Deployment, Scheduling, Status};
use tidegate_core::scaling::history::{Change, EventHistory, change_in_message};
use tidegate_core::tags::Tags;

use crate::convert::time;
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Ecs {
    /// `DescribeServices` with tags: at most [`SERVICES_PER_CALL`] services of one cluster, by name.
    async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Described, PortError>;

    /// `DescribeTaskDefinition`: the size of its tasks on Fargate for Linux. None for tasks that have none, which run
    /// on instances or Windows.
    async fn describe_task_definition(&self, arn: &str) -> Result<Option<TaskSize>, PortError>;

    /// `UpdateService` with nothing but a desired count.
    async fn update_desired_count(&self, cluster: &str, name: &str, desired: u32) -> Result<(), PortError>;
}

/// The API takes no more.
pub const SERVICES_PER_CALL: usize = 10;

/// ECS keeps no more events of a service.
const EVENTS_KEPT: usize = 100;

/// What `DescribeServices` found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    /// The services that were found.
    pub services: Vec<Service>,
    /// Names, or ARNs, that were not described, with ECS's reason.
    pub failures: Vec<(String, String)>,
}

/// A service as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub name: String,
    /// Its status.
    pub status: Status,
    /// How its tasks are placed.
    pub scheduling: Scheduling,
    /// Who deploys it.
    pub controller: Controller,
    /// Tasks that it should run.
    pub desired: u32,
    /// Tasks in `RUNNING`.
    pub running: u32,
    /// Tasks on their way there.
    pub pending: u32,
    /// Its deployments.
    pub deployments: Vec<Deployment>,
    /// Its task sets; CodeDeploy and other controllers keep the versions in them.
    pub task_sets: Vec<TaskSet>,
    /// ARN of ECS's own deployment that it is in, or was in last. None under other controllers.
    pub service_deployment: Option<String>,
    /// What its events tell of its task count.
    pub history: EventHistory,
    /// What its events say, the newest first.
    pub messages: Vec<(Timestamp, String)>,
    /// How it is deployed.
    pub settings: ServiceSettings,
    /// Its `tidegate:` tags.
    pub tags: Tags,
    /// The ARN of the task definition that it runs.
    pub task_definition: Option<String>,
    /// The ARNs of all task definitions that its deployments and task sets are of.
    pub task_definitions: Vec<String>,
    /// What its tasks run on.
    pub capacity: Capacity,
    /// The last part of each of its target groups' ARNs.
    pub target_groups: Vec<String>,
}

/// How a service is deployed, as far as it says so itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Tasks that stay up during a rolling deployment, in percent of those that it should run.
    pub minimum_healthy_percent: Option<u32>,
    /// For so many seconds after a task's start ECS ignores failing health checks.
    pub health_check_grace_s: Option<u32>,
    /// Whether its tasks are given public addresses. None where its network does not say.
    pub public_ip: Option<bool>,
    /// Whether ECS rolls back a deployment whose tasks do not start, or whose alarms go into ALARM.
    pub rolls_back: bool,
}

/// A task set of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSet {
    /// ECS's id of it.
    pub id: String,
    /// The deployment that made it, as its controller names it: CodeDeploy's `d-...`.
    pub external_id: Option<String>,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`, as ECS writes it.
    pub status: String,
    /// ARN of its task definition.
    pub task_definition: Option<String>,
    /// ARNs of its target groups.
    pub target_groups: Vec<String>,
}

/// The image of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// The container's name.
    pub container: String,
    /// As the task definition names it; None for containers that AWS adds, such as GuardDuty's agent.
    pub image: Option<String>,
    /// What that came to; None where ECS has not resolved it.
    pub digest: Option<String>,
}

impl Ecs for Aws {
    async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Described, PortError> {
        let call = self.ecs.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
        let answer = call.include(ServiceField::Tags).send().await.map_err(PortError::of("DescribeServices"))?;
        let failures = answer.failures.unwrap_or_default().into_iter().map(|failure| {
            let why = [failure.reason, failure.detail].into_iter().flatten().collect::<Vec<_>>().join(": ");
            (failure.arn.unwrap_or_default(), why)
        });
        let services = answer.services.unwrap_or_default();
        Ok(Described {
            services: services.into_iter().map(|service| ours(cluster, service)).collect(),
            failures: failures.collect(),
        })
    }

    async fn describe_task_definition(&self, arn: &str) -> Result<Option<TaskSize>, PortError> {
        const OPERATION: &str = "DescribeTaskDefinition";
        let call = self.ecs.describe_task_definition().task_definition(arn);
        let answer = call.send().await.map_err(PortError::of(OPERATION))?;
        let definition = answer
            .task_definition
            .ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, "it describes no task definition"))?;
        let platform = definition.runtime_platform.as_ref();
        let linux = platform.and_then(|p| p.operating_system_family.as_ref()).is_none_or(|os| *os == OsFamily::Linux);
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let storage = definition.ephemeral_storage.map_or(0, |storage| storage.size_in_gib);
        let size = |cpu_units, memory_mib, architecture| TaskSize {
            cpu_units,
            memory_mib,
            storage_gib: u32::try_from(storage).unwrap_or(0),
            architecture,
        };
        let known = number(definition.cpu).zip(number(definition.memory)).zip(architecture(platform)).filter(|_| linux);
        Ok(known.map(|((cpu_units, memory_mib), architecture)| size(cpu_units, memory_mib, architecture)))
    }

    async fn update_desired_count(&self, cluster: &str, name: &str, desired: u32) -> Result<(), PortError> {
        const OPERATION: &str = "UpdateService";
        let count = i32::try_from(desired)
            .map_err(|_| PortError::new(OPERATION, Kind::Refused, format!("{desired} is no count of tasks")))?;
        let call = self.ecs.update_service().cluster(cluster).service(name).desired_count(count);
        call.send().await.map(drop).map_err(PortError::of(OPERATION))
    }
}

/// What tasks run on; None for a word that this version does not know.
pub(crate) fn architecture(platform: Option<&RuntimePlatform>) -> Option<Architecture> {
    match platform.and_then(|platform| platform.cpu_architecture.as_ref()) {
        None | Some(CpuArchitecture::X8664) => Some(Architecture::X86_64),
        Some(CpuArchitecture::Arm64) => Some(Architecture::Arm64),
        Some(_) => None,
    }
}

fn ours(cluster: &str, service: aws_sdk_ecs::types::Service) -> Service {
    let count = |tasks: i32| u32::try_from(tasks).unwrap_or(0);
    let task_sets = service.task_sets.unwrap_or_default();
    // Under CodeDeploy the task sets say what a service of the other controllers says itself.
    let primary = task_sets.iter().find(|set| set.status.as_deref() == Some("PRIMARY"));
    let task_definition = service.task_definition.or_else(|| primary?.task_definition.clone());
    let strategy = service.capacity_provider_strategy.filter(|strategy| !strategy.is_empty());
    let strategy = strategy.or_else(|| primary?.capacity_provider_strategy.clone()).unwrap_or_default();
    let launch_type = service.launch_type.or_else(|| primary?.launch_type.clone());
    let balancers = service.load_balancers.unwrap_or_default();
    let balancers = balancers.iter().chain(task_sets.iter().flat_map(aws_sdk_ecs::types::TaskSet::load_balancers));
    let deployments = service.deployments.unwrap_or_default();
    let of_deployments = deployments.iter().filter_map(|deployment| deployment.task_definition.clone());
    let of_sets = task_sets.iter().filter_map(|set| set.task_definition.clone());
    let task_definitions: BTreeSet<String> =
        task_definition.iter().cloned().chain(of_deployments).chain(of_sets).collect();
    let events = service.events.unwrap_or_default();
    Service {
        cluster: cluster.to_owned(),
        name: service.service_name.unwrap_or_default(),
        status: match service.status.as_deref() {
            Some("ACTIVE") => Status::Active,
            Some("DRAINING") => Status::Draining,
            Some("INACTIVE") => Status::Inactive,
            _ => Status::Unknown,
        },
        scheduling: match service.scheduling_strategy {
            None | Some(SchedulingStrategy::Replica) => Scheduling::Replica,
            Some(SchedulingStrategy::Daemon) => Scheduling::Daemon,
            Some(_) => Scheduling::Unknown,
        },
        controller: match service.deployment_controller.map(|controller| controller.r#type) {
            None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
            Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
            Some(DeploymentControllerType::External) => Controller::External,
            Some(_) => Controller::Unknown,
        },
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        deployments: deployments.into_iter().map(deployment).collect(),
        service_deployment: service.current_service_deployment,
        history: history(&events, service.created_at.as_ref()),
        messages: events.into_iter().filter_map(|event| Some((time(&event.created_at?)?, event.message?))).collect(),
        settings: settings(
            service.deployment_configuration.as_ref(),
            service.health_check_grace_period_seconds,
            service.network_configuration.or_else(|| primary?.network_configuration.clone()),
        ),
        tags: tags(service.tags),
        task_definition,
        task_definitions: task_definitions.into_iter().collect(),
        capacity: capacity(launch_type.as_ref(), &strategy),
        target_groups: target_groups(balancers),
        task_sets: task_sets.into_iter().map(task_set).collect(),
    }
}

/// The `tidegate:` tags among a resource's.
pub(crate) fn tags(tags: Option<Vec<Tag>>) -> Tags {
    let tags = tags.unwrap_or_default().into_iter();
    Tags::new(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
}

fn settings(
    deployment: Option<&DeploymentConfiguration>,
    grace_s: Option<i32>,
    network: Option<NetworkConfiguration>,
) -> ServiceSettings {
    let breaks = deployment.and_then(DeploymentConfiguration::deployment_circuit_breaker);
    let alarms = deployment.and_then(DeploymentConfiguration::alarms);
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let vpc = network.and_then(|network| network.awsvpc_configuration);
    ServiceSettings {
        minimum_healthy_percent: number(deployment.and_then(|own| own.minimum_healthy_percent)),
        health_check_grace_s: number(grace_s),
        public_ip: vpc.map(|vpc| vpc.assign_public_ip == Some(AssignPublicIp::Enabled)),
        rolls_back: breaks.is_some_and(|own| own.enable && own.rollback)
            || alarms.is_some_and(|own| own.enable && own.rollback),
    }
}

fn task_set(set: aws_sdk_ecs::types::TaskSet) -> TaskSet {
    let balancers = set.load_balancers.unwrap_or_default();
    TaskSet {
        id: set.id.unwrap_or_default(),
        external_id: set.external_id.filter(|id| !id.is_empty()),
        status: set.status.unwrap_or_default(),
        task_definition: set.task_definition,
        target_groups: balancers.into_iter().filter_map(|balancer| balancer.target_group_arn).collect(),
    }
}

fn deployment(deployment: aws_sdk_ecs::types::Deployment) -> Deployment {
    Deployment {
        status: deployment.status.unwrap_or_default(),
        rollout_state: deployment.rollout_state.map(|state| state.as_str().to_owned()),
    }
}

fn history(events: &[aws_sdk_ecs::types::ServiceEvent], created: Option<&DateTime>) -> EventHistory {
    let time = |at: Option<&DateTime>| at.and_then(time);
    let oldest = events.iter().filter_map(|event| time(event.created_at())).min();
    let complete_since = if events.len() >= EVENTS_KEPT { oldest } else { time(created) };
    let change = |event: &aws_sdk_ecs::types::ServiceEvent| {
        Some(Change { at: time(event.created_at())?, tasks: change_in_message(event.message()?)? })
    };
    let mut changes: Vec<Change> = events.iter().filter_map(change).collect();
    changes.sort_by_key(|change| change.at);
    EventHistory { complete_since: complete_since.or(oldest).unwrap_or(Timestamp::MAX), changes }
}

fn capacity(launch_type: Option<&LaunchType>, strategy: &[CapacityProviderStrategyItem]) -> Capacity {
    let provider = |name: &str| strategy.iter().find(|item| item.capacity_provider == name);
    let (on_demand, spot) = (provider("FARGATE"), provider("FARGATE_SPOT"));
    let number = |value: i32| u32::try_from(value).unwrap_or(0);
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
            Some(LaunchType::Fargate) => Capacity::Fargate(Purchase::OnDemand),
            Some(LaunchType::Ec2) => Capacity::Ec2,
            _ => Capacity::Unknown,
        },
    }
}

/// `targetgroup/name/id` of every target group, the other side of a blue/green deployment too.
fn target_groups<'a>(balancers: impl Iterator<Item = &'a LoadBalancer>) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for balancer in balancers {
        let alternate = balancer.advanced_configuration().and_then(|advanced| advanced.alternate_target_group_arn());
        for arn in [balancer.target_group_arn(), alternate].into_iter().flatten() {
            let group = arn.rsplit(':').next().unwrap_or(arn).to_owned();
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
    }
    groups
}
