//! `tidegate scan`: the scan gate's verdict on an image.
//!
//! - [`offline`]: an image by what a file says of its scan, for a pipeline
//! - [`findings`]: that file, as `aws ecr describe-image-scan-findings` prints it
//! - [`show`]: a verdict for people, and as JSON
//! - [`sarif`]: a verdict for whatever reads the results of analyses

pub mod findings;
pub mod offline;
pub mod sarif;
pub mod show;

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use jiff::Timestamp;
use tidegate_core::scan::{Facts, Judgement, Policy};
use tidegate_core::verdict::Verdict;

use crate::live;

/// Judge whether an image may run, as the scan gate would: from a file with what its scan found, for a pipeline.
///
/// The file is what `aws ecr describe-image-scan-findings` prints. It is judged by a policy document, or else by the
/// built-in one.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// What the scan found.
    #[command(flatten)]
    pub offline: offline::Offline,
    /// What is printed.
    #[command(flatten)]
    pub output: Output,
    /// Judge as of this moment [default: now].
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
}

/// What is printed of a verdict.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Output {
    /// Print the verdict as JSON, on one line.
    #[arg(long)]
    pub json: bool,
    /// Write the verdict as SARIF to this file; - for standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
}

const HELP: &str = "\
Exit code: 0 where it passes, 1 where it fails, 2 where it can't be judged, 3 where it is not scanned yet.

Example:
  aws ecr describe-image-scan-findings --repository-name shop --image-id imageTag=v7 > findings.json
  tidegate scan --findings findings.json --policy policy.yaml --sarif findings.sarif

docs/scan.md describes what is read and printed, docs/scan-policy.md the policy.";

/// The exit codes beside that of success.
const FAILS: u8 = 1;
const NOT_JUDGED: u8 = 2;
const NOT_SCANNED_YET: u8 = 3;

/// An image and what was judged of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was looked at.
    pub facts: Facts,
    /// What it was judged by.
    pub policy: Policy,
    /// What came of it.
    pub judgement: Judgement,
    /// What could not be looked at, and changes nothing about the verdict.
    pub notes: Vec<String>,
    /// As of when.
    pub at: Timestamp,
}

/// Runs the command.
///
/// # Errors
/// Where the files can't be read, or something can't be written.
pub async fn main(args: Args, input: impl Read, out: &mut impl Write) -> Result<ExitCode> {
    let now = live::moment(args.now).await?;
    let judged = offline::judged(&args.offline, input, now)?;
    print(&judged, &args.output, out)?;
    Ok(exit_code(judged.judgement.verdict))
}

/// Prints a verdict as it was asked for.
///
/// # Errors
/// Where something can't be written.
pub fn print(judged: &Judged, output: &Output, out: &mut impl Write) -> Result<()> {
    let on_stdout = output.sarif.as_ref().is_some_and(|file| file.as_os_str() == "-");
    ensure!(!(on_stdout && output.json), "--json and --sarif - both print to standard output: choose one");
    if let Some(file) = &output.sarif {
        let sarif = format!("{:#}\n", sarif::log(judged));
        if on_stdout {
            out.write_all(sarif.as_bytes())?;
        } else {
            fs::write(file, sarif).with_context(|| format!("SARIF can't be written to {}", file.display()))?;
        }
    }
    match (output.json, on_stdout) {
        (true, _) => show::print_json(out, judged),
        (_, true) => Ok(()),
        _ => show::print(out, judged),
    }
}

/// The exit code of a verdict.
#[must_use]
pub fn exit_code(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Pass => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::from(FAILS),
        Verdict::Error => ExitCode::from(NOT_JUDGED),
        Verdict::Inconclusive => ExitCode::from(NOT_SCANNED_YET),
    }
}
