//! CloudWatch: metrics and alarms.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::describe_alarms::builders::DescribeAlarmsFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmType, Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, StateValue, StatusCode,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use tidegate_core::metrics::{Answer, Datapoint, MetricQuery};

use crate::convert::time;
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

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

impl CloudWatch for Aws {
    async fn get_metric_data(
        &self,
        queries: &[&MetricQuery],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Answer>, PortError> {
        const OPERATION: &str = "GetMetricData";
        let questions: Vec<MetricDataQuery> =
            queries.iter().enumerate().map(|(index, query)| question(index, query)).collect();
        let mut collected: Vec<Collected> = queries.iter().map(|_| Collected::default()).collect();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(questions.clone()))
                .start_time(sdk_time(from))
                .end_time(sdk_time(to))
                .set_next_token(next.take())
                .send()
                .await
                .map_err(PortError::of(OPERATION))?;
            for result in answer.metric_data_results.unwrap_or_default() {
                let index = result.id.as_deref().and_then(|id| id.strip_prefix('q')).and_then(|id| id.parse().ok());
                let slot = index.and_then(|index: usize| collected.get_mut(index));
                let slot = slot.ok_or_else(|| {
                    PortError::new(
                        OPERATION,
                        Kind::Garbled,
                        format!("it answers a query that was not asked: {:?}", result.id),
                    )
                })?;
                slot.add(result.timestamps(), result.values(), result.status_code.as_ref());
            }
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(collected.into_iter().map(Collected::finish).collect());
            }
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn describe_alarms(&self, names: &[String]) -> Result<Vec<Alarm>, PortError> {
        let asked = |names: &[String]| self.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let mut alarms: Vec<Alarm> = Vec::new();
        for names in names.chunks(ALARMS_PER_CALL) {
            let call = asked(names).alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
            alarms.extend(all_alarms(call).await?);
        }
        // Alarms on logs are younger than the others, and asked for alone: a region may not know the word.
        let found = |name: &&String| alarms.iter().any(|alarm| alarm.name == **name);
        let missing: Vec<String> = names.iter().filter(|name| !found(name)).cloned().collect();
        for names in missing.chunks(ALARMS_PER_CALL) {
            match all_alarms(asked(names).alarm_types(AlarmType::LogAlarm)).await {
                Err(error) if error.kind == Kind::Refused => tracing::warn!(%error, "alarms on logs are left out"),
                answer => alarms.extend(answer?),
            }
        }
        Ok(alarms)
    }

    async fn describe_alarm_children(&self, composite: &str) -> Result<Vec<String>, PortError> {
        let call = self.cloudwatch.describe_alarms().children_of_alarm_name(composite);
        Ok(all_alarms(call).await?.into_iter().map(|alarm| alarm.name).collect())
    }
}

/// What alarms say that look at no metric: name, state, since when, whether their actions are enabled.
type Plain = (Option<String>, Option<StateValue>, Option<DateTime>, Option<bool>);

/// Every page of `DescribeAlarms`.
async fn all_alarms(call: DescribeAlarmsFluentBuilder) -> Result<Vec<Alarm>, PortError> {
    let most = i32::try_from(ALARMS_PER_CALL).unwrap_or(i32::MAX);
    let mut pages = call.max_records(most).into_paginator().send();
    let mut alarms = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(PortError::of("DescribeAlarms"))?;
        let plain = |(name, state, since, acts): Plain, composite| Alarm {
            name: name.unwrap_or_default(),
            in_alarm: state == Some(StateValue::Alarm),
            since: since.as_ref().and_then(time),
            actions_enabled: acts.unwrap_or(true),
            composite,
            dimensions: Vec::new(),
        };
        alarms.extend(page.metric_alarms.unwrap_or_default().into_iter().map(metric_alarm));
        let composite = page.composite_alarms.unwrap_or_default().into_iter();
        alarms.extend(composite.map(|alarm| {
            let own = (alarm.alarm_name, alarm.state_value, alarm.state_updated_timestamp, alarm.actions_enabled);
            plain(own, true)
        }));
        let logs = page.log_alarms.unwrap_or_default().into_iter();
        alarms.extend(logs.map(|alarm| {
            let own = (alarm.alarm_name, alarm.state_value, alarm.state_updated_timestamp, alarm.actions_enabled);
            plain(own, false)
        }));
    }
    Ok(alarms)
}

/// The datapoints of one query over the pages of an answer.
#[derive(Default)]
struct Collected {
    points: Vec<Datapoint>,
    status: Option<StatusCode>,
    uneven: bool,
}

impl Collected {
    fn add(&mut self, times: &[DateTime], values: &[f64], status: Option<&StatusCode>) {
        self.uneven |= times.len() != values.len();
        let points =
            times.iter().zip(values).filter_map(|(at, value)| Some(Datapoint { at: time(at)?, value: *value }));
        self.points.extend(points);
        // The last page's word counts.
        self.status = status.cloned();
    }

    fn finish(self) -> Answer {
        match self.status {
            _ if self.uneven => Err("CloudWatch gave values without times".to_owned()),
            Some(StatusCode::Complete) => Ok(self.points),
            Some(status) => Err(format!("CloudWatch answered {}", status.as_str())),
            None => Err("CloudWatch did not answer this query".to_owned()),
        }
    }
}

fn question(index: usize, query: &MetricQuery) -> MetricDataQuery {
    let dimensions = query.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.name)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let period = i32::try_from(query.period_s).unwrap_or(i32::MAX);
    let stat = MetricStat::builder().metric(metric).period(period).stat(&query.stat).build();
    MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).build()
}

fn metric_alarm(alarm: MetricAlarm) -> Alarm {
    let named = |dimensions: &[Dimension]| -> BTreeMap<String, String> {
        let pairs = dimensions.iter().filter_map(|dimension| Some((dimension.name.clone()?, dimension.value.clone()?)));
        pairs.collect()
    };
    // Metric math keeps its metrics apart.
    let math = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    let mut dimensions: Vec<_> = math.map(|metric| named(metric.dimensions())).collect();
    dimensions.extend(Some(named(alarm.dimensions())).filter(|own| !own.is_empty()));
    Alarm {
        in_alarm: alarm.state_value == Some(StateValue::Alarm),
        since: alarm.state_updated_timestamp.as_ref().and_then(time),
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        composite: false,
        dimensions,
        name: alarm.alarm_name.unwrap_or_default(),
    }
}

fn sdk_time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}
