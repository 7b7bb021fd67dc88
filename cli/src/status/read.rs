//! Reading the functions' log groups, the newest hours first, so that what a bound cuts off is the oldest.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tidegate_aws::clock::Clock;
use tidegate_aws::operator::log_events::LogEvents;
use tidegate_aws::operator::stacks::{Resource, Stacks};

use super::Args;
use super::line::{Decision, Line, Run, read};
use crate::doctor::facts::Which;
use crate::doctor::rights::action;

/// Every port that is asked.
pub trait Ports: Clock + LogEvents + Stacks {}

impl<P: Clock + LogEvents + Stacks> Ports for P {}

/// Pages of one stretch of time. CloudWatch gives at most 10,000 lines, or a megabyte, on each.
const PAGES: usize = 20;

/// Lines of one function; a day of a function that runs each minute has 1,440 of runs alone.
const MOST_LINES: usize = 20_000;

/// The first stretch that is read; each further one is twice as long.
const FIRST: SignedDuration = SignedDuration::from_mins(15);

/// What the functions decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The stack.
    pub stack: String,
    /// As of when.
    pub at: Timestamp,
    /// Since when it was looked at.
    pub since: Timestamp,
    /// The functions.
    pub functions: Vec<Function>,
}

/// What a function decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Function {
    /// The function, as records name it.
    pub function: String,
    /// Where it logs.
    pub log_group: String,
    /// Why its log could not be read; null where it could.
    pub not_read: Option<String>,
    /// From when on its log was read, where that is later than was asked for.
    pub read_since: Option<Timestamp>,
    /// Its last run; null where it did not run.
    pub last_run: Option<Run>,
    /// Runs that were seen.
    pub runs: usize,
    /// Decisions that were seen.
    pub decisions: usize,
    /// The latest on each service or image, the newest first.
    pub latest: Vec<Decision>,
}

/// What the functions decided since then.
pub async fn status(ports: &impl Ports, args: &Args) -> Status {
    let at = ports.now().await;
    let since = at - args.since;
    // Where the stack can't be read, its functions log where the template has them log.
    let resources = ports.stack_resources(&args.stack).await.unwrap_or_default();
    let mut functions = Vec::new();
    for which in Which::ALL.into_iter().filter(|which| args.function.is_none_or(|asked| asked == *which)) {
        let group = log_group(which, &args.stack, &resources);
        functions.push(function(ports, which, group, args.service.as_deref(), (since, at)).await);
    }
    Status { stack: args.stack.clone(), at, since, functions }
}

fn log_group(which: Which, stack: &str, resources: &[Resource]) -> String {
    let logical = format!("{}LogGroup", which.logical());
    let own = resources.iter().find(|one| one.logical == logical && !one.physical.is_empty());
    own.map_or_else(|| format!("/aws/lambda/{}", which.of_stack(stack)), |one| one.physical.clone())
}

/// Matches runs, and records that have a sentence: `*` is any text.
fn pattern(service: Option<&str>) -> String {
    match service {
        None => r#"{ ($.why = "*") || ($.summary.function = "*") }"#.to_owned(),
        Some(service) => format!(r#"{{ ($.service = "{service}") || ($.summary.function = "*") }}"#),
    }
}

async fn function(
    ports: &impl Ports,
    which: Which,
    log_group: String,
    service: Option<&str>,
    (since, at): (Timestamp, Timestamp),
) -> Function {
    let mut found = Function { function: which.name().to_owned(), log_group, ..Function::default() };
    let mut latest: BTreeMap<Option<String>, Decision> = BTreeMap::new();
    let (mut to, mut length, mut lines) = (at, FIRST, 0);
    while to > since {
        let from = (to - length).max(since);
        let answer = ports.log_events(&found.log_group, &pattern(service), (from, to), PAGES).await;
        let read_here = match answer {
            Ok(Some(read_here)) => read_here,
            Ok(None) => {
                found.not_read = Some(format!("there is no log group {}", found.log_group));
                break;
            }
            Err(error) => {
                let right = action(error.operation).filter(|_| error.kind == tidegate_aws::error::Kind::Denied);
                let right = right.map_or_else(String::new, |right| format!("; it takes {right}"));
                found.not_read = Some(format!("{error}{right}"));
                break;
            }
        };
        lines += read_here.lines.len();
        for line in read_here.lines.iter().rev().filter_map(|line| read(line)) {
            match line {
                Line::Run(run) => {
                    found.runs += 1;
                    if found.last_run.as_ref().is_none_or(|last| last.at < run.at) {
                        found.last_run = Some(run);
                    }
                }
                Line::Decision(decision) if service.is_some_and(|asked| decision.subject.as_deref() != Some(asked)) => {
                }
                Line::Decision(decision) => {
                    found.decisions += 1;
                    let known = latest.entry(decision.subject.clone()).or_insert_with(|| decision.clone());
                    if known.at < decision.at {
                        *known = decision;
                    }
                }
            }
        }
        // A stretch with more than its pages has its newest lines unread: nothing older is of use then.
        if read_here.more || (lines >= MOST_LINES && from > since) {
            found.read_since = Some(from);
            if read_here.more {
                found.not_read = Some(format!("it has more than {PAGES} pages between {from} and {to}"));
            }
            break;
        }
        // What ends a stretch begins the next one.
        to = from - SignedDuration::from_millis(1);
        length *= 2;
    }
    found.latest = latest.into_values().collect();
    found.latest.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.subject.cmp(&b.subject)));
    found
}
