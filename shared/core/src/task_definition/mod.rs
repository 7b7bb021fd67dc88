//! A task definition, as far as anybody looks at it.
//!
//! The shape is that of `aws ecs describe-task-definition` and of the file for `register-task-definition`: camelCase, and
//! whatever is not looked at is skipped. A field may be missing or null.
//!
//! - [`looks`]: what a text looks like, by which secrets are found
//! - [`redact`]: the same without anything that could be a secret
//! - [`size`]: CPU and memory as numbers
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>

pub mod looks;
pub mod redact;
pub mod size;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::defaults::{is_default, or_default};

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

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// As it is pulled.
    #[serde(deserialize_with = "or_default")]
    pub image: String,
    /// Whether the task ends with it; true where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub essential: Option<bool>,
    /// Hard limit in MiB; 0 and absent are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// Soft limit in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<u32>,
    /// CPU units; 0 and absent are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u32>,
    /// Whether it has the instance's own rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whom it runs as: `user`, `user:group`, `uid`, `uid:gid`; absent for the image's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it can't write to its own file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// Its environment, in the clear.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub environment: Vec<Variable>,
    /// Its secrets, by reference.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub secrets: Vec<Secret>,
    /// How many files of variables it reads from S3.
    #[serde(deserialize_with = "count", skip_serializing_if = "is_default")]
    pub environment_files: usize,
    /// Where its output goes; absent for nowhere that can be read later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// Set where it routes the logs of the others.
    #[serde(deserialize_with = "is_there", skip_serializing_if = "is_default")]
    pub firelens_configuration: bool,
    /// What is asked of Linux.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub linux_parameters: LinuxParameters,
    /// How ECS finds out whether it is well; absent where it does not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Volumes that are mounted.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub mount_points: Vec<MountPoint>,
    /// Its ports.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub port_mappings: Vec<PortMapping>,
    /// GPUs and accelerators.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub resource_requirements: Vec<ResourceRequirement>,
    /// Credentials of a private registry; set where there are any.
    #[serde(deserialize_with = "is_there", skip_serializing_if = "is_default")]
    pub repository_credentials: bool,
    /// What it runs.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub command: Vec<String>,
    /// What runs that.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub entry_point: Vec<String>,
    /// Labels for Docker.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub docker_labels: BTreeMap<String, String>,
    /// Options for `SELinux` and its like.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub docker_security_options: Vec<String>,
    /// Other containers that it reaches by name.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub links: Vec<String>,
    /// Name servers of its own.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub dns_servers: Vec<String>,
    /// Domains that names are completed with.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub dns_search_domains: Vec<String>,
    /// How many hosts are named beside DNS.
    #[serde(deserialize_with = "count", skip_serializing_if = "is_default")]
    pub extra_hosts: usize,
    /// Whether it has no network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_networking: Option<bool>,
}

/// A variable in the clear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Variable {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its value; facts that are logged have a word for it in its place.
    #[serde(deserialize_with = "or_default")]
    pub value: String,
}

/// A secret by reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Secret {
    /// The variable's name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// ARN of a secret or a parameter, or a parameter's name.
    #[serde(deserialize_with = "or_default")]
    pub value_from: String,
}

/// Where output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogConfiguration {
    /// `awslogs`, `awsfirelens`, `splunk` and their like; empty for none.
    #[serde(deserialize_with = "or_default")]
    pub log_driver: String,
    /// Options of the driver, such as `awslogs-group`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub options: BTreeMap<String, String>,
    /// Options that are secrets.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub secret_options: Vec<Secret>,
}

/// What is asked of Linux.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinuxParameters {
    /// Capabilities.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub capabilities: Capabilities,
    /// How many devices of the instance it is given.
    #[serde(deserialize_with = "count", skip_serializing_if = "is_default")]
    pub devices: usize,
    /// Swap in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_swap: Option<i64>,
    /// How eagerly memory is swapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swappiness: Option<i64>,
    /// `/dev/shm` in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_memory_size: Option<i64>,
    /// How many file systems in memory it is given.
    #[serde(deserialize_with = "count", skip_serializing_if = "is_default")]
    pub tmpfs: usize,
}

/// Linux capabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Those beyond Docker's own.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub add: Vec<String>,
    /// Those that are taken away.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub drop: Vec<String>,
}

/// How ECS finds out whether a container is well. Seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HealthCheck {
    /// What is run.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub command: Vec<String>,
    /// Between two checks; 30 where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// Failures in a row that make it unhealthy; 3 where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// From its start on, failures do not count for so long; 0 where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period: Option<u32>,
}

/// A volume that is mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MountPoint {
    /// The volume's name.
    #[serde(deserialize_with = "or_default")]
    pub source_volume: String,
    /// Where.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub container_path: String,
    /// Whether it can't be written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// A port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PortMapping {
    /// The container's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<u16>,
    /// The instance's; with `awsvpc` it can be no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
}

/// A GPU, or an accelerator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceRequirement {
    /// `GPU` or `InferenceAccelerator`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// How many, or which.
    #[serde(deserialize_with = "or_default")]
    pub value: String,
}

/// A number is taken for its digits: files say `256` and `"256"`.
fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Whole(u64),
        Fraction(f64),
    }
    Ok(Option::deserialize(from)?.map(|word| match word {
        Word::Text(text) => text,
        Word::Whole(number) => number.to_string(),
        Word::Fraction(number) => number.to_string(),
    }))
}

/// A list of which only its length is looked at; a count, as records have it, stays one.
fn count<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Count(usize),
        Items(Vec<serde::de::IgnoredAny>),
    }
    Ok(match Option::deserialize(from)? {
        None => 0,
        Some(Listed::Count(count)) => count,
        Some(Listed::Items(items)) => items.len(),
    })
}

/// Something of which only matters whether it is there; a flag, as records have it, stays one.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum There {
        Flag(bool),
        Anything(serde::de::IgnoredAny),
    }
    Ok(match Option::deserialize(from)? {
        None => false,
        Some(There::Flag(flag)) => flag,
        Some(There::Anything(_)) => true,
    })
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
