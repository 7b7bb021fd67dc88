//! A container of a task definition, and what it is made of.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::defaults::{is_default, or_default};

use super::lenient::{count, is_there};

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
    /// Swap in MiB; 0 is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_swap: Option<i64>,
    /// How eagerly memory is swapped, from 0 to 100.
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

/// How ECS finds out whether a container is well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HealthCheck {
    /// What is run.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub command: Vec<String>,
    /// Seconds between two checks; 30 where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// Failures in a row that make it unhealthy; 3 where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// From its start on, failures do not count for so many seconds; 0 where it is not said.
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
