//! CloudWatch: metrics and alarms.
//!
//! - `said`: what it is asked and answers, and what that is in our words

mod said;

use std::collections::BTreeMap;

use aws_smithy_cbor::Decoder;
use jiff::Timestamp;
use tidegate_core::metrics::{Answer, Datapoint, MetricQuery};

use crate::bare::{self, Ask, cbor};
use crate::error::{Kind, PortError};
use crate::pages::all;
use crate::sdk::Aws;
use said::Which;

/// The calls that are used.
pub trait CloudWatch {
    /// `GetMetricData` for at most [`QUERIES_PER_CALL`] queries over a stretch of time, all its pages. One answer per
    /// query, in their order; an answer that CloudWatch marks as partial is paged on and never taken for complete.
    async fn get_metric_data(
        &self,
        queries: &[&MetricQuery],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Answer>, PortError>;

    /// `DescribeAlarms` by name, of every type. Alarms that are gone are left out.
    async fn describe_alarms(&self, names: &[String]) -> Result<Vec<Alarm>, PortError>;

    /// `DescribeAlarms`: the names of the alarms that a composite alarm is made of.
    async fn describe_alarm_children(&self, composite: &str) -> Result<Vec<String>, PortError>;
}

/// The API takes no more.
pub const QUERIES_PER_CALL: usize = 500;

/// Neither in names that are asked for nor on one page of the answer.
const ALARMS_PER_CALL: usize = 100;

/// A run that gets no further than this is not paging but looping.
const MOST_PAGES: usize = 50;

/// An alarm as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whether it is in ALARM now.
    pub in_alarm: bool,
    /// Since when it is in its state, where CloudWatch says it.
    pub since: Option<Timestamp>,
    /// Whether it does what it is told to do when its state changes.
    pub actions_enabled: bool,
    /// Whether it is made of other alarms.
    pub composite: bool,
    /// The dimensions of every metric that it looks at.
    pub dimensions: Vec<BTreeMap<String, String>>,
}

pub(crate) const SERVICE: bare::Service =
    bare::Service { id: "CloudWatch", host: "monitoring", signed_for: "monitoring" };

/// Alarms on metrics and on other alarms, which every region knows.
const COMMON: [&str; 2] = ["MetricAlarm", "CompositeAlarm"];

impl CloudWatch for Aws {
    async fn get_metric_data(
        &self,
        queries: &[&MetricQuery],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Answer>, PortError> {
        const OPERATION: &str = "GetMetricData";
        let mut collected: Vec<Collected> = queries.iter().map(|_| Collected::default()).collect();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let question = said::get_metric_data(queries, from, to, next.as_deref());
            let page = self.asks_cloudwatch(OPERATION, question, said::data).await?;
            for result in page.results {
                let index = result.id.strip_prefix('q').and_then(|id| id.parse().ok());
                let slot = index.and_then(|index: usize| collected.get_mut(index));
                let unasked = || format!("it answers a query that was not asked: {:?}", result.id);
                let slot = slot.ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, unasked()))?;
                slot.add(result);
            }
            next = page.next;
            if next.is_none() {
                return Ok(collected.into_iter().map(Collected::finish).collect());
            }
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn describe_alarms(&self, names: &[String]) -> Result<Vec<Alarm>, PortError> {
        let mut alarms: Vec<Alarm> = Vec::new();
        for names in names.chunks(ALARMS_PER_CALL) {
            alarms.extend(self.all_alarms(Which::Named(names, &COMMON)).await?);
        }
        // Alarms on logs are younger than the others, and asked for alone: a region may not know the word.
        let found = |name: &&String| alarms.iter().any(|alarm| alarm.name == **name);
        let missing: Vec<String> = names.iter().filter(|name| !found(name)).cloned().collect();
        for names in missing.chunks(ALARMS_PER_CALL) {
            match self.all_alarms(Which::Named(names, &["LogAlarm"])).await {
                Err(error) if error.kind == Kind::Refused => tracing::warn!(%error, "alarms on logs are left out"),
                answer => alarms.extend(answer?),
            }
        }
        Ok(alarms)
    }

    async fn describe_alarm_children(&self, composite: &str) -> Result<Vec<String>, PortError> {
        let children = self.all_alarms(Which::Children(composite)).await?;
        Ok(children.into_iter().map(|alarm| alarm.name).collect())
    }
}

impl Aws {
    /// Every page of `DescribeAlarms`.
    async fn all_alarms(&self, which: Which<'_>) -> Result<Vec<Alarm>, PortError> {
        const OPERATION: &str = "DescribeAlarms";
        all(OPERATION, MOST_PAGES, async |next: Option<String>| {
            let question = said::describe_alarms(which, ALARMS_PER_CALL, next.as_deref());
            self.asks_cloudwatch(OPERATION, question, said::alarms).await
        })
        .await
    }

    /// What CloudWatch says.
    async fn asks_cloudwatch<T>(
        &self,
        operation: &'static str,
        question: Vec<u8>,
        read: impl FnOnce(&mut Decoder<'_>) -> cbor::Read<T>,
    ) -> Result<T, PortError> {
        let ask = Ask::cbor("GraniteServiceVersion20100801", operation, question);
        let answer = self.cloudwatch.ask(operation, ask).await?;
        read(&mut Decoder::new(&answer.body))
            .map_err(|error| PortError::new(operation, Kind::Garbled, crate::error::chain(&error)))
    }
}

/// The datapoints of one query over the pages of an answer.
#[derive(Default)]
struct Collected {
    points: Vec<Datapoint>,
    status: Option<String>,
    uneven: bool,
}

impl Collected {
    fn add(&mut self, result: said::DataResult) {
        self.uneven |= result.times.len() != result.values.len();
        let points = result.times.into_iter().zip(result.values);
        self.points.extend(points.filter_map(|(at, value)| Some(Datapoint { at: at?, value })));
        // The last page's word counts.
        self.status = result.status;
    }

    fn finish(self) -> Answer {
        match self.status.as_deref() {
            _ if self.uneven => Err("CloudWatch gave values without times".to_owned()),
            Some("Complete") => Ok(self.points),
            Some(status) => Err(format!("CloudWatch answered {status}")),
            None => Err("CloudWatch did not answer this query".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
