//! A task definition, as far as anybody looks at it.
//!
//! The shape is that of `aws ecs describe-task-definition` and of the file for `register-task-definition`: camelCase, and
//! whatever is not looked at is skipped. A field may be missing or null.
//!
//! - [`container`]: a container, and what it is made of
//! - `lenient`: fields that are written in more than one way
//! - [`looks`]: what a text looks like, by which secrets are found
//! - [`redact`]: the same without anything that could be a secret
//! - [`size`]: CPU and memory as numbers
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>

pub mod container;
mod lenient;
pub mod looks;
pub mod redact;
pub mod size;

pub use container::{
    Capabilities, Container, HealthCheck, LinuxParameters, LogConfiguration, MountPoint, PortMapping,
    ResourceRequirement, Secret, Variable,
};

use serde::{Deserialize, Deserializer, Serialize};

use crate::defaults::{is_default, or_default};

use lenient::{count, is_there, word};

/// A task definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskDefinition {
    /// Its ARN, with the revision; empty before it is registered.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub task_definition_arn: String,
    /// Its family.
    #[serde(deserialize_with = "or_default")]
    pub family: String,
    /// `awsvpc`, `bridge`, `host` or `none`, as ECS writes it; empty for the default.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub network_mode: String,
    /// `host` or `task`; empty for the default.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub pid_mode: String,
    /// `host`, `task` or `none`; empty for the default.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub ipc_mode: String,
    /// CPU units, or vCPU, in the words of whoever wrote it: `1024`, `1 vCPU`. Absent where the task has no size.
    #[serde(deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// MiB, or GB, in the words of whoever wrote it: `2048`, `2 GB`. Absent where the task has no size.
    #[serde(deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// `FARGATE`, `EC2`, `EXTERNAL`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub requires_compatibilities: Vec<String>,
    /// What its tasks run on.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub runtime_platform: RuntimePlatform,
    /// The role that ECS pulls images, reads secrets and writes logs with; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// The role of the containers themselves; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// Its volumes.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub volumes: Vec<Volume>,
    /// How many placement constraints it has; Fargate takes none.
    #[serde(deserialize_with = "count", skip_serializing_if = "is_default")]
    pub placement_constraints: usize,
    /// Its proxy, such as App Mesh's Envoy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_configuration: Option<ProxyConfiguration>,
    /// Its containers.
    #[serde(deserialize_with = "or_default")]
    pub container_definitions: Vec<Container>,
}

/// A task definition out of what `aws ecs describe-task-definition` prints, or of the file for `register-task-definition`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    /// The task definition.
    pub task_definition: TaskDefinition,
}

impl<'de> Deserialize<'de> for Described {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Either {
            task_definition: Option<TaskDefinition>,
            #[serde(flatten)]
            whole: TaskDefinition,
        }
        let Either { task_definition, whole } = Either::deserialize(from)?;
        Ok(Self { task_definition: task_definition.unwrap_or(whole) })
    }
}

/// What tasks run on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RuntimePlatform {
    /// `X86_64` or `ARM64`; empty where it is not said, which is `X86_64` on Fargate.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub cpu_architecture: String,
    /// `LINUX`, `WINDOWS_SERVER_2022_CORE` and their like; empty for Linux.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub operating_system_family: String,
}

/// A proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfiguration {
    /// `APPMESH`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default", rename = "type")]
    pub kind: String,
    /// The container that it is.
    #[serde(deserialize_with = "or_default")]
    pub container_name: String,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// A path of the instance; absent where it is none. An empty one lets Docker choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostPath>,
    /// An EFS file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<Efs>,
    /// Set where Docker has a driver for it; what it asks for is not looked at.
    #[serde(deserialize_with = "is_there", skip_serializing_if = "is_default")]
    pub docker_volume_configuration: bool,
}

/// A path of the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostPath {
    /// The path; absent where Docker chooses one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// An EFS file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Efs {
    /// Its id.
    #[serde(deserialize_with = "or_default")]
    pub file_system_id: String,
    /// `ENABLED` or `DISABLED`; empty for disabled.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub transit_encryption: String,
}

impl TaskDefinition {
    /// Whether its tasks are meant for Fargate.
    #[must_use]
    pub fn is_for_fargate(&self) -> bool {
        self.requires_compatibilities.iter().any(|word| word == "FARGATE")
    }

    /// Whether its tasks can run nowhere but on Fargate.
    #[must_use]
    pub fn is_for_fargate_alone(&self) -> bool {
        self.is_for_fargate() && self.requires_compatibilities.iter().all(|word| word == "FARGATE")
    }

    /// Whether its tasks run on Windows.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        self.runtime_platform.operating_system_family.starts_with("WINDOWS")
    }

    /// `family:revision`, or the family before it is registered.
    #[must_use]
    pub fn name(&self) -> &str {
        self.task_definition_arn.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(&self.family)
    }

    /// What keeps it from being one, as with a file that is something else: empty where nothing does.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.family.is_empty() && self.task_definition_arn.is_empty() {
            faults.push("it has no family".to_owned());
        }
        if self.container_definitions.is_empty() {
            faults.push("it has no containerDefinitions".to_owned());
        }
        for (container, at) in self.container_definitions.iter().zip(0..) {
            match (container.name.as_str(), container.image.as_str()) {
                ("", _) => faults.push(format!("containerDefinitions[{at}] has no name")),
                (name, "") => faults.push(format!("the container {name} has no image")),
                _ => {}
            }
            let same = |own: &&Container| own.name == container.name && !container.name.is_empty();
            if self.container_definitions.iter().take(at).any(|own| same(&own)) {
                faults.push(format!("two containers are named {}", container.name));
            }
        }
        faults
    }
}
