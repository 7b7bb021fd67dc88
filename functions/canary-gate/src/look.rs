//! A look at one deployment: its policy, its facts, its judgement.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::loadbalancing::{LoadBalancing, TargetGroup, Weight};
use tidegate_core::canary::facts::{Alarm, AlarmOf, Arms, Deployment, Door, Facts, Part, Targets, Unreadable};
use tidegate_core::canary::queries::{Group, Questions, Read, Subject};
use tidegate_core::canary::{Judgement, Policy, Reason, enrolment, judge};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::InProgress;
use tidegate_lambda::hooks::gate;
use tidegate_lambda::metrics;

use crate::deployment::{self, Splits, Wiring};
use crate::settings::Settings;

/// What facts are read through.
pub trait Ports: CloudWatch + LoadBalancing {}
impl<T: CloudWatch + LoadBalancing> Ports for T {}

/// A deployment with its judgement.
pub type Judged = gate::Judged<Judgement>;

/// The circumstances of a look.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The installation.
    pub settings: &'a Settings,
    /// The door.
    pub door: Door,
    /// At most so far, whatever tags say.
    pub mode: Mode,
    /// What a hook's own configuration asks for.
    pub details: &'a Tags,
    /// Since when this hook has waited for this step, where it says so.
    pub waiting_since: Option<Timestamp>,
    /// The function's own name.
    pub function: &'a str,
    /// The time that is left.
    pub deadline: &'a Deadline,
    /// The moment.
    pub now: Timestamp,
}

