//! Elastic Load Balancing: target groups, weights, and the health of targets.

use tidegate_aws::error::PortError;
use tidegate_aws::loadbalancing::{LoadBalancing, TargetGroup, TargetHealth, Weight};

use super::refused;
use crate::world::World;
use crate::world::api::ApiError;
use crate::world::api::loadbalancing as simulated;
use crate::world::balancer::Listener;

impl LoadBalancing for World {
    async fn target_groups_by_name(&self, names: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        self.target_groups(names).await
    }

    async fn target_groups_by_arn(&self, arns: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        self.target_groups(arns).await
    }

    async fn target_health(&self, target_group: &str) -> Result<Vec<TargetHealth>, PortError> {
        const OPERATION: &str = "DescribeTargetHealth";
        self.call(OPERATION).await?;
        let found = self.lock().describe_target_health(target_group).map_err(refused(OPERATION))?;
        let target = |found: simulated::TargetHealth| TargetHealth {
            target: format!("{}:{}", found.ip, found.port),
            state: found.state.to_owned(),
            why: if found.reason.is_empty() {
                String::new()
            } else {
                format!("{}: {}", found.reason, found.description)
            },
        };
        Ok(found.into_iter().map(target).collect())
    }

    async fn rule_weights(&self, rule: &str) -> Result<Vec<Weight>, PortError> {
        self.call("DescribeRules").await?;
        Ok(weights(self.lock().describe_rule(rule)))
    }

    async fn listener_weights(&self, listener: &str) -> Result<Vec<Weight>, PortError> {
        self.call("DescribeListeners").await?;
        Ok(weights(self.lock().describe_listener(listener).map(|(listener, _)| listener)))
    }
}

impl World {
    async fn target_groups(&self, wanted: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        self.call("DescribeTargetGroups").await?;
        let account = self.lock();
        // One by one: together, one that is gone would leave nothing of the others.
        let find = |wanted: &String| account.describe_target_groups(std::slice::from_ref(wanted)).ok();
        let group = |(group, balancer): (&crate::world::balancer::TargetGroup, &crate::world::balancer::Balancer)| {
            let (arn, name) = (group.arn.clone(), group.name.clone());
            TargetGroup { arn, name, load_balancers: vec![balancer.arn.clone()] }
        };
        Ok(wanted.iter().filter_map(find).flatten().map(group).collect())
    }
}

fn weights(listener: Result<&Listener, ApiError>) -> Vec<Weight> {
    let weight =
        |(target_group, weight): &(String, u32)| Weight { target_group: target_group.clone(), weight: *weight };
    listener.map_or_else(|_| Vec::new(), |listener| listener.weights.iter().map(weight).collect())
}
