//! `tidegate scan`: the scan gate's verdict on an image.
//!
//! - [`account`]: an image of the account, looked at as the gate does; [`name`] is which
//! - [`release`]: an image out of the quarantine again
//! - [`offline`]: an image by what a file says of its scan, for a pipeline
//! - [`findings`]: that file, as `aws ecr describe-image-scan-findings` prints it
//! - [`rules`]: which policy it is judged by
//! - [`show`]: a verdict for people, and as JSON
//! - [`sarif`]: a verdict for whatever reads the results of analyses

pub mod account;
pub mod findings;
pub mod name;
pub mod offline;
pub mod release;
pub mod rules;
pub mod sarif;
pub mod show;

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{ArgGroup, Parser, Subcommand};
use jiff::Timestamp;
use scan_gate::settings::Settings;
use tidegate_core::scan::{Facts, Judgement, Policy};
use tidegate_core::verdict::Verdict;

use crate::live;

/// Judge whether an image may run, as the scan gate would: one of the account, or from a file with what its scan found.
///
/// An IMAGE is looked at in its registry, and nothing is changed. The file is what `aws ecr describe-image-scan-findings`
/// prints, for a pipeline without access. Either is judged by a policy document, or else by the built-in one.
#[derive(Clone, Debug, Default, Parser)]
#[command(after_help = HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(group = ArgGroup::new("source").args(["image", "findings"]).required(true))]
pub struct Args {
    /// An image of the account.
    #[command(flatten)]
    pub live: account::Live,
    /// What a scan found.
    #[command(flatten)]
    pub offline: offline::Offline,
    /// What it is judged by.
    #[command(flatten)]
    pub rules: rules::Rules,
    /// What is printed.
    #[command(flatten)]
    pub output: Output,
    /// Judge as of this moment [default: now].
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    Release(release::Args),
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

Examples:
  tidegate scan shop:v7 --policy policy.yaml --wait
  tidegate scan release shop:v7
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
    /// What is to be known beside it, and changes nothing about the verdict.
    pub notes: Vec<String>,
    /// As of when.
    pub at: Timestamp,
}

/// Runs the command.
///
/// # Errors
/// Where the image or the files can't be read, or something can't be written.
pub async fn main(args: &Args, input: impl Read, out: &mut impl Write) -> Result<ExitCode> {
    args.output.check()?;
    if let Some(file) = &args.offline.findings {
        let now = live::moment(args.now).await?;
        return finish(&offline::judged(file, &args.offline, &args.rules, input, now)?, &args.output, out);
    }
    let settings = Settings::read(live::variable)?;
    let aws = live::aws().await?;
    let tell = |line: &str| drop(writeln!(io::stderr(), "{line}"));
    run(&aws, &settings, aws.region(), args, out, tell).await
}

/// Runs the command on an account behind ports. `tell` is told how it goes.
///
/// # Errors
/// Where the image or the policy can't be read, it can't be brought back, or something can't be written.
pub async fn run(
    ports: &impl account::Ports,
    settings: &Settings,
    region: &str,
    args: &Args,
    out: &mut impl Write,
    tell: impl FnMut(&str),
) -> Result<ExitCode> {
    match (&args.command, &args.live.image) {
        (Some(Command::Release(args)), _) => release::run(ports, region, args, out, tell).await,
        (None, Some(image)) => {
            let judged = Box::pin(account::judged(ports, settings, region, image, args, tell)).await?;
            finish(&judged, &args.output, out)
        }
        (None, None) => bail!("there is nothing to judge: name an IMAGE, or --findings FILE"),
    }
}

fn finish(judged: &Judged, output: &Output, out: &mut impl Write) -> Result<ExitCode> {
    print(judged, output, out)?;
    Ok(exit_code(judged.judgement.verdict))
}

impl Output {
    fn sarif_on_stdout(&self) -> bool {
        self.sarif.as_ref().is_some_and(|file| file.as_os_str() == "-")
    }

    fn check(&self) -> Result<()> {
        ensure!(
            !(self.json && self.sarif_on_stdout()),
            "--json and --sarif - both print to standard output: choose one"
        );
        Ok(())
    }
}

/// Prints a verdict as it was asked for.
///
/// # Errors
/// Where something can't be written.
pub fn print(judged: &Judged, output: &Output, out: &mut impl Write) -> Result<()> {
    let on_stdout = output.sarif_on_stdout();
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