impl Look<'_> {
    /// Judges one deployment, and tells how many metrics were asked for.
    pub async fn at(&self, ports: &impl Ports, deployment: &InProgress) -> (Judged, u32) {
        self.by(ports, deployment, self.policy(&deployment.service.tags)).await
    }

    /// As [`Look::at`], by a policy that has been read already.
    pub async fn by(&self, ports: &impl Ports, deployment: &InProgress, policy: gate::Read<Policy>) -> (Judged, u32) {
        let policy = match Judged::policy_for(deployment, policy) {
            Ok(policy) => policy,
            Err(judged) => return (judged, 0),
        };
        let (mut facts, asked) = self.facts(ports, deployment, &policy).await;
        let mut judgement = judge(&facts, &policy, self.now);
        if judgement.reason == Reason::SplitIsOff {
            self.ask_the_listener(ports, deployment, &mut facts).await;
            judgement = judge(&facts, &policy, self.now);
        }
        // Only when a bake is over every target needs to be known of; what is not healthy then has the patience's time.
        if self.door == Door::Bake && judgement.verdict != Verdict::Fail && judgement.reason != Reason::Baking {
            self.read_targets(ports, deployment, &mut facts).await;
            judgement = judge(&facts, &policy, self.now);
        }
        let service = Some(deployment.id());
        let judged = Judged { service, mode: policy.mode, judgement, facts: Some(facts), policy: Some(policy) };
        (judged, asked)
    }

    /// The policy of a service; else its mode, as far as that can be told, and every fault.
    ///
    /// # Errors
    /// Where a tag or a detail can't be read.
    pub fn policy(&self, tags: &Tags) -> gate::Read<Policy> {
        let read = enrolment::read(tags, self.details, &self.settings.defaults, self.now);
        gate::policy::<Judgement>(read, tags, enrolment::GATE, self.mode)
    }

    async fn facts(&self, ports: &impl Ports, deployment: &InProgress, policy: &Policy) -> (Facts, u32) {
        let (mut of, wiring) = deployment::facts(deployment, self.function);
        of.waiting_since = self.waiting_since.or(of.waiting_since);
        let mut unreadable = Vec::new();
        let subject = match self.subject(ports, &wiring).await {
            Ok(subject) => subject,
            Err(error) => {
                unreadable.push(cannot(Part::Requests, &error));
                Subject::default()
            }
        };
        // Groups that no Application Load Balancer sends to have no requests to count.
        if unreadable.is_empty() && (subject.canary.is_none() || of.arms == Arms::Two && subject.baseline.is_none()) {
            of.arms = Arms::None;
        }
        let questions = Questions::new(&subject, policy, of.started_at, self.now);
        let mut asked = questions.metrics();
        let read = self.read(ports, &questions, of.started_at).await;
        let day_before = if needs_the_day_before(&of, policy) {
            let questions = Questions::of_the_day_before(&subject, policy, self.now);
            asked += questions.metrics();
            let mut read = self.read(ports, &questions, self.now).await;
            unreadable.append(&mut read.unreadable);
            read.sum()
        } else {
            None
        };
        let alarms = match self.alarms(ports, deployment, policy).await {
            Ok(alarms) => alarms,
            Err(error) => {
                unreadable.push(cannot(Part::Alarms, &error));
                Vec::new()
            }
        };
        let Read { minutes, before, hosts, metrics, unreadable: unread } = read;
        unreadable.extend(unread);
        let door = self.door;
        let facts = Facts {
            door,
            deployment: of,
            minutes,
            before,
            day_before,
            hosts,
            alarms,
            metrics,
            targets: None,
            unreadable,
        };
        (facts, asked)
    }

    /// The target groups as CloudWatch knows them.
    async fn subject(&self, ports: &impl LoadBalancing, wiring: &Wiring) -> Result<Subject, PortError> {
        let groups = self.groups(ports, [&wiring.canary, &wiring.baseline].into_iter().flatten()).await?;
        // A group without weight may be attached to none at the moment; the pair of a service shares one.
        let shared = groups.iter().find_map(TargetGroup::application_load_balancer);
        let group = |named: &Option<String>| {
            let named = named.as_ref()?;
            let group = groups.iter().find(|group| group.arn == *named || group.name == *named)?;
            let load_balancer = group.application_load_balancer().or(shared)?.to_owned();
            Some(Group { load_balancer, target_group: group.dimension().to_owned() })
        };
        Ok(Subject { canary: group(&wiring.canary), baseline: group(&wiring.baseline) })
    }

    async fn groups<'a>(
        &self,
        ports: &impl LoadBalancing,
        named: impl Iterator<Item = &'a String>,
    ) -> Result<Vec<TargetGroup>, PortError> {
        let (arns, names): (Vec<String>, Vec<String>) = named.cloned().partition(|name| name.starts_with("arn:"));
        let mut groups = Vec::new();
        if !arns.is_empty() {
            groups.extend(self.deadline.bound("DescribeTargetGroups", ports.target_groups_by_arn(&arns)).await?);
        }
        if !names.is_empty() {
            groups.extend(self.deadline.bound("DescribeTargetGroups", ports.target_groups_by_name(&names)).await?);
        }
        Ok(groups)
    }

    async fn read(&self, ports: &impl CloudWatch, questions: &Questions, started: Timestamp) -> Read {
        let (from, to) = questions.window();
        let group = metrics::Group { queries: questions.queries().collect(), from, to };
        let answers = metrics::answers(ports, self.deadline, 1, &[group]).await.into_iter().next();
        match answers {
            Some(Ok(answers)) => questions.read(&answers, started),
            Some(Err(error)) => {
                let failed = vec![Err(error.to_string()); questions.queries().count()];
                questions.read(&failed, started)
            }
            None => Read::default(),
        }
    }

    async fn alarms(
        &self,
        ports: &impl CloudWatch,
        deployment: &InProgress,
        policy: &Policy,
    ) -> Result<Vec<Alarm>, PortError> {
        let own: BTreeSet<&String> = deployment.alarms().iter().collect();
        let tagged = policy.alarms.iter().filter(|name| !own.contains(name)).map(|name| (name, AlarmOf::Tag));
        let named: Vec<(&String, AlarmOf)> =
            own.iter().map(|name| (*name, AlarmOf::Deployment)).chain(tagged).collect();
        let names: Vec<String> = named.iter().map(|(name, _)| (*name).clone()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.deadline.bound("DescribeAlarms", ports.describe_alarms(&names)).await?;
        let state = |(name, of): (&String, AlarmOf)| {
            let alarm = found.iter().find(|alarm| alarm.name == *name);
            let (in_alarm, since) = (alarm.map(|alarm| alarm.in_alarm), alarm.and_then(|alarm| alarm.since));
            Alarm { name: name.clone(), of, in_alarm, since }
        };
        Ok(named.into_iter().map(state).collect())
    }

    async fn read_targets(&self, ports: &impl LoadBalancing, deployment: &InProgress, facts: &mut Facts) {
        let (_, wiring) = deployment::facts(deployment, self.function);
        let Some(canary) = wiring.canary else { return };
        let healths = async {
            let groups = self.groups(ports, std::iter::once(&canary)).await?;
            let Some(group) = groups.first() else {
                let gone = format!("there is no target group {canary}");
                return Err(PortError::new("DescribeTargetGroups", Kind::NotFound, gone));
            };
            self.deadline.bound("DescribeTargetHealth", ports.target_health(&group.arn)).await
        };
        match healths.await {
            Err(error) => facts.unreadable.push(cannot(Part::Targets, &error)),
            Ok(healths) => {
                // What drains belongs to a count that was lowered, not to this release.
                let (healthy, others): (Vec<_>, Vec<_>) =
                    healths.into_iter().filter(|target| target.state != "draining").partition(|t| t.state == "healthy");
                let others =
                    others.into_iter().map(|target| format!("{} is {}: {}", target.target, target.state, target.why));
                let healthy = u32::try_from(healthy.len()).unwrap_or(u32::MAX);
                facts.targets = Some(Targets { healthy, others: others.collect() });
            }
        }
    }

    /// Where the split is off, what the listener itself says is part of the facts.
    async fn ask_the_listener(&self, ports: &impl LoadBalancing, deployment: &InProgress, facts: &mut Facts) {
        let (_, wiring) = deployment::facts(deployment, self.function);
        let weights = match wiring.splits {
            None => return,
            Some(Splits::Rule(arn)) => self.deadline.bound("DescribeRules", ports.rule_weights(&arn)).await,
            Some(Splits::Listener(arn)) => self.deadline.bound("DescribeListeners", ports.listener_weights(&arn)).await,
        };
        let told = |weight: &Weight| format!("{} {}", short(&weight.target_group), weight.weight);
        facts.deployment.listener_says = Some(match weights {
            Ok(weights) => weights.iter().map(told).collect::<Vec<_>>().join(", "),
            Err(error) => error.to_string(),
        });
    }
}

/// Name of a target group, from its ARN.
fn short(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

/// Slow requests are compared with the day before only where there is nothing else to compare with.
fn needs_the_day_before(deployment: &Deployment, policy: &Policy) -> bool {
    let all = deployment.weight_percent.is_some_and(|percent| percent >= 99.0);
    policy.slow.is_some() && (deployment.arms == Arms::One || deployment.arms == Arms::Two && all)
}

fn cannot(what: Part, error: &PortError) -> Unreadable {
    Unreadable { what, why: error.to_string() }
}
