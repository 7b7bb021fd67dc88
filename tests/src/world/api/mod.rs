//! The calls of the AWS APIs, in words of our own. Counting and faults are here, so that every door has them.
//!
//! - this file: services, metrics, alarms, topics, functions
//! - [`codedeploy`], [`deployments`], [`loadbalancing`]: what deployments need
//! - [`images`]: images and their scans
//! - [`tasks`]: clusters, tasks and task definitions

pub mod codedeploy;
pub mod deployments;
pub mod images;
pub mod loadbalancing;
pub mod tasks;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::world::faults::{Fault, QUEUE_ENTRY};
use crate::world::metrics::Metric;
use crate::world::service::Service;
use crate::world::{Account, Alarm, Published, Write};

/// A page of the tagging index.
const PER_PAGE: usize = 100;

/// What SQS says of a message that it does not take, while it takes others.
pub const QUEUE_REFUSAL: (&str, &str) = ("InternalError", "We encountered an internal error. Please try again.");

/// Keys and values.
pub type TagList = Vec<(String, String)>;

/// One query of `GetMetricData`.
#[derive(Clone, Debug)]
pub struct Query {
    /// The metric.
    pub metric: Metric,
    /// The statistic.
    pub stat: String,
    /// Length of a period.
    pub period_s: i64,
}

/// An error as AWS gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Such as `ServiceNotFoundException`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Account {
    /// Counts a call, and says what goes wrong with it.
    pub fn called(&mut self, operation: &str) -> Option<Fault> {
        let calls = self.calls.entry(operation.to_owned()).or_default();
        *calls += 1;
        let nth = *calls;
        self.call_times.push((operation.to_owned(), Instant::now()));
        let now = self.meanwhile.clone().into_iter().filter(|m| m.operation == operation && m.nth == nth);
        now.for_each(|meanwhile| (meanwhile.happens)(self));
        self.faults.strike(operation)
    }

    /// `GetResources`: ARNs and tags of the services with a tag, as the index has them.
    #[must_use]
    pub fn get_resources(&self, tag: &str, page: usize) -> (Vec<(String, TagList)>, Option<usize>) {
        let indexed = self
            .services
            .iter()
            .map(|service| (service.arn(), service.indexed_tags.as_ref().unwrap_or(&service.tags).clone()));
        let tagged: Vec<_> = indexed.filter(|(_, tags)| tags.iter().any(|(key, _)| key == tag)).collect();
        let next = (tagged.len() > (page + 1) * PER_PAGE).then_some(page + 1);
        (tagged.into_iter().skip(page * PER_PAGE).take(PER_PAGE).collect(), next)
    }

    /// `DescribeServices`: those that are found, and the names of those that are not.
    #[must_use]
    pub fn describe_services(&self, cluster: &str, names: &[String]) -> (Vec<&Service>, Vec<String>) {
        // Looked for once, as there may be ten thousand.
        let there =
            |service: &&Service| service.cluster == cluster && !service.deleted && names.contains(&service.name);
        let there: Vec<&Service> = self.services.iter().filter(there).collect();
        let find = |name: &String| there.iter().copied().find(|service| service.name == *name);
        let (found, missing): (Vec<_>, Vec<_>) = names.iter().partition(|name| find(name).is_some());
        (found.into_iter().filter_map(find).collect(), missing.into_iter().cloned().collect())
    }

    /// `UpdateService` with a desired count.
    ///
    /// # Errors
    /// Where there is no such service, or it can't be changed.
    pub fn update_service(&mut self, cluster: &str, name: &str, desired: u32) -> Result<(), ApiError> {
        let now = self.now;
        let service = self.services.iter_mut().find(|service| service.cluster == cluster && service.name == name);
        let service =
            service.ok_or(ApiError { code: "ServiceNotFoundException", message: "Service not found.".to_owned() })?;
        if service.status != "ACTIVE" {
            let message = "Service was not ACTIVE.".to_owned();
            return Err(ApiError { code: "ServiceNotActiveException", message });
        }
        let write = Write { at: now, service: service.id(), from: service.desired, to: desired };
        service.set_desired(desired, now);
        self.writes.push(write);
        Ok(())
    }

    /// `GetMetricData`: the datapoints of each query.
    #[must_use]
    pub fn metric_data(&self, queries: &[Query], from: Timestamp, to: Timestamp) -> Vec<Vec<(Timestamp, f64)>> {
        let read = |query: &Query| self.metrics.read(&query.metric, &query.stat, query.period_s, (from, to), self.now);
        queries.iter().map(read).collect()
    }

    /// `DescribeAlarms` by name.
    #[must_use]
    pub fn describe_alarms(&self, names: &[String]) -> Vec<&Alarm> {
        self.alarms.iter().filter(|alarm| names.contains(&alarm.name)).collect()
    }

    /// `DescribeAlarms` with `ChildrenOfAlarmName`.
    #[must_use]
    pub fn alarm_children(&self, composite: &str) -> Vec<String> {
        let alarm = self.alarms.iter().find(|alarm| alarm.name == composite);
        alarm.map_or_else(Vec::new, |alarm| alarm.children.clone())
    }

    /// `Publish`.
    pub fn publish(&mut self, topic: &str, subject: &str, body: &str) {
        let [topic, subject, body] = [topic, subject, body].map(str::to_owned);
        self.published.push(Published { topic, subject, body });
    }

    /// `SendMessageBatch`: each message with the seconds for which nobody sees it. The places of those that are refused.
    ///
    /// # Errors
    /// Where there is no such queue, or the batch is none that SQS takes.
    pub fn send_messages(&mut self, queue_url: &str, messages: &[(String, i64)]) -> Result<Vec<usize>, ApiError> {
        let error = |code, message: &str| Err(ApiError { code, message: message.to_owned() });
        let now = self.now;
        let Some(queue) = self.queues.get_mut(queue_url) else {
            return error("QueueDoesNotExist", "The specified queue does not exist.");
        };
        match (messages.len(), messages.iter().map(|(body, _)| body.len()).sum::<usize>()) {
            (0, _) => return error("EmptyBatchRequest", "There should be at least one entry in the request."),
            (1..=10, ..=262_144) => {}
            (1..=10, _) => return error("BatchRequestTooLong", "Batch requests cannot be longer than 262144 bytes."),
            _ => return error("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."),
        }
        let mut refused = Vec::new();
        for (index, (body, delay_s)) in messages.iter().enumerate() {
            let strikes = self.faults.strike(QUEUE_ENTRY).is_some();
            if strikes || body.is_empty() || !(0..=900).contains(delay_s) {
                refused.push(index);
            } else {
                queue.send_body(body.clone(), now + SignedDuration::from_secs(*delay_s));
            }
        }
        Ok(refused)
    }

    /// `Invoke` with the type `Event`.
    pub fn invoke_later(&mut self, function: &str, payload: &str) {
        self.invoked_later.push((function.to_owned(), payload.to_owned()));
    }
}
