//! `tidegate recommend`: the decision function as a filter.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use cost_scaler::report::FUNCTION;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_core::mode::Mode;
use tidegate_core::record::{Level, Record};
use tidegate_core::scaling::decision::Action;
use tidegate_core::scaling::{Facts, Policy, ScalingRecord, Verdict, decide};

/// Read one JSON object per line with facts, policy and now, and answer each with the decision record on one line.
///
/// The shape is that of the decision record; what is left out has its default. Per-task samples may stand in the place
/// of CloudWatch's averages, and saturation, stabilisation, rates, flaps and panic can be switched off with null.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// Print an example question, and end.
    #[arg(long)]
    pub example: bool,
}

const HELP: &str =
    "Example:\n  tidegate recommend --example | tidegate recommend\n\ndocs/recommend.md describes every field.";

/// Three tasks of a thousand units each, half busy, with 30 % to aim at.
const EXAMPLE: &str = concat!(
    r#"{"facts": {"desired": 3, "running": 3, "metrics": {"cpu": {"tasks": ["#,
    r#"{"value": 300, "request": 1000, "ready": true, "started_at": "2026-11-21T09:00:00Z"}, "#,
    r#"{"value": 500, "request": 1000, "ready": true, "started_at": "2026-11-21T09:00:00Z"}, "#,
    r#"{"value": 700, "request": 1000, "ready": true, "started_at": "2026-11-21T09:00:00Z"}]}}}, "#,
    r#""policy": {"min": 1, "max": 50, "targets": {"cpu": {"utilization": 30}}, "saturation": null, "#,
    r#""stabilisation": null, "rates": null, "flaps": null}, "now": "2026-11-21T10:00:00Z"}"#,
);

/// One question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What was looked at.
    pub facts: Facts,
    /// What it is judged by.
    #[serde(default)]
    pub policy: Policy,
    /// The moment of the decision.
    pub now: Timestamp,
    /// Given back as it is, to tell questions apart.
    #[serde(default)]
    pub service: Option<String>,
}

/// What a line is answered with that is no question.
#[derive(Clone, Debug, Serialize)]
struct Refusal {
    error: String,
    line: usize,
}

/// Runs the command. The exit code is 2 where any line could not be read.
///
/// # Errors
/// Where standard input or output breaks off.
pub fn main(args: &Args, questions: impl BufRead, out: &mut impl Write) -> Result<ExitCode> {
    if args.example {
        writeln!(out, "{EXAMPLE}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut refused = false;
    for (index, line) in questions.split(b'\n').enumerate() {
        let line = line.context("standard input breaks off")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match serde_json::from_slice::<Question>(&line) {
            Ok(question) => serde_json::to_string(&answer(question))?,
            Err(error) => {
                refused = true;
                serde_json::to_string(&Refusal { error: error.to_string(), line: index + 1 })?
            }
        };
        writeln!(out, "{answer}")?;
    }
    Ok(if refused { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// The record that answers a question; nothing is acted on.
#[must_use]
pub fn answer(question: Question) -> ScalingRecord {
    let Question { facts, policy, now, service } = question;
    let decision = decide(&facts, &policy, now);
    let action = Action { from: facts.desired, to: decision.desired, month_usd_before: None, month_usd_after: None };
    Record {
        level: if decision.verdict == Verdict::Error { Level::Warn } else { Level::Info },
        timestamp: now,
        function: FUNCTION.to_owned(),
        service,
        mode: Mode::Shadow.min(policy.mode),
        action: decision.verdict.moves().then_some(action),
        decision,
        facts: Some(facts),
        policy: Some(policy),
        acted: false,
        not_acted: None,
        at: now,
        request_id: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
