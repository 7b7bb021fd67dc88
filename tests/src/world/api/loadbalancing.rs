//! The calls of Elastic Load Balancing's API, and the task sets of a service, which are behind its target groups.

use super::ApiError;
use crate::world::Account;
use crate::world::balancer::{Balancer, Listener, TargetGroup};
use crate::world::service::Service;

/// A target with its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    /// Address.
    pub ip: String,
    /// Port.
    pub port: u16,
    /// `healthy`, `unhealthy` or `initial`.
    pub state: &'static str,
    /// Such as `Target.ResponseCodeMismatch`; empty for a healthy one.
    pub reason: &'static str,
    /// For people; empty for a healthy one.
    pub description: &'static str,
}

/// A task set of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSet {
    /// `ecs-svc/...`.
    pub id: String,
    /// The deployment that made it.
    pub external_id: Option<String>,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: String,
    /// ARN of its target group.
    pub target_group: Option<String>,
    /// ARN of its task definition.
    pub task_definition: String,
}

impl Account {
    /// `DescribeTargetGroups` by ARN or by name, each with its load balancer.
    ///
    /// # Errors
    /// Where one of them does not exist.
    pub fn describe_target_groups(&self, wanted: &[String]) -> Result<Vec<(&TargetGroup, &Balancer)>, ApiError> {
        let groups = || self.balancers.iter().flat_map(|b| b.groups.iter().map(move |group| (group, b)));
        let find = |wanted: &String| groups().find(|(group, _)| group.arn == *wanted || group.name == *wanted);
        let missing = "One or more target groups not found".to_owned();
        let found: Option<Vec<_>> = wanted.iter().map(find).collect();
        found.ok_or(ApiError { code: "TargetGroupNotFound", message: missing })
    }

    /// `DescribeTargetHealth`.
    ///
    /// # Errors
    /// Where there is no such target group.
    pub fn describe_target_health(&self, arn: &str) -> Result<Vec<TargetHealth>, ApiError> {
        let groups = self.describe_target_groups(&[arn.to_owned()])?;
        let mut targets = Vec::new();
        for running in groups.iter().flat_map(|(group, _)| &group.running) {
            let seen = running.seen(self.now);
            for task in 0..seen.healthy + seen.unhealthy + seen.initial {
                let (state, reason, description) = if task < seen.unhealthy {
                    ("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
                } else if task < seen.unhealthy + seen.initial {
                    ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
                } else {
                    ("healthy", "", "")
                };
                let number = targets.len() + 4;
                let ip = format!("10.0.{}.{}", 1 + number / 250, number % 250);
                targets.push(TargetHealth { ip, port: 8080, state, reason, description });
            }
        }
        Ok(targets)
    }

    /// `DescribeLoadBalancers` by ARN.
    ///
    /// # Errors
    /// Where there is none.
    pub fn describe_load_balancer(&self, arn: &str) -> Result<&Balancer, ApiError> {
        let message = format!("Load balancers '[{arn}]' not found");
        let found = self.balancers.iter().find(|own| own.arn == arn);
        found.ok_or(ApiError { code: "LoadBalancerNotFound", message })
    }

    /// `DescribeListeners` by ARN, with the load balancer that it is of.
    ///
    /// # Errors
    /// Where there is none.
    pub fn describe_listener(&self, arn: &str) -> Result<(&Listener, &Balancer), ApiError> {
        let message = "One or more listeners not found".to_owned();
        let all = self.balancers.iter().flat_map(|own| own.listeners().map(move |listener| (listener, own)));
        all.into_iter().find(|(own, _)| own.arn == arn).ok_or(ApiError { code: "ListenerNotFound", message })
    }

    /// `DescribeRules` by ARN: the listener that the rule is of, which forwards alike.
    ///
    /// # Errors
    /// Where there is none.
    pub fn describe_rule(&self, arn: &str) -> Result<&Listener, ApiError> {
        let message = "One or more rules not found".to_owned();
        let mut all = self.balancers.iter().flat_map(Balancer::listeners);
        all.find(|own| own.rule == arn).ok_or(ApiError { code: "RuleNotFound", message })
    }

    /// The task sets of a service, part of `DescribeServices`.
    #[must_use]
    pub fn task_sets(&self, service: &Service) -> Vec<TaskSet> {
        let status = |number| if number == 0 { "PRIMARY" } else { "ACTIVE" }.to_owned();
        let plain = |number| TaskSet {
            id: format!("ecs-svc/{number}"),
            external_id: None,
            status: status(number),
            target_group: None,
            task_definition: service.task_definition(),
        };
        let balancer = self.balancers.iter().find(|own| own.service == service.id());
        let balancer = balancer.filter(|_| service.controller == "CODE_DEPLOY");
        let Some(balancer) = balancer else { return (0..service.task_sets).map(plain).collect() };
        let running = balancer.groups.iter().flat_map(|group| group.running.iter().map(move |own| (group, own)));
        let own = |id: &str| self.workloads.get(id).map(|workload| workload.task_definition.clone());
        let definition = |id: &str| own(id).unwrap_or_else(|| service.task_definition());
        let task_set = |(group, running): (&TargetGroup, &crate::world::balancer::Running)| TaskSet {
            id: running.id.clone(),
            external_id: running.external_id.clone(),
            status: running.status.to_owned(),
            target_group: Some(group.arn.clone()),
            task_definition: definition(&running.id),
        };
        running.map(task_set).collect()
    }

    /// `targetgroup/name/id` of each target group of a service.
    #[must_use]
    pub fn target_groups_of(&self, service: &Service) -> Vec<String> {
        let balancer = self.balancers.iter().find(|own| own.service == service.id());
        let behind = balancer.into_iter().flat_map(|own| own.groups.iter().map(|group| group.dimension().to_owned()));
        service.target_group.iter().cloned().chain(behind).collect()
    }
}
