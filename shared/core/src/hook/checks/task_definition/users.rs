//! Whom a container runs as: what the task definition says, or else what the image says.
//!
//! Sources: <https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html>,
//! <https://docs.aws.amazon.com/controltower/latest/controlreference/ecs-rules.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::task_definition::Container;

use super::Looked;

/// Whom a container runs as.
enum User<'a> {
    /// The task definition says so.
    Said(&'a str),
    /// It does not, and the image says so; empty for nobody.
    OfImage(&'a str),
    /// It does not, and the image could not be asked.
    Unknown,
}

/// A finding: why, and what mends it.
type Told = Option<(String, String)>;

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    if looked.definition.is_windows() {
        return looked.each(Rule::WindowsAdministrator, |container| administrator(&user(looked, container)));
    }
    let mut findings = looked.each(Rule::RootUser, |container| root(&user(looked, container)));
    if looked.definition.network_mode == "host" {
        findings.extend(looked.each(Rule::HostNetworkAsRoot, |container| {
            let asked_for = container.privileged == Some(true);
            let on_network = |(why, fix)| (format!("networkMode is host, and {why}"), fix);
            root(&user(looked, container)).filter(|_| !asked_for).map(on_network)
        }));
    }
    findings
}

fn user<'a>(looked: &Looked<'a>, container: &'a Container) -> User<'a> {
    if let Some(user) = container.user.as_deref().map(str::trim).filter(|user| !user.is_empty()) {
        return User::Said(user);
    }
    let image = looked.facts.images.iter().find(|image| image.containers.contains(&container.name));
    match image.and_then(|image| image.user.as_deref()) {
        Some(user) => User::OfImage(user.trim()),
        None => User::Unknown,
    }
}

/// The user's part of `user:group`.
fn name(user: &str) -> &str {
    user.split_once(':').map_or(user, |(user, _)| user)
}

fn is_root(user: &str) -> bool {
    let user = name(user);
    // An uid may be written with leading zeros.
    user == "root" || user.bytes().all(|letter| letter == b'0')
}

fn root(user: &User<'_>) -> Told {
    let why = match user {
        User::Said(user) => is_root(user).then(|| format!("user is {user}: it runs as root")),
        User::OfImage("") => Some("neither the task definition nor the image names a user: it runs as root".to_owned()),
        User::OfImage(user) => {
            is_root(user).then(|| format!("the task definition names no user, and the image's is {user}: it runs as root"))
        }
        User::Unknown => Some(
            "the task definition names no user, and the image's own is not known: whether it runs as root can't be told"
                .to_owned(),
        ),
    };
    why.map(|why| (why, "set user to one that is not root, such as 1000, or name one in the image by USER".to_owned()))
}

fn is_administrator(user: &str) -> bool {
    ["containeradministrator", "administrator"].iter().any(|name| user.eq_ignore_ascii_case(name))
}

fn administrator(user: &User<'_>) -> Told {
    let why = match user {
        User::Said(user) => is_administrator(user).then(|| format!("user is {user}")),
        User::OfImage("") => {
            Some("neither the task definition nor the image names a user: Windows images run as administrator".to_owned())
        }
        User::OfImage(user) => {
            is_administrator(user).then(|| format!("the task definition names no user, and the image's is {user}"))
        }
        User::Unknown => Some(
            "the task definition names no user, and the image's own is not known: whether it runs as administrator can't \
             be told"
                .to_owned(),
        ),
    };
    why.map(|why| (why, "set user to ContainerUser".to_owned()))
}
