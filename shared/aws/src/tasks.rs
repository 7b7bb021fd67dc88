//! ECS: tasks, task definitions, and who else there is in the account.

use tidegate_core::prices::Architecture;
use tidegate_core::tags::Tags;

pub use crate::ecs::ContainerImage;
use crate::error::PortError;

/// The calls that are used.
pub trait Tasks {
    /// `ListClusters`: their names, all pages.
    async fn list_clusters(&self) -> Result<Vec<String>, PortError>;

    /// `ListServices` of a cluster: their names, all pages.
    async fn list_services(&self, cluster: &str) -> Result<Vec<String>, PortError>;

    /// `ListTasks` of a cluster that should run: their ARNs, all pages.
    async fn list_tasks(&self, cluster: &str) -> Result<Vec<String>, PortError>;

    /// `DescribeTasks` with tags, at most [`TASKS_PER_CALL`]. Those that are gone are left out.
    async fn describe_tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, PortError>;

    /// `StopTask`, with a reason that `DescribeTasks` shows.
    async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), PortError>;

    /// `ListTaskDefinitions` that are active, the newest first: of one family, or of all. At most `most` ARNs, and whether
    /// there are more.
    async fn list_task_definitions(&self, family: Option<&str>, most: usize) -> Result<(Vec<String>, bool), PortError>;

    /// `DescribeTaskDefinition` with tags: what it is made of.
    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, PortError>;

    /// `DeregisterTaskDefinition`.
    async fn deregister_task_definition(&self, arn: &str) -> Result<(), PortError>;
}

/// The API takes no more.
pub const TASKS_PER_CALL: usize = 100;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// Cluster name.
    pub cluster: String,
    /// `service:name` for tasks of a service, as ECS writes it.
    pub group: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// `RUNNING` and its like, as ECS writes it.
    pub last_status: String,
    /// `RUNNING` or `STOPPED`, as ECS writes it.
    pub desired_status: String,
    /// Its containers' images.
    pub images: Vec<ContainerImage>,
    /// Its `tidegate:` tags.
    pub tags: Tags,
}

impl Task {
    /// Whether it should run on.
    #[must_use]
    pub fn should_run(&self) -> bool {
        self.desired_status == "RUNNING"
    }

    /// Whether a service looks after it.
    #[must_use]
    pub fn is_of_a_service(&self) -> bool {
        self.group.starts_with("service:")
    }
}

/// A task-definition revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDefinition {
    /// Its ARN, with the revision.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Whether it can be used still.
    pub active: bool,
    /// Its containers' images, none of them resolved.
    pub images: Vec<ContainerImage>,
    /// What its tasks run on; None for a word that this version does not know.
    pub architecture: Option<Architecture>,
    /// Its `tidegate:` tags.
    pub tags: Tags,
}
