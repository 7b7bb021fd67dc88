//! Why a load balancer does not find a target healthy.
//!
//! Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html>

use super::Diagnosis;
use super::class::Class;
use super::values::Values;

/// What a target's state means, with the load balancer's reason and description behind it where it has one, such as
/// `Target.Timeout: Request timed out`.
#[must_use]
pub fn of_target(state: &str, why: &str) -> Diagnosis {
    let code = why.split([':', ' ']).next().unwrap_or_default();
    let class = match code {
        "Elb.RegistrationInProgress" => Class::TargetRegistering,
        "Elb.InitialHealthChecking" => Class::TargetInitial,
        "Elb.InternalError" => Class::TargetInternal,
        "Target.ResponseCodeMismatch" => Class::TargetStatus,
        "Target.Timeout" => Class::TargetTimeout,
        "Target.FailedHealthChecks" => Class::TargetFailed,
        "Target.NotRegistered" => Class::TargetNotRegistered,
        // The same code for two things; the description tells them apart.
        "Target.NotInUse" if why.contains("Availability Zone") => Class::TargetZone,
        "Target.NotInUse" => Class::TargetNotInUse,
        "Target.DeregistrationInProgress" => Class::TargetDraining,
        "Target.InvalidState" => Class::TargetInvalid,
        "Target.IpUnusable" => Class::TargetAddress,
        "Target.HealthCheckDisabled" => Class::TargetNotChecked,
        _ => match state {
            "healthy" => Class::TargetHealthy,
            "initial" => Class::TargetInitial,
            "unused" => Class::TargetNotInUse,
            "draining" | "unhealthy.draining" => Class::TargetDraining,
            _ => Class::TargetUnknown,
        },
    };
    let said = match why {
        "" => state.to_owned(),
        why => format!("{state}, {why}"),
    };
    Diagnosis::new(class, None, &said, &Values::of(&said))
}
