//! Every fault of a policy document with its line, or what it says in short.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_core::mode::Mode;
use tidegate_core::scan::document::{self, Document, Fault};
use tidegate_core::scan::pattern::Pattern;
use tidegate_core::scan::policy::Exception;
use tidegate_core::words::counted;

use crate::{input, live};

/// Check a policy document: every fault with its line, or what it says in short.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// The document; - for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Check as of this moment [default: now].
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Print what was found as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where it is good, 1 where it has faults, 2 where it can't be read.

Examples:
  tidegate policy check policy.yaml
  tidegate policy check - --json < policy.yaml";

/// Exceptions that end within this time are named.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Runs the command.
///
/// # Errors
/// Where the document is not there, or something can't be written.
pub async fn main(args: &Args, input: impl Read, out: &mut impl Write) -> Result<ExitCode> {
    let read = input::read(&args.file, input)?;
    let now = live::moment(args.now).await?;
    let document = document::read(&read.text, now);
    if args.json {
        let good = document.is_ok();
        print_json(out, &read.name, &document, now)?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    match document {
        Ok(document) => {
            writeln!(out, "{}: good", read.name)?;
            summary(&document, now).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            for fault in faults {
                writeln!(out, "{}:{}: {}", read.name, fault.line, fault.told())?;
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The same as one line of JSON.
fn print_json(out: &mut impl Write, name: &str, read: &Result<Document, Vec<Fault>>, now: Timestamp) -> Result<()> {
    let line = match read {
        Ok(document) => json!({"document": name, "good": true, "summary": summary(document, now), "faults": []}),
        Err(faults) => json!({"document": name, "good": false, "summary": [], "faults": faults}),
    };
    writeln!(out, "{line}")?;
    Ok(())
}

/// What a document says, a line each.
fn summary(document: &Document, now: Timestamp) -> Vec<String> {
    let mut lines = vec![modes(document)];
    let exceptions = &document.rules.exceptions;
    lines.push(counted(exceptions.len(), "exception"));
    let mut ending: Vec<&Exception> = exceptions.iter().filter(|one| one.until < now + SOON).collect();
    ending.sort_by_key(|exception| exception.until);
    lines.extend(ending.iter().map(|exception| ends(exception, now)));
    if let Some(glass) = &document.rules.break_glass {
        let verb = if glass.is_open(now) { "is" } else { "was" };
        lines.push(format!("the gate {verb} open until {}: {}", glass.until, glass.reason));
    }
    lines
}

fn modes(document: &Document) -> String {
    let enrolled = document.repositories.iter().map(|entry| entry.policy.mode).chain([document.rules.mode]);
    if enrolled.max() == Some(Mode::Off) {
        return "no repository is enrolled: every mode is off".to_owned();
    }
    let entry = |mode: Mode, names: &str| format!("{} for {names}", mode.as_str());
    let named = document.repositories.iter().map(|rules| {
        let names: Vec<&str> = rules.names.iter().map(Pattern::as_str).collect();
        entry(rules.policy.mode, &names.join(", "))
    });
    let others = if document.repositories.is_empty() { "all repositories" } else { "all others" };
    named.chain([entry(document.rules.mode, others)]).collect::<Vec<_>>().join("; ")
}

/// `CVE-2026-12345 ends at 2026-12-01T00:00:00Z, in 3 days`.
fn ends(exception: &Exception, now: Timestamp) -> String {
    let Exception { id, until, .. } = exception;
    if *until <= now {
        return format!("{id} accepts nothing any more: it ended at {until}");
    }
    let hours = until.duration_since(now).as_hours();
    let left = if hours < 48 { counted(hours, "hour") } else { counted(hours / 24, "day") };
    format!("{id} ends at {until}, in {left}")
}
