//! `tidegate explain`: a decision record, recomputed from its own facts.
//!
//! What every function's record is told with is here; what is a function's own is in its [`Explain`]: [`scaler`],
//! [`canary`], [`scan`], [`hook`].

mod canary;
mod hook;
mod scaler;
mod scan;

use std::fs;
use std::io::{Read, Write, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tidegate_core::canary::Judgement as ReleaseJudgement;
use tidegate_core::hook::Judgement as StageJudgement;
use tidegate_core::record::Record;
use tidegate_core::scaling::Decision;
use tidegate_core::scan::Judgement as ImageJudgement;

/// Recompute a decision record from its own facts, and compare.
///
/// The record is a line of a function's log, as it stands there.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// The file with the record; - for standard input.
    #[arg(value_name = "RECORD")]
    pub file: PathBuf,
    /// Print what came of it as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where the decision is the same, 1 where it is not, 2 where it can't be recomputed.

Examples:
  tidegate explain record.json
  tidegate explain - --json < record.json

docs/cli.md describes the JSON.";

/// A function's decision, as far as it is its own how to make and to tell it.
pub trait Explain: DeserializeOwned {
    /// The function, as its records name it.
    const FUNCTION: &str;
    /// What it looks at.
    type Facts: DeserializeOwned;
    /// What it keeps to.
    type Policy: DeserializeOwned;
    /// What it asks to be done.
    type Action: DeserializeOwned;

    /// The decision itself.
    fn decide(facts: &Self::Facts, policy: &Self::Policy, now: Timestamp) -> Self;
    /// What another decision has to have in common with this one to be the same; the sentences may have been told
    /// differently.
    fn essence(&self) -> impl PartialEq;
    /// The verdict in a few words.
    fn verdict(&self) -> String;
    /// The code of the reason, and its meaning.
    fn reason(&self) -> (&'static str, &'static str);
    /// The sentence with the arithmetic.
    fn why(&self) -> &str;
    /// What it is about: the service, where the record names one, and what else the facts say.
    fn subject(service: Option<&str>, facts: &Self::Facts) -> String;
    /// The arithmetic, a line each.
    fn details(&self) -> Vec<String>;
    /// What became of it.
    fn outcome(action: Option<&Self::Action>, acted: bool, not_acted: Option<&str>) -> String;
}

/// A record of a function.
type RecordOf<D> = Record<<D as Explain>::Facts, <D as Explain>::Policy, D, <D as Explain>::Action>;

/// What explains a record: whether it is the same, and how it is told.
type Explainer = fn(Value) -> Result<Explained>;

/// What came of a record.
#[derive(Clone, Debug, Serialize)]
struct Explained {
    function: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    at: Timestamp,
    /// Whether the decision is the same.
    same: bool,
    recorded: Said,
    recomputed: Said,
    /// For people.
    #[serde(skip)]
    told: String,
}

/// A decision in short.
#[derive(Clone, Debug, Serialize)]
struct Said {
    verdict: String,
    reason: &'static str,
    why: String,
    version: String,
}

/// Every function whose records can be explained.
const FUNCTIONS: [(&str, Explainer); 4] = [
    (Decision::FUNCTION, explain::<Decision>),
    (ReleaseJudgement::FUNCTION, explain::<ReleaseJudgement>),
    (ImageJudgement::FUNCTION, explain::<ImageJudgement>),
    (StageJudgement::FUNCTION, hook::either),
];

const NO_RECORD: &str = "this is no decision record of Tidegate";

/// Runs the command.
///
/// # Errors
/// Where there is no record, or it has no facts.
pub fn main(args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let mut text = String::new();
    if args.file.as_os_str() == "-" {
        stdin().read_to_string(&mut text).context("standard input can't be read")?;
    } else {
        text = fs::read_to_string(&args.file).with_context(|| format!("{} can't be read", args.file.display()))?;
    }
    if args.json { run_json(&text, out) } else { run(&text, out) }
}

/// Explains the record in a text.
///
/// # Errors
/// As [`main`].
pub fn run(text: &str, out: &mut impl Write) -> Result<ExitCode> {
    let explained = explained(text)?;
    writeln!(out, "{}", explained.told)?;
    Ok(explained.code())
}

/// Explains the record in a text as one line of JSON.
///
/// # Errors
/// As [`main`].
pub fn run_json(text: &str, out: &mut impl Write) -> Result<ExitCode> {
    let explained = explained(text)?;
    writeln!(out, "{}", serde_json::to_string(&explained)?)?;
    Ok(explained.code())
}

fn explained(text: &str) -> Result<Explained> {
    let record = find(text)?;
    explainer(&record)?(record)
}

impl Explained {
    fn code(&self) -> ExitCode {
        if self.same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The record in a text: a line of the log, with or without what a log viewer puts before it.
///
/// # Errors
/// Where there is none, or more than one.
fn find(text: &str) -> Result<Value> {
    let mut lines = text.lines().filter_map(|line| line.get(line.find('{')?..));
    let line = lines.next().context(NO_RECORD)?;
    // A record may also be laid out over several lines.
    let whole = text.get(text.find('{').unwrap_or(0)..).unwrap_or(text);
    let record: Value = match serde_json::from_str(whole) {
        Ok(record) => record,
        // Not one record over all the lines; what is wrong with it is told where the first line is nothing by itself.
        Err(error) => {
            let record = serde_json::from_str(line).ok().ok_or(error).context(NO_RECORD)?;
            anyhow::ensure!(lines.next().is_none(), "there is more than one line: explain one record at a time");
            record
        }
    };
    anyhow::ensure!(record.get("summary").is_none(), "{NO_RECORD}: it is the summary of a run, which has no facts");
    Ok(record)
}

/// What explains this record.
fn explainer(record: &Value) -> Result<Explainer> {
    let function =
        record.get("function").and_then(Value::as_str).with_context(|| format!("{NO_RECORD}: it names no function"))?;
    let found = FUNCTIONS.iter().find(|(name, _)| *name == function).map(|(_, explainer)| *explainer);
    found.with_context(|| {
        let known = FUNCTIONS.map(|(name, _)| name).join(", ");
        format!("{NO_RECORD}: its function is {function:?}: must be one of {known}")
    })
}

fn explain<D: Explain>(record: Value) -> Result<Explained> {
    let record: RecordOf<D> = serde_json::from_value(record).context(NO_RECORD)?;
    let missing = || format!("the record has no facts to recompute from; it says {:?}", record.decision.why());
    let (facts, policy) = record.facts.as_ref().zip(record.policy.as_ref()).with_context(missing)?;
    let recomputed = D::decide(facts, policy, record.at);
    let same = record.decision.essence() == recomputed.essence();
    let said = |decision: &D, version: &str| Said {
        verdict: decision.verdict(),
        reason: decision.reason().0,
        why: decision.why().to_owned(),
        version: version.to_owned(),
    };
    Ok(Explained {
        function: D::FUNCTION,
        service: record.service.clone(),
        at: record.at,
        same,
        recorded: said(&record.decision, &record.version),
        recomputed: said(&recomputed, env!("CARGO_PKG_VERSION")),
        told: tell(&record, facts, &recomputed, same),
    })
}

/// What became of something that was to be done.
fn came(done: &str, acted: bool, not_acted: Option<&str>) -> String {
    match (not_acted, acted) {
        (Some(why), _) => format!("{done}; that was not done: {why}"),
        (None, true) => format!("{done}, and that was done."),
        (None, false) => format!("{done}; that was not done."),
    }
}

fn tell<D: Explain>(record: &RecordOf<D>, facts: &D::Facts, recomputed: &D, same: bool) -> String {
    let decision = |decision: &D| format!("{} ({}): {}", decision.verdict(), decision.reason().0, decision.why());
    let subject = D::subject(record.service.as_deref(), facts);
    let (code, meaning) = recomputed.reason();
    let mut lines = vec![
        format!("{subject}, {}, mode {}, version {}", record.at, record.mode.as_str(), record.version),
        format!("  {}", decision(&record.decision)),
        format!("  {code}: {meaning}"),
    ];
    lines.extend(recomputed.details().into_iter().map(|detail| format!("  - {detail}")));
    lines.push(D::outcome(record.action.as_ref(), record.acted, record.not_acted.as_deref()));
    lines.push(if same {
        format!("Recomputed with version {}: the same.", env!("CARGO_PKG_VERSION"))
    } else {
        format!("Recomputed with version {}: DIFFERENT, {}", env!("CARGO_PKG_VERSION"), decision(recomputed))
    });
    lines.join("\n")
}
