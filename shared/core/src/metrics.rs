//! A metric of CloudWatch, a question about it and its answer, in our own words.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::tags::positive;

/// One metric with one statistic. CloudWatch charges per metric, not per datapoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricQuery {
    /// Such as `AWS/ECS`.
    pub namespace: String,
    /// Such as `CPUUtilization`.
    pub name: String,
    /// Such as `Average`.
    pub stat: String,
    /// Names and values.
    pub dimensions: Vec<(String, String)>,
    /// Length of a period in seconds.
    pub period_s: u32,
}

/// How many metrics CloudWatch charges for, where all the questions are in one request: several statistics of one metric
/// are charged once.
///
/// Source: <https://aws.amazon.com/cloudwatch/pricing/>
pub fn charged<'a>(queries: impl Iterator<Item = &'a MetricQuery>) -> u32 {
    let metrics: BTreeSet<_> =
        queries.map(|query| (&query.namespace, &query.name, &query.dimensions, query.period_s)).collect();
    u32::try_from(metrics.len()).unwrap_or(u32::MAX)
}

/// One period's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datapoint {
    /// Start of the period.
    pub at: Timestamp,
    /// The statistic, in the metric's unit.
    pub value: f64,
}

/// What a question was answered with: datapoints in any order, or why there is no complete answer.
pub type Answer = Result<Vec<Datapoint>, String>;

/// A CloudWatch metric with its statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricName {
    /// Such as `AWS/ApplicationELB`.
    pub namespace: String,
    /// Such as `TargetResponseTime`.
    pub name: String,
    /// Such as `Average`, `Sum`, `p99`.
    pub stat: String,
    /// Names and values.
    pub dimensions: Vec<(String, String)>,
}

impl MetricName {
    /// Whether the statistic is a total of the whole service, to be shared out among its tasks, or is per task already.
    #[must_use]
    pub fn is_total(&self) -> bool {
        matches!(self.stat.as_str(), "Sum" | "SampleCount")
    }

    /// Reads `Namespace/Name/Statistic/Dimension=value`, several dimensions one after the other. Namespaces and dimension
    /// values may have slashes of their own. None where it is not of that form.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let dimensions_from = parts.iter().position(|part| part.contains('=')).unwrap_or(parts.len());
        let (head, tail) = parts.split_at(dimensions_from);
        let [namespace @ .., name, stat] = head else { return None };
        let mut dimensions: Vec<(String, String)> = Vec::new();
        for part in tail {
            match (part.split_once('='), dimensions.last_mut()) {
                (Some((name, value)), _) => dimensions.push((name.to_owned(), value.to_owned())),
                (None, Some((_, value))) => *value = format!("{value}/{part}"),
                (None, None) => return None,
            }
        }
        let known = |stat: &str| {
            let plain = ["Average", "Sum", "Minimum", "Maximum", "SampleCount", "IQM"].contains(&stat);
            plain || stat.strip_prefix('p').and_then(positive).is_some_and(|percentile| percentile <= 100.0)
        };
        let filled = dimensions.iter().all(|(name, value)| !name.is_empty() && !value.is_empty());
        let whole = !namespace.is_empty() && !name.is_empty() && known(stat) && filled;
        let (name, stat) = ((*name).to_owned(), (*stat).to_owned());
        whole.then(|| Self { namespace: namespace.join("/"), name, stat, dimensions })
    }

    /// The question about it.
    #[must_use]
    pub fn query(&self, period_s: u32) -> MetricQuery {
        let Self { namespace, name, stat, dimensions } = self.clone();
        MetricQuery { namespace, name, stat, dimensions, period_s }
    }
}
