//! awsJson 1.1: ECS, CodeDeploy, the tagging API, Application Auto Scaling.

mod autoscaling;
mod codedeploy;
mod deployments;
mod ecs;
mod tagging;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Refusal;
use crate::world::World;
use crate::world::faults::Fault;

type Answer = Result<Value, Refusal>;

pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    json!({"__type": refusal.code, "message": refusal.message}).to_string().into_bytes()
}

pub(super) fn answer(operation: &str, body: &[u8], world: &World, fault: Option<&Fault>) -> Result<Vec<u8>, Refusal> {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut account = world.lock();
    let output = match operation {
        "GetResources" => tagging::get_resources(&account, &input),
        "DescribeScalableTargets" => autoscaling::describe_scalable_targets(&account, &input),
        "DescribeServices" => ecs::describe_services(&account, &input, fault),
        "DescribeTaskDefinition" => ecs::describe_task_definition(&account, &input),
        "UpdateService" => ecs::update_service(&mut account, &input),
        "DescribeServiceDeployments" => deployments::describe_service_deployments(&account, &input),
        "DescribeServiceRevisions" => deployments::describe_service_revisions(&account, &input),
        "StopServiceDeployment" => deployments::stop_service_deployment(&mut account, &input),
        "ListDeployments" => codedeploy::list_deployments(&account, &input),
        "BatchGetDeployments" => codedeploy::batch_get_deployments(&account, &input),
        "ListDeploymentTargets" => codedeploy::list_deployment_targets(&account, &input),
        "BatchGetDeploymentTargets" => codedeploy::batch_get_deployment_targets(&account, &input),
        "GetDeploymentGroup" => codedeploy::get_deployment_group(&account, &input),
        "StopDeployment" => codedeploy::stop_deployment(&mut account, &input),
        "PutLifecycleEventHookExecutionStatus" => codedeploy::answer_hook(&mut account, &input),
        other => Err(Refusal::new("UnknownOperationException", format!("{other} is not known here"))),
    };
    output.map(|output| output.to_string().into_bytes())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

/// Times on the wire are seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
fn time(at: Timestamp) -> f64 {
    at.as_second() as f64
}
