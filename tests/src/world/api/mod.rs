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

use jiff::Timestamp;

use crate::world::faults::Fault;
use crate::world::metrics::Metric;
use crate::world::service::Service;
use crate::world::{Account, Alarm, Published, Write};

/// A page of the tagging index.
const PER_PAGE: usize = 100;

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
        let there = |service: &&Service| service.cluster == cluster && !service.deleted;
        let find = |name: &String| self.services.iter().filter(there).find(|service| service.name == *name);
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
    /// `Invoke` with the type `Event`.
    pub fn invoke_later(&mut self, function: &str, payload: &str) {
        self.invoked_later.push((function.to_owned(), payload.to_owned()));
    }
}
