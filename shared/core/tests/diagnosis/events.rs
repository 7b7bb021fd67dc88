//! What the events of a service tell.

use tidegate_core::diagnosis::{Class, of_event};

#[test]
fn messages_that_something_is_wrong_have_a_class() {
    for (class, message) in [
        (
            Class::Capacity,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) has insufficient CPU units available.",
        ),
        (
            Class::Capacity,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) has insufficient memory available.",
        ),
        (
            Class::Ports,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) is already using a port required by your task.",
        ),
        (
            Class::Placement,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a is missing an attribute required by your task.",
        ),
        (
            Class::EniLimit,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) encountered error \"RESOURCE:ENI\".",
        ),
        (
            Class::AgentDisconnected,
            "(service shop) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) has the agent disconnected.",
        ),
        (
            Class::Capacity,
            "(service shop) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.",
        ),
        (
            Class::Placement,
            "(service shop) was unable to place a task because no container instance met all of its requirements.",
        ),
        (
            Class::Capacity,
            "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.",
        ),
        (
            Class::StartImpaired,
            "(service shop) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.",
        ),
        (Class::Throttled, "(service shop) operations are being throttled. Will try again later."),
        (Class::Throttled, "(service shop) operations are being throttled on elb. Will try again later."),
        (
            Class::ElbHealth,
            "(service shop) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-central-1:210987654321:targetgroup/shop-green/00) due to (reason Health checks failed with these codes: [502])",
        ),
        (Class::OtherHealth, "(service shop) (instance i-0a) is unhealthy in service discovery"),
        (Class::DeploymentFailed, "(service shop) (deployment ecs-svc/7) deployment failed: tasks failed to start."),
        (
            Class::Role,
            "(service shop) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::210987654321:role/till' that was provided for this task.)",
        ),
    ] {
        let diagnosis = of_event(message);
        assert_eq!(diagnosis.as_ref().map(|own| own.class), Some(class), "{message}");
        assert_eq!(diagnosis.map(|own| own.said).as_deref(), Some(message));
    }
}

#[test]
fn messages_that_all_is_well_have_none() {
    for message in [
        "(service shop) has reached a steady state.",
        "(service shop) has started 2 tasks: (task 0a) (task 0b).",
        "(service shop) has stopped 1 running tasks: (task 0a).",
        "(service shop) registered 1 targets in (target-group arn:aws:elasticloadbalancing:eu-central-1:210987654321:targetgroup/shop/00)",
        "(service shop) has begun draining connections on 1 tasks.",
        "(service shop) (deployment ecs-svc/7) deployment completed.",
        "SERVICE_STEADY_STATE",
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "",
    ] {
        assert_eq!(of_event(message), None, "{message}");
    }
}

#[test]
fn the_names_of_service_actions_have_a_class() {
    for (class, message) in [
        (Class::StartImpaired, "SERVICE_TASK_START_IMPAIRED"),
        (Class::Capacity, "SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:CPU"),
        (Class::Capacity, "SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:FARGATE"),
        (Class::EniLimit, "SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:ENI"),
        (Class::Ports, "SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:PORTS"),
        (Class::AgentDisconnected, "SERVICE_TASK_PLACEMENT_FAILURE AGENT"),
        (Class::Placement, "SERVICE_TASK_PLACEMENT_FAILURE"),
        (Class::Throttled, "ECS_OPERATION_THROTTLED"),
        (Class::OtherHealth, "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY"),
        (Class::Placement, "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED"),
        (Class::Configuration, "SERVICE_TASK_CONFIGURATION_FAILURE"),
        (Class::DeploymentFailed, "SERVICE_DEPLOYMENT_FAILED"),
    ] {
        assert_eq!(of_event(message).map(|own| own.class), Some(class), "{message}");
    }
}

#[test]
fn what_is_short_and_what_was_answered_are_in_the_sentence() {
    let cause = |message: &str| of_event(message).map(|own| own.cause).unwrap_or_default();
    assert_eq!(
        cause("SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:FARGATE"),
        "there is not enough Fargate capacity free for the task"
    );
    assert_eq!(
        cause(
            "(service shop) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-central-1:210987654321:targetgroup/shop-green/00) due to (reason Health checks failed with these codes: [502])"
        ),
        "the load balancer did not find the task healthy in shop-green, which answered 502"
    );
}
