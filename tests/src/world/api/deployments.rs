//! The calls of ECS's API that are about its own deployments.

use super::ApiError;
use crate::world::Account;
use crate::world::native::{ServiceDeployment, ServiceRevision};

/// Neither call takes more.
const PER_CALL: usize = 20;

impl Account {
    /// `DescribeServiceDeployments`: those that are found, and the ARNs of those that are not.
    ///
    /// # Errors
    /// For more than 20.
    pub fn describe_service_deployments(
        &self,
        arns: &[String],
    ) -> Result<(Vec<&ServiceDeployment>, Vec<String>), ApiError> {
        found(arns, |arn| self.native.deployments.iter().find(|deployment| deployment.arn == arn))
    }

    /// `DescribeServiceRevisions`: those that are found, and the ARNs of those that are not.
    ///
    /// # Errors
    /// For more than 20.
    pub fn describe_service_revisions(
        &self,
        arns: &[String],
    ) -> Result<(Vec<&ServiceRevision>, Vec<String>), ApiError> {
        found(arns, |arn| self.native.revisions.iter().find(|revision| revision.arn == arn))
    }

    /// `StopServiceDeployment` with `ROLLBACK`.
    ///
    /// # Errors
    /// Where there is no such deployment, or it is over or being rolled back.
    pub fn stop_service_deployment(&mut self, arn: &str) -> Result<(), ApiError> {
        let found = self.native.deployments.iter().find(|deployment| deployment.arn == arn);
        let message = "Service deployment not found.".to_owned();
        let deployment = found.ok_or(ApiError { code: "ServiceDeploymentNotFoundException", message })?;
        if !deployment.in_progress() || deployment.rollback.is_some() {
            let message = format!("The service deployment is in the state {}.", deployment.status);
            return Err(ApiError { code: "ConflictException", message });
        }
        self.roll_service_deployment_back(arn, "Service deployment was stopped by a user.");
        Ok(())
    }

    /// The ARN of the service deployment that a service is in, or was in last: `currentServiceDeployment`.
    #[must_use]
    pub fn current_service_deployment(&self, service: &str) -> Option<&str> {
        let own = self.native.deployments.iter().rev().find(|deployment| deployment.service == service);
        own.map(|deployment| deployment.arn.as_str())
    }
}

fn found<'a, T>(arns: &[String], find: impl Fn(&str) -> Option<&'a T>) -> Result<(Vec<&'a T>, Vec<String>), ApiError> {
    if arns.len() > PER_CALL {
        let message = format!("at most {PER_CALL} ARNs");
        return Err(ApiError { code: "InvalidParameterException", message });
    }
    let (there, gone): (Vec<_>, Vec<_>) = arns.iter().partition(|arn| find(arn).is_some());
    Ok((there.into_iter().filter_map(|arn| find(arn)).collect(), gone.into_iter().cloned().collect()))
}
