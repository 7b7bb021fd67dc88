//! What a message of AWS means.
//!
//! The messages are for people and change: some begin with the name of an error, newer ones with a sentence, long ones are
//! cut off. So a message is read for what it is about, and then for what went wrong with that: no route, no permission, not
//! there. Signs of the network win, since ECS puts them behind the same beginnings as everything else.

use super::class::Class;

/// Signs that something could not be reached.
const NETWORK: &[&str] = &[
    "dial tcp",
    "i/o timeout",
    "tls handshake timeout",
    "context deadline exceeded",
    "context canceled",
    "client.timeout",
    "signal: killed",
    "request canceled",
    "requestcanceled",
    "connection refused",
    "connection reset",
    "no such host",
    "no route to host",
    "connection issue",
    "network configuration",
    "network connection",
    "check your network",
];

/// Signs that somebody may not do it.
const PERMISSION: &[&str] = &[
    "accessdenied",
    "access denied",
    "not authorized",
    "unauthorized",
    "no basic auth credentials",
    "authentication required",
    "403",
    "forbidden",
    "denied:",
    "has the permissions",
    "access to kms is not allowed",
    "kms:decrypt",
];

/// Signs that it is not there.
const MISSING: &[&str] = &[
    "resourcenotfoundexception",
    "not found",
    "notfound",
    "404",
    "can't find",
    "cannot find",
    "does not exist",
    "doesn't exist",
    "invalid parameters",
    "invalidparameters",
    "parameternotfound",
    "whether the secret exists",
    "manifest unknown",
    "no longer available",
    "did not contain json key",
    "invalid secret arn",
];

/// What says nothing of its own: a task stopped because a container did.
pub(super) fn is_essential_exited(said: &str) -> bool {
    plain(said).contains("essential container in task exited")
}

/// The class of what AWS says of a task or a container; None where nobody knows.
pub(super) fn class_of(said: &str) -> Option<Class> {
    let text = plain(said);
    let told = Told(&text);
    told.expected()
        .or_else(|| told.container())
        .or_else(|| told.set_up())
        .or_else(|| told.pull())
        .or_else(|| told.start())
        .or_else(|| told.last_resort())
}

/// In lower case, with straight quotes and single spaces.
pub(super) fn plain(said: &str) -> String {
    let straight = |c: char| match c {
        '‘' | '’' | '`' => '\'',
        '“' | '”' => '"',
        other => other,
    };
    let text: String = said.to_lowercase().chars().map(straight).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A message in plain form.
struct Told<'a>(&'a str);

