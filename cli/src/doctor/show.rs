//! What was found, for people and as JSON.

use std::io::Write;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;
use tidegate_core::words::counted;

use super::check::{Area, Check, Mark};
use super::facts::Facts;
use super::unwire::{Unwiring, Wired};
use crate::text::{Colour, list, painted};

/// Prints every check, what is wrong first within its area, and a sum.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, facts: &Facts, checks: &[Check]) -> Result<()> {
    for area in Area::ALL {
        let own: Vec<&Check> = checks.iter().filter(|check| check.area == area).collect();
        if own.is_empty() {
            continue;
        }
        writeln!(out, "{}", area.title())?;
        write_rows(out, &own)?;
        writeln!(out)?;
    }
    writeln!(out, "{}", sum(facts, checks))?;
    Ok(())
}

/// Rows of one width, with their marks in colour.
fn write_rows(out: &mut impl Write, checks: &[&Check]) -> Result<()> {
    let rows: Vec<Vec<String>> = checks.iter().map(|check| row(check)).collect();
    for line in list(&rows, 2).lines() {
        let marks = [Mark::Fault, Mark::Unknown, Mark::Warning, Mark::Ok];
        let own = marks.into_iter().find(|mark| line.trim_start().starts_with(mark.word()));
        match own.filter(|_| line.starts_with("  ") && !line.starts_with("   ")) {
            Some(mark) => writeln!(out, "{}", line.replacen(mark.word(), &painted(mark.word(), colour(mark)), 1))?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

fn colour(mark: Mark) -> Colour {
    match mark {
        Mark::Fault => Colour::Red,
        Mark::Unknown | Mark::Warning => Colour::Yellow,
        Mark::Ok => Colour::Green,
    }
}

fn row(check: &Check) -> Vec<String> {
    let to_do = check.to_do.as_ref().map_or_else(String::new, |to_do| format!("\n-> {to_do}"));
    vec![check.mark.word().to_owned(), format!("{}: {}{to_do}", check.subject, check.what)]
}

fn sum(facts: &Facts, checks: &[Check]) -> String {
    let count = |mark| checks.iter().filter(|check| check.mark == mark).count();
    format!(
        "The stack {} in {}: {}, {}, {} not known, {} ok.",
        facts.name,
        facts.region,
        counted(count(Mark::Fault), "fault"),
        counted(count(Mark::Warning), "warning"),
        count(Mark::Unknown),
        count(Mark::Ok),
    )
}

/// Prints every check as one line of JSON.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_json(out: &mut impl Write, facts: &Facts, checks: &[Check]) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        stack: &'a str,
        region: &'a str,
        at: Timestamp,
        version: &'a str,
        faults: usize,
        warnings: usize,
        unknown: usize,
        checks: &'a [Check],
    }
    let count = |mark| checks.iter().filter(|check| check.mark == mark).count();
    let line = Line {
        stack: &facts.name,
        region: &facts.region,
        at: facts.at,
        version: &facts.version,
        faults: count(Mark::Fault),
        warnings: count(Mark::Warning),
        unknown: count(Mark::Unknown),
        checks,
    };
    writeln!(out, "{}", serde_json::to_string(&line)?)?;
    Ok(())
}

/// Prints what has to be unwired, with the command or the edit that does it.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_unwiring(out: &mut impl Write, facts: &Facts, found: &Unwiring) -> Result<()> {
    for hook in &found.hooks {
        print_hook(out, hook)?;
    }
    if !found.unknown.is_empty() {
        writeln!(out, "Not looked at, and so perhaps more:")?;
        write_rows(out, &found.unknown.iter().collect::<Vec<_>>())?;
        writeln!(out)?;
    }
    let (services, groups) = (facts.services.all.len(), facts.groups.all.len());
    let looked = format!(
        "{} and {} in {} were looked at",
        counted(services, "service"),
        counted(groups, "deployment group"),
        facts.region
    );
    let name = &facts.name;
    let verdict = match (found.hooks.is_empty(), found.unknown.is_empty()) {
        (true, true) if matches!(facts.stack, Ok(None)) => {
            format!("There is no stack {name}, and nothing calls its functions.")
        }
        (true, true) => format!("Nothing calls a function of the stack {name}: it can be deleted."),
        (true, false) => format!("Whether the stack {name} can be deleted is not known."),
        (false, _) => format!(
            "Do not delete the stack {name} yet: unwire {} first, and run this again.",
            counted(found.hooks.len(), "place")
        ),
    };
    writeln!(out, "{verdict}\n{looked}.")?;
    Ok(())
}

fn print_hook(out: &mut impl Write, hook: &Wired) -> Result<()> {
    let by = if hook.deployed_by == "ecs" { "ECS service" } else { "CodeDeploy" };
    writeln!(out, "{by} {}", hook.subject)?;
    hook.calls.iter().try_for_each(|call| writeln!(out, "  calls {call}"))?;
    if let Some(note) = &hook.note {
        writeln!(out, "  {note}")?;
    }
    if let Some(edit) = &hook.edit {
        write!(out, "{}", list(&[vec!["->".to_owned(), edit.clone()]], 2))?;
    }
    // Not wrapped: it is there to be copied.
    if let Some(command) = &hook.command {
        writeln!(out, "  -> {command}")?;
        writeln!(out, "     and take the hook out of the template or the pipeline that would bring it back")?;
    }
    writeln!(out)?;
    Ok(())
}

/// Prints what has to be unwired as one line of JSON.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_unwiring_json(out: &mut impl Write, facts: &Facts, found: &Unwiring) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        stack: &'a str,
        region: &'a str,
        at: Timestamp,
        safe_to_delete: bool,
        services: usize,
        deployment_groups: usize,
        #[serde(flatten)]
        found: &'a Unwiring,
    }
    let line = Line {
        stack: &facts.name,
        region: &facts.region,
        at: facts.at,
        safe_to_delete: found.hooks.is_empty() && found.unknown.is_empty(),
        services: facts.services.all.len(),
        deployment_groups: facts.groups.all.len(),
        found,
    };
    writeln!(out, "{}", serde_json::to_string(&line)?)?;
    Ok(())
}
