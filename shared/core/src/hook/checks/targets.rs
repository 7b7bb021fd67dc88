//! Whether the load balancer finds the new tasks healthy.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::canary::facts::Platform;
use crate::diagnosis::{Class, Diagnosis, of_target};
use crate::hook::facts::{Deployment, Facts, Target, Targets};
use crate::hook::judgement::{Finding, Waits};
use crate::hook::policy::{Level, Policy};
use crate::hook::rule::Rule;
use crate::hook::stage::Stage;
use crate::words::counted;

use super::tasks::runs;

/// What is broken, or not kept yet.
#[must_use]
pub fn check(facts: &Facts, policy: &Policy, now: Timestamp) -> Vec<Finding> {
    let Some(targets) = &facts.targets else { return Vec::new() };
    let Some(group) = &targets.group else {
        let why = "it cannot be told which target group is the new version's";
        let finding = Finding::waiting(Rule::TargetsMissing, Waits::default(), why);
        return vec![finding.fix("check the load balancer configuration of the service")];
    };
    // Targets of an older version leave the group while those of the new one come.
    let own: Vec<(&Target, Diagnosis)> =
        targets.targets.iter().map(|own| (own, of_target(&own.state, &own.why))).collect();
    let own: Vec<_> = own.into_iter().filter(|(_, diagnosis)| diagnosis.class != Class::TargetDraining).collect();
    let mut findings: Vec<Finding> = missing(targets, group, own.len()).into_iter().collect();
    let mut unhealthy: BTreeMap<Class, Vec<(&Target, Diagnosis)>> = BTreeMap::new();
    let registered = own.len();
    for (target, diagnosis) in own {
        if diagnosis.class != Class::TargetHealthy {
            unhealthy.entry(diagnosis.class).or_default().push((target, diagnosis));
        }
    }
    let all_healthy = findings.is_empty() && unhealthy.is_empty();
    let of_class = |targets: Vec<(&Target, Diagnosis)>| of_unhealthy(facts, group, registered, &targets);
    findings.extend(unhealthy.into_values().filter_map(of_class));
    if all_healthy {
        findings.extend(not_steady(facts, policy, now));
    }
    findings
}

fn missing(targets: &Targets, group: &str, registered: usize) -> Option<Finding> {
    let missing = usize::try_from(targets.desired).is_ok_and(|desired| registered < desired);
    missing.then(|| {
        let why = format!("{registered} of {} are registered", counted(targets.desired, "target"));
        let fix = "look at whether its tasks run, and whether the service registers them in this target group";
        Finding::waiting(Rule::TargetsMissing, Waits::default(), why).about(group).fix(fix)
    })
}

/// Targets that are not healthy for the same reason.
fn of_unhealthy(facts: &Facts, group: &str, registered: usize, targets: &[(&Target, Diagnosis)]) -> Option<Finding> {
    let (target, diagnosis) = targets.iter().min_by_key(|(target, _)| &target.target)?;
    let others = match targets.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let of = counted(registered, "target");
    let why = format!("{} of {of} ({}{others}): {}", targets.len(), target.target, diagnosis.cause);
    let finding = Finding::waiting(Rule::TargetUnhealthy, Waits::default(), why).about(group).fix(&diagnosis.fix);
    match (diagnosis.class, has_no_listener_yet(&facts.deployment, facts.stage)) {
        (Class::TargetNotInUse, Some(level)) => {
            (level != Level::Off).then_some(Finding { level, waits: None, ..finding })
        }
        _ => Some(finding),
    }
}

/// What it comes to that no listener uses the target group at this stage. Under CodeDeploy a listener uses that of the new
/// version from the test traffic on, or from the production traffic on where there is no test listener; before that nobody
/// can know its health, and the stages after it look again. ECS wants its target groups in a rule from the beginning.
fn has_no_listener_yet(deployment: &Deployment, stage: Stage) -> Option<Level> {
    match (deployment.platform, stage) {
        (Platform::CodeDeploy, Stage::AfterInstall) => Some(Level::Off),
        (Platform::CodeDeploy, Stage::BeforeTraffic) => Some(Level::Warn),
        _ => None,
    }
}

/// Targets that are healthy, of tasks that have only just come.
fn not_steady(facts: &Facts, policy: &Policy, now: Timestamp) -> Option<Finding> {
    let tasks = &facts.tasks.as_ref()?.tasks;
    let youngest = tasks.iter().filter(|task| runs(task)).filter_map(|task| task.started_at).max()?;
    let steady = SignedDuration::from_secs(policy.steady_s.into());
    let left = steady - now.duration_since(youngest);
    if left <= SignedDuration::ZERO {
        return None;
    }
    let look_again_s = u32::try_from(left.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    let waits = Waits { until: None, look_again_s: Some(look_again_s) };
    let why = format!("all targets are healthy, and count once their tasks have run for {} s", policy.steady_s);
    Some(Finding::waiting(Rule::TargetUnhealthy, waits, why))
}
