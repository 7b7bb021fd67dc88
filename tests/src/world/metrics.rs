//! What CloudWatch keeps: statistics by minute, or by 20 seconds, of each metric.
//!
//! What can be read of a point by when is here too: points that come late, grow, are lost or come twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::histogram::Histogram;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Sum of the samples.
    pub sum: f64,
    /// Number of samples.
    pub count: f64,
    /// Smallest sample.
    pub min: f64,
    /// Largest sample.
    pub max: f64,
    /// How the samples are spread, where anybody may ask for it.
    pub histogram: Histogram,
}

impl Statistics {
    /// So many samples of the same value.
    #[must_use]
    pub fn of(value: f64, count: f64) -> Self {
        Self { sum: value * count, count, min: value, max: value, histogram: Histogram::default() }
    }

    /// Samples, each with its value.
    #[must_use]
    pub fn spread(samples: &[f64]) -> Option<Self> {
        let (min, max) = (samples.iter().copied().reduce(f64::min)?, samples.iter().copied().reduce(f64::max)?);
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let mut all = Self { min, max, sum: samples.iter().sum(), ..Self::of(0.0, samples.len() as f64) };
        all.histogram.add(samples);
        Some(all)
    }

    fn get(&self, stat: &str) -> f64 {
        match stat {
            "Sum" => self.sum,
            "SampleCount" => self.count,
            "Average" => self.sum / self.count,
            "Minimum" => self.min,
            _ => self.histogram.trimmed_count(stat).unwrap_or(self.max),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.histogram.merge(&other.histogram);
    }

    /// What is there when only this share of the samples has arrived. None where that is not one sample.
    fn arrived(&self, share: f64) -> Option<Self> {
        let count = (self.count * share).floor();
        let share = count / self.count;
        let (sum, histogram) = (self.sum * share, self.histogram.scaled(share));
        (count > 0.0).then_some(Self { sum, count, histogram, ..*self })
    }
}

/// The store.
#[derive(Debug)]
pub struct MetricStore {
    points: BTreeMap<Metric, BTreeMap<i64, Statistics>>,
    /// How long after its end a minute can be read.
    pub delay: SignedDuration,
    /// Where set, a minute can be read as soon as it has begun, and its samples go on arriving until so long after its end.
    pub grows_for: Option<SignedDuration>,
    /// Metrics that come later than the others, by name.
    pub late: Vec<(String, SignedDuration)>,
    /// Points that are never seen: those of a metric, by name, from a moment until before another.
    pub lost: Vec<(String, Timestamp, Timestamp)>,
    /// Metrics, by name, whose newest point comes twice in an answer.
    pub doubled: Vec<String>,
}

impl Default for MetricStore {
    fn default() -> Self {
        Self {
            points: BTreeMap::new(),
            delay: SignedDuration::from_secs(45),
            grows_for: None,
            late: Vec::new(),
            lost: Vec::new(),
            doubled: Vec::new(),
        }
    }
}

impl MetricStore {
    /// Keeps the statistics of the period that begins at `at`.
    pub fn put(&mut self, metric: Metric, at: Timestamp, statistics: Statistics) {
        self.points.entry(metric).or_default().insert(at.as_second(), statistics);
    }

    /// Adds to the statistics of the period that begins at `at`.
    pub fn add(&mut self, metric: Metric, at: Timestamp, statistics: Statistics) {
        let periods = self.points.entry(metric).or_default();
        periods.entry(at.as_second()).and_modify(|so_far| so_far.add(&statistics)).or_insert(statistics);
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
        let late = self.late.iter().find(|(name, _)| *name == metric.name).map_or(0, |(_, by)| by.as_secs());
        let now_s = now.as_second() - late;
        let mut periods: BTreeMap<i64, Statistics> = BTreeMap::new();
        for (at, statistics) in points.range(from.as_second()..to.as_second()) {
            let lost = self
                .lost
                .iter()
                .any(|(name, from, to)| *name == metric.name && (from.as_second()..to.as_second()).contains(at));
            let readable = self.readable(statistics, now_s - *at, 60.min(period_s)).filter(|_| !lost);
            if let Some(statistics) = readable {
                let period = at.div_euclid(period_s) * period_s;
                periods.entry(period).and_modify(|so_far| so_far.add(&statistics)).or_insert(statistics);
            }
        }
        let moment = |seconds: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut answer: Vec<_> = periods.into_iter().map(|(at, found)| (moment(at), found.get(stat))).collect();
        if self.doubled.contains(&metric.name) {
            answer.extend(answer.last().copied());
        }
        answer
    }

    /// What can be read of a point so long after its beginning.
    fn readable(&self, statistics: &Statistics, age_s: i64, length_s: i64) -> Option<Statistics> {
        let Some(grows_for) = self.grows_for else {
            return (length_s + self.delay.as_secs() <= age_s).then(|| statistics.clone());
        };
        // A running minute holds no more than has happened; what arrives behind time is missing from it all along.
        let expected = length_s + grows_for.as_secs();
        if age_s >= expected {
            return Some(statistics.clone());
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of some minutes")]
        let share = age_s.max(length_s) as f64 / expected as f64;
        statistics.arrived(share).filter(|_| age_s > 0)
    }
}
