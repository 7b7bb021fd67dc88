//! ECS: services, and the functions that their deployments call.

use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_core::scaling::facts::{Controller, Scheduling};
use tidegate_core::tags::Tags;

use crate::ecs::{DeploymentController, Failure, Tag, controller, scheduling, tags};
use crate::error::PortError;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Wirings {
    /// `DescribeServices` with tags, at most [`SERVICES_PER_CALL`] of one cluster, by name.
    async fn wirings(&self, cluster: &str, names: &[String]) -> Result<Wired, PortError>;
}

/// The API takes no more.
pub const SERVICES_PER_CALL: usize = 10;

/// What `DescribeServices` found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wired {
    /// The services.
    pub services: Vec<Wiring>,
    /// Names, or ARNs, that were not described for any other reason than that they are gone, with ECS's reason.
    pub failures: Vec<(String, String)>,
}

/// How a service is wired.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub name: String,
    /// Whether it is `ACTIVE`, and not on its way out.
    pub active: bool,
    /// How its tasks are placed.
    pub scheduling: Scheduling,
    /// Who deploys it.
    pub controller: Controller,
    /// Whether a load balancer sends it requests.
    pub balanced: bool,
    /// Whether one of ECS's own deployments of it is under way.
    pub deploying: bool,
    /// Its `tidegate:` tags.
    pub tags: Tags,
    /// The functions that ECS's own deployments call.
    pub hooks: Vec<LifecycleHook>,
    /// How it is deployed, as ECS writes it and `UpdateService` takes it.
    pub configuration: Value,
}

/// A function that ECS's own deployments call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleHook {
    /// ARN of the function.
    pub target: String,
    /// ARN of the role that ECS calls it with.
    pub role: Option<String>,
    /// The stages at which it is called, as ECS writes them.
    pub stages: Vec<String>,
}

#[derive(Deserialize)]
struct Described {
    services: Option<Vec<Service>>,
    failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    #[serde(rename = "serviceName")]
    name: Option<String>,
    status: Option<String>,
    scheduling_strategy: Option<String>,
    deployment_controller: Option<DeploymentController>,
    deployment_configuration: Option<Value>,
    #[serde(default)]
    load_balancers: Option<Vec<serde::de::IgnoredAny>>,
    task_sets: Option<Vec<TaskSet>>,
    deployments: Option<Vec<Deployment>>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskSet {
    load_balancers: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    rollout_state: Option<String>,
}

impl Wirings for Aws {
    async fn wirings(&self, cluster: &str, names: &[String]) -> Result<Wired, PortError> {
        let question = json!({"cluster": cluster, "services": names, "include": ["TAGS"]});
        let found: Described = self.asks_ecs("DescribeServices", &question).await?;
        let failures = found.failures.unwrap_or_default().into_iter().filter(|failure| !failure.is_missing());
        let why = |failure: Failure| (failure.arn.unwrap_or_default(), failure.reason.unwrap_or_default());
        let failures = failures.map(why).collect();
        let services = found.services.unwrap_or_default().into_iter();
        Ok(Wired { services: services.map(|service| wiring(cluster, service)).collect(), failures })
    }
}

fn wiring(cluster: &str, service: Service) -> Wiring {
    let sets = service.task_sets.unwrap_or_default();
    let of_sets = sets.into_iter().flat_map(|set| set.load_balancers.unwrap_or_default()).count();
    let configuration = service.deployment_configuration.unwrap_or_default();
    Wiring {
        cluster: cluster.to_owned(),
        name: service.name.unwrap_or_default(),
        active: service.status.as_deref() == Some("ACTIVE"),
        scheduling: scheduling(service.scheduling_strategy.as_deref()),
        controller: controller(service.deployment_controller.as_ref()),
        balanced: of_sets + service.load_balancers.map_or(0, |own| own.len()) > 0,
        deploying: service
            .deployments
            .is_some_and(|all| all.iter().any(|one| one.rollout_state.as_deref() == Some("IN_PROGRESS"))),
        tags: tags(service.tags),
        hooks: lifecycle_hooks(&configuration),
        configuration,
    }
}

/// The functions that a deployment configuration names.
#[must_use]
pub fn lifecycle_hooks(configuration: &Value) -> Vec<LifecycleHook> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let hooks = configuration["lifecycleHooks"].as_array().into_iter().flatten();
    hooks
        .filter_map(|hook| {
            Some(LifecycleHook {
                target: text(&hook["hookTargetArn"])?,
                role: text(&hook["roleArn"]),
                stages: hook["lifecycleStages"].as_array().into_iter().flatten().filter_map(text).collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;
    use crate::error::Kind;

    #[tokio::test]
    async fn services_are_read_with_the_functions_that_their_deployments_call() {
        let body = r#"{"services": [
            {"serviceName": "shop", "status": "ACTIVE", "loadBalancers": [{}], "tags": [{"key": "tidegate:hook", "value": "on"}, {"key": "a"}],
             "deployments": [{"rolloutState": "IN_PROGRESS"}],
             "deploymentConfiguration": {"strategy": "CANARY", "lifecycleHooks": [
               {"hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:gate", "roleArn": "arn:aws:iam::1:role/r", "lifecycleStages": ["PRE_SCALE_UP", "SOMETHING_NEW"]}, {}]}},
            {"serviceName": "jobs", "status": "DRAINING", "schedulingStrategy": "DAEMON", "deploymentController": {"type": "CODE_DEPLOY"},
             "loadBalancers": [], "taskSets": [{"loadBalancers": [{}]}]}],
            "failures": [{"arn": "a", "reason": "MISSING"}, {"arn": "b", "reason": "ACCESS"}]}"#;
        let (aws, canned) = Canned::aws([(200, body)]).await;
        let found = aws.wirings("live", &["shop".to_owned(), "jobs".to_owned()]).await.expect("services");
        let [shop, jobs] = found.services.as_slice() else { panic!("two services") };
        assert_eq!((shop.active, shop.balanced, shop.deploying, shop.tags.get("hook")), (true, true, true, Some("on")));
        assert_eq!(shop.hooks[0].stages, ["PRE_SCALE_UP", "SOMETHING_NEW"]);
        assert_eq!((shop.hooks.len(), shop.hooks[0].role.as_deref()), (1, Some("arn:aws:iam::1:role/r")));
        assert_eq!(shop.configuration["strategy"], "CANARY");
        assert_eq!((jobs.active, jobs.balanced, jobs.deploying), (false, true, false));
        assert_eq!((jobs.controller, jobs.scheduling), (Controller::CodeDeploy, Scheduling::Daemon));
        assert_eq!(found.failures, [("b".to_owned(), "ACCESS".to_owned())]);
        let asked = &canned.asked()[0];
        assert_eq!(asked.headers["x-amz-target"], "AmazonEC2ContainerServiceV20141113.DescribeServices");
        assert_eq!(asked.body, r#"{"cluster":"live","include":["TAGS"],"services":["shop","jobs"]}"#);
    }

    #[tokio::test]
    async fn who_may_not_look_is_told() {
        let (aws, _) = Canned::aws([(400, r#"{"__type": "AccessDeniedException"}"#)]).await;
        assert_eq!(aws.wirings("live", &[]).await.map_err(|error| error.kind), Err(Kind::Denied));
    }
}
