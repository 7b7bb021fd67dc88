//! A task definition in a file.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::Value;
use tidegate_core::hook::Policy;
use tidegate_core::hook::facts::Surroundings;
use tidegate_core::task_definition::{Described, TaskDefinition};
use tidegate_core::words::faults;

use super::Args;
use super::checked::{Checked, Known};
use crate::input;

/// Checks the task definition of a file; `-` is standard input.
///
/// # Errors
/// Where it can't be read, or is something else.
pub fn checked(file: &Path, input: impl Read, args: &Args, now: Timestamp) -> Result<Checked> {
    let read = input::read(file, input)?;
    let definition = definition(&read.text).with_context(|| format!("{} is no task definition", read.name))?;
    let mut notes = vec![
        "only the file was looked at: not whether its images and log groups are there, what was found in the images, and whom \
         they run as; --service looks"
            .to_owned(),
    ];
    if args.region.is_none() {
        notes.push("no --region was named: whether secrets are kept in another region was not looked at".to_owned());
    }
    let on_fargate = args.launch_type.as_ref().map(|launch_type| launch_type == "FARGATE");
    if on_fargate.is_none() && definition.is_for_fargate() && !definition.is_for_fargate_alone() {
        let why = "it is for Fargate and for others: what Fargate does not take was not looked at; --launch-type FARGATE looks";
        notes.push(why.to_owned());
    }
    let region = args.region.clone().unwrap_or_default();
    let surroundings = Surroundings { region, on_fargate, ..Surroundings::default() };
    let policy = Policy { preflight: args.preflight.clone().unwrap_or_default(), ..Policy::default() };
    Ok(Checked::of(Known { definition, surroundings, ..Known::default() }, &policy, notes, now))
}

/// A task definition in JSON: the file for `aws ecs register-task-definition`, or what `aws ecs describe-task-definition`
/// prints.
///
/// # Errors
/// What it is instead, or what about it can't be read.
pub fn definition(json: &str) -> Result<TaskDefinition> {
    let value: Value = serde_json::from_str(json).context("it can't be read as JSON")?;
    let Some(object) = value.as_object() else {
        if value.is_array() {
            bail!("it is a list: a task definition is an object, with the containers in its containerDefinitions");
        }
        bail!("it is no object");
    };
    ensure!(
        !["Resources", "ContainerDefinitions", "Properties"].iter().any(|key| object.contains_key(*key)),
        "it is of CloudFormation: check what was registered, by --service or aws ecs describe-task-definition"
    );
    let Described { task_definition } = serde_json::from_value(value)?;
    let found = task_definition.faults();
    ensure!(found.is_empty(), faults(&found));
    Ok(task_definition)
}
