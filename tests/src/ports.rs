//! The account as the ports of the functions, in process: what a test asserts was called, was called here.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tidegate_aws::autoscaling::Autoscaling;
use tidegate_aws::calls::{CallCounts, Counted};
use tidegate_aws::clock::Clock;
use tidegate_aws::cloudwatch::{Alarm, CloudWatch};
use tidegate_aws::ecs::{Described, Ecs, Service, TaskSet};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::notifications::{Message, Notifications};
use tidegate_aws::tagging::{Resources, TaggedService, Tagging};
use tidegate_aws::telemetry::Output;
use tidegate_core::metrics::{Answer, Datapoint, MetricQuery};
use tidegate_core::prices::{Architecture, Capacity, Purchase, TaskSize};
use tidegate_core::scaling::facts::{Controller, Deployment, ScalableTarget, Scheduling, Status};
use tidegate_core::scaling::history::{Change, EventHistory, change_in_message};
use tidegate_core::tags::Tags;

use crate::world::World;
use crate::world::api::{ApiError, Query};
use crate::world::faults::Fault;
use crate::world::metrics::Metric;
use crate::world::service::Service as Simulated;

impl World {
    /// Counts a call and lets it fail as it should.
    async fn call(&self, operation: &'static str) -> Result<Option<Fault>, PortError> {
        let fault = self.lock().called(operation);
        let failed = |kind, message: &str| Err(PortError::new(operation, kind, message));
        match fault {
            Some(Fault::Throttle) => failed(Kind::Throttled, "ThrottlingException: Rate exceeded"),
            Some(Fault::ServerError) => failed(Kind::Unavailable, "ServerException: Service Unavailable"),
            Some(Fault::Denied) => failed(Kind::Denied, "AccessDeniedException: not authorized"),
            Some(Fault::MalformedBody) => failed(Kind::Garbled, "the body is not JSON"),
            Some(Fault::Hang) => {
                tokio::time::sleep(Duration::from_hours(1)).await;
                failed(Kind::TimedOut, "no answer")
            }
            Some(Fault::Delay(long)) => {
                tokio::time::sleep(long).await;
                Ok(None)
            }
            other => Ok(other),
        }
    }
}

fn refused(operation: &'static str) -> impl Fn(ApiError) -> PortError {
    move |error| {
        let kind = if error.code.ends_with("NotFoundException") { Kind::NotFound } else { Kind::Refused };
        PortError::new(operation, kind, format!("{}: {}", error.code, error.message))
    }
}

impl Tagging for World {
    async fn get_resources(&self, tag: &str, page: Option<&str>) -> Result<Resources, PortError> {
        self.call("GetResources").await?;
        let page = page.map_or(0, |page| page.parse().expect("a page of ours"));
        let (services, next) = self.lock().get_resources(tag, page);
        let services = services.into_iter().map(|(arn, tags)| TaggedService { arn, tags: Tags::new(tags) });
        Ok(Resources { services: services.collect(), next: next.map(|page| page.to_string()) })
    }
}

impl Ecs for World {
    async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Described, PortError> {
        let fault = self.call("DescribeServices").await?;
        let account = self.lock();
        let (found, missing) = account.describe_services(cluster, names);
        let mut described = Described {
            services: found.into_iter().map(described).collect(),
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
        let (cpu_units, memory_mib) = account.task_definition(arn).map_err(refused("DescribeTaskDefinition"))?.size;
        Ok(Some(TaskSize { cpu_units, memory_mib, storage_gib: 0, architecture: Architecture::X86_64 }))
    }

    async fn update_desired_count(&self, cluster: &str, name: &str, desired: u32) -> Result<(), PortError> {
        self.call("UpdateService").await?;
        self.lock().update_service(cluster, name, desired).map_err(refused("UpdateService"))
    }
}

fn described(service: &Simulated) -> Service {
    let change = |(at, message): &(Timestamp, String)| Some(Change { at: *at, tasks: change_in_message(message)? });
    let kept = &service.events[service.events.len().saturating_sub(100)..];
    let forgotten = kept.len() == 100;
    let complete_since = kept.first().filter(|_| forgotten).map_or(service.created, |(at, _)| *at);
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
        running: service.running(),
        pending: service.pending(),
        deployments: service
            .deployments
            .iter()
            .map(|(status, rollout)| Deployment { status: status.clone(), rollout_state: rollout.clone() })
            .collect(),
        task_sets: (0..service.task_sets).map(task_set).collect(),
        service_deployment: None,
        history: EventHistory { complete_since, changes: kept.iter().filter_map(change).collect() },
        tags: Tags::new(service.tags.clone()),
        task_definition: Some(service.task_definition()),
        capacity: match service.launch_type.as_deref() {
            Some("FARGATE") => Capacity::Fargate(Purchase::OnDemand),
            Some(_) => Capacity::Ec2,
            None => Capacity::Unknown,
        },
        target_groups: service.target_group.iter().cloned().collect(),
    }
}

