//! A service of the account: its tasks, its events and its targets.

use anyhow::{Context, Result};
use jiff::SignedDuration;
use tidegate_aws::clock::Clock;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::loadbalancing::LoadBalancing;
use tidegate_aws::service_tasks::ServiceTasks;
use tidegate_core::diagnosis::{Class, of_target};

use super::looked::{Counts, Looked};

/// What a service is looked at through.
pub trait Ports: Ecs + ServiceTasks + LoadBalancing + Clock {}
impl<T: Ecs + ServiceTasks + LoadBalancing + Clock> Ports for T {}

/// Tasks that are asked for: of those that run, and of those that stopped.
const MOST: usize = 500;

/// ECS tells of tasks that stopped for so long, and keeps events for longer.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(1);

/// A service by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The cluster.
    pub cluster: String,
    /// The service.
    pub service: String,
}

impl Named {
    /// From `cluster/service`, or a service's ARN.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn read(text: &str) -> Result<Self, String> {
        let path = text.split_once(":service/").map_or(text, |(_, path)| path);
        match path.split('/').collect::<Vec<_>>()[..] {
            [cluster, service] if !cluster.is_empty() && !service.is_empty() => {
                Ok(Self { cluster: cluster.to_owned(), service: service.to_owned() })
            }
            _ => Err("a service is named CLUSTER/SERVICE".to_owned()),
        }
    }
}

/// Looks at a service.
///
/// # Errors
/// Where there is none, or something of it can't be read.
pub async fn looked(ports: &impl Ports, named: &Named) -> Result<Looked> {
    let Named { cluster, service: name } = named;
    let of = format!("{cluster}/{name}");
    let described = ports.describe_services(cluster, std::slice::from_ref(name)).await?;
    let failed =
        || described.failures.first().map_or_else(String::new, |(_, why)| format!(": DescribeServices says {why}"));
    let service = described.services.first().with_context(|| format!("there is no service {of}{}", failed()))?;
    let tasks = ports.tasks_of_service(cluster, name, MOST).await?;
    let since = ports.now().await - LOOKED_BACK;
    let messages = service.messages.iter().filter(|(at, _)| *at >= since);
    let mut looked = Looked::at_tasks(of, &tasks).with_events(messages.map(|(at, said)| (Some(*at), said.clone())));
    let (desired, running, pending) = (service.desired, service.running, service.pending);
    looked.counts = Some(Counts { desired, running, pending });
    // `targetgroup/name/id`; its health is asked for by its ARN.
    let names: Vec<String> =
        service.target_groups.iter().filter_map(|group| Some(group.split('/').nth(1)?.to_owned())).collect();
    let mut arns = ports.target_groups_by_name(&names).await?;
    // CodeDeploy's task sets have theirs of themselves.
    let of_task_sets = service.task_sets.iter().flat_map(|set| &set.target_groups);
    let others: Vec<String> = of_task_sets.filter(|arn| arns.iter().all(|group| group.arn != **arn)).cloned().collect();
    arns.extend(ports.target_groups_by_arn(&others).await?);
    let mut unhealthy = Vec::new();
    let mut serves = false;
    for group in arns {
        for target in ports.target_health(&group.arn).await? {
            let diagnosis = of_target(&target.state, &target.why);
            serves |= diagnosis.class == Class::TargetHealthy;
            if diagnosis.class != Class::TargetHealthy {
                unhealthy.push((group.name.clone(), diagnosis));
            }
        }
    }
    // The other side of a blue/green deployment is not in use as long as its version has no traffic.
    unhealthy.retain(|(_, diagnosis)| !(serves && diagnosis.class == Class::TargetNotInUse));
    for (group, diagnosis) in unhealthy {
        looked = looked.with_target(&group, diagnosis);
    }
    Ok(looked)
}
