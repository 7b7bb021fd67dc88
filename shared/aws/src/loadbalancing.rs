//! Elastic Load Balancing: target groups, weights, and the health of targets.

use crate::error::PortError;

/// The calls that are used.
pub trait LoadBalancing {
    /// `DescribeTargetGroups` by name. Those that are gone are left out.
    async fn target_groups_by_name(&self, names: &[String]) -> Result<Vec<TargetGroup>, PortError>;

    /// `DescribeTargetGroups` by ARN. Those that are gone are left out.
    async fn target_groups_by_arn(&self, arns: &[String]) -> Result<Vec<TargetGroup>, PortError>;

    /// `DescribeTargetHealth`: every target of a target group.
    async fn target_health(&self, target_group: &str) -> Result<Vec<TargetHealth>, PortError>;

    /// `DescribeRules` by ARN: how a listener rule splits its traffic among target groups. Empty where it is gone.
    async fn rule_weights(&self, rule: &str) -> Result<Vec<Weight>, PortError>;

    /// `DescribeListeners` by ARN: how a listener's default action splits its traffic. Empty where it is gone.
    async fn listener_weights(&self, listener: &str) -> Result<Vec<Weight>, PortError>;
}

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// ARNs of the load balancers that send to it.
    pub load_balancers: Vec<String>,
}

impl TargetGroup {
    /// `targetgroup/name/id`, as CloudWatch names it.
    #[must_use]
    pub fn dimension(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }

    /// `app/name/id` of the Application Load Balancer that sends to it, as CloudWatch names it. None for any other kind,
    /// which counts no requests.
    #[must_use]
    pub fn application_load_balancer(&self) -> Option<&str> {
        let name =
            |arn: &'_ String| -> Option<usize> { arn.find(":loadbalancer/app/").map(|at| at + ":loadbalancer/".len()) };
        self.load_balancers.iter().find_map(|arn| arn.get(name(arn)?..))
    }
}

/// A target with its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    /// Such as `10.0.1.7:8080`.
    pub target: String,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`, as the load balancer writes it.
    pub state: String,
    /// The load balancer's reason and its description; empty where the target is healthy.
    pub why: String,
}

/// The weight of a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its ARN.
    pub target_group: String,
    /// Its weight, relative to the others.
    pub weight: u32,
}
