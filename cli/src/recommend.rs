//! `tidegate recommend`: the decision function as a filter.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use cost_scaler::report::FUNCTION;
use tidegate_core::record::Level;
use tidegate_core::scaling::decision::Action;
use tidegate_core::scaling::{Facts, Policy, ScalingRecord, Verdict, decide};

use crate::filter;

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

const HELP: &str = "\
Exit code: 0, or 2 where any line could not be read.

Examples:
  tidegate recommend --example | tidegate recommend

docs/recommend.md describes every field.";

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
pub type Question = filter::Question<Facts, Policy>;

/// Runs the command. The exit code is 2 where any line could not be read.
///
/// # Errors
/// Where standard input or output breaks off.
pub fn main(args: &Args, questions: impl BufRead, out: &mut impl Write) -> Result<ExitCode> {
    if args.example {
        writeln!(out, "{EXAMPLE}")?;
        return Ok(ExitCode::SUCCESS);
    }
    filter::run(questions, out, answer)
}

/// The record that answers a question; nothing is acted on.
#[must_use]
pub fn answer(question: Question) -> ScalingRecord {
    let decision = decide(&question.facts, &question.policy, question.now);
    let (from, to, mode) = (question.facts.desired, decision.desired, question.policy.mode);
    let level = if decision.verdict == Verdict::Error { Level::Warn } else { Level::Info };
    let action = Action { from, to, month_usd_before: None, month_usd_after: None };
    let action = decision.verdict.moves().then_some(action);
    question.record(FUNCTION, mode, level, decision, action)
}
