//! CloudWatch: metrics and alarms.

use jiff::Timestamp;
use tidegate_aws::cloudwatch::{Alarm, CloudWatch};
use tidegate_aws::error::PortError;
use tidegate_core::metrics::{Answer, Datapoint, MetricQuery};

use crate::world::World;
use crate::world::api::Query;
use crate::world::faults::Fault;
use crate::world::metrics::Metric;

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
            since: alarm.since,
            actions_enabled: !alarm.muted,
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
