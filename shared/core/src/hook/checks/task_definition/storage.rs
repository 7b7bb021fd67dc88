//! What a container can write, and what of the instance it is given.
//!
//! Sources: <https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::task_definition::Container;

use super::{Looked, listed};

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Windows has no such thing.
    if !looked.definition.is_windows() {
        findings.extend(looked.each(Rule::WritableRoot, |container| {
            let why = match container.readonly_root_filesystem {
                Some(true) => return None,
                Some(false) => "readonlyRootFilesystem is false",
                None => "readonlyRootFilesystem is not set",
            };
            let fix = "set readonlyRootFilesystem to true, and mount a volume where it has to write";
            Some((why.to_owned(), fix.to_owned()))
        }));
    }
    findings.extend(of_instance(looked));
    findings.extend(efs(looked));
    findings
}

/// What a path of the instance gives away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Engine,
    Instance,
}

fn of_instance(looked: &Looked<'_>) -> Vec<Finding> {
    let volumes = looked.definition.volumes.iter();
    let given: Vec<_> = volumes
        .filter_map(|volume| {
            let path = volume.host.as_ref()?.source_path.as_deref()?;
            Some((volume.name.as_str(), path, gives(path)?))
        })
        .collect();
    let of = |rule, what: Gives, why: &dyn Fn(&str) -> String, fix: &str| {
        looked.each(rule, |container| {
            let mounted = given.iter().filter(|(_, _, gives)| *gives == what).filter_map(|(volume, path, _)| {
                let how = if writes(container, volume)? { "write" } else { "read" };
                Some(format!("{path} to {how}"))
            });
            let paths: Vec<String> = mounted.collect();
            (!paths.is_empty()).then(|| (why(&listed(&paths)), fix.to_owned()))
        })
    };
    let mut findings = of(
        Rule::DockerSocket,
        Gives::Engine,
        &|paths| format!("it is given {paths}: whoever reaches the container engine has the instance"),
        "leave the mount out: what needs the engine belongs into a daemon service that is watched for itself",
    );
    findings.extend(of(
        Rule::HostPath,
        Gives::Instance,
        &|paths| format!("it is given {paths}, of the instance"),
        "mount a path that is made for tasks, or an EFS or Docker volume",
    ));
    findings
}

/// The sockets of container engines, with the directories that hold them.
const ENGINE: [&str; 10] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/var/run/docker",
    "/run/docker",
    "/var/run/containerd",
    "/run/containerd",
    "/var/run/containerd/containerd.sock",
    "/run/containerd/containerd.sock",
    "/var/run",
    "/run",
];

/// Paths of the system; so is what is below them.
const SYSTEM: [&str; 14] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/docker",
    "/var/run",
];

/// Paths of the system that hold what is not.
const ABOVE: [&str; 5] = ["/", "/home", "/var", "/var/lib", "/var/lib/ecs"];

/// What says which time it is, and nothing else.
const HARMLESS: [&str; 3] = ["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"];

fn gives(path: &str) -> Option<Gives> {
    let windows = path.replace('/', "\\").to_ascii_lowercase();
    if windows.starts_with("\\\\.\\pipe\\docker_engine") {
        return Some(Gives::Engine);
    }
    if matches!(windows.trim_end_matches('\\'), "c:" | "c:\\windows" | "c:\\programdata" | "c:\\programdata\\docker") {
        return Some(Gives::Instance);
    }
    let path = plain(path);
    let path = path.as_str();
    let below = |of: &str| path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if ENGINE.contains(&path) {
        Some(Gives::Engine)
    } else if HARMLESS.iter().any(|own| below(own)) {
        None
    } else {
        (ABOVE.contains(&path) || SYSTEM.iter().any(|own| below(own))).then_some(Gives::Instance)
    }
}

/// The same path without `.`, `..` and slashes that say nothing.
fn plain(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn efs(looked: &Looked<'_>) -> Vec<Finding> {
    let in_the_clear = looked.definition.volumes.iter().filter(|volume| {
        volume.efs_volume_configuration.as_ref().is_some_and(|efs| efs.transit_encryption != "ENABLED")
    });
    let volumes: Vec<&str> = in_the_clear.map(|volume| volume.name.as_str()).collect();
    let those = |of: &dyn Fn(&str) -> bool| {
        let names: Vec<String> =
            volumes.iter().filter(|volume| of(volume)).map(|volume| (*volume).to_owned()).collect();
        (!names.is_empty()).then(|| format!("transitEncryption is not ENABLED for {}", listed(&names)))
    };
    let fix = "set efsVolumeConfiguration.transitEncryption to ENABLED";
    let mut findings = looked.each(Rule::EfsInTheClear, |container| {
        those(&|volume| writes(container, volume).is_some()).map(|why| (why, fix.to_owned()))
    });
    let unmounted = those(&|volume| looked.containers().all(|container| writes(container, volume).is_none()));
    findings.extend(unmounted.map(|why| Finding::broken(Rule::EfsInTheClear, why).fix(fix)));
    findings
}

/// Whether a container can write to a volume; None where it has not mounted it.
fn writes(container: &Container, volume: &str) -> Option<bool> {
    let own = container.mount_points.iter().filter(|own| own.source_volume == volume);
    own.map(|own| own.read_only != Some(true)).reduce(|any, other| any || other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_however_they_are_written() {
        for path in [
            "/var/run/docker.sock",
            "//var//run/./docker.sock",
            "/run/",
            r"\\.\pipe\docker_engine",
            "//./pipe/docker_engine",
        ] {
            assert!(gives(path) == Some(Gives::Engine), "{path}");
        }
        for path in ["/", "/etc/shadow", "/data/../etc", "/proc/", "/var/lib/docker/containers", "C:\\"] {
            assert!(gives(path) == Some(Gives::Instance), "{path}");
        }
        for path in ["/data", "/etcetera", "/mnt/efs", "/var/log/shop", "/etc/localtime", "C:\\shop"] {
            assert!(gives(path).is_none(), "{path}");
        }
    }
}
