//! `tidegate diagnose`: why tasks of a service fail.
//!
//! - [`mod@file`]: tasks that somebody saved
//! - [`account`]: a service of the account
//! - [`looked`]: what was looked at, and whether something failed
//! - [`show`]: that for people, and as JSON

pub mod account;
pub mod file;
pub mod looked;
pub mod show;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{ArgGroup, Parser};

use crate::live;

use account::Named;
use looked::Looked;

/// Tell why tasks stop, do not start, or are not found healthy: those of a service, or of a file.
///
/// A service is looked at in the account that `AWS_PROFILE`, `AWS_REGION` and their like name, and nothing is changed: its
/// tasks, with those that stopped in the last hour, its events and its targets. The file is an "ECS Task State Change" or
/// "ECS Service Action" event, or what `aws ecs describe-tasks` prints, or one task of it; several may follow each other.
#[derive(Clone, Debug, Default, Parser)]
#[command(after_help = HELP, group = ArgGroup::new("source").args(["service", "task"]).required(true))]
pub struct Args {
    /// The service, as CLUSTER/SERVICE.
    #[arg(value_name = "SERVICE", value_parser = Named::read)]
    pub service: Option<Named>,
    /// Tasks that somebody saved; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub task: Option<PathBuf>,
    /// Print what was found as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where nothing is wrong, 1 where something failed, 2 where it can't be looked at.

Examples:
  tidegate diagnose live/shop
  aws ecs describe-tasks --cluster live --tasks 0123456789abcdef0123456789abcdef | tidegate diagnose --task -";

/// The exit code beside that of success.
const FAILED: u8 = 1;

/// Runs the command.
///
/// # Errors
/// Where the service or the file can't be read, or nothing can be written.
pub async fn main(args: &Args, input: impl Read, out: &mut impl Write) -> Result<ExitCode> {
    match &args.task {
        Some(task) => finish(&file::looked(task, input)?, args, out),
        None => run(&live::aws().await?, args, out).await,
    }
}

/// Runs the command on an account behind ports.
///
/// # Errors
/// Where the service can't be read, or nothing can be written.
pub async fn run(ports: &impl account::Ports, args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let Some(service) = &args.service else {
        bail!("there is nothing to look at: name CLUSTER/SERVICE, or --task FILE")
    };
    finish(&account::looked(ports, service).await?, args, out)
}

fn finish(looked: &Looked, args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    if args.json {
        show::print_json(out, looked)?;
    } else {
        show::print(out, looked)?;
    }
    Ok(if looked.has_failed() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}
