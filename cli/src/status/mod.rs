//! `tidegate status`: what each function decided lately, from its logs.
//!
//! - [`read`]: reading the log groups, the newest hours first
//! - [`mod@line`]: what a line of a log says
//! - [`show`]: that for people, and as JSON

pub mod line;
pub mod read;
pub mod show;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use jiff::SignedDuration;

use crate::doctor::facts::Which;
use crate::live;
use read::Ports;

/// Show what each function decided lately: its last run, and its latest decision on each service, with the reason.
///
/// Reads the functions' logs in the account that `AWS_PROFILE`, `AWS_REGION` and their like name, the newest first, and
/// changes nothing. Decisions that leave a service as it is are in the logs only where the function is set to record all
/// of them (`ScalerRecords=all` and its like); its runs always are.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// The stack.
    #[arg(long, value_name = "NAME", default_value = "tidegate")]
    pub stack: String,
    /// Only this function: cost-scaler, canary-gate, scan-gate or deploy-hook.
    #[arg(long, value_name = "NAME", value_parser = function)]
    pub function: Option<Which>,
    /// Only decisions on this service, as CLUSTER/SERVICE.
    #[arg(long, value_name = "CLUSTER/SERVICE", value_parser = service)]
    pub service: Option<String>,
    /// How far to look back: 90s, 30m, 6h; at most 720h.
    #[arg(long, value_name = "LENGTH", default_value = "1h", value_parser = length)]
    pub since: SignedDuration,
    /// Print what was found as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where every log could be read, 2 where one could not.

Examples:
  tidegate status
  tidegate status --service live/shop --since 24h
  tidegate status --function deploy-hook --json

docs/doctor.md has the policy that it takes, docs/cli.md the shape of its JSON.";

/// The exit code where a log could not be read.
const NOT_READ: u8 = 2;

/// Logs are not looked at further back.
const MOST_HOURS: i64 = 720;

fn function(text: &str) -> Result<Which, String> {
    let names = || Which::ALL.map(Which::name);
    Which::ALL.into_iter().find(|which| which.name() == text).ok_or_else(|| {
        let meant = tidegate_core::words::nearest(text, names());
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        format!("must be {}{meant}", names().join(", "))
    })
}

fn service(text: &str) -> Result<String, String> {
    let parts = text.split_once('/').filter(|(cluster, name)| !cluster.is_empty() && !name.is_empty());
    // It becomes part of a pattern.
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_/".contains(letter));
    parts.filter(|_| plain).map(|_| text.to_owned()).ok_or_else(|| "must be CLUSTER/SERVICE".to_owned())
}

fn length(text: &str) -> Result<SignedDuration, String> {
    let seconds = tidegate_core::tags::seconds(text).map(|seconds| SignedDuration::from_secs(seconds.into()));
    seconds
        .filter(|length| length.is_positive() && length.as_hours() <= MOST_HOURS)
        .ok_or_else(|| format!("must be a length of time such as 90s, 30m or 6h, at most {MOST_HOURS}h"))
}

/// Runs the command.
///
/// # Errors
/// Where there is nobody to ask, or nothing can be written.
pub async fn main(args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    run(&live::aws().await?, args, out).await
}

/// Runs the command on an account behind ports.
///
/// # Errors
/// Where nothing can be written.
pub async fn run(ports: &impl Ports, args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let status = read::status(ports, args).await;
    if args.json {
        show::print_json(out, &status)?;
    } else {
        show::print(out, &status)?;
    }
    let all_read = status.functions.iter().all(|function| function.not_read.is_none());
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::from(NOT_READ) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_checked() {
        assert_eq!(function("scan-gate"), Ok(Which::ScanGate));
        assert!(function("scangate").is_err_and(|why| why.ends_with("did you mean scan-gate?")));
        assert_eq!(service("live/shop").as_deref(), Ok("live/shop"));
        for wrong in ["shop", "/shop", "live/", "live/\" || {"] {
            assert!(service(wrong).is_err(), "{wrong}");
        }
        assert_eq!(length("90m"), Ok(SignedDuration::from_mins(90)));
        for wrong in ["0h", "1", "721h", "-1h", "1d"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
