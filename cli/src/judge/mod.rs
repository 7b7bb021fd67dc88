//! `tidegate judge`: the canary gate's verdict on a release, minute by minute, or as a filter.
//!
//! - [`args`]: what may be asked
//! - [`filter`]: one question a line, one record a line
//! - [`sheet`], [`json`]: reading a trace; [`rows`] makes facts of its minutes
//! - [`account`]: reading a past deployment
//! - [`replay`]: the release judged anew for each minute, with what was known then
//! - [`show`]: the table for people, the lines for programs
//! - [`page`]: the report

pub mod account;
pub mod args;
pub mod filter;
pub mod json;
pub mod page;
pub mod replay;
pub mod rows;
pub mod sheet;
pub mod show;

use std::fs::File;
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use canary_gate::settings::Settings;
use jiff::Timestamp;
use tidegate_core::canary::Policy;
use tidegate_core::canary::enrolment::{self, GATE};
use tidegate_core::tags::{PREFIX, Tags};
use tidegate_core::verdict::Verdict;

pub use args::Args;
use json::Read as Known;
use replay::Past;

use crate::live;

/// The exit code of a release that fails.
const FAILS: u8 = 1;

/// The exit code of a release that can't be judged.
const NOT_JUDGED: u8 = 2;

/// Runs the command.
///
/// # Errors
/// Where the release can't be read, or something can't be written.
pub async fn main(args: Args, input: impl BufRead, out: &mut impl Write) -> Result<ExitCode> {
    if args.example {
        writeln!(out, "{}", filter::EXAMPLE)?;
        return Ok(ExitCode::SUCCESS);
    }
    match (&args.trace, &args.deployment) {
        (Some(file), _) => run(from_file(file, input, &args)?, &args, out),
        (None, Some(id)) => {
            let settings = Settings::read(live::variable)?;
            run(account::past(&live::aws().await?, &settings, id).await?, &args, out)
        }
        (None, None) => crate::filter::run(input, out, filter::answer),
    }
}

/// Replays a release, and says how it ends.
///
/// The door and the settings of the arguments are put on top of what the release says itself.
///
/// # Errors
/// Where a setting can't be read, there is no minute, or something can't be written.
pub fn run(past: Past, args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let mut past = past;
    past.policy = policy(&args.set, &past.policy, past.facts.deployment.started_at)?;
    past.facts.door = args.door.unwrap_or(past.facts.door);
    let moments = past.replay();
    let ending = replay::ending(&past, &moments)
        .with_context(|| format!("{} has no minute since it began, {}", past.name, past.facts.deployment.started_at))?;
    if let Some(file) = &args.report {
        page::page(&past, &moments, &ending, args.all).write(file)?;
    }
    if args.json {
        show::print_json(out, &moments)?;
    } else {
        show::print(out, &past, &moments, &ending, args.all)?;
    }
    Ok(match ending.verdict {
        Verdict::Pass | Verdict::Inconclusive => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::from(FAILS),
        Verdict::Error => ExitCode::from(NOT_JUDGED),
    })
}

/// A policy with settings by the names of their tags.
fn policy(settings: &[(String, String)], defaults: &Policy, now: Timestamp) -> Result<Policy> {
    let on = (format!("{PREFIX}{GATE}"), "on".to_owned());
    let settings = settings.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value.clone()));
    let tags = Tags::new([on].into_iter().chain(settings));
    enrolment::read(&tags, &Tags::default(), defaults, now).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow!("--set can't be used: {}", faults.join("; "))
    })
}

/// A release from a file.
fn from_file(file: &Path, mut input: impl BufRead, args: &Args) -> Result<Past> {
    let mut text = String::new();
    let (name, read) = if file.as_os_str() == "-" {
        ("standard input".to_owned(), input.read_to_string(&mut text))
    } else {
        let mut file_of = File::open(file).with_context(|| format!("{} can't be opened", file.display()))?;
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        (name, file_of.read_to_string(&mut text))
    };
    read.with_context(|| format!("{} can't be read as text", file.display()))?;
    past(name, &text, args).with_context(|| file.display().to_string())
}

/// A release from a text.
fn past(name: String, text: &str, args: &Args) -> Result<Past> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let known = if is_json { json::read(text)? } else { Known::Rows(sheet::read(text)?) };
    match known {
        Known::Rows(rows) => {
            let (facts, weights) = rows::facts(rows, &name, args.started)?;
            Ok(Past { name, facts, policy: Policy::default(), weights })
        }
        Known::Facts(whole) => {
            let json::Whole { facts, policy, service } = *whole;
            ensure!(args.started.is_none(), "--started is for rows: these facts say themselves when it began");
            let name = service.unwrap_or_else(|| facts.deployment.id.clone());
            Ok(Past { name, facts, policy, weights: Vec::new() })
        }
    }
}
