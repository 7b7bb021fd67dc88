//! What CloudWatch keeps: statistics by minute, or by 20 seconds, of each metric.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A metric's identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Such as `AWS/ECS`.
    pub namespace: String,
    /// Such as `CPUUtilization`.
    pub name: String,
    /// Names and values, in order.
    pub dimensions: Vec<(String, String)>,
}

impl Metric {
    /// A metric with its dimensions in any order.
    #[must_use]
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let mut dimensions: Vec<(String, String)> =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        dimensions.sort();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }

    /// A metric of an ECS service.
    #[must_use]
    pub fn of_service(cluster: &str, service: &str, name: &str) -> Self {
        Self::new("AWS/ECS", name, &[("ClusterName", cluster), ("ServiceName", service)])
    }
}

/// What is known of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Sum of the samples.
    pub sum: f64,
    /// Number of samples.
    pub count: f64,
    /// Largest sample.
    pub max: f64,
}

impl Statistics {
    /// So many samples of the same value.
    #[must_use]
    pub fn of(value: f64, count: f64) -> Self {
        Self { sum: value * count, count, max: value }
    }

    fn get(&self, stat: &str) -> f64 {
        match stat {
            "Sum" => self.sum,
            "SampleCount" => self.count,
            "Average" => self.sum / self.count,
            _ => self.max,
        }
    }

    fn and(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, count: self.count + other.count, max: self.max.max(other.max) }
    }
}

/// The store.
#[derive(Debug)]
pub struct MetricStore {
    points: BTreeMap<Metric, BTreeMap<i64, Statistics>>,
    /// How long after its end a minute can be read.
    pub delay: SignedDuration,
}

impl Default for MetricStore {
    fn default() -> Self {
        Self { points: BTreeMap::new(), delay: SignedDuration::from_secs(45) }
    }
}

impl MetricStore {
    /// Keeps the statistics of the period that begins at `at`.
    pub fn put(&mut self, metric: Metric, at: Timestamp, statistics: Statistics) {
        self.points.entry(metric).or_default().insert(at.as_second(), statistics);
    }

    /// Forgets a metric, as if it had never been published.
    pub fn forget(&mut self, metric: &Metric) {
        self.points.remove(metric);
    }

    /// The datapoints of a metric from `from` until before `to` that can be read by `now`, oldest first.
    #[must_use]
    pub fn read(
        &self,
        metric: &Metric,
        stat: &str,
        period_s: i64,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Vec<(Timestamp, f64)> {
        let Some(points) = self.points.get(metric) else { return Vec::new() };
        let mut periods: BTreeMap<i64, Statistics> = BTreeMap::new();
        for (at, statistics) in points.range(from.as_second()..to.as_second()) {
            let published = *at + 60.min(period_s) + self.delay.as_secs() <= now.as_second();
            if published {
                let period = at.div_euclid(period_s) * period_s;
                periods.entry(period).and_modify(|so_far| *so_far = so_far.and(*statistics)).or_insert(*statistics);
            }
        }
        let moment = |seconds: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        periods.into_iter().map(|(at, statistics)| (moment(at), statistics.get(stat))).collect()
    }
}
