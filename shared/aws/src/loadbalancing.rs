//! Elastic Load Balancing: target groups, weights, and the health of targets.

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, TargetHealthDescription};

use crate::batch::those_there;
use crate::error::{PortError, unless_gone};
use crate::sdk::Aws;

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

/// `DescribeTargetGroups` takes no more, as its errors say and its documentation does not.
const TARGET_GROUPS_PER_CALL: usize = 20;

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
        let mut names = self.load_balancers.iter().filter_map(|arn| Some(arn.split_once(":loadbalancer/")?.1));
        names.find(|name| name.starts_with("app/"))
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

impl LoadBalancing for Aws {
    async fn target_groups_by_name(&self, names: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        let ask = async |names: &[String]| {
            let call = self.elb.describe_target_groups().set_names(Some(names.to_vec()));
            let answer = call.send().await.map_err(PortError::of("DescribeTargetGroups"))?;
            Ok(answer.target_groups.unwrap_or_default().into_iter().filter_map(target_group).collect())
        };
        those_there(names, TARGET_GROUPS_PER_CALL, ask).await
    }

    async fn target_groups_by_arn(&self, arns: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        let ask = async |arns: &[String]| {
            let call = self.elb.describe_target_groups().set_target_group_arns(Some(arns.to_vec()));
            let answer = call.send().await.map_err(PortError::of("DescribeTargetGroups"))?;
            Ok(answer.target_groups.unwrap_or_default().into_iter().filter_map(target_group).collect())
        };
        those_there(arns, TARGET_GROUPS_PER_CALL, ask).await
    }

    async fn target_health(&self, target_group: &str) -> Result<Vec<TargetHealth>, PortError> {
        let call = self.elb.describe_target_health().target_group_arn(target_group);
        let answer = call.send().await.map_err(PortError::of("DescribeTargetHealth"))?;
        Ok(answer.target_health_descriptions.unwrap_or_default().into_iter().map(target_health).collect())
    }

    async fn rule_weights(&self, rule: &str) -> Result<Vec<Weight>, PortError> {
        let answer = self.elb.describe_rules().rule_arns(rule).send().await.map_err(PortError::of("DescribeRules"));
        let rules = unless_gone(answer)?.and_then(|answer| answer.rules).unwrap_or_default();
        Ok(weights(rules.into_iter().filter_map(|rule| rule.actions)))
    }

    async fn listener_weights(&self, listener: &str) -> Result<Vec<Weight>, PortError> {
        let call = self.elb.describe_listeners().listener_arns(listener);
        let answer = call.send().await.map_err(PortError::of("DescribeListeners"));
        let listeners = unless_gone(answer)?.and_then(|answer| answer.listeners).unwrap_or_default();
        Ok(weights(listeners.into_iter().filter_map(|listener| listener.default_actions)))
    }
}

fn target_group(found: aws_sdk_elasticloadbalancingv2::types::TargetGroup) -> Option<TargetGroup> {
    Some(TargetGroup {
        arn: found.target_group_arn?,
        name: found.target_group_name.unwrap_or_default(),
        load_balancers: found.load_balancer_arns.unwrap_or_default(),
    })
}

fn target_health(found: TargetHealthDescription) -> TargetHealth {
    let target = found.target.map_or_else(String::new, |target| {
        let id = target.id.unwrap_or_default();
        target.port.map_or_else(|| id.clone(), |port| format!("{id}:{port}"))
    });
    let (state, reason, description) = found.target_health.map_or((None, None, None), |health| {
        (health.state, health.reason.map(|reason| reason.as_str().to_owned()), health.description)
    });
    TargetHealth {
        target,
        state: state.map_or_else(String::new, |state| state.as_str().to_owned()),
        why: [reason, description].into_iter().flatten().collect::<Vec<_>>().join(": "),
    }
}

/// What the forwarding ones among the actions say. A forward to one target group may leave the weights out.
fn weights(actions: impl Iterator<Item = Vec<Action>>) -> Vec<Weight> {
    let forwards = actions.flatten().filter(|action| action.r#type == Some(ActionTypeEnum::Forward));
    let split = forwards.flat_map(|action| {
        let listed = action.forward_config.and_then(|config| config.target_groups).unwrap_or_default();
        let alone = action.target_group_arn.filter(|_| listed.is_empty()).map(|arn| (Some(arn), None));
        listed.into_iter().map(|group| (group.target_group_arn, group.weight)).chain(alone).collect::<Vec<_>>()
    });
    let weight = |weight: Option<i32>| weight.map_or(1, |weight| u32::try_from(weight).unwrap_or(0));
    split.filter_map(|(arn, relative)| Some(Weight { target_group: arn?, weight: weight(relative) })).collect()
}
