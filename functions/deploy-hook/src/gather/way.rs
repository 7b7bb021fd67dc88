//! How the service is deployed: its settings, its traffic, the weights of its listener, and the alarms that stop it.

use std::collections::BTreeSet;

use futures_util::join;
use jiff::SignedDuration;
use tidegate_aws::cloudwatch::QUERIES_PER_CALL;
use tidegate_aws::error::{Kind, PortError};
use tidegate_core::hook::Check;
use tidegate_core::hook::facts::{Alarm, AlarmState, Settings, Split, Traffic, Unreadable};
use tidegate_core::metrics::{Answer, MetricQuery};
use tidegate_lambda::deployments::{InProgress, Of};

use super::{Gather, Ports, cannot};
use crate::deployment::{Groups, groups, settings, short};

/// How long before the deployment its traffic is looked at.
const BEFORE: SignedDuration = SignedDuration::from_mins(120);

/// Length of a period of these metrics.
const PERIOD_S: u32 = 300;

/// How a service is deployed, as far as it could be read.
#[derive(Debug)]
pub(super) struct Way {
    /// The settings.
    pub(super) settings: Settings,
    /// Metrics that were asked for.
    pub(super) metrics: u32,
    /// What could not be read.
    pub(super) unreadable: Vec<Unreadable>,
}

impl<P: Ports> Gather<'_, P> {
    /// How the service is deployed.
    pub(super) async fn way(&self, deployment: &InProgress) -> Way {
        let groups = groups(deployment);
        let mut way = Way { settings: settings(deployment), metrics: 0, unreadable: Vec::new() };
        // What is compared with something earlier is nothing for a service that is being created.
        if deployment.is_first() {
            return way;
        }
        let (traffic, split) = join!(self.traffic(deployment, &groups), self.split(&groups));
        match traffic {
            Ok((traffic, metrics)) => (way.settings.traffic, way.metrics) = (traffic, metrics),
            Err(error) => way.unreadable.push(cannot(Check::Deployment, &error)),
        }
        match split {
            Ok(split) => way.settings.split = split,
            Err(error) => way.unreadable.push(cannot(Check::Deployment, &error)),
        }
        way
    }

    /// What the service was asked in the hours before, by its target groups: a release within them may have changed which of
    /// the two has the traffic. None where nobody counts. With the number of metrics that were asked for.
    async fn traffic(&self, deployment: &InProgress, groups: &Groups) -> Result<(Option<Traffic>, u32), PortError> {
        // Only a step of the traffic is so small that it matters how much there is.
        if deployment.step_percent().is_none() {
            return Ok((None, 0));
        }
        let mut dimensions = Vec::new();
        let pair = match &deployment.of {
            Of::CodeDeploy { group, .. } => &group.target_groups[..],
            Of::Ecs { .. } => &[],
        };
        for named in [&groups.old, &groups.new].into_iter().flatten().chain(pair).collect::<BTreeSet<_>>() {
            let group = self.group(named).await?;
            let Some(balancer) = group.application_load_balancer().map(str::to_owned) else { continue };
            dimensions.push((balancer, group.dimension().to_owned()));
        }
        if dimensions.is_empty() {
            return Ok((None, 0));
        }
        let query = |name: &str, (balancer, group): &(String, String)| MetricQuery {
            namespace: "AWS/ApplicationELB".to_owned(),
            name: name.to_owned(),
            stat: "Sum".to_owned(),
            dimensions: vec![("LoadBalancer".to_owned(), balancer.clone()), ("TargetGroup".to_owned(), group.clone())],
            period_s: PERIOD_S,
        };
        let each = |name: &'static str| dimensions.iter().map(move |group| query(name, group));
        let queries: Vec<MetricQuery> = each("RequestCount").chain(each("HTTPCode_Target_5XX_Count")).collect();
        let asked: Vec<&MetricQuery> = queries.iter().take(QUERIES_PER_CALL).collect();
        let read = self.ports.get_metric_data(&asked, self.now - BEFORE, self.now);
        let answers = self.deadline.bound("GetMetricData", read).await?;
        let (requests, errors) = answers.split_at(dimensions.len().min(answers.len()));
        let (requests, errors) = (sum(requests)?, sum(errors)?);
        let minutes = BEFORE.as_secs_f64() / 60.0;
        let error_percent = if requests > 0.0 { 100.0 * errors / requests } else { 0.0 };
        let traffic = Traffic { requests_a_minute: requests / minutes, error_percent };
        Ok((Some(traffic), u32::try_from(asked.len()).unwrap_or(u32::MAX)))
    }

    /// How the production listener splits its traffic. None where none does, or nobody knows what is expected of it.
    async fn split(&self, groups: &Groups) -> Result<Option<Split>, PortError> {
        let (Some(old), Some(splits)) = (&groups.old, &groups.splits) else { return Ok(None) };
        let weights = if splits.contains(":listener-rule/") {
            self.deadline.bound("DescribeRules", self.ports.rule_weights(splits)).await?
        } else {
            self.deadline.bound("DescribeListeners", self.ports.listener_weights(splits)).await?
        };
        let weights = weights.iter().map(|weight| (short(&weight.target_group).to_owned(), weight.weight));
        Ok(Some(Split { expected: short(old).to_owned(), weights: weights.collect() }))
    }

    /// The alarms of the deployment and of `tidegate:alarms`, each once.
    ///
    /// # Errors
    /// Where they could not be read.
    pub(super) async fn alarms(&self, deployment: &InProgress) -> Result<Vec<Alarm>, PortError> {
        let own: BTreeSet<&String> = deployment.alarms().iter().collect();
        let tagged: BTreeSet<&String> = self.policy.alarms.iter().filter(|name| !own.contains(name)).collect();
        let names: Vec<String> = own.iter().chain(&tagged).map(|name| (*name).clone()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.deadline.bound("DescribeAlarms", self.ports.describe_alarms(&names)).await?;
        let alarm = |name: &String| {
            let state = found.iter().find(|alarm| alarm.name == *name).map(|alarm| AlarmState {
                in_alarm: alarm.in_alarm,
                since: alarm.since,
                actions_enabled: alarm.actions_enabled,
            });
            Alarm { name: name.clone(), of_tag: tagged.contains(name), state }
        };
        Ok(names.iter().map(alarm).collect())
    }
}

/// The sum of all points; an answer that is not complete is none.
fn sum(answers: &[Answer]) -> Result<f64, PortError> {
    let mut sum = 0.0;
    for answer in answers {
        let incomplete = |why: &String| PortError::new("GetMetricData", Kind::Garbled, why);
        sum += answer.as_ref().map_err(incomplete)?.iter().map(|point| point.value).sum::<f64>();
    }
    Ok(sum)
}
