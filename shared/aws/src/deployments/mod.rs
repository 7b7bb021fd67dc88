//! ECS's own deployments: service deployments and the revisions that they go between.
//!
//! - `said`: what ECS answers of them, and what that is in our words

mod said;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::batch::those_there;
use crate::ecs::{ContainerImage, Failure, ask};
use crate::error::{Kind, PortError};
use crate::pages::{first, page_of};
use crate::sdk::Aws;
pub use crate::stopped::Stopped;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The calls that are used.
pub trait Deployments {
    /// `DescribeServiceDeployments`, at most [`DEPLOYMENTS_PER_CALL`] ARNs. Those that are gone are left out.
    async fn describe_service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, PortError>;

    /// `DescribeServiceRevisions`, at most [`REVISIONS_PER_CALL`] ARNs. Those that are gone are left out.
    async fn describe_service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, PortError>;

    /// `ListServiceDeployments` of a service that were successful: the ARNs of the revisions that they brought, the newest
    /// first, at most `most`.
    async fn successful_revisions(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<String>, PortError>;

    /// `StopServiceDeployment` with `ROLLBACK`. One that is over already is [`Stopped::Over`]; where ECS's error leaves
    /// that open, `DescribeServiceDeployments` is asked.
    async fn stop_service_deployment(&self, arn: &str) -> Result<Stopped, PortError>;
}

/// The API takes no more.
pub const DEPLOYMENTS_PER_CALL: usize = 20;

/// The API takes no more.
pub const REVISIONS_PER_CALL: usize = 20;

/// A list that gets no further than this is not paging but looping.
const MOST_PAGES: usize = 50;

/// A service deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub service: String,
    /// `IN_PROGRESS`, `ROLLBACK_IN_PROGRESS` and their like, as ECS writes it.
    pub status: String,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`, as ECS writes it; empty where it says none.
    pub strategy: String,
    /// The share of the first step, in percent: a canary's, or that of each linear step. None for the other strategies.
    pub step_percent: Option<f64>,
    /// Minutes of the first step, before there is a next one. None for the other strategies.
    pub step_minutes: Option<u32>,
    /// Such as `PRODUCTION_TRAFFIC_SHIFT`; empty where it says none.
    pub stage: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The new version.
    pub target: Option<Revision>,
    /// The old versions; none where the service is being created.
    pub sources: Vec<Revision>,
    /// Names of its alarms; empty where they are switched off.
    pub alarms: Vec<String>,
    /// Of those, the ones that ECS has seen in ALARM.
    pub triggered_alarms: Vec<String>,
    /// Minutes that it bakes after the shift.
    pub bake_minutes: u32,
    /// Why it is being rolled back; None where it is not.
    pub rollback: Option<String>,
    /// Its hooks that call a function and have not ended.
    pub hooks: Vec<HookInProgress>,
}

impl ServiceDeployment {
    /// Whether it is still on its way forward.
    #[must_use]
    pub fn can_be_stopped(&self) -> bool {
        matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS")
    }
}

/// A revision within a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// Share of the production traffic that it should have, in percent.
    pub production_percent: Option<f64>,
}

/// A hook that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct HookInProgress {
    /// ARN of the function.
    pub function: String,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

/// A service revision, as far as it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRevision {
    /// Its ARN.
    pub arn: String,
    /// ARN of its task definition.
    pub task_definition: Option<String>,
    /// Its containers' images; those of which ECS has not resolved the digest yet are here without one, or not at all.
    pub images: Vec<ContainerImage>,
    /// ARNs of its target groups. Where ECS has not resolved which of a pair is this revision's, both.
    pub target_groups: Vec<String>,
    /// ARN of the production listener rule, where ECS shifts the traffic; of the listener, on a Network Load Balancer.
    pub listener_rule: Option<String>,
    /// The same of the test listener.
    pub test_listener_rule: Option<String>,
}

/// What `DescribeServiceDeployments` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedDeployments {
    service_deployments: Option<Vec<said::Standing>>,
    failures: Option<Vec<Failure>>,
}

/// What `DescribeServiceRevisions` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedRevisions {
    service_revisions: Option<Vec<said::Version>>,
    failures: Option<Vec<Failure>>,
}

/// What `ListServiceDeployments` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    service_deployments: Option<Vec<Brief>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Brief {
    target_service_revision_arn: Option<String>,
}

impl Deployments for Aws {
    async fn describe_service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, PortError> {
        const OPERATION: &str = "DescribeServiceDeployments";
        let ask = async |arns: &[String]| {
            let answer: DescribedDeployments =
                self.asks_ecs(OPERATION, &json!({"serviceDeploymentArns": arns})).await?;
            left_out(OPERATION, answer.failures.as_deref());
            let undated = || PortError::new(OPERATION, Kind::Garbled, "a deployment has no time of creation");
            let deployments = answer.service_deployments.unwrap_or_default().into_iter();
            deployments.map(|found| said::deployment(found).ok_or_else(undated)).collect()
        };
        those_there(arns, DEPLOYMENTS_PER_CALL, ask).await
    }

    async fn describe_service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, PortError> {
        const OPERATION: &str = "DescribeServiceRevisions";
        let ask = async |arns: &[String]| {
            let answer: DescribedRevisions = self.asks_ecs(OPERATION, &json!({"serviceRevisionArns": arns})).await?;
            left_out(OPERATION, answer.failures.as_deref());
            Ok(answer.service_revisions.unwrap_or_default().into_iter().map(said::revision).collect())
        };
        those_there(arns, REVISIONS_PER_CALL, ask).await
    }

    async fn successful_revisions(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "ListServiceDeployments";
        let question = json!({
            "cluster": cluster, "service": service, "status": ["SUCCESSFUL"], "maxResults": most.clamp(1, 100),
        });
        let listed = first(OPERATION, MOST_PAGES, most, async |next| {
            let page: Listed = self.asks_ecs(OPERATION, &page_of(&question, "nextToken", next)).await?;
            let found = page.service_deployments.unwrap_or_default().into_iter();
            Ok((found.filter_map(|deployment| deployment.target_service_revision_arn).collect(), page.next_token))
        });
        Ok(listed.await?.0)
    }

    async fn stop_service_deployment(&self, arn: &str) -> Result<Stopped, PortError> {
        const OPERATION: &str = "StopServiceDeployment";
        let question = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
        match self.ecs.send(OPERATION, ask(OPERATION, &question)).await {
            Ok(answer) => answer.json::<IgnoredAny>(OPERATION).map(|_| Stopped::Stopping),
            // ECS does not say which error it gives for a deployment that is over: the deployment itself does.
            Err(error) if CAN_MEAN_OVER.contains(&error.code().unwrap_or_default()) => {
                let found = self.describe_service_deployments(&[arn.to_owned()]).await;
                match found.ok().and_then(|found| found.into_iter().next()) {
                    Some(found) if !found.can_be_stopped() => Ok(Stopped::Over),
                    _ => Err(PortError::of(OPERATION)(error)),
                }
            }
            Err(error) => Err(PortError::of(OPERATION)(error)),
        }
    }
}

/// The errors of `StopServiceDeployment` that may be about a deployment that is over.
const CAN_MEAN_OVER: [&str; 3] = ["ConflictException", "ClientException", "InvalidParameterException"];

/// What was not described for any other reason than that it is gone should not go unseen.
fn left_out(operation: &str, failures: Option<&[Failure]>) {
    for failure in failures.unwrap_or_default().iter().filter(|failure| !failure.is_missing()) {
        tracing::warn!(operation, arn = failure.arn, reason = failure.reason, "it is left out");
    }
}

#[cfg(test)]
mod tests;
