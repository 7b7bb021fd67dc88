//! The task definition of a service of the account, with what it names. Nothing is changed: not even a scan is begun.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use deploy_hook::settings::Settings;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::definitions::Definitions;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::logs::Logs;
use tidegate_aws::parameters::Parameters;
use tidegate_core::hook::checks::task_definition::log_groups_to_look_for;
use tidegate_core::hook::facts::{Image, Surroundings, Unreadable};
use tidegate_core::hook::{Check, Policy, enrolment};
use tidegate_core::prices::Capacity;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::image_name::ImageName;
use tidegate_core::tags::Tags;
use tidegate_core::task_definition::TaskDefinition;
use tidegate_core::words::faults;
use tidegate_lambda::images::brings::{in_an_index, named};
use tidegate_lambda::images::document::document;
use tidegate_lambda::images::{self, Looking};

use super::Args;
use super::checked::{Checked, Known};
use crate::diagnose::account::Named;

/// What a task definition is looked at through.
pub trait Ports: Ecs + Definitions + images::Ports + Logs + Parameters {}
impl<T: Ecs + Definitions + images::Ports + Logs + Parameters> Ports for T {}

/// The account is given so long.
const PATIENCE: Duration = Duration::from_mins(5);

/// Checks the task definition of a service, or another one that it is to run.
///
/// # Errors
/// Where there is no such service or task definition, or its tags can't be read.
pub async fn checked<P: Ports>(
    ports: &P,
    settings: &Settings,
    region: &str,
    named: &Named,
    args: &Args,
) -> Result<Checked> {
    let now = ports.now().await;
    let deadline = Deadline::within(PATIENCE);
    let service = service(ports, named).await?;
    let own = service.task_definition.as_ref().or(service.task_definitions.first());
    let name = args.task_definition.as_ref().or(own);
    let name =
        name.with_context(|| format!("{}/{} runs no task definition: name one", named.cluster, named.service))?;
    let definition =
        ports.definition(name).await.with_context(|| format!("the task definition {name} can't be read"))?;
    let mut policy = enrolment::read(&service.tags, &Tags::default(), &settings.defaults, now)
        .map_err(|found| anyhow!("the tags of the service can't be read: {}", faults(&found)))?;
    if let Some(preflight) = &args.preflight {
        policy.preflight.clone_from(preflight);
    }
    let on_fargate = match service.capacity {
        Capacity::Fargate(_) | Capacity::FargateMix(_) => Some(true),
        Capacity::Ec2 => Some(false),
        Capacity::Unknown => None,
    };
    let mut known = Known {
        surroundings: Surroundings { region: region.to_owned(), on_fargate, ..Surroundings::default() },
        definition,
        ..Known::default()
    };
    log_groups(ports, &deadline, &mut known).await;
    let looking = Looking::new(ports, &deadline, settings.common.concurrency, false, now);
    match document(ports, &deadline, settings.policy_parameter.as_deref(), now).await {
        Ok(document) => images(&looking, &document, &policy, &mut known).await,
        Err(why) => known.unreadable.push(Unreadable { what: Check::Images, why: why.to_string() }),
    }
    Ok(Checked::of(known, &policy, Vec::new(), now))
}

async fn service(ports: &impl Ecs, named: &Named) -> Result<Service> {
    let Named { cluster, service } = named;
    let described = ports.describe_services(cluster, std::slice::from_ref(service)).await?;
    let why = described.failures.first().map_or_else(String::new, |(_, why)| format!(": DescribeServices says {why}"));
    described.services.into_iter().next().with_context(|| format!("there is no service {cluster}/{service}{why}"))
}

/// Whether its log groups are there.
async fn log_groups(ports: &impl Logs, deadline: &Deadline, known: &mut Known) {
    for name in log_groups_to_look_for(&known.definition, &known.surroundings.region) {
        match deadline.bound("DescribeLogGroups", ports.log_group_exists(&name)).await {
            Ok(there) => known.surroundings.log_groups.push((name, there)),
            Err(error) => known.unreadable.push(Unreadable { what: Check::TaskDefinition, why: error.to_string() }),
        }
    }
}

/// Its images, each once, with the containers that run it.
async fn images<P: images::Ports>(looking: &Looking<'_, P>, document: &Document, policy: &Policy, known: &mut Known) {
    let architecture = known.definition.architecture(known.surroundings.on_fargate).map(in_an_index);
    for (name, (text, containers)) in asked(&known.definition) {
        let policy = tidegate_core::scan::Policy { mode: policy.images, ..document.policy(&name.repository) };
        let (mut facts, mut user) = (None, None);
        if let Ok((own, _)) = looking.judge(&name, architecture, &policy).await {
            // A user that can't be read is not known, which is a finding where the task definition names none.
            user = looking.user(&own).await.unwrap_or_default();
            facts = Some(own);
        }
        known.images.push(Image { name: text, containers, facts, policy, user });
    }
}

fn asked(definition: &TaskDefinition) -> BTreeMap<ImageName, (String, Vec<String>)> {
    let mut images: BTreeMap<ImageName, (String, Vec<String>)> = BTreeMap::new();
    for container in &definition.container_definitions {
        let (text, containers) = images.entry(named(&container.image, None)).or_default();
        text.clone_from(&container.image);
        containers.push(container.name.clone());
    }
    images
}
