//! Where a container's output goes.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::task_definition::{Container, TaskDefinition};

use super::Looked;

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let mut findings = looked.each(Rule::NoLogging, |container| {
        let why = match driver(container) {
            None => "it has no logConfiguration",
            Some("none") => "its logDriver is none",
            Some(_) => return None,
        };
        Some((why.to_owned(), "give it a logConfiguration, such as one with the driver awslogs".to_owned()))
    });
    let surroundings = &looked.facts.surroundings;
    let said = |rule, group: &str, then: &str| {
        let why = format!("the log group {group} does not exist in {}: {then}", surroundings.region);
        let fix = "create it, or set awslogs-create-group to true and allow the role logs:CreateLogGroup";
        Finding::broken(rule, why).fix(fix)
    };
    for container in looked.containers() {
        let Some(group) = group(container, &surroundings.region) else { continue };
        // What was not looked for is not missing.
        if !surroundings.log_groups.iter().any(|(name, there)| name == group && !there) {
            continue;
        }
        let finding = if needs_its_log(container, looked.on_fargate()) {
            said(Rule::LogGroupMissing, group, "the container can't start")
        } else {
            said(Rule::LogsLost, group, "the container may start, but its output is lost")
        };
        findings.push(finding.about(&container.name));
    }
    findings
}

fn driver(container: &Container) -> Option<&str> {
    let driver = container.log_configuration.as_ref().map(|logs| logs.log_driver.as_str());
    driver.filter(|driver| !driver.is_empty())
}

/// The log group that has to be in this region before the container starts.
fn group<'a>(container: &'a Container, region: &str) -> Option<&'a str> {
    let logs = container.log_configuration.as_ref().filter(|logs| logs.log_driver == "awslogs")?;
    let option = |name: &str| logs.options.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let is_created =
        option("awslogs-create-group").is_some_and(|value| matches!(value, "true" | "True" | "TRUE" | "1" | "t" | "T"));
    // Without a region of its own the driver takes the one that the task runs in.
    let is_here = !region.is_empty() && option("awslogs-region").is_none_or(|own| own == region);
    option("awslogs-group").filter(|_| is_here && !is_created)
}

/// Whether a container can't start without its log: on Fargate always, and elsewhere where its driver blocks. Docker starts
/// one whose driver does not, which is ECS's default, and tries to reach the log meanwhile.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#default-log-driver-mode>
fn needs_its_log(container: &Container, on_fargate: bool) -> bool {
    let mode = container.log_configuration.as_ref().and_then(|logs| logs.options.get("mode"));
    on_fargate || mode.is_some_and(|mode| mode == "blocking")
}

/// The log groups of this region that have to be there before these tasks start, each once, in order.
#[must_use]
pub fn log_groups_to_look_for(definition: &TaskDefinition, region: &str) -> Vec<String> {
    let groups = definition.container_definitions.iter().filter_map(|container| group(container, region));
    let mut groups: Vec<String> = groups.map(str::to_owned).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}
