//! ECS: services as the account has them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tidegate_aws::ecs::{Described, Ecs, Service, ServiceSettings, TaskSet};
use tidegate_aws::error::PortError;
use tidegate_core::prices::{Architecture, Capacity, Purchase, TaskSize};
use tidegate_core::scaling::facts::{Controller, Deployment, Scheduling, Status};
use tidegate_core::scaling::history::{Change, EventHistory, change_in_message};
use tidegate_core::tags::Tags;
use tidegate_core::task_definition::TaskDefinition as Whole;

use super::refused;
use crate::world::faults::Fault;
use crate::world::service::Service as Simulated;
use crate::world::{Account, World, api};

impl Ecs for World {
    async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Described, PortError> {
        let fault = self.call("DescribeServices").await?;
        let account = self.lock();
        let (found, missing) = account.describe_services(cluster, names);
        let mut described = Described {
            services: found.into_iter().map(|service| described(service, &account)).collect(),
            failures: missing.into_iter().map(|name| (name, "MISSING".to_owned())).collect(),
        };
        if let Some(Fault::FailService(name, why)) = fault {
            described.services.retain(|service| service.name != name);
            described.failures.push((name, why));
        }
        Ok(described)
    }

    async fn describe_task_definition(&self, arn: &str) -> Result<Option<TaskSize>, PortError> {
        self.call("DescribeTaskDefinition").await?;
        let account = self.lock();
        let found = account.describe_task_definition(arn).map_err(refused("DescribeTaskDefinition"))?;
        Ok(size(&found.1))
    }

    async fn update_desired_count(&self, cluster: &str, name: &str, desired: u32) -> Result<(), PortError> {
        self.call("UpdateService").await?;
        self.lock().update_service(cluster, name, desired).map_err(refused("UpdateService"))
    }
}

/// None for tasks that run on instances or Windows.
fn size(whole: &Whole) -> Option<TaskSize> {
    let architecture = match whole.runtime_platform.cpu_architecture.as_str() {
        "" | "X86_64" => Architecture::X86_64,
        "ARM64" => Architecture::Arm64,
        _ => return None,
    };
    let number = |text: &Option<String>| text.as_ref()?.parse().ok();
    let (cpu_units, memory_mib) = number(&whole.cpu).zip(number(&whole.memory))?;
    let size = TaskSize { cpu_units, memory_mib, storage_gib: 0, architecture };
    let system = whole.runtime_platform.operating_system_family.as_str();
    matches!(system, "" | "LINUX").then_some(size)
}

fn described(service: &Simulated, account: &Account) -> Service {
    let change = |(at, message): &(Timestamp, String)| Some(Change { at: *at, tasks: change_in_message(message)? });
    let kept = &service.events[service.events.len().saturating_sub(100)..];
    let forgotten = kept.len() == 100;
    let complete_since = kept.first().filter(|_| forgotten).map_or(service.created, |(at, _)| *at);
    let task_sets = account.task_sets(service);
    let of_sets = task_sets.iter().map(|set| set.task_definition.clone());
    let definitions = account.deployed_definitions(service).into_iter().chain(of_sets);
    let definitions: BTreeSet<String> = definitions.chain([service.task_definition()]).collect();
    Service {
        cluster: service.cluster.clone(),
        name: service.name.clone(),
        status: match service.status.as_str() {
            "ACTIVE" => Status::Active,
            "DRAINING" => Status::Draining,
            _ => Status::Inactive,
        },
        scheduling: if service.scheduling == "DAEMON" { Scheduling::Daemon } else { Scheduling::Replica },
        controller: match service.controller.as_str() {
            "CODE_DEPLOY" => Controller::CodeDeploy,
            "EXTERNAL" => Controller::External,
            _ => Controller::Ecs,
        },
        desired: service.desired,
        running: account.counts(service).0,
        pending: account.counts(service).1,
        deployments: service
            .deployments
            .iter()
            .map(|(status, rollout)| Deployment { status: status.clone(), rollout_state: rollout.clone() })
            .collect(),
        task_sets: task_sets.into_iter().map(task_set).collect(),
        service_deployment: account.current_service_deployment(&service.id()).map(str::to_owned),
        history: EventHistory { complete_since, changes: kept.iter().filter_map(change).collect() },
        messages: kept.iter().rev().cloned().collect(),
        settings: settings(service, account),
        tags: Tags::new(service.tags.clone()),
        task_definition: Some(service.task_definition()),
        task_definitions: definitions.into_iter().collect(),
        capacity: match service.launch_type.as_deref() {
            Some("FARGATE") => Capacity::Fargate(Purchase::OnDemand),
            Some(_) => Capacity::Ec2,
            None => Capacity::Unknown,
        },
        target_groups: account.target_groups_of(service),
    }
}

fn settings(service: &Simulated, account: &Account) -> ServiceSettings {
    ServiceSettings {
        minimum_healthy_percent: Some(service.minimum_healthy_percent),
        health_check_grace_s: service.grace_s,
        public_ip: Some(service.public_ip),
        rolls_back: account.rolls_back(service),
    }
}

fn task_set(set: api::loadbalancing::TaskSet) -> TaskSet {
    let target_groups = set.target_group.into_iter().collect();
    let task_definition = Some(set.task_definition);
    TaskSet { id: set.id, external_id: set.external_id, status: set.status, task_definition, target_groups }
}
