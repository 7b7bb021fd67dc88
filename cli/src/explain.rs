//! `tidegate explain`: a decision record, recomputed from its own facts.

use std::fs;
use std::io::{Read, Write, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::Value;
use tidegate_core::scaling::{Decision, ScalingRecord, decide};

/// Recompute a decision record from its own facts, and compare.
///
/// The record is a line of the function's log, as it stands there. The exit code is 0 where the decision is the same, 1
/// where it is not, and 2 where it can't be recomputed.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// The file with the record; - for standard input.
    #[arg(value_name = "RECORD")]
    pub file: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Where there is no record, or it has no facts.
pub fn main(args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let mut text = String::new();
    if args.file.as_os_str() == "-" {
        stdin().read_to_string(&mut text).context("standard input can't be read")?;
    } else {
        text = fs::read_to_string(&args.file).with_context(|| format!("{} can't be read", args.file.display()))?;
    }
    let record = read(&text)?;
    let recomputed = recompute(&record)?;
    let same = is_same(&record.decision, &recomputed);
    writeln!(out, "{}", tell(&record, &recomputed, same))?;
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The record in a text: a line of the log, with or without what a log viewer puts before it.
///
/// # Errors
/// Where there is none, or more than one.
fn read(text: &str) -> Result<ScalingRecord> {
    let nothing = "this is no decision record of the scaler";
    let mut lines = text.lines().filter_map(|line| line.get(line.find('{')?..));
    let line = lines.next().context(nothing)?;
    // A record may also be laid out over several lines.
    let whole = text.get(text.find('{').unwrap_or(0)..).unwrap_or(text);
    let record = match serde_json::from_str(whole) {
        Ok(record) => return Ok(record),
        // Not one record over all the lines; what is wrong with it is told where the first line is nothing by itself.
        Err(error) => serde_json::from_str::<Value>(line).ok().ok_or(error).context(nothing)?,
    };
    anyhow::ensure!(record.get("summary").is_none(), "{nothing}: it is the summary of a run, which has no facts");
    anyhow::ensure!(lines.next().is_none(), "there is more than one line: explain one record at a time");
    serde_json::from_value(record).context(nothing)
}

/// The decision that the record's facts give today.
///
/// # Errors
/// Where the record has no facts or no policy, and so nothing to recompute from.
pub fn recompute(record: &ScalingRecord) -> Result<Decision> {
    let missing = || format!("the record has no facts to recompute from; it says {:?}", record.decision.why);
    let (facts, policy) = record.facts.as_ref().zip(record.policy.as_ref()).with_context(missing)?;
    Ok(decide(facts, policy, record.at))
}

/// Whether two decisions come to the same; the sentences may have been told differently.
#[must_use]
pub fn is_same(a: &Decision, b: &Decision) -> bool {
    (a.verdict, a.reason, a.desired) == (b.verdict, b.reason, b.desired)
}

fn tell(record: &ScalingRecord, recomputed: &Decision, same: bool) -> String {
    let service = record.service.as_deref().unwrap_or("a service");
    let decision = |decision: &Decision| {
        format!("{} to {} ({}): {}", decision.verdict.as_str(), decision.desired, decision.reason.code(), decision.why)
    };
    let from = record.facts.as_ref().map_or_else(String::new, |facts| format!(" at {} tasks", facts.desired));
    let mut lines = vec![
        format!("{service}{from}, {}, mode {}, version {}", record.at, record.mode.as_str(), record.version),
        format!("  {}", decision(&record.decision)),
        format!("  {}: {}", recomputed.reason.code(), recomputed.reason.meaning()),
    ];
    lines.extend(recomputed.asks.iter().map(|ask| format!("  - {}: {}", ask.metric, ask.why)));
    let outcome = match (&record.not_acted, record.acted) {
        (Some(why), _) => format!("It was not made: {why}"),
        (None, true) => "It was made.".to_owned(),
        (None, false) => "Nothing was changed.".to_owned(),
    };
    lines.push(outcome);
    lines.push(if same {
        format!("Recomputed with version {}: the same.", env!("CARGO_PKG_VERSION"))
    } else {
        format!("Recomputed with version {}: DIFFERENT, {}", env!("CARGO_PKG_VERSION"), decision(recomputed))
    });
    lines.join("\n")
}
