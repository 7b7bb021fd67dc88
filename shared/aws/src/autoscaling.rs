//! Application Auto Scaling: who else owns a count.

use std::collections::BTreeMap;

use tidegate_core::scaling::facts::ScalableTarget;

use crate::error::PortError;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Autoscaling {
    /// `DescribeScalableTargets`: those of at most [`TARGETS_PER_CALL`] services, by resource id
    /// (`service/cluster/name`). A service without one is left out.
    async fn describe_scalable_targets(
        &self,
        resource_ids: &[String],
    ) -> Result<BTreeMap<String, ScalableTarget>, PortError>;
}

/// The API takes no more.
pub const TARGETS_PER_CALL: usize = 50;

impl Autoscaling for Aws {
    async fn describe_scalable_targets(
        &self,
        resource_ids: &[String],
    ) -> Result<BTreeMap<String, ScalableTarget>, PortError> {
        use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
        let mut targets = BTreeMap::new();
        let mut next = None;
        loop {
            let answer = self
                .autoscaling
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::Ecs)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .set_resource_ids(Some(resource_ids.to_vec()))
                .set_next_token(next)
                .send()
                .await
                .map_err(PortError::of("DescribeScalableTargets"))?;
            for target in answer.scalable_targets.unwrap_or_default() {
                let bound = |value: i32| u32::try_from(value).unwrap_or(0);
                let owned = ScalableTarget { min: bound(target.min_capacity), max: bound(target.max_capacity) };
                targets.insert(target.resource_id, owned);
            }
            next = answer.next_token;
            if next.is_none() {
                return Ok(targets);
            }
        }
    }
}
