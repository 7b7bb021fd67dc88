//! `tidegate backtest`: what a policy would have cost on past load, and what it would have left unmet.
//!
//! - [`args`]: what may be asked
//! - [`simulate`]: the passes over the trace
//! - [`show`]: tables for people and figures for programs
//! - [`page`]: the report

pub mod args;
pub mod page;
pub mod show;
pub mod simulate;

use std::fs::File;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use tidegate_core::backtest::demand::Demand;
use tidegate_core::prices::{Purchase, TaskSize};

pub use args::Args;

use crate::{live, trace};

/// Load to simulate, and what it is called.
#[derive(Clone, Debug)]
pub struct Load {
    /// The file's or the service's name.
    pub name: String,
    /// The work.
    pub demand: Demand,
    /// What one task serves in a minute at 100 %, where the load's own unit says it.
    pub capacity: Option<f64>,
    /// What its tasks are, where it is a live service's and that is known.
    pub task: Option<Task>,
}

/// A live service's task, as far as its price follows from it.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its size.
    pub size: TaskSize,
    /// How it is bought; on demand where it is a mix.
    pub purchase: Purchase,
    /// Where it runs.
    pub region: String,
}

/// Runs the command.
///
/// # Errors
/// Where the load can't be read, or something can't be written.
pub async fn main(args: Args, out: &mut impl Write) -> Result<ExitCode> {
    let load = match (&args.trace, &args.service) {
        (Some(file), _) => {
            let source = File::open(file).with_context(|| format!("{} can't be opened", file.display()))?;
            let points = trace::read(source).with_context(|| file.display().to_string())?;
            let demand = Demand::from_points(&points).with_context(|| file.display().to_string())?;
            let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            Load { name, demand, capacity: None, task: None }
        }
        (None, Some((cluster, name))) => {
            let aws = live::aws().await?;
            let region = aws.region().to_owned();
            live::load(&aws, &region, cluster, name, args.days).await?
        }
        (None, None) => anyhow::bail!("there is nothing to test on: give --trace FILE or --service CLUSTER/SERVICE"),
    };
    let setup = simulate::Setup::new(&args, &load)?;
    let swept = if args.sweep { simulate::SWEEP.len() * simulate::Kind::ALL.len() } else { 0 };
    // And a fixed count.
    let bar = progress(simulate::Kind::ALL.len() + 1 + swept);
    let results = simulate::Results::of(&load.demand, &setup, args.sweep, || bar.inc(1));
    bar.finish_and_clear();
    if let Some(file) = &args.report {
        page::page(&load, &setup, &results).write(file)?;
    }
    show::print(out, &load, &setup, &results, args.json)?;
    Ok(ExitCode::SUCCESS)
}

/// A bar on a terminal, and nothing anywhere else.
fn progress(passes: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(passes).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("simulating {bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}
