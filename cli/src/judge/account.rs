//! A past deployment, read from the account once, with what is known of it by now.

use std::time::Duration;

use anyhow::{Context, Result};
use canary_gate::deployment::facts;
use canary_gate::look::{self, Judged, Look};
use canary_gate::report::FUNCTION;
use canary_gate::settings::Settings;
use jiff::{SignedDuration, Timestamp};
use tidegate_aws::clock::Clock;
use tidegate_aws::codedeploy::{CodeDeploy, DeploymentGroup, Target, TaskSetInfo};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_core::canary::facts::{Arms, Deployment, Door, Facts, Minute, Platform, State, Strategy};
use tidegate_core::canary::minutes::{end, share};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_lambda::deployments::{self, InProgress, Of};

use super::replay::Past;

/// What a past deployment is read through.
pub trait Ports: Ecs + Deployments + CodeDeploy + look::Ports + Clock {}
impl<T: Ecs + Deployments + CodeDeploy + look::Ports + Clock> Ports for T {}

/// The account is given so long.
const PATIENCE: Duration = Duration::from_mins(2);

/// A deployment is looked at for so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// Of one that is over, whose versions can't be told apart, this much is looked at.
const ALONE: SignedDuration = SignedDuration::from_hours(1);

/// After so long without traffic of both versions, what shares traffic again is another deployment.
const BETWEEN: SignedDuration = SignedDuration::from_mins(30);

/// This share is all traffic.
const ALL: f64 = 0.99;

/// A deployment by its id: CodeDeploy's, or the ARN of ECS's service deployment.
///
/// # Errors
/// Where there is no such deployment, its service is gone, or its tags can't be read.
pub async fn past(ports: &impl Ports, settings: &Settings, id: &str) -> Result<Past> {
    let deadline = Deadline::within(PATIENCE);
    let deployment = if id.starts_with("arn:") {
        of_ecs(ports, &deadline, id).await?
    } else {
        of_code_deploy(ports, &deadline, id).await?
    };
    let (of, _) = facts(&deployment, FUNCTION);
    let look = Look {
        settings,
        door: Door::Schedule,
        mode: Mode::On,
        details: &Tags::default(),
        waiting_since: None,
        function: FUNCTION,
        deadline: &deadline,
        now: ports.now().await.min(of.started_at + LONGEST),
    };
    let (Judged { facts, policy, judgement, .. }, _) = look.at(ports, &deployment).await;
    let (mut facts, policy) = facts.zip(policy).with_context(|| judgement.why)?;
    let bake = SignedDuration::from_secs(policy.bake_s.into());
    as_under_way(&mut facts, bake);
    let short = id.rsplit('/').next().unwrap_or(id);
    Ok(Past { name: format!("{}, {short}", deployment.id()), weights: weights(&facts), facts, policy })
}

async fn of_ecs(ports: &impl Ports, deadline: &Deadline, arn: &str) -> Result<InProgress> {
    let found = deployments::described(ports, deadline, &[arn.to_owned()]).await?.into_iter().next();
    let (deployment, revisions) = found.with_context(|| format!("there is no service deployment {arn}"))?;
    let service = service(ports, &deployment.cluster, &deployment.service).await?;
    Ok(InProgress { service, of: Of::Ecs { deployment, revisions } })
}

async fn of_code_deploy(ports: &impl Ports, deadline: &Deadline, id: &str) -> Result<InProgress> {
    let none = || format!("there is no deployment {id} of an ECS service");
    let deployment = ports.batch_get_deployments(&[id.to_owned()]).await?.into_iter().next().with_context(none)?;
    let target = ports.deployment_target(id).await?.with_context(none)?;
    let service = service(ports, &target.cluster, &target.service).await?;
    let mut found = deployments::code_deploy(ports, deadline, deployment, &[&service]).await?.with_context(none)?;
    if let Of::CodeDeploy { deployment, target, group } = &mut found.of {
        let own =
            service.task_sets.iter().find(|set| set.external_id.as_deref() == Some(id)).map(|set| set.id.as_str());
        match deployment.status.as_str() {
            "Succeeded" => tell_apart(target, group, own, true),
            "Failed" | "Stopped" => tell_apart(target, group, own, false),
            _ => {}
        }
    }
    Ok(found)
}

