//! ECS: task definitions, whole.

use aws_sdk_ecs::types::{
    CpuArchitecture, EfsTransitEncryption, IpcMode, NetworkMode, OsFamily, PidMode, ProxyConfigurationType,
};
use tidegate_core::task_definition::{
    Capabilities, Container, Efs, HealthCheck, HostPath, LinuxParameters, LogConfiguration, MountPoint, PortMapping,
    ProxyConfiguration, ResourceRequirement, RuntimePlatform, Secret, TaskDefinition, Variable, Volume,
};

use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Definitions {
    /// `DescribeTaskDefinition`: everything about it that anybody looks at. `name` is an ARN, or `family:revision`, or a
    /// family for its newest revision.
    async fn definition(&self, name: &str) -> Result<TaskDefinition, PortError>;
}

impl Definitions for Aws {
    async fn definition(&self, name: &str) -> Result<TaskDefinition, PortError> {
        const OPERATION: &str = "DescribeTaskDefinition";
        let answer = self.ecs.describe_task_definition().task_definition(name).send().await;
        let found = answer.map_err(PortError::of(OPERATION))?.task_definition.map(ours);
        found.ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, "it describes no task definition"))
    }
}

fn ours(found: aws_sdk_ecs::types::TaskDefinition) -> TaskDefinition {
    let platform = found.runtime_platform;
    let architecture = platform.as_ref().and_then(|platform| platform.cpu_architecture.as_ref());
    let system = platform.as_ref().and_then(|platform| platform.operating_system_family.as_ref());
    TaskDefinition {
        task_definition_arn: found.task_definition_arn.unwrap_or_default(),
        family: found.family.unwrap_or_default(),
        network_mode: word(found.network_mode.as_ref().map(NetworkMode::as_str)),
        pid_mode: word(found.pid_mode.as_ref().map(PidMode::as_str)),
        ipc_mode: word(found.ipc_mode.as_ref().map(IpcMode::as_str)),
        cpu: found.cpu,
        memory: found.memory,
        requires_compatibilities: each(found.requires_compatibilities, |word| word.as_str().to_owned()),
        runtime_platform: RuntimePlatform {
            cpu_architecture: word(architecture.map(CpuArchitecture::as_str)),
            operating_system_family: word(system.map(OsFamily::as_str)),
        },
        execution_role_arn: found.execution_role_arn,
        task_role_arn: found.task_role_arn,
        volumes: each(found.volumes, volume),
        placement_constraints: found.placement_constraints.map_or(0, |constraints| constraints.len()),
        proxy_configuration: found.proxy_configuration.map(|proxy| ProxyConfiguration {
            kind: word(proxy.r#type.as_ref().map(ProxyConfigurationType::as_str)),
            container_name: proxy.container_name,
        }),
        container_definitions: each(found.container_definitions, container),
    }
}

fn volume(found: aws_sdk_ecs::types::Volume) -> Volume {
    Volume {
        name: found.name.unwrap_or_default(),
        host: found.host.map(|host| HostPath { source_path: host.source_path }),
        efs_volume_configuration: found.efs_volume_configuration.map(|efs| Efs {
            file_system_id: efs.file_system_id,
            transit_encryption: word(efs.transit_encryption.as_ref().map(EfsTransitEncryption::as_str)),
        }),
        docker_volume_configuration: found.docker_volume_configuration.is_some(),
    }
}

fn container(found: aws_sdk_ecs::types::ContainerDefinition) -> Container {
    Container {
        name: found.name.unwrap_or_default(),
        image: found.image.unwrap_or_default(),
        essential: found.essential,
        memory: whole(found.memory),
        memory_reservation: whole(found.memory_reservation),
        cpu: whole(Some(found.cpu)),
        privileged: found.privileged,
        user: found.user,
        readonly_root_filesystem: found.readonly_root_filesystem,
        environment: each(found.environment, |pair| Variable {
            name: pair.name.unwrap_or_default(),
            value: pair.value.unwrap_or_default(),
        }),
        secrets: each(found.secrets, secret),
        environment_files: found.environment_files.map_or(0, |files| files.len()),
        log_configuration: found.log_configuration.map(|log| LogConfiguration {
            log_driver: log.log_driver.as_str().to_owned(),
            options: log.options.unwrap_or_default().into_iter().collect(),
            secret_options: each(log.secret_options, secret),
        }),
        firelens_configuration: found.firelens_configuration.is_some(),
        linux_parameters: found.linux_parameters.map(linux).unwrap_or_default(),
        health_check: found.health_check.map(|check| HealthCheck {
            command: check.command,
            interval: whole(check.interval),
            retries: whole(check.retries),
            start_period: whole(check.start_period),
        }),
        mount_points: each(found.mount_points, |mount| MountPoint {
            source_volume: mount.source_volume.unwrap_or_default(),
            container_path: mount.container_path.unwrap_or_default(),
            read_only: mount.read_only,
        }),
        port_mappings: each(found.port_mappings, |ports| PortMapping {
            container_port: ports.container_port.and_then(|port| u16::try_from(port).ok()),
            host_port: ports.host_port.and_then(|port| u16::try_from(port).ok()),
        }),
        resource_requirements: each(found.resource_requirements, |required| ResourceRequirement {
            kind: required.r#type.as_str().to_owned(),
            value: required.value,
        }),
        repository_credentials: found.repository_credentials.is_some(),
        command: found.command.unwrap_or_default(),
        entry_point: found.entry_point.unwrap_or_default(),
        docker_labels: found.docker_labels.unwrap_or_default().into_iter().collect(),
        docker_security_options: found.docker_security_options.unwrap_or_default(),
        links: found.links.unwrap_or_default(),
        dns_servers: found.dns_servers.unwrap_or_default(),
        dns_search_domains: found.dns_search_domains.unwrap_or_default(),
        extra_hosts: found.extra_hosts.map_or(0, |hosts| hosts.len()),
        disable_networking: found.disable_networking,
    }
}

fn linux(found: aws_sdk_ecs::types::LinuxParameters) -> LinuxParameters {
    LinuxParameters {
        capabilities: found.capabilities.map_or_else(Capabilities::default, |own| Capabilities {
            add: own.add.unwrap_or_default(),
            drop: own.drop.unwrap_or_default(),
        }),
        devices: found.devices.map_or(0, |devices| devices.len()),
        max_swap: found.max_swap.map(i64::from),
        swappiness: found.swappiness.map(i64::from),
        shared_memory_size: found.shared_memory_size.map(i64::from),
        tmpfs: found.tmpfs.map_or(0, |systems| systems.len()),
    }
}

fn secret(found: aws_sdk_ecs::types::Secret) -> Secret {
    Secret { name: found.name, value_from: found.value_from }
}

fn each<T, U>(found: Option<Vec<T>>, ours: impl FnMut(T) -> U) -> Vec<U> {
    found.unwrap_or_default().into_iter().map(ours).collect()
}

fn word(found: Option<&str>) -> String {
    found.unwrap_or_default().to_owned()
}

/// What can't be a number of ours is none.
fn whole(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7";

    /// Every field that is looked at, and some that are not.
    const EVERYTHING: &str = include_str!("definitions/everything.json");

    async fn read(definition: &str) -> TaskDefinition {
        let (aws, canned) = Canned::aws([(200, &*format!(r#"{{"taskDefinition": {definition}, "tags": []}}"#))]).await;
        let found = aws.definition("shop").await.expect("a task definition");
        assert!(canned.asked()[0].body.contains(r#""taskDefinition":"shop""#), "{:?}", canned.asked());
        found
    }

    #[tokio::test]
    async fn whatever_is_looked_at_is_as_the_api_says_it() {
        let ours = read(EVERYTHING).await;
        let expected: TaskDefinition = serde_json::from_str(EVERYTHING).expect("the same shape");
        assert_eq!(ours, expected);
    }

    #[tokio::test]
    async fn no_field_is_forgotten() {
        // Read by the SDK, and compared with itself where nothing is said: each field has to differ.
        let shown = |definition: &TaskDefinition| serde_json::to_value(definition).expect("JSON");
        let everything = shown(&read(EVERYTHING).await);
        let fields = |value: &serde_json::Value| value.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(fields(&everything), 15, "{everything:#}");
        assert_eq!(fields(&everything["containerDefinitions"][0]), 29, "{everything:#}");
        assert_eq!(fields(&everything["containerDefinitions"][0]["linuxParameters"]), 6, "{everything:#}");
        assert_eq!(fields(&everything["containerDefinitions"][0]["healthCheck"]), 4, "{everything:#}");
    }

    #[tokio::test]
    async fn what_is_not_said_is_as_if_nobody_had_written_it() {
        let ours = read(r#"{"taskDefinitionArn": "a", "family": "shop", "containerDefinitions": [{"name": "app", "image": "shop:1", "cpu": 0}]}"#).await;
        let app =
            Container { name: "app".to_owned(), image: "shop:1".to_owned(), cpu: Some(0), ..Container::default() };
        let expected = TaskDefinition {
            task_definition_arn: "a".to_owned(),
            family: "shop".to_owned(),
            container_definitions: vec![app],
            ..TaskDefinition::default()
        };
        assert_eq!(ours, expected);
    }

    #[tokio::test]
    async fn words_and_numbers_that_nobody_knows_do_not_fail_it() {
        let ours = read(
            r#"{"family": "shop", "networkMode": "mesh", "requiresCompatibilities": ["MANAGED_INSTANCES", "MOON"],
                "containerDefinitions": [{"name": "app", "memory": -1, "portMappings": [{"containerPort": 70000}]}]}"#,
        )
        .await;
        assert_eq!(ours.network_mode, "mesh");
        assert_eq!(ours.requires_compatibilities, ["MANAGED_INSTANCES", "MOON"]);
        assert_eq!(
            (ours.container_definitions[0].memory, ours.container_definitions[0].port_mappings[0].container_port),
            (None, None)
        );
    }

    #[tokio::test]
    async fn a_definition_that_is_not_there_is_said_to_be_none() {
        let gone = r#"{"__type": "ClientException", "message": "Unable to describe task definition."}"#;
        let (aws, _) = Canned::aws([(400, gone), (200, "{}")]).await;
        assert_eq!(aws.definition(ARN).await.map_err(|error| error.kind), Err(Kind::Refused));
        assert_eq!(aws.definition(ARN).await.map_err(|error| error.kind), Err(Kind::Garbled));
    }
}
