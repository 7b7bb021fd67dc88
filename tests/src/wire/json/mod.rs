//! awsJson 1.1: ECS, ECR, CodeDeploy, CloudWatch Logs, SQS, SSM, the tagging API, Application Auto Scaling.

mod autoscaling;
mod codedeploy;
mod definitions;
mod deployments;
mod ecr;
mod ecs;
mod logs;
mod operator;
mod sqs;
mod ssm;
mod tagging;
mod tasks;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Refusal;
use crate::world::World;
use crate::world::faults::Fault;

type Answer = Result<Value, Refusal>;

pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    json!({"__type": refusal.code, "message": refusal.message}).to_string().into_bytes()
}

/// Where a call went to.
pub(super) struct Place<'a> {
    /// The region that it was signed for.
    pub(super) region: &'a str,
    /// The server's own address, as a URL.
    pub(super) url: &'a str,
}

pub(super) fn answer(
    operation: &str,
    body: &[u8],
    place: &Place<'_>,
    (world, fault): (&World, Option<&Fault>),
) -> Result<Vec<u8>, Refusal> {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut account = world.lock();
    let output = match operation {
        "GetResources" => tagging::get_resources(&account, &input),
        "DescribeScalableTargets" => autoscaling::describe_scalable_targets(&account, &input),
        "DescribeServices" => ecs::describe_services(&account, &input, fault),
        "DescribeTaskDefinition" => tasks::describe_task_definition(&account, &input),
        "ListClusters" => Ok(tasks::list_clusters(&account, &input)),
        "ListServices" => tasks::list_services(&account, &input),
        "ListTasks" => tasks::list_tasks(&account, &input),
        "DescribeTasks" => tasks::describe_tasks(&account, &input),
        "StopTask" => tasks::stop_task(&mut account, &input),
        "ListTaskDefinitions" => Ok(tasks::list_task_definitions(&account, &input)),
        "DeregisterTaskDefinition" => tasks::deregister_task_definition(&mut account, &input),
        "UpdateService" => ecs::update_service(&mut account, &input),
        "DescribeServiceDeployments" => deployments::describe_service_deployments(&account, &input),
        "DescribeServiceRevisions" => deployments::describe_service_revisions(&account, &input),
        "ListServiceDeployments" => deployments::list_service_deployments(&account, &input),
        "StopServiceDeployment" => deployments::stop_service_deployment(&mut account, &input),
        "GetDeployment" => codedeploy::get_deployment(&account, &input),
        "GetApplicationRevision" => codedeploy::get_application_revision(&account, &input),
        "DescribeLogGroups" => Ok(logs::describe_log_groups(&account, &input)),
        "ListDeployments" => codedeploy::list_deployments(&account, &input),
        "BatchGetDeployments" => codedeploy::batch_get_deployments(&account, &input),
        "ListDeploymentTargets" => codedeploy::list_deployment_targets(&account, &input),
        "BatchGetDeploymentTargets" => codedeploy::batch_get_deployment_targets(&account, &input),
        "GetDeploymentGroup" => codedeploy::get_deployment_group(&account, &input),
        "StopDeployment" => codedeploy::stop_deployment(&mut account, &input),
        "PutLifecycleEventHookExecutionStatus" => codedeploy::answer_hook(&mut account, &input),
        "SendMessageBatch" => sqs::send_message_batch(&mut account, &input),
        "DescribeRule" => operator::describe_rule(&account, &input),
        "GetQueueAttributes" => operator::get_queue_attributes(&account, &input),
        "ListApplications" => Ok(operator::list_applications(&account, &input)),
        "ListDeploymentGroups" => Ok(operator::list_deployment_groups(&account, &input)),
        "BatchGetDeploymentGroups" => Ok(operator::batch_get_deployment_groups(&account, &input)),
        "FilterLogEvents" => operator::filter_log_events(&account, &input),
        "GetParameter" => ssm::get_parameter(&account, &input),
        "DescribeImages" => ecr::describe_images(&account, place, &input),
        "BatchGetImage" => ecr::batch_get_image(&account, place, &input),
        "GetDownloadUrlForLayer" => ecr::get_download_url_for_layer(&account, place, &input),
        "DescribeImageScanFindings" => ecr::describe_image_scan_findings(&account, place, &input),
        "StartImageScan" => ecr::start_image_scan(&mut account, place, &input),
        "UpdateImageStorageClass" => ecr::update_image_storage_class(&mut account, place, &input),
        "GetRegistryScanningConfiguration" => Ok(ecr::get_registry_scanning_configuration(&account)),
        other => Err(Refusal::new("UnknownOperationException", format!("{other} is not known here"))),
    };
    output.map(|output| output.to_string().into_bytes())
}

/// One page of a list, and what asks for the next: `maxResults` of the request, and no more than the API gives at once.
fn page<'a, T>(all: &'a [T], input: &Value, most: u64) -> (&'a [T], Option<String>) {
    let from: usize = input["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let length = usize::try_from(input["maxResults"].as_u64().or(input["limit"].as_u64()).unwrap_or(most).min(most))
        .unwrap_or(usize::MAX);
    let left = all.get(from..).unwrap_or_default();
    let shown = &left[..left.len().min(length)];
    (shown, (shown.len() < left.len()).then(|| (from + shown.len()).to_string()))
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
