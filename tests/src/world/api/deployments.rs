//! The calls of ECS's API that are about its own deployments.

use jiff::Timestamp;

use super::ApiError;
use crate::world::definitions::ContainerImage;
use crate::world::native::{ServiceDeployment, ServiceRevision};
use crate::world::service::Service;
use crate::world::{ACCOUNT, Account, REGION};

/// A service deployment that was successful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successful {
    /// Its ARN.
    pub arn: String,
    /// ARN of the revision that it brought.
    pub revision: String,
    /// When it was created.
    pub created: Timestamp,
}

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

    /// `ListServiceDeployments` of a service that were successful, the newest first. The first one brought what the service
    /// was running when the world began.
    ///
    /// # Errors
    /// Where there is no such service.
    pub fn list_successful_deployments(&self, service: &str) -> Result<Vec<Successful>, ApiError> {
        let message = "Service not found.".to_owned();
        let found = self.services.iter().find(|own| own.id() == service && !own.deleted);
        let created = found.ok_or(ApiError { code: "ServiceNotFoundException", message })?.created;
        let all = || self.native.deployments.iter().rev().filter(|own| own.service == service);
        let successful = |own: &ServiceDeployment| Successful {
            arn: own.arn.clone(),
            revision: own.target.clone(),
            created: own.created,
        };
        let mut found: Vec<_> = all().filter(|own| own.status == "SUCCESSFUL").map(successful).collect();
        let brought = |revision: &&ServiceRevision| all().any(|own| own.target == revision.arn);
        let mut revisions = self.native.revisions.iter().filter(|own| own.service == service);
        // A service that a load balancer was put before has had its revisions made for that.
        let balanced = self.balancers.iter().any(|balancer| balancer.service == service);
        let first = revisions.find(|own| !brought(own) && (!balanced || !own.target_groups.is_empty()));
        found.extend(first.map(|first| Successful {
            arn: format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service-deployment/{service}/{:021}", 0),
            revision: first.arn.clone(),
            created,
        }));
        Ok(found)
    }

    /// The ARNs of the task definitions of a service's deployments, in the order in which it has them.
    #[must_use]
    pub fn deployed_definitions(&self, service: &Service) -> Vec<String> {
        let current = service.task_definition();
        let own = |own: &&ServiceDeployment| own.service == service.id() && own.in_progress();
        let revisions = self.native.deployments.iter().find(own).into_iter();
        let revisions = revisions.flat_map(|own| own.sources.iter().chain([&own.target]));
        let definitions = revisions.filter_map(|id| self.workloads.get(id)).map(|own| own.task_definition.clone());
        let others: Vec<String> = definitions.filter(|own| *own != current).collect();
        let nth = |nth: usize| if nth == 0 { None } else { others.get(nth - 1) };
        (0..service.deployments.len()).map(|own| nth(own).unwrap_or(&current).clone()).collect()
    }

    /// The images of a service revision, as far as ECS has resolved them.
    #[must_use]
    pub fn images_of(&self, revision: &ServiceRevision) -> Vec<ContainerImage> {
        let images = self.workloads.get(&revision.arn).map(|own| own.images.clone()).unwrap_or_default();
        let hides = self.native.hides_digests;
        let shown = |own: ContainerImage| ContainerImage { digest: own.digest.filter(|_| !hides), ..own };
        images.into_iter().map(shown).collect()
    }

    /// The ARN of the task definition of a service revision.
    #[must_use]
    pub fn definition_of_revision(&self, revision: &ServiceRevision) -> Option<&str> {
        self.workloads.get(&revision.arn).map(|own| &*own.task_definition)
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

    /// Whether ECS rolls back what fails of a service: by its circuit breaker, or by the alarms of its deployments.
    #[must_use]
    pub fn rolls_back(&self, service: &Service) -> bool {
        let configuration = self.native.configurations.get(&service.id());
        configuration.is_some_and(|own| own.circuit_breaker || !own.alarms.is_empty())
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