impl Told<'_> {
    fn has(&self, what: &str) -> bool {
        self.0.contains(what)
    }

    fn any(&self, what: &[&str]) -> bool {
        what.iter().any(|what| self.has(what))
    }

    /// By what went wrong: out of reach, not allowed, not there.
    fn by(&self, network: Class, permission: Class, missing: Class, else_: Class) -> Class {
        match () {
            () if self.any(NETWORK) => network,
            () if self.any(PERMISSION) => permission,
            () if self.any(MISSING) => missing,
            () => else_,
        }
    }

    /// Why a task was stopped that did not fail, and health checks.
    fn expected(&self) -> Option<Class> {
        let known: &[(&[&str], Class)] = &[
            (&["scaling activity initiated by"], Class::Scaling),
            (&["spot task was interrupted", "spotinterruption", "spot interruption"], Class::Spot),
            (&["stopped by user", "user initiated", "userinitiated"], Class::UserStop),
            (&["failed elb health checks"], Class::ElbHealth),
            (&["failed container health checks"], Class::ContainerHealth),
            (&["terminationnotice", "is draining", "performing maintenance", "task retirement"], Class::Maintenance),
            (&["host ec2"], Class::InstanceGone),
        ];
        self.first(known)
    }

    /// What goes wrong in a container, whatever the error is called.
    fn container(&self) -> Option<Class> {
        let known: &[(&[&str], Class)] = &[
            (&["outofmemory", "killed due to memory usage"], Class::OutOfMemory),
            (
                &[
                    "exec format error",
                    "no matching manifest for",
                    "descriptor matching platform",
                    "image operating system",
                ],
                Class::WrongArchitecture,
            ),
        ];
        self.first(known)
    }

    /// What a task needs before it starts, but for its images.
    fn set_up(&self) -> Option<Class> {
        if self.any(&["logging driver", "log group", "log stream", "cloudwatch log", "logger args"]) {
            let missing = Class::LogGroupMissing;
            return Some(self.by(Class::LogsNetwork, Class::LogsPermission, missing, missing));
        }
        if self.any(&["efs utils", "efs volume", "mount.nfs", "mount.efs"]) {
            return Some(Class::EfsMount);
        }
        if self.any(&["environment variable file", "environment file", "env file", "envfile"]) {
            return Some(self.by(Class::EnvFileNetwork, Class::EnvFile, Class::EnvFile, Class::EnvFile));
        }
        // Every error of this kind begins so, whichever of the two it was.
        let (either, rest) = match self.0.split_once("unable to pull secrets or registry auth") {
            Some((_, rest)) => (true, Told(rest)),
            None => (false, Told(self.0)),
        };
        if rest.any(&["registry auth", "ecr:getauthorizationtoken"]) || (either && rest.any(&["api.ecr", "amazon ecr"]))
        {
            return Some(rest.by(
                Class::AuthNetwork,
                Class::AuthPermission,
                Class::AuthPermission,
                Class::ResourceUnknown,
            ));
        }
        if rest.any(&["systems manager", "parameter store", "from ssm", "ssm:getparameters", "ssm."]) {
            let (missing, permission) = (Class::SecretMissing, Class::SecretPermission);
            return Some(rest.by(Class::SsmNetwork, permission, missing, Class::ResourceUnknown));
        }
        if rest.any(&["secret"]) {
            let (missing, permission) = (Class::SecretMissing, Class::SecretPermission);
            return Some(rest.by(Class::SecretsNetwork, permission, missing, Class::ResourceUnknown));
        }
        if either {
            let permission = Class::SecretPermission;
            return Some(rest.by(
                Class::AuthOrSecretNetwork,
                permission,
                Class::SecretMissing,
                Class::AuthOrSecretNetwork,
            ));
        }
        None
    }

    /// Why an image could not be pulled.
    fn pull(&self) -> Option<Class> {
        let sure: &[(&[&str], Class)] = &[
            (&["no space left on device"], Class::PullDiskFull),
            (&["toomanyrequests", "pull rate limit", "too many requests"], Class::PullRateLimit),
        ];
        if let Some(class) = self.first(sure) {
            return Some(class);
        }
        let about = [
            "cannotpull",
            "pull the image",
            "pull image",
            "pull command failed",
            "pull access denied",
            "pulling image",
            "ref pull",
            "failed to resolve ref",
            "manifest unknown",
            "ecr repository",
            "httpreaderseeker",
            "no pull access",
        ];
        if !self.any(&about) {
            return None;
        }
        let layers = ["httpreaderseeker", "nil pointer dereference", "failed to copy"];
        let class = match () {
            // A sign of the network says of layers only that the route to S3 is missing.
            () if self.any(&layers) => Class::PullLayers,
            () if self.any(NETWORK) => Class::PullNetwork,
            () if self.has("pulling image configuration") => Class::PullRateLimitOrNetwork,
            // `not found: does not exist or no pull access` is a 404.
            () if self.any(&["404", "manifest unknown", "not found"]) && !self.has("403") => Class::PullNotFound,
            () if self.any(PERMISSION) || self.has("pull access denied") => Class::PullPermission,
            () if self.has("failed to resolve ref") || self.any(MISSING) => Class::PullNotFound,
            () => Class::PullUnknown,
        };
        Some(class)
    }

    /// Why a task was not placed, or a container not started.
    fn start(&self) -> Option<Class> {
        let known: &[(&[&str], Class)] = &[
            (
                &[
                    "create network interface",
                    "insufficientfreeaddresses",
                    "insufficient free addresses",
                    "no free addresses",
                ],
                Class::SubnetFull,
            ),
            (&["unused device index", "resource:eni", "no more network interfaces"], Class::EniLimit),
            (&["network interface provisioning"], Class::EniTimeout),
            (
                &["compatible with the selected compute strategy", "requires compatibilities"],
                Class::IncompatibleCompute,
            ),
            (&["agent is disconnected", "agent is not connected", "agent disconnected"], Class::AgentDisconnected),
            (&["resource:port", "port already in use", "port is already allocated"], Class::Ports),
            (&["resource:attribute", "missing an attribute", "placement constraint"], Class::Placement),
            (
                &["resource:", "capacity is unavailable", "spot capacity", "insufficient cpu", "insufficient memory"],
                Class::Capacity,
            ),
            (&["unable to assume", "not able to assume", "could not assume"], Class::Role),
            (&["executable file not found", "no such file or directory"], Class::CommandNotFound),
            (&["permission denied"], Class::CommandNotExecutable),
            (&["cannotstartcontainer", "failed to get container status"], Class::CannotStart),
            (&["cannotstopcontainer"], Class::CannotStop),
            (&["cannotcreatevolume", "ebs volume"], Class::Volume),
            (&["cannotinspectcontainer", "containerruntime", "dockertimeout", "oci runtime"], Class::Runtime),
            (&["infrastructurehealth", "underlying hardware", "underlying infrastructure"], Class::Infrastructure),
            (&["internalerror"], Class::Internal),
        ];
        // All that ECS says of an agent that is gone is its name.
        let agent = self.0 == "agent" || self.0.ends_with(": agent");
        if agent { Some(Class::AgentDisconnected) } else { self.first(known) }
    }

    /// Where there is nothing but the name of an error, or a sign.
    fn last_resort(&self) -> Option<Class> {
        let known: &[(&[&str], Class)] = &[
            (&["resourceinitialization"], Class::ResourceUnknown),
            (&["essential container in task exited"], Class::Exited),
            (&["taskfailedtostart", "task failed to start"], Class::StartUnknown),
        ];
        // The container runtime says no more than this when it cannot reach a registry.
        let runtime = ["request canceled while waiting for connection", "context canceled"];
        let runtime = self.any(&runtime) || (self.has("/v2/") && self.any(NETWORK));
        if runtime { Some(Class::PullNetwork) } else { self.first(known) }
    }

    fn first(&self, known: &[(&[&str], Class)]) -> Option<Class> {
        known.iter().find(|(texts, _)| self.any(texts)).map(|(_, class)| *class)
    }
}
