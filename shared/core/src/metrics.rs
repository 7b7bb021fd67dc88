//! A question to CloudWatch and its answer, in our own words.

use jiff::Timestamp;

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

/// One period's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datapoint {
    /// Start of the period.
    pub at: Timestamp,
    /// The statistic.
    pub value: f64,
}

/// What a question was answered with: datapoints in any order, or why there is no complete answer.
pub type Answer = Result<Vec<Datapoint>, String>;
