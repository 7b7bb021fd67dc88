//! What to ask CloudWatch about a deployment, and how the answers become facts.
//!
//! A load balancer publishes a count only where it is not zero. So an error count without a point is zero where the
//! request count of the same minute has one, and nothing is known of a minute that has no request count.
//!
//! Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Before, Counts, Hosts, Minute, Part, Point, Unreadable};
use super::minutes::end;
use super::policy::Policy;
use super::whole;
use crate::metrics::{Answer, MetricName, MetricQuery, charged};

/// How long before a deployment the old version is looked at.
pub const BEFORE: SignedDuration = SignedDuration::from_mins(120);

/// Without a baseline, slow requests are compared with this hour of the day before.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A target group as CloudWatch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `app/name/id`.
    pub load_balancer: String,
    /// `targetgroup/name/id`.
    pub target_group: String,
}

/// The target groups of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The new version's, or the only one.
    pub canary: Option<Group>,
    /// The old version's.
    pub baseline: Option<Group>,
}

/// The questions about one deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Questions {
    from: Timestamp,
    to: Timestamp,
    queries: Vec<(Asked, MetricQuery)>,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Arm(Arm, Count),
    Healthy,
    Unhealthy,
    Own(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Arm {
    Canary,
    Baseline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Count {
    Requests,
    /// Answers of targets below 500.
    Answered,
    Errors,
    ConnectionErrors,
    /// Errors that the load balancer answered itself, for whichever target group.
    Balancer,
    Slow,
    ResponseTime,
}

impl Count {
    fn part(self) -> Part {
        match self {
            Self::Slow | Self::ResponseTime => Part::Latency,
            _ => Part::Requests,
        }
    }
}

impl Questions {
    /// What the policy needs to know of a deployment that began at `started`.
    #[must_use]
    pub fn new(subject: &Subject, policy: &Policy, started: Timestamp, now: Timestamp) -> Self {
        let mut queries = Vec::new();
        for (arm, group) in [(Arm::Canary, &subject.canary), (Arm::Baseline, &subject.baseline)] {
            let Some(group) = group else { continue };
            let mut ask =
                |count, name: &str, stat: &str| queries.push((Asked::Arm(arm, count), of_group(group, name, stat)));
            ask(Count::Requests, "RequestCount", "Sum");
            for answered in ["HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count"] {
                ask(Count::Answered, answered, "Sum");
            }
            ask(Count::Errors, "HTTPCode_Target_5XX_Count", "Sum");
            ask(Count::ConnectionErrors, "TargetConnectionErrorCount", "Sum");
            if let Some(slow) = policy.slow {
                ask(Count::Slow, "TargetResponseTime", &slower_than(slow.ms));
            }
            if policy.ceilings.response_ms.is_some() {
                ask(Count::ResponseTime, "TargetResponseTime", "Average");
            }
            queries.push((Asked::Arm(arm, Count::Balancer), of_balancer(group, "HTTPCode_ELB_5XX_Count")));
        }
        if let Some(group) = &subject.canary {
            queries.push((Asked::Healthy, of_group(group, "HealthyHostCount", "Maximum")));
            queries.push((Asked::Unhealthy, of_group(group, "UnHealthyHostCount", "Minimum")));
        }
        let own = policy
            .metrics
            .iter()
            .filter_map(|metric| Some((Asked::Own(metric.name.clone()), MetricName::read(&metric.name)?.query(60))));
        queries.extend(own);
        Self { from: minute_of(started - BEFORE), to: minute_of(now), queries }
    }

    /// The slow requests of both target groups at the same hour of the day before.
    #[must_use]
    pub fn of_the_day_before(subject: &Subject, policy: &Policy, now: Timestamp) -> Self {
        let to = minute_of(now - DAY);
        let mut queries = Vec::new();
        if let Some(slow) = policy.slow {
            // They swap roles at every deployment: either may have been the production one.
            for group in [&subject.canary, &subject.baseline].into_iter().flatten() {
                let asked = |count, query| (Asked::Arm(Arm::Baseline, count), query);
                queries.push(asked(Count::Requests, of_group(group, "RequestCount", "Sum")));
                queries.push(asked(Count::Slow, of_group(group, "TargetResponseTime", &slower_than(slow.ms))));
            }
        }
        Self { from: to - HOUR, to, queries }
    }

    /// The questions, in the order in which their answers are expected.
    pub fn queries(&self) -> impl Iterator<Item = &MetricQuery> {
        self.queries.iter().map(|(_, query)| query)
    }

    /// The stretch of time to ask about.
    #[must_use]
    pub fn window(&self) -> (Timestamp, Timestamp) {
        (self.from, self.to)
    }

    /// How many metrics CloudWatch charges for.
    #[must_use]
    pub fn metrics(&self) -> u32 {
        charged(self.queries())
    }

    /// The facts that the answers make; one answer per question, in their order.
    #[must_use]
    pub fn read(&self, answers: &[Answer], started: Timestamp) -> Read {
        let mut read = Read::default();
        let mut arms: BTreeMap<Arm, BTreeMap<Timestamp, BTreeMap<Count, f64>>> = BTreeMap::new();
        let mut hosts: BTreeMap<Timestamp, (Option<f64>, Option<f64>)> = BTreeMap::new();
        let missing = Err("CloudWatch did not answer this query".to_owned());
        for (index, (asked, query)) in self.queries.iter().enumerate() {
            let points = match answers.get(index).unwrap_or(&missing) {
                Ok(points) if points.iter().all(|point| is_count(point.value)) => points,
                Ok(_) => {
                    read.cannot(asked, format!("{} has values that it can't have", query.name));
                    continue;
                }
                Err(why) => {
                    read.cannot(asked, format!("{} can't be read: {why}", query.name));
                    continue;
                }
            };
            // A point that is told twice is one point.
            let points: BTreeMap<Timestamp, f64> = points.iter().map(|point| (point.at, point.value)).collect();
            for (at, value) in points {
                match asked {
                    Asked::Arm(arm, count) => {
                        let counts = arms.entry(*arm).or_default().entry(at).or_default();
                        *counts.entry(*count).or_default() += value;
                    }
                    Asked::Healthy => hosts.entry(at).or_default().0 = Some(value),
                    Asked::Unhealthy => hosts.entry(at).or_default().1 = Some(value),
                    Asked::Own(name) => read.metrics.entry(name.clone()).or_default().push(Point { at, value }),
                }
            }
        }
        // With a part of the counts, an error could be taken for an answer.
        if !read.unreadable.iter().any(|part| part.what == Part::Requests) {
            read.minutes(arms, self, started);
        }
        let host = |(at, (healthy, unhealthy)): (Timestamp, (Option<f64>, Option<f64>))| {
            let count = |value: f64| u32::try_from(whole(value)).unwrap_or(u32::MAX);
            Some(Hosts { at, healthy: count(healthy?), unhealthy: count(unhealthy?) })
        };
        read.hosts = hosts.into_iter().filter(|(at, _)| *at >= started).filter_map(host).collect();
        read
    }

    fn asks(&self, count: Count) -> bool {
        self.queries.iter().any(|(asked, _)| matches!(asked, Asked::Arm(_, own) if *own == count))
    }
}

/// The part of the facts that comes from CloudWatch's metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Minutes since the deployment began.
    pub minutes: Vec<Minute>,
    /// The old version's minutes before.
    pub before: Vec<Before>,
    /// Host health of the new version.
    pub hosts: Vec<Hosts>,
    /// The user's own metrics.
    pub metrics: BTreeMap<String, Vec<Point>>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Read {
    /// All minutes together, of an answer about the day before. None where nothing was counted.
    #[must_use]
    pub fn sum(&self) -> Option<Counts> {
        let add = |sum: Counts, minute: &Before| Counts {
            requests: sum.requests + minute.counts.requests,
            slow: sum.slow.zip(minute.counts.slow).map(|(a, b)| a + b),
            ..sum
        };
        let none = Counts { slow: Some(0), ..Counts::default() };
        let sum = self.before.iter().fold(none, add);
        (sum.requests > 0).then_some(sum)
    }

    fn cannot(&mut self, asked: &Asked, why: String) {
        let what = match asked {
            Asked::Arm(_, count) => count.part(),
            Asked::Healthy | Asked::Unhealthy => Part::Hosts,
            Asked::Own(_) => Part::Metrics,
        };
        self.unreadable.push(Unreadable { what, why });
    }

    fn minutes(
        &mut self,
        arms: BTreeMap<Arm, BTreeMap<Timestamp, BTreeMap<Count, f64>>>,
        questions: &Questions,
        started: Timestamp,
    ) {
        let latency = !self.unreadable.iter().any(|part| part.what == Part::Latency);
        let slow = latency && questions.asks(Count::Slow);
        let mut gaps: BTreeMap<Timestamp, u64> = BTreeMap::new();
        for (at, values) in arms.values().flatten() {
            *gaps.entry(*at).or_default() += gap(values);
        }
        let mut minutes: BTreeMap<Timestamp, Minute> = BTreeMap::new();
        for (arm, minutes_of_arm) in arms {
            for (at, values) in minutes_of_arm {
                let all = gaps.get(&at).copied().filter(|_| questions.asks(Count::Answered)).unwrap_or(0);
                let Some(counts) = counts(&values, slow, all) else { continue };
                if end(at) <= started {
                    if arm == Arm::Baseline {
                        self.before.push(Before { at, counts });
                    }
                    continue;
                }
                let minute = minutes.entry(at).or_insert(Minute { at, canary: None, baseline: None });
                match arm {
                    Arm::Canary => minute.canary = Some(counts),
                    Arm::Baseline => minute.baseline = Some(counts),
                }
            }
        }
        self.minutes = minutes.into_values().collect();
    }
}

/// A count in a minute; zero where there is no point.
fn value(values: &BTreeMap<Count, f64>, count: Count) -> u64 {
    values.get(&count).map_or(0, |value| whole(value.round()))
}

/// Requests that a target was chosen for and that none has answered, as far as the counts go.
fn gap(values: &BTreeMap<Count, f64>) -> u64 {
    let answered = value(values, Count::Answered) + value(values, Count::Errors);
    value(values, Count::Requests).saturating_sub(answered)
}

/// The counts of one arm in one minute; None without a request count. `all` is the gap of both arms together, 0 where gaps
/// are not looked at.
fn counts(values: &BTreeMap<Count, f64>, slow: bool, all: u64) -> Option<Counts> {
    let requests = values.get(&Count::Requests).map(|value| whole(value.round()))?;
    let gap = gap(values);
    // The load balancer has to have answered as many errors itself: without that a gap is a request that ends in the next
    // minute, a client that went away, or a count that is late. Its errors are of all its target groups, so each arm gets
    // its part of them by its gap: the whole of them would weigh more on the smaller arm.
    let balancer = value(values, Count::Balancer);
    let part = if all > 0 { whole(super::float(balancer) * super::float(gap) / super::float(all)) } else { 0 };
    Some(Counts {
        requests,
        errors: value(values, Count::Errors).min(requests),
        connection_errors: value(values, Count::ConnectionErrors),
        unanswered: gap.min(part),
        // Interpolated, so it can be a little more than there are.
        slow: slow.then(|| value(values, Count::Slow).min(requests)),
        response_ms: values.get(&Count::ResponseTime).map(|seconds| seconds * 1000.0),
    })
}

fn is_count(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// The trimmed count of answers that took longer. CloudWatch has response times in seconds.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>
fn slower_than(ms: f64) -> String {
    format!("TC({}:)", ms / 1000.0)
}

fn of_group(group: &Group, name: &str, stat: &str) -> MetricQuery {
    let dimensions = [("LoadBalancer", &group.load_balancer), ("TargetGroup", &group.target_group)];
    query(name, stat, dimensions.map(|(name, value)| (name.to_owned(), value.clone())).into())
}

fn of_balancer(group: &Group, name: &str) -> MetricQuery {
    query(name, "Sum", vec![("LoadBalancer".to_owned(), group.load_balancer.clone())])
}

fn query(name: &str, stat: &str, dimensions: Vec<(String, String)>) -> MetricQuery {
    let (namespace, name, stat) = ("AWS/ApplicationELB".to_owned(), name.to_owned(), stat.to_owned());
    MetricQuery { namespace, name, stat, dimensions, period_s: 60 }
}

fn minute_of(at: Timestamp) -> Timestamp {
    crate::scaling::series::minute_of(at)
}
