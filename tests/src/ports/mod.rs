//! The account as the ports of the functions, in process: what a test asserts was called, was called here.
//!
//! - this file: calls and their faults, and the small ports
//! - `ecs`, `cloudwatch`: services and metrics
//! - `images`: images, their scans, and parameters
//! - `tasks`, `service_tasks`, `definitions`: clusters, tasks and task definitions
//! - `codedeploy`, `app_specs`, `deployments`: deployments
//! - `queues`: SQS
//! - `operator`: what only an operator asks
//! - `loadbalancing`, `listeners`, `probe`: what is behind target groups, and what it answers

mod app_specs;
mod cloudwatch;
mod codedeploy;
mod definitions;
mod deployments;
mod ecs;
mod images;
mod listeners;
mod loadbalancing;
mod operator;
mod probe;
mod queues;
mod service_tasks;
mod tasks;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::autoscaling::Autoscaling;
use tidegate_aws::calls::{CallCounts, Counted};
use tidegate_aws::clock::Clock;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::functions::{Asked, Functions};
use tidegate_aws::logs::Logs;
use tidegate_aws::notifications::{Message, Notifications};
use tidegate_aws::tagging::{Resources, TaggedService, Tagging};
use tidegate_aws::telemetry::Output;
use tidegate_core::scaling::facts::ScalableTarget;
use tidegate_core::tags::Tags;

use crate::world::World;
use crate::world::api::ApiError;
use crate::world::faults::Fault;
use crate::world::functions::Answers;

impl World {
    /// Counts a call and lets it fail as it should.
    async fn call(&self, operation: &'static str) -> Result<Option<Fault>, PortError> {
        let fault = self.lock().called(operation);
        let failed = |kind, message: &str| Err(PortError::new(operation, kind, message));
        match fault {
            Some(Fault::Throttle) => failed(Kind::Throttled, "ThrottlingException: Rate exceeded"),
            Some(Fault::ServerError) => failed(Kind::Unavailable, "ServerException: Service Unavailable"),
            Some(Fault::Denied) => failed(Kind::Denied, "AccessDeniedException: not authorized"),
            Some(Fault::Refused(code)) => {
                Err(refused(operation)(ApiError { code, message: "as it was told to".to_owned() }))
            }
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
        let kind = Kind::of_code(error.code).unwrap_or(Kind::Refused);
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

impl Logs for World {
    async fn log_group_exists(&self, name: &str) -> Result<bool, PortError> {
        self.call("DescribeLogGroups").await?;
        Ok(self.lock().log_groups.contains(name))
    }
}

impl Functions for World {
    async fn invoke_later(&self, function: &str, payload: &str) -> Result<(), PortError> {
        self.call("Invoke").await?;
        self.lock().invoke_later(function, payload);
        Ok(())
    }
}

impl Asked for World {
    async fn invoke(&self, function: &str, payload: &str) -> Result<String, PortError> {
        const OPERATION: &str = "Invoke";
        self.call(OPERATION).await?;
        let gone = || PortError::new(OPERATION, Kind::NotFound, format!("Function not found: {function}"));
        let answered = match self.ask_function(function, payload) {
            Answers::Does(does) => does(self, payload),
            Answers::Works(works) => works(self.clone(), payload.to_owned()).await,
            Answers::Driven(answer) => answer.await.map_err(|_| gone())?,
            Answers::Nobody => return Err(gone()),
        };
        answered.map_err(|said| {
            PortError::new(OPERATION, Kind::Unavailable, format!("{function} failed (Unhandled): {said}"))
        })
    }
}

impl Clock for World {
    async fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep(&self, length: Duration) {
        // To the second: a hook that holds for a bake is over in no time, and at the right moment.
        let seconds = length.as_secs() + u64::from(length.subsec_nanos() > 0);
        self.pass_for(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
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
