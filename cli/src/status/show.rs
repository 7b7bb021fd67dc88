//! What the functions decided, for people and as JSON.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, ColumnConstraint};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_core::words::counted;

use super::line::{Decision, Run};
use super::read::{Function, Status};
use crate::text::table;

/// So many of a function's decisions are in its table; all are in the JSON.
const MOST: usize = 50;

/// Prints a line and a table for each function.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, status: &Status) -> Result<()> {
    for (index, function) in status.functions.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        print_function(out, status, function)?;
    }
    Ok(())
}

fn print_function(out: &mut impl Write, status: &Status, function: &Function) -> Result<()> {
    let name = &function.function;
    if let Some(why) = &function.not_read {
        writeln!(out, "{name}: its log can't be read: {why}")?;
    }
    let since = ago(status.at, function.read_since.unwrap_or(status.since));
    match (&function.last_run, function.latest.is_empty()) {
        (Some(run), _) => writeln!(out, "{name}: {}", last(status.at, run, function.runs, &since))?,
        (None, false) => writeln!(out, "{name}: no run, and {}, in {since}", told(function))?,
        (None, true) if function.not_read.is_some() => {}
        (None, true) => writeln!(out, "{name}: has said nothing in {since}")?,
    }
    if function.latest.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = function.latest.iter().take(MOST).map(|decision| row(status.at, decision)).collect();
    let mut table = table(&["when", "about", "mode", "verdict", "reason and why"], &rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(CellAlignment::Left);
        if index != 1 && index < 4 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    let left = function.latest.len().saturating_sub(MOST);
    if left > 0 {
        writeln!(out, "and {left} more: --json has them all, --service asks about one")?;
    }
    Ok(())
}

fn told(function: &Function) -> String {
    counted(function.decisions, "decision")
}

/// `last run 40 s ago (schedule): 12 seen, 1 changed; 60 runs in 1 h`.
fn last(at: Timestamp, run: &Run, runs: usize, since: &str) -> String {
    let trigger = if run.trigger.is_empty() { String::new() } else { format!(" ({})", run.trigger) };
    let counts = counts(&run.summary);
    let counts = if counts.is_empty() { String::new() } else { format!(": {counts}") };
    format!("last run {} ago{trigger}{counts}; {} in {since}", ago(at, run.at), counted(runs, "run"))
}

/// What a summary counts, without what it cost to count it.
fn counts(summary: &Value) -> String {
    const NOT_TOLD: [&str; 5] = ["duration_ms", "run_usd", "calls", "unpriced", "at"];
    let entries = summary.as_object().into_iter().flatten().filter(|(name, _)| !NOT_TOLD.contains(&name.as_str()));
    let told = entries.filter_map(|(name, value)| {
        let name = name.replace('_', " ");
        match value {
            Value::Number(count) if count.as_u64().is_some_and(|count| count > 0) => Some(format!("{count} {name}")),
            // Such as those that were left alone, by reason.
            Value::Object(reasons) => {
                let all: u64 = reasons.values().filter_map(Value::as_u64).sum();
                (all > 0).then(|| format!("{all} {name}"))
            }
            Value::String(why) if matches!(name.as_str(), "declined" | "incomplete") => Some(format!("{name}: {why}")),
            _ => None,
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

fn row(at: Timestamp, decision: &Decision) -> Vec<String> {
    vec![
        format!("{} ago", ago(at, decision.at)),
        decision.subject.clone().unwrap_or_else(|| "the run".to_owned()),
        decision.mode.clone().unwrap_or_default(),
        decision.verdict.clone(),
        format!("{}: {}{}", decision.reason, decision.why, outcome(decision)),
    ]
}

/// What became of it.
fn outcome(decision: &Decision) -> String {
    match (&decision.not_acted, &decision.action, decision.acted) {
        (Some(why), ..) => format!(" [not done: {why}]"),
        (None, Some(_), true) => " [done]".to_owned(),
        (None, Some(_), false) => " [not done]".to_owned(),
        (None, None, _) => String::new(),
    }
}

/// `40 s`, `12 min`, `3 h`, `2 days`.
fn ago(at: Timestamp, then: Timestamp) -> String {
    let length: SignedDuration = at.duration_since(then).max(SignedDuration::ZERO);
    match length.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Prints it as one line of JSON.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_json(out: &mut impl Write, status: &Status) -> Result<()> {
    writeln!(out, "{}", serde_json::to_string(status)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_well() {
        let then = Timestamp::UNIX_EPOCH;
        let told = [40, 119, 720, 7199, 10_800, 200_000].map(|age| ago(then + SignedDuration::from_secs(age), then));
        assert_eq!(told, ["40 s", "119 s", "12 min", "119 min", "3 h", "2 days"]);
        assert_eq!(ago(then, then + SignedDuration::from_secs(3)), "0 s", "a clock that is behind");
    }

    #[test]
    fn a_summary_is_told_by_what_it_counts() {
        let summary = serde_json::json!({
            "function": "cost-scaler", "trigger": "schedule", "seen": 12, "changed": 0, "left_alone": {"stays": 10, "settling": 1},
            "failed": {}, "incomplete": "GetResources was throttled", "calls": {"ECS.DescribeServices": 2}, "run_usd": 0.1,
        });
        assert_eq!(counts(&summary), "incomplete: GetResources was throttled, 11 left alone, 12 seen");
    }
}
