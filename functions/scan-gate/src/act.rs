//! Stopping what brings or runs a blocked image, each under its own switch and least of all modes.

use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::PortError;
use tidegate_aws::tasks::{Task, Tasks};
use tidegate_core::mode::Mode;
use tidegate_core::scan::enrolment::SCAN;
use tidegate_core::scan::judgement::Came;
use tidegate_core::scan::{Action, Judgement, Step};
use tidegate_lambda::deployments::{InProgress, NotStopped, stop};

/// What is acted through.
pub trait Ports: CodeDeploy + Deployments + Ecs {}
impl<T: CodeDeploy + Deployments + Ecs> Ports for T {}

/// One step, with nothing said yet about why.
pub(crate) fn step(action: Action, subject: impl Into<String>, service: Option<String>, came: Came) -> Step {
    Step { action, subject: subject.into(), service, came, why: None }
}

/// Stops a deployment that brings a blocked image.
pub async fn stop_deployment(
    ports: &impl Ports,
    deadline: &Deadline,
    deployment: &InProgress,
    mode: Mode,
) -> Option<Step> {
    let told = |came| step(Action::StopDeployment, deployment.deployment_id(), Some(deployment.id()), came);
    match mode {
        Mode::Off => None,
        Mode::Shadow => Some(told(Came::Shadow)),
        Mode::On => Some(match stop(ports, deadline, deployment, SCAN).await {
            Ok(()) => told(Came::Done),
            Err(not) => {
                let came = if not.reason == NotStopped::Changed { Came::LeftAlone } else { Came::Failed };
                Step { why: Some(not.why), ..told(came) }
            }
        }),
    }
}

/// Stops a stand-alone task that runs a blocked image, where it still runs.
pub async fn stop_task(
    ports: &impl Tasks,
    deadline: &Deadline,
    task: &Task,
    mode: Mode,
    judgement: &Judgement,
) -> Option<Step> {
    let told = |came| step(Action::StopTask, &task.arn, None, came);
    match mode {
        Mode::Off => return None,
        Mode::Shadow => return Some(told(Came::Shadow)),
        Mode::On => {}
    }
    let failed = |error: PortError| Step { why: Some(error.to_string()), ..told(Came::Failed) };
    let arns = std::slice::from_ref(&task.arn);
    let again = deadline.bound("DescribeTasks", ports.describe_tasks(&task.cluster, arns)).await;
    let again = match again {
        Ok(again) => again,
        Err(error) => return Some(failed(error)),
    };
    if !again.first().is_some_and(Task::should_run) {
        return Some(Step { why: Some("it stops already".to_owned()), ..told(Came::LeftAlone) });
    }
    // ECS takes no longer reasons.
    let reason: String = format!("Tidegate: {}", judgement.why).chars().take(255).collect();
    let stopped = deadline.bound_write("StopTask", ports.stop_task(&task.cluster, &task.arn, &reason)).await;
    Some(stopped.map_or_else(failed, |()| told(Came::Done)))
}
