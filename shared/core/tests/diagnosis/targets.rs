//! What a load balancer says of a target.

use tidegate_core::diagnosis::{Class, of_target};

#[test]
fn every_reason_of_the_load_balancer_is_explained() {
    for (state, why, class) in [
        ("healthy", "", Class::TargetHealthy),
        ("initial", "Elb.RegistrationInProgress: Target registration is in progress", Class::TargetRegistering),
        ("initial", "Elb.InitialHealthChecking: Initial health checks in progress", Class::TargetInitial),
        ("unhealthy", "Elb.InternalError", Class::TargetInternal),
        ("unavailable", "Elb.InternalError", Class::TargetInternal),
        ("unhealthy", "Target.ResponseCodeMismatch: Health checks failed with these codes: [502]", Class::TargetStatus),
        ("unhealthy", "Target.Timeout: Request timed out", Class::TargetTimeout),
        ("unhealthy", "Target.FailedHealthChecks: Health checks failed", Class::TargetFailed),
        ("unused", "Target.NotRegistered", Class::TargetNotRegistered),
        (
            "unused",
            "Target.NotInUse: Target group is not configured to receive traffic from the load balancer",
            Class::TargetNotInUse,
        ),
        (
            "unused",
            "Target.NotInUse: Target is in an Availability Zone that is not enabled for the load balancer",
            Class::TargetZone,
        ),
        ("draining", "Target.DeregistrationInProgress", Class::TargetDraining),
        ("unused", "Target.InvalidState", Class::TargetInvalid),
        ("unused", "Target.IpUnusable", Class::TargetAddress),
        ("unavailable", "Target.HealthCheckDisabled", Class::TargetNotChecked),
        ("unused", "", Class::TargetNotInUse),
        ("sulking", "Target.Sulks: it does not want to", Class::TargetUnknown),
    ] {
        assert_eq!(of_target(state, why).class, class, "{state} {why}");
    }
}

#[test]
fn the_code_that_it_answers_is_in_the_sentence_and_what_nobody_knows_is_shown() {
    let mismatch = of_target("unhealthy", "Target.ResponseCodeMismatch: Health checks failed with these codes: [502]");
    assert_eq!(mismatch.cause, "the target answers the health check with 502 and not with what its matcher expects");
    let unknown = of_target("sulking", "Target.Sulks: it does not want to");
    assert_eq!(unknown.cause, "the load balancer says: sulking, Target.Sulks: it does not want to");
}
