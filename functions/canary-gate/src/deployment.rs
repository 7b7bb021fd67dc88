//! A deployment in progress as the gate judges it: its arms, its weights, its steps. Pure, from what AWS described.

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::codedeploy::{CodeDeployment, DeploymentGroup, Target};
use tidegate_aws::deployments::{Revision, ServiceDeployment, ServiceRevision};
use tidegate_core::canary::facts::{Arms, Deployment, Platform, Strategy};
use tidegate_lambda::deployments::{InProgress, Of, green_and_blue, target_revision};

/// CodeDeploy gives up a hook after this.
const CODEDEPLOY_HOOK: SignedDuration = SignedDuration::from_mins(60);

/// A share of this much is all traffic.
const ALL_PERCENT: f64 = 99.9;

/// The target groups of a deployment, by ARN or, as CodeDeploy tells them, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiring {
    /// The new version's, or the only one.
    pub canary: Option<String>,
    /// The old version's.
    pub baseline: Option<String>,
    /// The listener rule, or the listener, that splits the traffic.
    pub splits: Option<Splits>,
}

/// What splits the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Splits {
    /// A listener rule, by ARN.
    Rule(String),
    /// A listener's default action, by ARN.
    Listener(String),
}

/// The facts of a deployment in progress, and its target groups. `function` is the one whose hook may be waiting.
#[must_use]
pub fn facts(deployment: &InProgress, function: &str) -> (Deployment, Wiring) {
    match &deployment.of {
        Of::CodeDeploy { deployment: of, target, group } => code_deploy(deployment, of, target, group),
        Of::Ecs { deployment: of, revisions } => ecs(deployment, of, revisions, function),
    }
}

fn code_deploy(
    in_progress: &InProgress,
    deployment: &CodeDeployment,
    target: &Target,
    group: &DeploymentGroup,
) -> (Deployment, Wiring) {
    let (green, blue) = green_and_blue(&in_progress.service, deployment, target);
    let event = |name: &str| target.events.iter().find(|event| event.name == name);
    let shift = event("AllowTraffic");
    let held = event("AfterAllowTraffic").and_then(|event| event.started);
    let wiring = Wiring {
        canary: green.and_then(|set| set.target_group.clone()),
        baseline: blue.and_then(|set| set.target_group.clone()),
        splits: group.listeners.first().cloned().map(Splits::Listener),
    };
    let (strategy, step_percent) = (in_progress.strategy(), in_progress.step_percent());
    let weight_percent = green.map(|set| set.traffic_percent.clamp(0.0, 100.0));
    let facts = Deployment {
        id: deployment.id.clone(),
        platform: Platform::CodeDeploy,
        strategy,
        state: in_progress.state(),
        roll_back: in_progress.is_roll_back(),
        first: in_progress.is_first(),
        started_at: deployment.created,
        // Without a shift under way all requests are the old version's, but for those of the test listener.
        traffic_from: Some(shift.and_then(|event| event.started).unwrap_or(Timestamp::MAX)),
        arms: arms(&wiring, strategy),
        weight_percent,
        previous_percent: previous(strategy, weight_percent, step_percent),
        first_percent: step_percent,
        waiting_since: held,
        full_since: shift.and_then(|event| event.ended).or(held).filter(|_| is_all(weight_percent)),
        platform_bake_minutes: 0,
        listener_says: None,
        hook_ends_at: held.map(|held| held + CODEDEPLOY_HOOK),
    };
    (facts, wiring)
}

fn ecs(
    in_progress: &InProgress,
    deployment: &ServiceDeployment,
    revisions: &[ServiceRevision],
    function: &str,
) -> (Deployment, Wiring) {
    let strategy = in_progress.strategy();
    let revision = |arn: &str| revisions.iter().find(|revision| revision.arn == arn);
    let group =
        |revision: Option<&ServiceRevision>| revision.and_then(|revision| revision.target_groups.first().cloned());
    let target = target_revision(deployment, revisions);
    let weight = |source: &&Revision| source.production_percent.unwrap_or(0.0);
    let source = deployment.sources.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)));
    let source = source.and_then(|source| revision(&source.arn));
    let (canary, baseline) = (group(target), group(source));
    let wiring = if strategy == Strategy::Rolling || canary == baseline {
        Wiring { canary: canary.or_else(|| in_progress.service.target_groups.first().cloned()), ..Wiring::default() }
    } else {
        let rule = target.and_then(|target| target.listener_rule.clone());
        Wiring { canary, baseline, splits: rule.map(Splits::Rule) }
    };
    let weight_percent = deployment
        .target
        .as_ref()
        .and_then(|target| target.production_percent)
        .map(|percent| percent.clamp(0.0, 100.0));
    // In a rolling deployment nothing is weighted.
    let weight_percent = weight_percent.filter(|_| wiring.baseline.is_some());
    let facts = Deployment {
        id: deployment.arn.clone(),
        platform: Platform::Ecs,
        strategy,
        state: in_progress.state(),
        roll_back: in_progress.is_roll_back(),
        first: in_progress.is_first(),
        started_at: deployment.started.unwrap_or(deployment.created),
        traffic_from: None,
        arms: arms(&wiring, strategy),
        weight_percent,
        previous_percent: previous(strategy, weight_percent, deployment.step_percent),
        first_percent: deployment.step_percent,
        waiting_since: None,
        full_since: None,
        platform_bake_minutes: deployment.bake_minutes,
        listener_says: None,
        hook_ends_at: in_progress.hook_expires(function),
    };
    (facts, wiring)
}

fn arms(wiring: &Wiring, strategy: Strategy) -> Arms {
    match (&wiring.canary, &wiring.baseline) {
        (Some(_), Some(_)) => Arms::Two,
        (Some(_), None) if strategy == Strategy::Rolling => Arms::One,
        _ => Arms::None,
    }
}

/// The share of the step before.
fn previous(strategy: Strategy, weight: Option<f64>, step: Option<f64>) -> f64 {
    match (strategy, weight, step) {
        (Strategy::Linear, Some(weight), Some(step)) => (weight - step).max(0.0),
        (Strategy::Canary, Some(weight), Some(first)) if weight > first => first,
        _ => 0.0,
    }
}

fn is_all(weight: Option<f64>) -> bool {
    weight.is_some_and(|percent| percent >= ALL_PERCENT)
}
