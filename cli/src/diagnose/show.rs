//! What was found, for people and as JSON.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, ColumnConstraint, Table};
use jiff::Timestamp;
use serde::Serialize;
use tidegate_core::diagnosis::Diagnosis;
use tidegate_core::words::counted;

use super::looked::Looked;
use crate::text::table;

/// Prints it as a table, with what to do below it.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, looked: &Looked) -> Result<()> {
    writeln!(out, "{}", summary(looked))?;
    if looked.diagnoses().next().is_none() {
        return Ok(());
    }
    writeln!(out, "\n{}", rows(looked).trim_fmt())?;
    let mut told: Vec<&Diagnosis> = Vec::new();
    for diagnosis in looked.diagnoses().filter(|diagnosis| !diagnosis.class.is_expected()) {
        if told.iter().all(|own| (own.class, &own.fix) != (diagnosis.class, &diagnosis.fix)) {
            told.push(diagnosis);
        }
    }
    for (nth, diagnosis) in told.iter().enumerate() {
        let head = if nth == 0 { "\nWhat to do:\n" } else { "" };
        let said = diagnosis.said.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = if said.is_empty() { String::new() } else { format!("\n    AWS says: {said}") };
        writeln!(out, "{head}  {}: {}{said}", diagnosis.class.code(), diagnosis.fix)?;
    }
    Ok(())
}

/// Prints it as one line of JSON.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_json(out: &mut impl Write, looked: &Looked) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        failed: bool,
        why: String,
        #[serde(flatten)]
        looked: &'a Looked,
    }
    let line = Line { failed: looked.has_failed(), why: why(looked), looked };
    writeln!(out, "{}", serde_json::to_string(&line)?)?;
    Ok(())
}

fn summary(looked: &Looked) -> String {
    let verdict = if looked.has_failed() { "FAILED" } else { "OK" };
    format!("{verdict} {}: {}", looked.of, why(looked))
}

/// How it stands, and what is the matter first of all.
fn why(looked: &Looked) -> String {
    let running = match looked.counts {
        Some(counts) => {
            let pending =
                if counts.pending == 0 { String::new() } else { format!(", {} are about to", counts.pending) };
            format!("{} of {} run{pending}", counts.running, counted(counts.desired, "task"))
        }
        None => format!(
            "{} not stopped",
            if looked.running == 1 { "1 task has".to_owned() } else { format!("{} tasks have", looked.running) }
        ),
    };
    let stopped: u32 = looked.stopped.iter().map(|group| group.count).sum();
    let failed = looked.stopped.iter().filter(|group| !group.diagnosis.class.is_expected());
    let failed: u32 = failed.map(|group| group.count).sum();
    let first = looked.diagnoses().find(|diagnosis| !diagnosis.class.is_expected());
    let first = first.map_or_else(String::new, |diagnosis| format!("; {}", diagnosis.cause));
    format!("{running}, {stopped} stopped, {failed} of them for a fault{first}")
}

/// A row for each diagnosis.
fn rows(looked: &Looked) -> Table {
    let row = |what: String, count: u32, last: Option<Timestamp>, diagnosis: &Diagnosis| {
        let last = last.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
        vec![what, count.to_string(), last, diagnosis.class.code().to_owned(), diagnosis.cause.clone()]
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    rows.extend(looked.stopped.iter().map(|own| row("tasks stopped".to_owned(), own.count, own.last, &own.diagnosis)));
    rows.extend(looked.events.iter().map(|own| row("service events".to_owned(), own.count, own.last, &own.diagnosis)));
    rows.extend(looked.targets.iter().map(|own| {
        let group = own.target_group.as_deref().unwrap_or_default();
        row(format!("targets of {group}"), own.count, own.last, &own.diagnosis)
    }));
    let mut table = table(&["what", "count", "last (UTC)", "class", "cause"], &rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        if index != 1 {
            column.set_cell_alignment(CellAlignment::Left);
        }
        if index < 4 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}
