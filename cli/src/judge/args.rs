//! What may be asked of the judge.

use std::path::PathBuf;

use clap::Parser;
use jiff::Timestamp;
use tidegate_core::canary::facts::Door;
use tidegate_core::tags::PREFIX;

use crate::trace;

/// Judge a release minute by minute, as the canary gate would have done it: from a file of counts, from a past
/// deployment, or as a filter.
///
/// With --trace or --deployment each minute is judged with what was known then, and the verdicts are a table, lines of
/// JSON, or a page with charts. Without either, it reads one JSON object per line with facts, policy and now, and answers
/// each with the decision record on one line.
#[derive(Clone, Debug, Default, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// Counts of each minute as CSV or JSON, or the facts of a decision record; - for standard input.
    #[arg(long, value_name = "FILE", group = "source")]
    pub trace: Option<PathBuf>,
    /// A past deployment, read from the account: CodeDeploy's id (d-...) or the ARN of ECS's service deployment.
    #[arg(long, value_name = "ID", group = "source", value_parser = deployment)]
    pub deployment: Option<String>,
    /// A setting of the policy by the name of its tag, as in max-ratio=2 or patience=20m; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", requires = "source", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// When the release began; rows before are the old version's past [default: the first row with canary requests].
    #[arg(long, value_name = "TIME", requires = "trace", value_parser = time)]
    pub started: Option<Timestamp>,
    /// The door it is looked at through: schedule, step (a hook before each step) or bake (a hook after the last)
    /// [default: the one of the facts, or schedule].
    #[arg(long, requires = "source", value_parser = door)]
    pub door: Option<Door>,
    /// Print every minute, also where the table gets long.
    #[arg(long, requires = "source")]
    pub all: bool,
    /// Write a page with charts to this file.
    #[arg(long, value_name = "FILE", requires = "source")]
    pub report: Option<PathBuf>,
    /// Print every judgement as JSON, one a line.
    #[arg(long, requires = "source")]
    pub json: bool,
    /// Print an example question for the filter, and end.
    #[arg(long, conflicts_with = "source")]
    pub example: bool,
}

impl Args {
    /// Whether it is used as a filter.
    #[must_use]
    pub fn reads_questions(&self) -> bool {
        !self.example && self.trace.is_none() && self.deployment.is_none()
    }
}

const HELP: &str = "\
Exit code: 0 where it passes or stays inconclusive, 1 where it fails, 2 where it can't be judged; of the filter 2 where \
any line can't be read.

Examples:
  tidegate judge --trace release.csv --set max-ratio=2 --report release.html
  tidegate judge --example | tidegate judge

docs/judge.md describes every column, field and setting.";

fn deployment(text: &str) -> Result<String, String> {
    let known = text.starts_with("d-") || text.starts_with("arn:") && text.contains(":service-deployment/");
    if known { Ok(text.to_owned()) } else { Err("must be d-... or the ARN of a service deployment".to_owned()) }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, as in max-ratio=2")?;
    let name = name.trim();
    Ok((name.strip_prefix(PREFIX).unwrap_or(name).to_owned(), value.trim().to_owned()))
}

fn time(text: &str) -> Result<Timestamp, String> {
    trace::time(text).ok_or_else(|| format!("must be {}", trace::TIME))
}

fn door(text: &str) -> Result<Door, String> {
    match text {
        "schedule" => Ok(Door::Schedule),
        "step" => Ok(Door::Step),
        "bake" => Ok(Door::Bake),
        _ => Err("must be schedule, step or bake".to_owned()),
    }
}
