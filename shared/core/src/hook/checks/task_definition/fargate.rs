//! What Fargate does not take. Said only where the tasks run on Fargate, or can run nowhere else.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::task_definition::{Container, TaskDefinition};

use super::rights::capability;
use super::{Looked, listed};

const MIB_PER_GB: u32 = 1024;

/// The sizes with this many CPU units: memory in GB, and whether Windows has them.
struct Sizes {
    cpu: u32,
    memory: Memory,
    windows: bool,
}

/// Memory in MiB.
enum Memory {
    /// These.
    Only(&'static [u32]),
    /// From, to, and each step of so many GB between.
    Steps(u32, u32, u32),
}

const SIZES: [Sizes; 8] = [
    Sizes { cpu: 256, memory: Memory::Only(&[512, 1024, 2048]), windows: false },
    Sizes { cpu: 512, memory: Memory::Steps(1, 4, 1), windows: false },
    Sizes { cpu: 1024, memory: Memory::Steps(2, 8, 1), windows: true },
    Sizes { cpu: 2048, memory: Memory::Steps(4, 16, 1), windows: true },
    Sizes { cpu: 4096, memory: Memory::Steps(8, 30, 1), windows: true },
    Sizes { cpu: 8192, memory: Memory::Steps(16, 60, 4), windows: false },
    Sizes { cpu: 16384, memory: Memory::Steps(32, 120, 8), windows: false },
    Sizes { cpu: 32768, memory: Memory::Only(&[60 * 1024, 120 * 1024, 244 * 1024]), windows: false },
];

impl Memory {
    fn has(&self, mib: u32) -> bool {
        match *self {
            Self::Only(all) => all.contains(&mib),
            Self::Steps(from, to, step) => {
                let gb = mib / MIB_PER_GB;
                mib.is_multiple_of(MIB_PER_GB) && (from..=to).contains(&gb) && (gb - from).is_multiple_of(step)
            }
        }
    }

    fn said(&self) -> String {
        match *self {
            Self::Only(all) => format!("{} MiB", listed(&all.iter().map(ToString::to_string).collect::<Vec<_>>())),
            Self::Steps(from, to, 1) => format!("{from} to {to} GB, each whole one"),
            Self::Steps(from, to, step) => format!("{from} to {to} GB in steps of {step}"),
        }
    }
}

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    if !looked.on_fargate() {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = size(looked.definition).into_iter().collect();
    let of_task = of_task(looked.definition);
    if !of_task.is_empty() {
        let why = format!("Fargate does not take {}", listed(&of_task));
        findings.push(Finding::broken(Rule::FargateParameter, why).fix(instead(&of_task)));
    }
    findings.extend(looked.each(Rule::FargateParameter, |container| {
        let own = of_container(looked.definition, container);
        (!own.is_empty()).then(|| (format!("Fargate does not take {}", listed(&own)), instead(&own)))
    }));
    findings
}

fn instead(parameters: &[String]) -> String {
    if parameters.iter().any(|own| own.starts_with("networkMode")) {
        "set networkMode to awsvpc, and take out what else Fargate does not know".to_owned()
    } else {
        "take it out, or run the service on EC2".to_owned()
    }
}

fn size(definition: &TaskDefinition) -> Option<Finding> {
    let broken = |why: String, fix: String| Some(Finding::broken(Rule::FargateSize, why).fix(fix));
    let windows = definition.is_windows();
    let cpus = || {
        let cpus = SIZES.iter().filter(|sizes| sizes.windows || !windows).map(|sizes| sizes.cpu.to_string());
        format!("set cpu to {}", cpus.collect::<Vec<_>>().join(", "))
    };
    let (Some(cpu), Some(memory)) = (definition.cpu.as_deref(), definition.memory.as_deref()) else {
        let missing = if definition.cpu.is_none() { "cpu" } else { "memory" };
        return broken(
            format!("the task has no {missing}, and on Fargate it has to have a size"),
            "set cpu and memory of the task, such as 256 and 512".to_owned(),
        );
    };
    let units = definition.cpu_units();
    let Some(sizes) = SIZES.iter().find(|sizes| Some(sizes.cpu) == units) else {
        return broken(format!("Fargate has no task with cpu {cpu}"), cpus());
    };
    if windows && !sizes.windows {
        return broken(format!("Fargate has no Windows task with cpu {cpu}"), cpus());
    }
    if definition.memory_mib().is_some_and(|mib| sizes.memory.has(mib)) {
        return None;
    }
    broken(
        format!("Fargate has no task with cpu {cpu} and memory {memory}"),
        format!("with cpu {cpu} set memory to one of {}", sizes.memory.said()),
    )
}

/// What it does not take of a task.
fn of_task(definition: &TaskDefinition) -> Vec<String> {
    let mut found = Vec::new();
    match definition.network_mode.as_str() {
        "awsvpc" => {}
        "" => found.push("a task without networkMode".to_owned()),
        mode => found.push(format!("networkMode {mode}")),
    }
    if !definition.ipc_mode.is_empty() {
        found.push(format!("ipcMode {}", definition.ipc_mode));
    }
    if definition.pid_mode == "host" {
        found.push("pidMode host".to_owned());
    }
    if definition.placement_constraints > 0 {
        found.push("placementConstraints".to_owned());
    }
    for volume in &definition.volumes {
        if volume.host.as_ref().and_then(|host| host.source_path.as_deref()).is_some_and(|path| !path.is_empty()) {
            found.push(format!("host.sourcePath of the volume {}", volume.name));
        }
        if volume.docker_volume_configuration {
            found.push(format!("dockerVolumeConfiguration of the volume {}", volume.name));
        }
    }
    found
}

/// What it does not take of a container.
fn of_container(definition: &TaskDefinition, container: &Container) -> Vec<String> {
    let linux = &container.linux_parameters;
    let flags = [
        (container.privileged == Some(true), "privileged"),
        (container.disable_networking == Some(true), "disableNetworking"),
        (!container.dns_servers.is_empty(), "dnsServers"),
        (!container.dns_search_domains.is_empty(), "dnsSearchDomains"),
        (!container.docker_security_options.is_empty(), "dockerSecurityOptions"),
        (container.extra_hosts > 0, "extraHosts"),
        (!container.links.is_empty(), "links"),
        (container.resource_requirements.iter().any(|own| own.kind == "GPU"), "a GPU"),
        (linux.devices > 0, "linuxParameters.devices"),
        (linux.max_swap.is_some(), "linuxParameters.maxSwap"),
        (linux.swappiness.is_some(), "linuxParameters.swappiness"),
        (linux.shared_memory_size.is_some_and(|mib| mib > 0), "linuxParameters.sharedMemorySize"),
        (linux.tmpfs > 0, "linuxParameters.tmpfs"),
    ];
    let mut found: Vec<String> = flags.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned()).collect();
    let added = linux.capabilities.add.iter().map(|own| capability(own));
    found.extend(added.filter(|own| own != "SYS_PTRACE").map(|own| format!("the capability {own}")));
    let driver = container.log_configuration.as_ref().map(|logs| logs.log_driver.as_str()).unwrap_or_default();
    if !matches!(driver, "" | "awslogs" | "splunk" | "awsfirelens") {
        found.push(format!("the logDriver {driver}"));
    }
    if definition.network_mode == "awsvpc" {
        let other = container.port_mappings.iter().filter_map(|own| {
            let (container, host) = (own.container_port?, own.host_port?);
            (host != 0 && host != container).then(|| format!("hostPort {host} for containerPort {container}"))
        });
        found.extend(other);
    }
    found
}
