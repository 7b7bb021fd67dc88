//! What is secret and stands in the clear, and what is kept in another region.
//!
//! Sources: <https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-8>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html>

use std::collections::BTreeMap;

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::task_definition::looks::{Look, is_secret_by_name};
use crate::task_definition::redact::{Secret, command, is_plain_option};
use crate::task_definition::{Container, Secret as Reference};

use super::{Looked, listed};

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let mut findings = looked.each(Rule::PlainSecret, |container| {
        let found = in_the_clear(container);
        let options = found.iter().all(|found| found.starts_with("the log option"));
        let fix = if options {
            "hand it over by logConfiguration.secretOptions, and replace it: it has been read"
        } else {
            "keep it in Secrets Manager or Parameter Store, name it in secrets, and replace it: it has been read"
        };
        (!found.is_empty()).then(|| (format!("in the clear: {}", listed(&found)), fix.to_owned()))
    });
    let region = looked.facts.surroundings.region.as_str();
    if !region.is_empty() {
        findings.extend(looked.each(Rule::SecretElsewhere, |container| {
            let elsewhere = references(container).filter_map(|secret| {
                let own = region_of(&secret.value_from).filter(|own| *own != region)?;
                Some(format!("{} in {own}", secret.name))
            });
            let elsewhere: Vec<String> = elsewhere.collect();
            let why = || format!("the task runs in {region}, and it is given {}", listed(&elsewhere));
            let fix = "replicate the secret to the region of the task, and name that replica's ARN";
            (!elsewhere.is_empty()).then(|| (why(), fix.to_owned()))
        }));
    }
    findings
}

/// What a container is given by reference.
pub(super) fn references(container: &Container) -> impl Iterator<Item = &Reference> {
    let of_logs = container.log_configuration.iter().flat_map(|logs| &logs.secret_options);
    container.secrets.iter().chain(of_logs)
}

/// The region of an ARN; None for what is no ARN of a region.
fn region_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

/// What is secret in a container's definition: where, and never the value.
fn in_the_clear(container: &Container) -> Vec<String> {
    let mut found = Vec::new();
    let variables = container.environment.iter();
    found.extend(variables.filter_map(|own| named("the variable", &own.name, &own.value)));
    let health = container.health_check.as_ref().map(|check| check.command.as_slice());
    let commands = [
        ("command", container.command.as_slice()),
        ("entryPoint", container.entry_point.as_slice()),
        ("healthCheck.command", health.unwrap_or_default()),
    ];
    for (place, words) in commands {
        found.extend(command(words).0.into_iter().map(|secret| match secret {
            Secret::Named(name) => format!("{name} in {place}"),
            Secret::Looks(look) => format!("what looks like {} in {place}", look.called()),
        }));
    }
    found.extend(container.docker_labels.iter().filter_map(|(name, value)| named("the label", name, value)));
    let none = BTreeMap::new();
    let options = container.log_configuration.as_ref().map_or(&none, |logs| &logs.options);
    let options = options.iter().filter(|(name, _)| !is_plain_option(name));
    found.extend(options.filter_map(|(name, value)| named("the log option", name, value)));
    found
}

fn named(what: &str, name: &str, value: &str) -> Option<String> {
    let looks: Vec<String> = Look::secrets_in(value).iter().map(|look| look.called().to_owned()).collect();
    if looks.is_empty() {
        is_secret_by_name(name, value).then(|| format!("{what} {name}"))
    } else {
        Some(format!("{what} {name}, which looks like {}", listed(&looks)))
    }
}
