//! Whether an alarm that stops deployments is in ALARM.

use jiff::Timestamp;

use crate::canary::facts::Platform;
use crate::hook::facts::{Alarm, AlarmState, Facts};
use crate::hook::judgement::Finding;
use crate::hook::policy::Policy;
use crate::hook::rule::Rule;
use crate::hook::stage::Stage;

/// What is broken, or not kept yet.
#[must_use]
pub fn check(facts: &Facts, _policy: &Policy, _now: Timestamp) -> Vec<Finding> {
    facts.alarms.iter().filter_map(|alarm| in_alarm(alarm, facts)).collect()
}

fn in_alarm(alarm: &Alarm, facts: &Facts) -> Option<Finding> {
    let AlarmState { since, .. } = alarm.state.as_ref().filter(|state| state.in_alarm)?;
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    // ECS looks at its alarms once when the deployment begins, and leaves those out that are in ALARM then: all of them.
    // <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html>
    let then = match (alarm.of_tag, facts.deployment.platform, facts.stage) {
        (true, ..) => "by tidegate:alarms it stops this deployment",
        (false, Platform::Ecs, Stage::BeforeInstall) => {
            "ECS ignores all alarms of a deployment that begins like this, and would not roll it back"
        }
        (false, Platform::Ecs, _) => "ECS rolls back for it, unless it was in ALARM when the deployment began",
        (false, Platform::CodeDeploy, _) => "CodeDeploy stops deployments for it",
    };
    let fix =
        "find out what it is about first; where this deployment mends it, open the gate with tidegate:break-glass";
    Some(Finding::broken(Rule::AlarmInAlarm, format!("in ALARM{since}: {then}")).about(&alarm.name).fix(fix))
}
