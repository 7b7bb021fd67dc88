//! What an operator asks.

use jiff::Timestamp;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::operator::deployed::{Deployed, EventSource, Function};
use tidegate_aws::operator::groups::{Group, Groups};
use tidegate_aws::operator::log_events::{Lines, LogEvents};
use tidegate_aws::operator::stacks::{Resource, Stack, Stacks};
use tidegate_aws::operator::waiting::{Subscription, Waiting};
use tidegate_aws::operator::wirings::{Wired, Wiring, Wirings, lifecycle_hooks};
use tidegate_core::scaling::facts::{Controller, Scheduling};
use tidegate_core::tags::Tags;

use crate::world::World;

impl Stacks for World {
    async fn stack(&self, name: &str) -> Result<Option<Stack>, PortError> {
        self.call("DescribeStacks").await?;
        Ok(self.lock().deployed.stack.clone().filter(|stack| stack.name == name))
    }

    async fn stack_resources(&self, name: &str) -> Result<Vec<Resource>, PortError> {
        const OPERATION: &str = "ListStackResources";
        self.call(OPERATION).await?;
        let account = self.lock();
        let own = account.deployed.stack.as_ref().filter(|stack| stack.name == name);
        let gone = || PortError::new(OPERATION, Kind::Refused, format!("Stack with id {name} does not exist"));
        own.map(|_| account.deployed.resources.clone()).ok_or_else(gone)
    }
}

/// The name in a function's name or ARN.
fn named(function: &str) -> &str {
    function.rsplit(':').next().unwrap_or(function)
}

impl Deployed for World {
    async fn function(&self, name: &str) -> Result<Option<Function>, PortError> {
        self.call("GetFunctionConfiguration").await?;
        Ok(self.lock().deployed.functions.get(named(name)).cloned())
    }

    async fn reserved_concurrency(&self, name: &str) -> Result<Option<u32>, PortError> {
        self.call("GetFunctionConcurrency").await?;
        Ok(self.lock().deployed.reserved.get(name).copied())
    }

    async fn event_sources(&self, name: &str) -> Result<Vec<EventSource>, PortError> {
        self.call("ListEventSourceMappings").await?;
        Ok(self.lock().deployed.sources.get(name).cloned().unwrap_or_default())
    }

    async fn rule_is_enabled(&self, name: &str) -> Result<Option<bool>, PortError> {
        self.call("DescribeRule").await?;
        Ok(self.lock().deployed.rules.get(name).copied())
    }
}

impl Waiting for World {
    async fn messages_waiting(&self, queue_url: &str) -> Result<Option<u64>, PortError> {
        self.call("GetQueueAttributes").await?;
        Ok(self.lock().deployed.waiting.get(queue_url).copied())
    }

    async fn subscriptions(&self, topic_arn: &str) -> Result<Vec<Subscription>, PortError> {
        self.call("ListSubscriptionsByTopic").await?;
        Ok(self.lock().deployed.subscriptions.get(topic_arn).cloned().unwrap_or_default())
    }
}

impl Wirings for World {
    async fn wirings(&self, cluster: &str, names: &[String]) -> Result<Wired, PortError> {
        self.call("DescribeServices").await?;
        let account = self.lock();
        let (found, _) = account.describe_services(cluster, names);
        let wiring = |service: &crate::world::service::Service| {
            let configuration = account.deployment_configuration(service);
            Wiring {
                cluster: service.cluster.clone(),
                name: service.name.clone(),
                active: service.status == "ACTIVE",
                scheduling: if service.scheduling == "DAEMON" { Scheduling::Daemon } else { Scheduling::Replica },
                controller: match service.controller.as_str() {
                    "CODE_DEPLOY" => Controller::CodeDeploy,
                    "EXTERNAL" => Controller::External,
                    _ => Controller::Ecs,
                },
                balanced: !account.target_groups_of(service).is_empty(),
                deploying: service.deployments.iter().any(|(_, state)| state.as_deref() == Some("IN_PROGRESS")),
                tags: Tags::new(service.tags.clone()),
                hooks: lifecycle_hooks(&configuration),
                configuration,
            }
        };
        Ok(Wired { services: found.into_iter().map(wiring).collect(), failures: Vec::new() })
    }
}

impl Groups for World {
    async fn applications(&self) -> Result<Vec<String>, PortError> {
        self.call("ListApplications").await?;
        Ok(self.lock().applications())
    }

    async fn ecs_groups(&self, application: &str) -> Result<Vec<Group>, PortError> {
        self.call("ListDeploymentGroups").await?;
        self.call("BatchGetDeploymentGroups").await?;
        Ok(self.lock().ecs_groups(application))
    }
}

impl LogEvents for World {
    async fn log_events(
        &self,
        group: &str,
        pattern: &str,
        between: (Timestamp, Timestamp),
        _: usize,
    ) -> Result<Option<Lines>, PortError> {
        self.call("FilterLogEvents").await?;
        let account = self.lock();
        let lines = account.filter_log_events(group, pattern, between);
        Ok(lines.map(|lines| Lines { lines: lines.into_iter().map(str::to_owned).collect(), more: false }))
    }
}
