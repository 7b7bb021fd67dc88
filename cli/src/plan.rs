//! `tidegate plan`: what the scaler would do now on the live account.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use comfy_table::CellAlignment;
use cost_scaler::event::Request;
use cost_scaler::handler::{Ports, Ran, Scaler};
use cost_scaler::report::{Outcome, record};
use cost_scaler::settings::Settings;
use tidegate_aws::deadline::Deadline;
use tidegate_core::prices::{Architecture, UsdRange};
use tidegate_core::scaling::Verdict;
use tidegate_core::scaling::enrolment::SCALE;
use tidegate_core::words::counted;
use tidegate_lambda::start::Host;

use crate::live;
use crate::text::{table, usd};

/// Show what the scaler would do now on the live account, priced; nothing is changed.
///
/// Reads the account that `AWS_PROFILE`, `AWS_REGION` and their like name, with the settings of the `TIDEGATE_*`
/// variables.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// Only this cluster.
    #[arg(long)]
    pub cluster: Option<String>,
    /// Only this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Print the decision records as JSON, one a line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where every service could be decided, 1 where any could not, 2 where nothing could be read.

Examples:
  tidegate plan
  tidegate plan --cluster live --service shop --json";

/// The account is given so long.
const PATIENCE: Duration = Duration::from_mins(5);

/// Runs the command.
///
/// # Errors
/// Where settings can't be used, or nothing could be read.
pub async fn main(args: Args, out: &mut impl Write) -> Result<ExitCode> {
    let settings = Settings::read(live::variable)?;
    let aws = live::aws().await?;
    let region = aws.region().to_owned();
    Box::pin(run(aws, settings, &region, args, out)).await
}

/// Runs the command on an account behind ports.
///
/// # Errors
/// Where nothing could be read.
pub async fn run(
    ports: impl Ports,
    settings: Settings,
    region: &str,
    args: Args,
    out: &mut impl Write,
) -> Result<ExitCode> {
    // What a run of the function would cost is not the plan's to say.
    let host = Host { name: String::new(), memory_mib: 0, architecture: Architecture::X86_64 };
    let now = ports.now().await;
    let scaler = Scaler::new(ports, settings, region, host);
    let request = Request { cluster: args.cluster, service: args.service, ..Request::default() };
    let Ran { summary, mut outcomes } = scaler.plan(request, &Deadline::within(PATIENCE)).await?;
    outcomes.sort_by(|a, b| a.judged.id.cmp(&b.judged.id));
    let failed = !summary.failed.is_empty();
    if args.json {
        for outcome in outcomes {
            writeln!(out, "{}", serde_json::to_string(&record(outcome, now, ""))?)?;
        }
    } else {
        if let Some(incomplete) = &summary.incomplete {
            writeln!(out, "The list of services is not complete: {incomplete}\n")?;
        }
        match &summary.declined {
            Some(declined) => writeln!(out, "{}", declined.why)?,
            None => writeln!(out, "{}", show(&outcomes))?,
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// The plan as a table, and its sum.
#[must_use]
pub fn show(outcomes: &[Outcome]) -> String {
    let head = ["service", "mode", "tasks", "would be", "a month", "would be", "why"];
    let row = |outcome: &Outcome| {
        let judged = &outcome.judged;
        let decision = &judged.decision;
        let tagged = judged.service.as_ref().and_then(|service| service.tags.get(SCALE)).unwrap_or("?");
        let tasks = judged.service.as_ref().map_or_else(|| "?".to_owned(), |service| service.desired.to_string());
        let to = outcome.action.map_or_else(String::new, |action| action.to.to_string());
        let after = outcome.action.and_then(|action| action.month_usd_after);
        let why = format!("{}: {}", decision.reason.code(), decision.why);
        vec![
            judged.id.clone(),
            tagged.to_owned(),
            tasks,
            to,
            money(outcome.month_usd),
            if outcome.action.is_some() { money(after) } else { String::new() },
            why,
        ]
    };
    let rows: Vec<Vec<String>> = outcomes.iter().map(row).collect();
    let mut table = table(&head, &rows);
    if let Some(why) = table.column_mut(head.len() - 1) {
        why.set_cell_alignment(CellAlignment::Left);
    }
    format!("{table}\n{}", total(outcomes))
}

fn total(outcomes: &[Outcome]) -> String {
    let known: Vec<(UsdRange, UsdRange)> = outcomes
        .iter()
        .filter_map(|outcome| {
            let before = outcome.month_usd?;
            let after = outcome.action.map_or(Some(before), |action| action.month_usd_after)?;
            Some((before, after))
        })
        .collect();
    let sum =
        |pick: fn(&(UsdRange, UsdRange)) -> UsdRange| known.iter().map(pick).fold(UsdRange::default(), |a, b| a + b);
    let (before, after) = (sum(|pair| pair.0), sum(|pair| pair.1));
    let count = |verdict| outcomes.iter().filter(|outcome| outcome.judged.decision.verdict == verdict).count();
    let unknown = outcomes.len() - known.len();
    let unpriced = if unknown == 0 { String::new() } else { format!(", {unknown} without a known price") };
    format!(
        "{}: {} to raise, {} to lower, {} to stay, {} that can't be decided. A month {} and then {}{unpriced}.",
        counted(outcomes.len(), "service"),
        count(Verdict::Raise),
        count(Verdict::Lower),
        count(Verdict::Stay),
        count(Verdict::Error),
        money(Some(before)),
        money(Some(after)),
    )
}

fn money(range: Option<UsdRange>) -> String {
    match range {
        None => "?".to_owned(),
        Some(range) if (range.high - range.low).abs() < 0.005 => usd(range.low),
        Some(range) => format!("{} to {}", usd(range.low), usd(range.high)),
    }
}