fn task_set(number: u32) -> TaskSet {
    let status = if number == 0 { "PRIMARY" } else { "ACTIVE" };
    TaskSet { id: format!("ecs-svc/{number}"), external_id: None, status: status.to_owned(), target_groups: Vec::new() }
}

impl CloudWatch for World {
    async fn get_metric_data(
        &self,
        queries: &[&MetricQuery],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Answer>, PortError> {
        let fault = self.call("GetMetricData").await?;
        let query = |query: &&MetricQuery| {
            let dimensions: Vec<(&str, &str)> =
                query.dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let metric = Metric::new(&query.namespace, &query.name, &dimensions);
            Query { metric, stat: query.stat.clone(), period_s: i64::from(query.period_s) }
        };
        let queries: Vec<Query> = queries.iter().map(query).collect();
        let data = self.lock().metric_data(&queries, from, to);
        let answer = |points: Vec<(Timestamp, f64)>| match fault {
            Some(Fault::PartialData) => Err("CloudWatch answered PartialData".to_owned()),
            _ => Ok(points.into_iter().map(|(at, value)| Datapoint { at, value }).collect()),
        };
        Ok(data.into_iter().map(answer).collect())
    }

    async fn describe_alarms(&self, names: &[String]) -> Result<Vec<Alarm>, PortError> {
        self.call("DescribeAlarms").await?;
        let account = self.lock();
        let alarm = |alarm: &crate::world::Alarm| Alarm {
            name: alarm.name.clone(),
            in_alarm: alarm.state == "ALARM",
            composite: !alarm.children.is_empty(),
            dimensions: if alarm.dimensions.is_empty() {
                Vec::new()
            } else {
                vec![alarm.dimensions.iter().cloned().collect()]
            },
        };
        Ok(account.describe_alarms(names).into_iter().map(alarm).collect())
    }

    async fn describe_alarm_children(&self, composite: &str) -> Result<Vec<String>, PortError> {
        self.call("DescribeAlarms").await?;
        Ok(self.lock().alarm_children(composite))
    }
}

impl Autoscaling for World {
    async fn describe_scalable_targets(
        &self,
        resource_ids: &[String],
    ) -> Result<BTreeMap<String, ScalableTarget>, PortError> {
        self.call("DescribeScalableTargets").await?;
        let account = self.lock();
        let find = |id: &String| Some((id.clone(), account.scalable_targets.get(id)?.clone()));
        Ok(resource_ids.iter().filter_map(find).collect())
    }
}

impl Notifications for World {
    async fn publish(&self, topic_arn: &str, message: &Message) -> Result<(), PortError> {
        self.call("Publish").await?;
        self.lock().publish(topic_arn, message.subject(), &message.body);
        Ok(())
    }
}

impl Clock for World {
    async fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep(&self, length: Duration) {
        self.pass(u32::try_from(length.as_secs().div_ceil(60)).unwrap_or(u32::MAX));
    }
}

impl Output for World {
    fn line(&self, line: &str) {
        self.lock().printed.push(line.to_owned());
    }
}

impl Counted for World {
    fn take_calls(&self) -> CallCounts {
        let mut account = self.lock();
        let calls = account.calls.clone();
        let before = std::mem::replace(&mut account.taken, calls.clone());
        let since = calls.into_iter().map(|(call, count)| {
            let taken = before.get(&call).copied().unwrap_or(0);
            (call, count - taken)
        });
        since.filter(|(_, count)| *count > 0).collect()
    }
}
