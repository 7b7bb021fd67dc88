//! `tidegate doctor`: whether the account has what the stack needs, and what has to be unwired before it is deleted.
//!
//! - [`gather`]: reading the stack, and everything that calls its functions
//! - [`facts`]: what was gathered
//! - [`checks`]: what that comes to, in pure functions; [`check`] is one of them
//! - [`unwire`]: every hook that has to be taken away before the stack is deleted
//! - [`show`]: all that for people, and as JSON
//! - [`rights`]: what has to be allowed for it

pub mod check;
pub mod checks;
pub mod facts;
pub mod gather;
pub mod rights;
pub mod show;
pub mod unwire;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::live;
use check::{Check, Mark};
use gather::Ports;

/// Check whether the account has what the stack needs: the stack itself, its functions, queues and alarms, the tags of
/// enrolled services, and the hooks that call its functions.
///
/// Reads the account that `AWS_PROFILE`, `AWS_REGION` and their like name, and changes nothing. What could not be looked
/// at is "not known", with the right that is missing, and never passes. With --before-delete it lists what has to be
/// unwired before the stack is deleted: a hook that leads to a function that is gone stops the next deployment.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// The stack.
    #[arg(long, value_name = "NAME", default_value = "tidegate")]
    pub stack: String,
    /// Only services of this cluster [default: all].
    #[arg(long, value_name = "NAME", conflicts_with = "before_delete")]
    pub cluster: Option<String>,
    /// List every hook of an ECS service or an AppSpec that calls a function of the stack, with what unwires it.
    #[arg(long)]
    pub before_delete: bool,
    /// Print what was found as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where nothing is wrong (with --before-delete: where the stack can be deleted), 1 where something is, 2 where \
nothing seems wrong but not everything could be looked at.

Examples:
  tidegate doctor
  tidegate doctor --stack gates --cluster live --json
  tidegate doctor --before-delete && sam delete --stack-name tidegate

docs/doctor.md describes every check, and has the policy that it takes.";

/// The exit codes beside that of success.
const WRONG: u8 = 1;
const NOT_KNOWN: u8 = 2;

/// Runs the command.
///
/// # Errors
/// Where there is nobody to ask, or nothing can be written.
pub async fn main(args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let aws = live::aws().await?;
    let region = aws.region().to_owned();
    run(&aws, &region, args, out).await
}

/// Runs the command on an account behind ports.
///
/// # Errors
/// Where nothing can be written.
pub async fn run(ports: &impl Ports, region: &str, args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    if args.before_delete {
        let facts = gather::wired(ports, &args.stack, None, region).await;
        let found = unwire::unwire(&facts);
        if args.json {
            show::print_unwiring_json(out, &facts, &found)?;
        } else {
            show::print_unwiring(out, &facts, &found)?;
        }
        return Ok(ExitCode::from(match (found.hooks.is_empty(), found.unknown.is_empty()) {
            (false, _) => WRONG,
            (true, false) => NOT_KNOWN,
            (true, true) => 0,
        }));
    }
    let facts = gather::all(ports, &args.stack, args.cluster.as_deref(), region).await;
    let checks = checks::all(&facts);
    if args.json {
        show::print_json(out, &facts, &checks)?;
    } else {
        show::print(out, &facts, &checks)?;
    }
    Ok(ExitCode::from(code(&checks)))
}

fn code(checks: &[Check]) -> u8 {
    match checks.iter().map(|check| check.mark).min() {
        Some(Mark::Fault) => WRONG,
        Some(Mark::Unknown) => NOT_KNOWN,
        Some(Mark::Warning | Mark::Ok) | None => 0,
    }
}
