//! What the events of a service tell: the messages in its list, and the names of "ECS Service Action".
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html>

use super::Diagnosis;
use super::class::Class;
use super::said::{class_of, plain};
use super::values::Values;

/// What is the matter by an event of a service: a message of its list, or the name of an "ECS Service Action", with its
/// reason behind it where it has one, such as `SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:CPU`. None where nothing is.
#[must_use]
pub fn of_event(message: &str) -> Option<Diagnosis> {
    let class = of_name(message).or_else(|| of_message(message))?;
    Some(Diagnosis::new(class, None, message, &Values::of(message)))
}

/// By the name of an "ECS Service Action".
fn of_name(message: &str) -> Option<Class> {
    let (name, reason) = message.split_once([' ', ':']).unwrap_or((message, ""));
    let class = match name {
        "SERVICE_TASK_START_IMPAIRED" => Class::StartImpaired,
        "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY" | "VPC_LATTICE_TARGET_UNHEALTHY" | "SERVICE_HEALTH_UNKNOWN" => {
            Class::OtherHealth
        }
        "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED" => Class::Placement,
        "ECS_OPERATION_THROTTLED" | "SERVICE_DISCOVERY_OPERATION_THROTTLED" => Class::Throttled,
        "SERVICE_TASK_PLACEMENT_FAILURE" => class_of(reason).unwrap_or(Class::Placement),
        "SERVICE_TASK_CONFIGURATION_FAILURE" => class_of(reason).unwrap_or(Class::Configuration),
        "SERVICE_DEPLOYMENT_FAILED" => Class::DeploymentFailed,
        _ => return None,
    };
    Some(class)
}

/// By a message of the service's list.
fn of_message(message: &str) -> Option<Class> {
    let text = plain(message);
    let has = |what: &str| text.contains(what);
    if has("unable to consistently start tasks successfully") {
        return Some(Class::StartImpaired);
    }
    if has("throttled") || has("throttling") || has("rate exceeded") {
        return Some(Class::Throttled);
    }
    if has("unhealthy in target-group") || has("unhealthy in (target-group") || has("failed elb health checks") {
        return Some(Class::ElbHealth);
    }
    if has("is unhealthy") || has("failed container health checks") || has("unhealthy instance") {
        let own = has("failed container health checks") || has("container health");
        return Some(if own { Class::ContainerHealth } else { Class::OtherHealth });
    }
    if has("unable to place a task") || has("unable to place tasks") {
        return Some(placement(&text, message));
    }
    if has("deployment failed") || has("rolling back") {
        return Some(Class::DeploymentFailed);
    }
    // What else could not be done, as it would be told of a task.
    let failed =
        ["unable to", "was not able", "failed", "cannot", "can't", "unavailable", "error"].iter().any(|w| has(w));
    let named = class_of(message).filter(|class| !class.is_expected());
    if failed { Some(named.unwrap_or(Class::Configuration)) } else { None }
}

/// Why no place was found for a task.
fn placement(text: &str, message: &str) -> Class {
    let has = |what: &str| text.contains(what);
    // The nearest instance is named with what it lacks.
    match () {
        () if has("insufficient cpu") || has("insufficient memory") || has("insufficient gpu") => Class::Capacity,
        () if has("port already in use") || has("already using a port") => Class::Ports,
        () if has("enis") || has("network interface") => class_of(message).unwrap_or(Class::EniLimit),
        () if has("agent") => Class::AgentDisconnected,
        () if has("no container instances were found") => Class::Capacity,
        () => class_of(message).filter(|class| !class.is_expected()).unwrap_or(Class::Placement),
    }
}
