//! ECS: services, their task definitions and their desired counts.
//!
//! - `said`: what it answers of services, and what that is in our words

mod said;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use tidegate_core::prices::{Architecture, Capacity, TaskSize};
use tidegate_core::scaling::facts::{Controller, Deployment, Scheduling, Status};
use tidegate_core::scaling::history::EventHistory;
use tidegate_core::tags::Tags;

use crate::bare;
use crate::error::{Kind, PortError};
#[cfg(any(feature = "service-tasks", feature = "tasks"))]
use crate::pages::{first, page_of};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Ecs {
    /// `DescribeServices` with tags: at most [`SERVICES_PER_CALL`] services of one cluster, by name.
    async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Described, PortError>;

    /// `DescribeTaskDefinition`: the size of its tasks on Fargate for Linux. None for tasks that have none, which run
    /// on instances or Windows.
    async fn describe_task_definition(&self, arn: &str) -> Result<Option<TaskSize>, PortError>;

    /// `UpdateService` with nothing but a desired count.
    async fn update_desired_count(&self, cluster: &str, name: &str, desired: u32) -> Result<(), PortError>;
}

/// The API takes no more.
pub const SERVICES_PER_CALL: usize = 10;

pub(crate) const SERVICE: bare::Service = bare::Service { id: "ECS", host: "ecs", signed_for: "ecs" };

/// What `DescribeServices` found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    /// The services that were found.
    pub services: Vec<Service>,
    /// Names, or ARNs, that were not described, with ECS's reason.
    pub failures: Vec<(String, String)>,
}

/// A service as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub name: String,
    /// Its status.
    pub status: Status,
    /// How its tasks are placed.
    pub scheduling: Scheduling,
    /// Who deploys it.
    pub controller: Controller,
    /// Tasks that it should run.
    pub desired: u32,
    /// Tasks in `RUNNING`.
    pub running: u32,
    /// Tasks on their way there.
    pub pending: u32,
    /// Its deployments.
    pub deployments: Vec<Deployment>,
    /// Its task sets; CodeDeploy and other controllers keep the versions in them.
    pub task_sets: Vec<TaskSet>,
    /// ARN of ECS's own deployment that it is in, or was in last. None under other controllers.
    pub service_deployment: Option<String>,
    /// What its events tell of its task count.
    pub history: EventHistory,
    /// What its events say, the newest first.
    pub messages: Vec<(Timestamp, String)>,
    /// How it is deployed.
    pub settings: ServiceSettings,
    /// Its `tidegate:` tags.
    pub tags: Tags,
    /// The ARN of the task definition that it runs.
    pub task_definition: Option<String>,
    /// The ARNs of all task definitions that its deployments and task sets are of.
    pub task_definitions: Vec<String>,
    /// What its tasks run on.
    pub capacity: Capacity,
    /// The last part of each of its target groups' ARNs.
    pub target_groups: Vec<String>,
}

/// How a service is deployed, as far as it says so itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Tasks that stay up during a rolling deployment, in percent of those that it should run.
    pub minimum_healthy_percent: Option<u32>,
    /// For so many seconds after a task's start ECS ignores failing health checks.
    pub health_check_grace_s: Option<u32>,
    /// Whether its tasks are given public addresses. None where its network does not say.
    pub public_ip: Option<bool>,
    /// Whether ECS rolls back a deployment whose tasks do not start, or whose alarms go into ALARM.
    pub rolls_back: bool,
}

