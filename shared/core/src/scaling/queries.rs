//! What to ask CloudWatch about a service, and how the answers become readings.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::enrolment::{BACKLOG, METRIC, Sources};
use super::facts::{Point, Reading};
use super::policy::{Policy, Target};
use super::proposal;
use super::series::minute_of;
use super::{CPU, MEMORY, REQUESTS};
use crate::metrics::{Answer, Datapoint, MetricQuery, charged};

/// Minutes that a run looks back.
pub const LOOK_BACK_MINUTES: u32 = 15;

/// Minutes that a run looks back where memory may raise: long enough to see what the last raise did.
pub const MEMORY_LOOK_BACK_MINUTES: u32 = 180;

/// A service as CloudWatch knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub service: String,
    /// The last part of each target group's ARN, `targetgroup/name/id`; two under blue/green.
    pub target_groups: Vec<String>,
}

/// The questions of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// How many minutes to look back.
    minutes: u32,
    queries: Vec<(Part, MetricQuery)>,
}

/// What a question is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The value of a metric.
    Value(&'static str),
    /// One of several that add up to a metric's value; a period counts where every one of them has it.
    Summand(&'static str),
    /// As `Summand`, but one that has no datapoints at all is left out: a target group without targets.
    Optional(&'static str),
    /// The sample count of the CPU metric.
    Samples,
}

impl Questions {
    /// What the policy needs to know of the service. CPU's sample count is always asked for, as it counts the tasks,
    /// and the load balancer's requests wherever there are any, as they show what a saturated CPU hides.
    #[must_use]
    pub fn new(subject: &Subject, policy: &Policy, sources: &Sources) -> Self {
        let wanted = |metric: &str| policy.targets.contains_key(metric);
        let mut queries = vec![(Part::Samples, ecs(subject, "CPUUtilization", "SampleCount", 60))];
        if wanted(CPU) {
            queries.push((Part::Value(CPU), ecs(subject, "CPUUtilization", "Average", 60)));
        }
        if wanted(MEMORY) {
            queries.push((Part::Value(MEMORY), ecs(subject, "MemoryUtilization", "Average", 60)));
        }
        queries.extend(subject.target_groups.iter().map(|group| (Part::Optional(REQUESTS), requests(group))));
        if let Some(queue) = sources.queue.as_deref().filter(|_| wanted(BACKLOG)) {
            // Messages in flight are work too: without them the tasks that work on the last ones would be stopped.
            queries.push((Part::Summand(BACKLOG), sqs(queue, "ApproximateNumberOfMessagesVisible")));
            queries.push((Part::Summand(BACKLOG), sqs(queue, "ApproximateNumberOfMessagesNotVisible")));
        }
        if let Some(metric) = sources.metric.as_ref().filter(|_| wanted(METRIC)) {
            queries.push((Part::Value(METRIC), metric.query(60)));
        }
        let memory_may_raise = matches!(policy.targets.get(MEMORY), Some(Target::Utilization(_)));
        let minutes = if memory_may_raise { MEMORY_LOOK_BACK_MINUTES } else { LOOK_BACK_MINUTES };
        Self { minutes, queries }
    }

    /// CPU by 20 seconds, for a service that publishes it so.
    #[must_use]
    pub fn of_20_seconds(subject: &Subject) -> Self {
        let samples = (Part::Samples, ecs(subject, "CPUUtilization", "SampleCount", 20));
        let value = (Part::Value(CPU), ecs(subject, "CPUUtilization", "Average", 20));
        Self { minutes: 3, queries: vec![samples, value] }
    }

    /// CPU by the hour, as far back as bounds are proposed from.
    #[must_use]
    pub fn of_cpu_by_hour(subject: &Subject) -> Self {
        let samples = (Part::Samples, ecs(subject, "CPUUtilization", "SampleCount", proposal::PERIOD_S));
        let value = (Part::Value(CPU), ecs(subject, "CPUUtilization", "Average", proposal::PERIOD_S));
        Self { minutes: proposal::DAYS * 24 * 60, queries: vec![samples, value] }
    }

    /// CPU by the minute over a stretch of time.
    #[must_use]
    pub fn of_cpu_by_minute(subject: &Subject, minutes: u32) -> Self {
        let samples = (Part::Samples, ecs(subject, "CPUUtilization", "SampleCount", 60));
        let value = (Part::Value(CPU), ecs(subject, "CPUUtilization", "Average", 60));
        Self { minutes, queries: vec![samples, value] }
    }

    /// The questions, in the order in which their answers are expected.
    pub fn queries(&self) -> impl Iterator<Item = &MetricQuery> {
        self.queries.iter().map(|(_, query)| query)
    }

    /// The stretch of time to ask about. Whole minutes are asked for up to the last one that has ended.
    #[must_use]
    pub fn window(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let by_minute = self.queries().all(|query| query.period_s >= 60);
        let to = if by_minute { minute_of(now) } else { now };
        (minute_of(now) - SignedDuration::from_mins(i64::from(self.minutes)), to)
    }

    /// How many metrics CloudWatch charges for, where all the questions are in one request.
    #[must_use]
    pub fn metrics(&self) -> u32 {
        charged(self.queries())
    }

    /// The readings that the answers make; one answer per question, in their order.
    #[must_use]
    pub fn readings(&self, answers: &[Answer]) -> BTreeMap<String, Reading> {
        let answered = || self.queries.iter().zip(answers);
        let samples =
            answered().find(|((part, _), _)| *part == Part::Samples).map(|((_, query), answer)| (query, answer));
        let mut readings: BTreeMap<String, Reading> = BTreeMap::new();
        for ((part, query), answer) in answered() {
            let reading = match (part, answer) {
                (Part::Samples, _) => continue,
                (_, Err(why)) => Reading::Unreadable(why.clone()),
                (Part::Value(CPU), Ok(points)) => cpu(points, samples, query.period_s),
                (_, Ok(points)) => Reading::Points(points.iter().map(|point| plain(point, query.period_s)).collect()),
            };
            let (Part::Value(metric) | Part::Summand(metric) | Part::Optional(metric)) = *part else { continue };
            let together = match readings.remove(metric) {
                Some(before) => add(before, reading, matches!(part, Part::Optional(_))),
                None => reading,
            };
            readings.insert(metric.to_owned(), together);
        }
        if !readings.contains_key(CPU)
            && let Some((query, answer)) = samples
        {
            // Not a target, but its samples count the tasks.
            readings.insert(CPU.to_owned(), counts(answer, query.period_s));
        }
        readings
    }
}

fn plain(point: &Datapoint, period_s: u32) -> Point {
    Point { at: point.at, value: point.value, samples: None, period_s }
}

fn by_time(points: &[Datapoint]) -> BTreeMap<Timestamp, f64> {
    points.iter().map(|point| (point.at, point.value)).collect()
}

/// CPU with its sample counts. Without the counts the averages say little, so both have to be there.
fn cpu(points: &[Datapoint], samples: Option<(&MetricQuery, &Answer)>, period_s: u32) -> Reading {
    let counts = match samples {
        Some((_, Ok(counts))) => by_time(counts),
        Some((_, Err(why))) => return Reading::Unreadable(why.clone()),
        None => BTreeMap::new(),
    };
    let counted = |point: &Datapoint| Point { samples: counts.get(&point.at).copied(), ..plain(point, period_s) };
    Reading::Points(points.iter().map(counted).collect())
}

fn counts(answer: &Answer, period_s: u32) -> Reading {
    match answer {
        Ok(points) => Reading::Points(
            points.iter().map(|p| Point { at: p.at, value: 0.0, samples: Some(p.value), period_s }).collect(),
        ),
        Err(why) => Reading::Unreadable(why.clone()),
    }
}

/// Two parts of one metric. Each period needs both, but for parts that are `optional` and have nothing at all to say.
fn add(a: Reading, b: Reading, optional: bool) -> Reading {
    match (a, b) {
        (Reading::Points(a), Reading::Points(b)) if optional && (a.is_empty() || b.is_empty()) => {
            Reading::Points(if a.is_empty() { b } else { a })
        }
        (Reading::Points(a), Reading::Points(b)) => {
            let others: BTreeMap<Timestamp, f64> = b.iter().map(|point| (point.at, point.value)).collect();
            let both = |point: Point| Some(Point { value: point.value + others.get(&point.at)?, ..point });
            Reading::Points(a.into_iter().filter_map(both).collect())
        }
        (unreadable @ Reading::Unreadable(_), _) | (_, unreadable) => unreadable,
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html>
fn ecs(subject: &Subject, name: &str, stat: &str, period_s: u32) -> MetricQuery {
    let dimensions = [("ClusterName", &subject.cluster), ("ServiceName", &subject.service)];
    query("AWS/ECS", name, stat, dimensions.map(|(name, value)| (name.to_owned(), value.clone())).into(), period_s)
}

/// Requests per target and minute; only `Sum` is valid, though it is an average.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>
fn requests(target_group: &str) -> MetricQuery {
    let dimensions = vec![("TargetGroup".to_owned(), target_group.to_owned())];
    query("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", dimensions, 60)
}

/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
fn sqs(queue: &str, name: &str) -> MetricQuery {
    query("AWS/SQS", name, "Maximum", vec![("QueueName".to_owned(), queue.to_owned())], 60)
}

fn query(namespace: &str, name: &str, stat: &str, dimensions: Vec<(String, String)>, period_s: u32) -> MetricQuery {
    let (namespace, name, stat) = (namespace.to_owned(), name.to_owned(), stat.to_owned());
    MetricQuery { namespace, name, stat, dimensions, period_s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::enrolment;
    use crate::tags::Tags;

    const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

    fn questions(tags: &[(&str, &str)], target_groups: usize) -> Questions {
        let tags = Tags::new(tags.iter().map(|(key, value)| (*key, *value)));
        let enrolment = enrolment::read(&tags, &Policy::default()).unwrap_or_else(|faults| unreachable!("{faults:?}"));
        let groups = (0..target_groups).map(|group| format!("targetgroup/shop-{group}/1")).collect();
        let subject = Subject { cluster: "prod".to_owned(), service: "shop".to_owned(), target_groups: groups };
        Questions::new(&subject, &enrolment.policy, &enrolment.sources)
    }

    fn answer(value: f64) -> Vec<Datapoint> {
        vec![Datapoint { at: TEN, value }]
    }

    #[test]
    fn average_and_sample_count_of_one_metric_are_charged_once() {
        assert_eq!(questions(&[], 0).metrics(), 2, "CPU and memory");
        assert_eq!(questions(&[("tidegate:memory", "off")], 1).metrics(), 2, "CPU and requests");
        assert_eq!(questions(&[("tidegate:backlog", "jobs 100")], 0).metrics(), 4, "and what is visible and in flight");
    }

    #[test]
    fn the_parts_of_a_backlog_are_added_and_both_have_to_be_there() {
        let questions = questions(&[("tidegate:backlog", "jobs 100")], 0);
        let answers = |in_flight: Answer| {
            let mut answers: Vec<Answer> = questions.queries().map(|_| Ok(answer(50.0))).collect();
            answers.pop();
            answers.push(in_flight);
            questions.readings(&answers).remove(BACKLOG)
        };
        let Some(Reading::Points(points)) = answers(Ok(answer(7.0))) else { unreachable!("two parts were read") };
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [57.0]);
        assert_eq!(answers(Ok(Vec::new())), Some(Reading::Points(Vec::new())));
        assert_eq!(answers(Err("no access".to_owned())), Some(Reading::Unreadable("no access".to_owned())));
    }

    #[test]
    fn a_target_group_without_targets_is_left_out_of_the_requests() {
        let questions = questions(&[("tidegate:requests", "1000")], 2);
        let mut answers: Vec<Answer> = questions.queries().map(|_| Ok(answer(500.0))).collect();
        if let Some(last) = answers.last_mut() {
            *last = Ok(Vec::new());
        }
        let Some(Reading::Points(points)) = questions.readings(&answers).remove(REQUESTS) else {
            unreachable!("one group was read")
        };
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [500.0]);
    }

    #[test]
    fn cpu_without_its_sample_counts_is_unreadable() {
        let questions = questions(&[], 0);
        let answers: Vec<Answer> = questions
            .queries()
            .map(|query| if query.stat == "SampleCount" { Err("no access".to_owned()) } else { Ok(answer(50.0)) })
            .collect();
        assert_eq!(questions.readings(&answers).remove(CPU), Some(Reading::Unreadable("no access".to_owned())));
    }
}
