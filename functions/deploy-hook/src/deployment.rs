//! A deployment in progress as the function looks at it: what it brings, and what is behind which target group. Pure, from
//! what AWS described.

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::codedeploy::LifecycleEvent;
use tidegate_aws::deployments::Revision;
use tidegate_core::canary::facts::{Platform, Strategy};
use tidegate_core::hook::facts::{Deployment, Settings};
use tidegate_core::prices::Capacity;
use tidegate_lambda::deployments::{InProgress, Of, green_and_blue, target_revision};
use tidegate_lambda::hooks::codedeploy::LONGEST;

/// ECS ends a hook by itself at its time; the last answer is given this much before.
const BEFORE_IT_EXPIRES: SignedDuration = SignedDuration::from_mins(1);

/// Since when a stage is looked at, and when its answer would come too late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// None in the first look.
    pub since: Option<Timestamp>,
    /// None where nothing ends the hook.
    pub ends: Option<Timestamp>,
}

impl Waiting {
    /// That of a lifecycle event of CodeDeploy's, or else since the hook was called.
    #[must_use]
    pub fn of_event(event: Option<&LifecycleEvent>, called: Timestamp) -> Self {
        let since = event.and_then(|event| event.started).unwrap_or(called);
        Self { since: Some(since), ends: Some(since + LONGEST) }
    }

    /// That of ECS's hook that calls this function.
    #[must_use]
    pub fn of_hook(deployment: &InProgress, function: &str, since: Option<Timestamp>) -> Self {
        Self { since, ends: deployment.hook_expires(function).map(|at| at - BEFORE_IT_EXPIRES) }
    }
}

/// The facts of the deployment itself, at a stage in its platform's own word.
#[must_use]
pub fn facts(deployment: &InProgress, event: &str, waiting: Waiting) -> Deployment {
    Deployment {
        id: deployment.deployment_id().to_owned(),
        platform: platform(deployment),
        event: event.to_owned(),
        strategy: deployment.strategy(),
        started_at: began(deployment),
        roll_back: deployment.is_roll_back(),
        first: deployment.is_first(),
        waiting_since: waiting.since,
        hook_ends_at: waiting.ends,
    }
}

/// Who deploys.
#[must_use]
pub fn platform(deployment: &InProgress) -> Platform {
    match &deployment.of {
        Of::CodeDeploy { .. } => Platform::CodeDeploy,
        Of::Ecs { .. } => Platform::Ecs,
    }
}

/// When it began.
#[must_use]
pub fn began(deployment: &InProgress) -> Timestamp {
    match &deployment.of {
        Of::CodeDeploy { deployment, .. } => deployment.created,
        Of::Ecs { deployment, .. } => deployment.started.unwrap_or(deployment.created),
    }
}

/// The target groups of a deployment, by ARN or, as CodeDeploy tells them, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The new version's. Where ECS has not resolved which of a pair that is, none.
    pub new: Option<String>,
    /// The old version's.
    pub old: Option<String>,
    /// Whether the service is behind a load balancer at all.
    pub any: bool,
    /// ARN of the listener, or of the listener's rule, that splits the production traffic.
    pub splits: Option<String>,
    /// ARN of the test listener, or of a rule of it.
    pub test: Option<String>,
}

/// The target groups of a deployment.
#[must_use]
pub fn groups(deployment: &InProgress) -> Groups {
    let service = &deployment.service;
    match &deployment.of {
        Of::CodeDeploy { deployment, target, group } => {
            let (green, blue) = green_and_blue(service, deployment, target);
            let old = blue.and_then(|set| set.target_group.clone());
            let name = green.and_then(|set| set.target_group.clone());
            // CodeDeploy may leave the group out; ECS knows it of the task set, and of a pair it is the other one.
            let own = service.task_sets.iter().find(|set| green.is_some_and(|green| green.id == set.id));
            let name = name.or_else(|| own?.target_groups.first().cloned());
            let other = || {
                let mut others = group.target_groups.iter().filter(|name| old.as_ref() != Some(name));
                others.next().filter(|_| group.target_groups.len() == 2 && old.is_some()).cloned()
            };
            Groups {
                new: name.or_else(|| green.and_then(|_| other())),
                any: !group.listeners.is_empty() || !group.target_groups.is_empty(),
                old,
                splits: group.listeners.first().cloned(),
                test: group.test_listeners.first().cloned(),
            }
        }
        Of::Ecs { deployment: of, revisions } => {
            let revision = |arn: &str| revisions.iter().find(|revision| revision.arn == arn);
            let target = target_revision(of, revisions);
            let weight = |source: &&Revision| source.production_percent.unwrap_or(0.0);
            let source = of.sources.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)));
            let source = source.and_then(|source| revision(&source.arn));
            let one = |groups: &[String]| match groups {
                [one] => Some(one.clone()),
                _ => None,
            };
            let new = target.map_or(&[][..], |revision| &revision.target_groups);
            let rolling = deployment.strategy() == Strategy::Rolling;
            Groups {
                // In a rolling deployment every group is that of both.
                new: if rolling { new.first().cloned() } else { one(new) },
                old: source.and_then(|revision| one(&revision.target_groups)).filter(|_| !rolling),
                any: !new.is_empty() || !service.target_groups.is_empty(),
                splits: target.and_then(|revision| revision.listener_rule.clone()).filter(|_| !rolling),
                test: target.and_then(|revision| revision.test_listener_rule.clone()),
            }
        }
    }
}

/// How the service is deployed, as far as that is not read from anywhere else.
#[must_use]
pub fn settings(deployment: &InProgress) -> Settings {
    let service = &deployment.service;
    let rolling = deployment.strategy() == Strategy::Rolling;
    let (rolls_back, bake_minutes) = match &deployment.of {
        Of::CodeDeploy { group, .. } => (group.rolls_back, Some(group.termination_wait_minutes)),
        Of::Ecs { deployment: of, .. } => (service.settings.rolls_back, (!rolling).then_some(of.bake_minutes)),
    };
    Settings {
        desired: service.desired,
        rolls_back,
        minimum_healthy_percent: service.settings.minimum_healthy_percent.filter(|_| rolling),
        health_check_grace_s: service.settings.health_check_grace_s.filter(|_| groups(deployment).any),
        public_ip: service.settings.public_ip,
        step_percent: deployment.step_percent(),
        step_minutes: deployment.step_minutes(),
        bake_minutes,
        traffic: None,
        split: None,
    }
}

/// Whether the tasks run on Fargate; None where that is not known.
#[must_use]
pub fn on_fargate(deployment: &InProgress) -> Option<bool> {
    match deployment.service.capacity {
        Capacity::Fargate(_) | Capacity::FargateMix(_) => Some(true),
        Capacity::Ec2 => Some(false),
        Capacity::Unknown => None,
    }
}

/// The region of an ARN; empty where it says none.
#[must_use]
pub fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// Name of a target group, from its ARN.
#[must_use]
pub fn short(arn: &str) -> &str {
    arn.split_once(":targetgroup/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(arn)
}