/// A task set of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSet {
    /// ECS's id of it.
    pub id: String,
    /// The deployment that made it, as its controller names it: CodeDeploy's `d-...`.
    pub external_id: Option<String>,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`, as ECS writes it.
    pub status: String,
    /// ARN of its task definition.
    pub task_definition: Option<String>,
    /// ARNs of its target groups.
    pub target_groups: Vec<String>,
}

/// The image of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// The container's name.
    pub container: String,
    /// As the task definition names it; None for containers that AWS adds, such as GuardDuty's agent.
    pub image: Option<String>,
    /// What that came to; None where ECS has not resolved it.
    pub digest: Option<String>,
}

impl Ecs for Aws {
    async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Described, PortError> {
        let question = json!({"cluster": cluster, "services": names, "include": ["TAGS"]});
        let answer: said::Described = self.asks_ecs("DescribeServices", &question).await?;
        let failures = answer.failures.unwrap_or_default().into_iter().map(|failure| {
            let why = [failure.reason, failure.detail].into_iter().flatten().collect::<Vec<_>>().join(": ");
            (failure.arn.unwrap_or_default(), why)
        });
        let services = answer.services.unwrap_or_default().into_iter();
        Ok(Described {
            services: services.map(|service| said::service(cluster, service)).collect(),
            failures: failures.collect(),
        })
    }

    async fn describe_task_definition(&self, arn: &str) -> Result<Option<TaskSize>, PortError> {
        const OPERATION: &str = "DescribeTaskDefinition";
        let answer: Defined = self.asks_ecs(OPERATION, &json!({"taskDefinition": arn})).await?;
        let definition = answer
            .task_definition
            .ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, "it describes no task definition"))?;
        let platform = definition.runtime_platform.as_ref();
        let system = platform.and_then(|platform| platform.operating_system_family.as_deref());
        let linux = system.is_none_or(|system| system == "LINUX");
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let storage = definition.ephemeral_storage.and_then(|storage| storage.size_in_gib);
        let size = |cpu_units, memory_mib, architecture| TaskSize {
            cpu_units,
            memory_mib,
            storage_gib: storage.and_then(|storage| u32::try_from(storage).ok()).unwrap_or(0),
            architecture,
        };
        let known = number(definition.cpu).zip(number(definition.memory)).zip(architecture(platform)).filter(|_| linux);
        Ok(known.map(|((cpu_units, memory_mib), architecture)| size(cpu_units, memory_mib, architecture)))
    }

    async fn update_desired_count(&self, cluster: &str, name: &str, desired: u32) -> Result<(), PortError> {
        const OPERATION: &str = "UpdateService";
        let count = i32::try_from(desired)
            .map_err(|_| PortError::new(OPERATION, Kind::Refused, format!("{desired} is no count of tasks")))?;
        let question = json!({"cluster": cluster, "service": name, "desiredCount": count});
        self.asks_ecs::<IgnoredAny>(OPERATION, &question).await.map(drop)
    }
}

impl Aws {
    /// What ECS says.
    pub(crate) async fn asks_ecs<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        question: &Value,
    ) -> Result<T, PortError> {
        self.ecs.json(operation, ask(operation, question)).await
    }
}

/// What lists of ARNs answer.
#[cfg(any(feature = "service-tasks", feature = "tasks"))]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(alias = "clusterArns", alias = "serviceArns", alias = "taskArns", alias = "taskDefinitionArns")]
    arns: Option<Vec<String>>,
    next_token: Option<String>,
}

/// What `DescribeTasks` answers, of each task as much as `T` looks at.
#[cfg(any(feature = "service-tasks", feature = "tasks"))]
#[derive(Deserialize)]
struct DescribedTasks<T> {
    tasks: Option<Vec<T>>,
    failures: Option<Vec<Failure>>,
}

/// A list of ARNs with more pages than this is not paging but looping.
#[cfg(any(feature = "service-tasks", feature = "tasks"))]
pub(crate) const MOST_PAGES: usize = 500;

#[cfg(any(feature = "service-tasks", feature = "tasks"))]
impl Aws {
    /// ARNs of a list, at most so many, and whether there are more.
    pub(crate) async fn arns(
        &self,
        operation: &'static str,
        most: usize,
        question: &Value,
    ) -> Result<(Vec<String>, bool), PortError> {
        first(operation, MOST_PAGES, most, async |next| {
            let page: Listed = self.asks_ecs(operation, &page_of(question, "nextToken", next)).await?;
            Ok((page.arns.unwrap_or_default(), page.next_token))
        })
        .await
    }

    /// The tasks that are asked about; those that are gone are left out.
    pub(crate) async fn described_tasks<T: DeserializeOwned>(&self, question: &Value) -> Result<Vec<T>, PortError> {
        const OPERATION: &str = "DescribeTasks";
        let answer: DescribedTasks<T> = self.asks_ecs(OPERATION, question).await?;
        match answer.failures.iter().flatten().find(|failure| !failure.is_missing()) {
            Some(failure) => Err(PortError::new(OPERATION, Kind::Refused, failure.said())),
            None => Ok(answer.tasks.unwrap_or_default()),
        }
    }
}

/// A call of ECS.
pub(crate) fn ask(operation: &str, question: &Value) -> bare::Ask {
    bare::Ask::rpc(&format!("AmazonEC2ContainerServiceV20141113.{operation}"), question)
}

/// What `DescribeTaskDefinition` answers, as far as a size goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Defined {
    task_definition: Option<DefinitionSize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefinitionSize {
    cpu: Option<String>,
    memory: Option<String>,
    ephemeral_storage: Option<EphemeralStorage>,
    runtime_platform: Option<RuntimePlatform>,
}

#[derive(Deserialize)]
struct EphemeralStorage {
    #[serde(rename = "sizeInGiB")]
    size_in_gib: Option<i64>,
}

/// What tasks run on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuntimePlatform {
    pub(crate) cpu_architecture: Option<String>,
    operating_system_family: Option<String>,
}

/// What tasks run on; None for a word that this version does not know.
pub(crate) fn architecture(platform: Option<&RuntimePlatform>) -> Option<Architecture> {
    match platform.and_then(|platform| platform.cpu_architecture.as_deref()) {
        None | Some("X86_64") => Some(Architecture::X86_64),
        Some("ARM64") => Some(Architecture::Arm64),
        Some(_) => None,
    }
}

/// How tasks are placed, in ECS's word.
pub(crate) fn scheduling(word: Option<&str>) -> Scheduling {
    match word {
        None | Some("REPLICA") => Scheduling::Replica,
        Some("DAEMON") => Scheduling::Daemon,
        Some(_) => Scheduling::Unknown,
    }
}

/// Who deploys a service.
#[derive(Deserialize)]
pub(crate) struct DeploymentController {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The same in our words.
pub(crate) fn controller(found: Option<&DeploymentController>) -> Controller {
    match found.and_then(|controller| controller.kind.as_deref()) {
        None | Some("ECS") => Controller::Ecs,
        Some("CODE_DEPLOY") => Controller::CodeDeploy,
        Some("EXTERNAL") => Controller::External,
        Some(_) => Controller::Unknown,
    }
}

/// A tag.
#[derive(Deserialize)]
pub(crate) struct Tag {
    key: Option<String>,
    value: Option<String>,
}

/// The `tidegate:` tags among a resource's.
pub(crate) fn tags(tags: Option<Vec<Tag>>) -> Tags {
    let tags = tags.unwrap_or_default().into_iter();
    Tags::new(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
}

/// What could not be described.
#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) arn: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) detail: Option<String>,
}

#[cfg(any(feature = "deployments", feature = "operator", feature = "service-tasks", feature = "tasks"))]
#[allow(dead_code, reason = "not everybody tells all of it")]
impl Failure {
    /// Whether it is not there, and no more than that.
    pub(crate) fn is_missing(&self) -> bool {
        self.reason.as_deref() == Some("MISSING")
    }

    /// All that it says.
    pub(crate) fn said(&self) -> String {
        let said = [&self.arn, &self.reason, &self.detail].into_iter().flatten().map(String::as_str);
        said.collect::<Vec<_>>().join(": ")
    }
}

#[cfg(test)]
mod tests;