/// Names the versions of a deployment that is over: its labels may be missing, and a version may be gone. Where the traffic
/// is tells which is which, and of the pair of target groups the other one is that of the version that is gone.
fn tell_apart(target: &mut Target, group: &DeploymentGroup, own: Option<&str>, succeeded: bool) {
    for set in &mut target.task_sets {
        let by_traffic = (set.traffic_percent >= 50.0) == succeeded;
        set.green = set.green.or(Some(own.map_or(by_traffic, |own| own == set.id)));
    }
    for green in [true, false] {
        let is_there = target.task_sets.iter().any(|set| set.green == Some(green));
        let taken: Vec<Option<&String>> = target.task_sets.iter().map(|set| set.target_group.as_ref()).collect();
        let mut left = group.target_groups.iter().filter(|name| !taken.contains(&Some(*name)));
        if let (false, Some(name), None) = (is_there, left.next(), left.next()) {
            let traffic_percent = if green == succeeded { 100.0 } else { 0.0 };
            let (id, target_group) = (String::new(), Some(name.clone()));
            target.task_sets.push(TaskSetInfo { green: Some(green), id, traffic_percent, target_group });
        }
    }
}

async fn service(ports: &impl Ecs, cluster: &str, name: &str) -> Result<Service> {
    let described = ports.describe_services(cluster, &[name.to_owned()]).await?;
    described.services.into_iter().next().with_context(|| format!("there is no service {cluster}/{name} any more"))
}

/// The facts as they were while it was under way, as far as they can be told by now.
fn as_under_way(facts: &mut Facts, bake: SignedDuration) {
    let deployment = &mut facts.deployment;
    if deployment.state == State::InProgress && !deployment.roll_back {
        return;
    }
    // CodeDeploy rolls back by another deployment, ECS by the same one.
    deployment.roll_back &= deployment.platform == Platform::CodeDeploy;
    // What has been taken away says nothing of what it had.
    deployment.weight_percent = deployment.weight_percent.filter(|percent| *percent > 0.0);
    let Some(until) = until(facts, bake) else { return };
    // What was rolled back has no bake.
    let served = |minute: &Minute| share(minute).is_some_and(|share| share > 0.0);
    let last = facts.minutes.iter().filter(|minute| minute.at <= until && served(minute)).map(|minute| minute.at).max();
    let until = last.unwrap_or(until);
    facts.minutes.retain(|minute| minute.at <= until);
    facts.hosts.retain(|minute| minute.at <= until);
    facts.metrics.values_mut().for_each(|points| points.retain(|point| point.at <= until));
}

/// The last minute that is this deployment's: the last with traffic of both versions, and the bake. None where the new
/// version has none.
fn until(facts: &Facts, bake: SignedDuration) -> Option<Timestamp> {
    if facts.deployment.arms != Arms::Two {
        return Some(facts.deployment.started_at + ALONE);
    }
    let served = facts.minutes.iter().find(|minute| share(minute).is_some_and(|share| share > 0.0))?.at;
    let both = |minute: &&Minute| share(minute).is_some_and(|share| share > 0.0 && share < 1.0);
    let mut shared = facts.minutes.iter().filter(both).map(|minute| minute.at);
    let Some(first) = shared.next() else { return Some(served + ALONE) };
    let together = |last: Timestamp, at: Timestamp| (at.duration_since(last) <= BETWEEN).then_some(at);
    let last = shared.try_fold(first, |last, at| together(last, at).ok_or(last)).unwrap_or_else(|last| last);
    Some(end(last) + bake)
}

/// Since when it should have had each share, as far as its strategy and the traffic tell.
fn weights(facts: &Facts) -> Vec<(Timestamp, f64)> {
    let Deployment { strategy, first_percent, full_since, traffic_from, .. } = facts.deployment;
    let reaches = |least: f64| {
        let production = |minute: &&Minute| traffic_from.is_none_or(|from| minute.at >= from);
        let minutes = facts.minutes.iter().filter(production);
        minutes.filter(|minute| share(minute).is_some_and(|share| share > least)).map(|minute| minute.at).next()
    };
    let full = full_since.or_else(|| reaches(ALL)).map(|from| (from, 100.0));
    // The first step begins where the traffic is nearer to its share than to none.
    let step = first_percent.and_then(|percent| Some((reaches(percent / 200.0)?, percent)));
    match strategy {
        Strategy::Canary => step.into_iter().chain(full).collect(),
        Strategy::BlueGreen => full.into_iter().collect(),
        Strategy::Linear | Strategy::Rolling | Strategy::Unknown => Vec::new(),
    }
}
