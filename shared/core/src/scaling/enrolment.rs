//! What the tags of a service ask of the scaler.

use super::policy::{MEMORY_GUARD_PERCENT, Policy, Target};
use super::{CPU, MEMORY, REQUESTS};
use crate::metrics::MetricName;
use crate::mode::Mode;
use crate::tags::{TagFault, Tags, positive};

/// The name of the SQS backlog in facts and policies.
pub const BACKLOG: &str = "backlog";

/// The name of the user's own metric in facts and policies.
pub const METRIC: &str = "metric";

/// The tag that enrols a service.
pub const SCALE: &str = "scale";

/// ECS runs at most this many tasks of one service.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
pub const MOST_TASKS: u32 = 5000;

/// A utilisation can pass 100 % on EC2, where a task may use more than it reserves.
const MOST_PERCENT: f64 = 1000.0;

const METRIC_RULE: &str = "must be Namespace/Name/Statistic/Dimension=value and the target: App/Jobs/Sum/Queue=a 50";

/// What the tags of one service ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    /// The policy, its mode as the tag says.
    pub policy: Policy,
    /// Where the metrics that are not ECS's own come from.
    pub sources: Sources,
}

/// Metrics that tags name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// The queue of `tidegate:backlog`.
    pub queue: Option<String>,
    /// The metric of `tidegate:metric`.
    pub metric: Option<MetricName>,
}

/// Reads the tags that concern the scaler, on top of a whole installation's defaults.
///
/// # Errors
/// Every tag that can't be read.
pub fn read(tags: &Tags, defaults: &Policy) -> Result<Enrolment, Vec<TagFault>> {
    let mut faults: Vec<TagFault> = tags.unknown().collect();
    let mut policy = defaults.clone();
    let mut sources = Sources::default();

    let mut keep = |fault: TagFault| faults.push(fault);
    policy.mode = tags.mode(SCALE).map_err(&mut keep).unwrap_or(Mode::Off);
    policy.min = tags.whole("min", 1, MOST_TASKS).map_err(&mut keep).unwrap_or_default();
    policy.max = tags.whole("max", 1, MOST_TASKS).map_err(&mut keep).unwrap_or_default();
    if let (Some(min), Some(max)) = (policy.min, policy.max)
        && min > max
    {
        keep(tags.fault("max", format!("must be at least tidegate:min, which is {min}")));
    }

    for metric in [CPU, MEMORY, REQUESTS] {
        match tags.get(metric).map(|text| target(metric, text)) {
            None => {}
            Some(Ok(Some(target))) => drop(policy.targets.insert(metric.to_owned(), target)),
            Some(Ok(None)) => drop(policy.targets.remove(metric)),
            Some(Err(rule)) => keep(tags.fault(metric, rule)),
        }
    }
    if let Some(text) = tags.get(BACKLOG).filter(|text| *text != "off") {
        match backlog(text) {
            Some((queue, target)) => {
                sources.queue = Some(queue);
                policy.targets.insert(BACKLOG.to_owned(), target);
            }
            None => keep(tags.fault(BACKLOG, "must be a queue's name and the messages per task: my-queue 100")),
        }
    }
    if let Some(text) = tags.get(METRIC).filter(|text| *text != "off") {
        match metric(text) {
            Some((name, target)) => {
                sources.metric = Some(name);
                policy.targets.insert(METRIC.to_owned(), target);
            }
            None => keep(tags.fault(METRIC, METRIC_RULE)),
        }
    }
    if policy.targets.values().all(|target| matches!(target, Target::Guard(_))) {
        keep(tags.fault(CPU, "no metric is left to scale by"));
    }
    if faults.is_empty() { Ok(Enrolment { policy, sources }) } else { Err(faults) }
}

/// What a tag, or a whole installation's default, says of a metric of ECS's own or the load balancer's. None is off.
///
/// # Errors
/// The rule that the text breaks.
pub fn target(metric: &str, text: &str) -> Result<Option<Target>, String> {
    if text == "off" {
        return Ok(None);
    }
    if metric == REQUESTS {
        return positive(text)
            .map(Target::PerTask)
            .map(Some)
            .ok_or_else(|| "must be a number above 0, or off".to_owned());
    }
    if metric == MEMORY && text == "guard" {
        return Ok(Some(Target::Guard(MEMORY_GUARD_PERCENT)));
    }
    let percent = positive(text).filter(|percent| *percent <= MOST_PERCENT);
    let or = if metric == MEMORY { ", guard or off" } else { ", or off" };
    percent
        .map(Target::Utilization)
        .map(Some)
        .ok_or_else(|| format!("must be a number above 0 and at most {MOST_PERCENT}{or}"))
}

fn backlog(text: &str) -> Option<(String, Target)> {
    let (queue, messages) = text.split_once(' ')?;
    Some((queue.to_owned(), Target::TotalPerTask(positive(messages.trim())?)))
}

/// `Namespace/Name/Statistic/Dimension=value target`.
fn metric(text: &str) -> Option<(MetricName, Target)> {
    let (path, target) = text.rsplit_once(' ')?;
    let target = positive(target)?;
    let metric = MetricName::read(path.trim())?;
    let target = if metric.is_total() { Target::TotalPerTask(target) } else { Target::PerTask(target) };
    Some((metric, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_the_users_own_may_have_slashes_in_its_namespace_and_its_dimensions() {
        let read = |text: &str| {
            metric(text).map(|(name, target)| (name.namespace, name.name, name.stat, name.dimensions, target))
        };
        let dimension = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let (namespace, name, stat) = owned("Shop/Jobs", "Depth", "Average");
        let dimensions = vec![dimension("Path", "a/b"), dimension("Stage", "prod")];
        assert_eq!(
            read("Shop/Jobs/Depth/Average/Path=a/b/Stage=prod 50"),
            Some((namespace, name, stat, dimensions, Target::PerTask(50.0)))
        );
        let (namespace, name, stat) = owned("Shop", "Jobs", "Sum");
        assert_eq!(read("Shop/Jobs/Sum 12.5"), Some((namespace, name, stat, Vec::new(), Target::TotalPerTask(12.5))));
        for wrong in [
            "",
            "Shop/Jobs/Sum",
            "Shop/Jobs/Sum 0",
            "Jobs/Sum 5",
            "Shop/Jobs/Median 5",
            "Shop/Jobs/p101 5",
            "Shop/Jobs/Sum/Queue= 5",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
