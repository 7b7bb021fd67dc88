//! Whether the stack is there, whole, and of this version.

use tidegate_aws::operator::stacks::Stack;

use super::super::check::{Area, Check};
use super::super::facts::Facts;

const AREA: Area = Area::Stack;

/// What is known of it as a whole.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    let name = &facts.name;
    let stack = match &facts.stack {
        Err(error) => return vec![Check::unknown(AREA, name, error)],
        Ok(None) => {
            let what = format!("there is no stack of this name in {}", facts.region);
            let to_do = "deploy it with `sam deploy --guided`, or name it with --stack and its region with AWS_REGION";
            return vec![Check::fault(AREA, name, "stack_missing", what).to_do(to_do)];
        }
        Ok(Some(stack)) => stack,
    };
    let mut checks = vec![status(name, stack), version(facts, stack)];
    match &facts.resources {
        Err(error) => checks.push(Check::unknown(AREA, name, error)),
        Ok(resources) => checks.extend(resources.iter().filter(|one| one.status.ends_with("_FAILED")).map(|one| {
            let what = format!("{} is {}", one.logical, one.status);
            Check::fault(AREA, name, "resource_failed", what).to_do("look at the stack's events, and deploy it again")
        })),
    }
    checks
}

fn status(name: &str, stack: &Stack) -> Check {
    let status = &stack.status;
    let why = stack.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    match status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Check::ok(AREA, name, "stack_complete", status),
        // The last change was taken back whole, and what was there before works.
        "UPDATE_ROLLBACK_COMPLETE" => {
            let what = format!("{status}{why}: the last update failed, and what was there before is there again");
            Check::warning(AREA, name, "stack_rolled_back", what).to_do("look at the stack's events, and deploy again")
        }
        _ if status.ends_with("_IN_PROGRESS") => {
            let what = format!("{status}: it is being changed, and what follows can change with it");
            Check::warning(AREA, name, "stack_in_progress", what).to_do("wait, and run this again")
        }
        _ => Check::fault(AREA, name, "stack_not_complete", format!("{status}{why}"))
            .to_do("look at the stack's events, and deploy it again"),
    }
}

fn version(facts: &Facts, stack: &Stack) -> Check {
    let own = &facts.version;
    match stack.outputs.get("Version") {
        Some(deployed) if deployed == own => {
            Check::ok(AREA, &facts.name, "version_same", format!("version {own}, as this command"))
        }
        Some(deployed) => {
            let what = format!("version {deployed}, and this command is {own}: they may read tags differently");
            let to_do = "deploy the template of this version, or use the command of that one";
            Check::warning(AREA, &facts.name, "version_differs", what).to_do(to_do)
        }
        None => {
            let what = format!("it says no version, and this command is {own}");
            let to_do = "deploy the template of this version";
            Check::warning(AREA, &facts.name, "version_unknown", what).to_do(to_do)
        }
    }
}
