//! What a container may do to its instance.
//!
//! Sources: <https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;

use super::{Looked, listed};

/// Capabilities that Docker gives every container.
///
/// Source: <https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities>
const USUAL: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let mut findings = looked.each(Rule::Privileged, |container| {
        let fix = "leave privileged out, and add the capabilities that it needs by linuxParameters.capabilities.add";
        let why = "privileged is true: it has the rights of the instance";
        (container.privileged == Some(true)).then(|| (why.to_owned(), fix.to_owned()))
    });
    findings.extend(shared_with_instance(looked));
    findings.extend(looked.each(Rule::AddedCapabilities, |container| {
        let added = &container.linux_parameters.capabilities.add;
        let beyond: Vec<String> = added.iter().map(|own| capability(own)).filter(|own| !is_usual(own)).collect();
        let fix = "take them out of linuxParameters.capabilities.add, or accept them for this container";
        let why = || format!("linuxParameters.capabilities.add has {}", listed(&beyond));
        (!beyond.is_empty()).then(|| (why(), fix.to_owned()))
    }));
    findings
}

/// What the task as a whole shares with its instance.
fn shared_with_instance(looked: &Looked<'_>) -> Vec<Finding> {
    let definition = looked.definition;
    let of_host = |rule, parameter: &str, value: &str, what: &str, instead: &str| {
        (value == "host").then(|| Finding::broken(rule, format!("{parameter} is host: {what}")).fix(instead))
    };
    let shared = [
        of_host(
            Rule::HostNetwork,
            "networkMode",
            &definition.network_mode,
            "its containers are on the instance's network and reach what listens there",
            "set networkMode to awsvpc, so that the task has a network interface of its own",
        ),
        of_host(
            Rule::HostPid,
            "pidMode",
            &definition.pid_mode,
            "its containers see the processes of the instance",
            "leave pidMode out, or set it to task",
        ),
        of_host(
            Rule::HostIpc,
            "ipcMode",
            &definition.ipc_mode,
            "its containers share memory with processes of the instance",
            "leave ipcMode out, or set it to task",
        ),
    ];
    shared.into_iter().flatten().collect()
}

/// Without the prefix that some write.
pub(super) fn capability(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    name.strip_prefix("CAP_").map_or_else(|| name.clone(), str::to_owned)
}

fn is_usual(capability: &str) -> bool {
    USUAL.contains(&capability)
}
