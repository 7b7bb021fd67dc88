//! What may be asked of a back-test.

use std::path::PathBuf;

use clap::Parser;

/// Replay past load under the scaler's decision, and compare its bill and the work left unmet with a fixed count, AWS
/// target tracking, the Kubernetes HPA and an oracle.
///
/// Load is a CSV of time and value (--trace), or up to 15 days of a live service from CloudWatch (--service).
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// CSV of time and value: ISO times or seconds since 1970, any interval, with or without a header. Where a point is
    /// later than one and a half usual intervals, the time between has no data.
    #[arg(long, value_name = "FILE", conflicts_with = "service")]
    pub trace: Option<PathBuf>,
    /// A live service, read from CloudWatch: its CPU times its tasks.
    #[arg(long, value_name = "CLUSTER/SERVICE", value_parser = cluster_and_name)]
    pub service: Option<(String, String)>,
    /// Days to read of a live service.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=15))]
    pub days: u32,
    /// Target CPU utilisation in percent.
    #[arg(long, default_value_t = 70.0, value_parser = percent, allow_negative_numbers = true)]
    pub target: f64,
    /// Fewest tasks.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub min: u32,
    /// Most tasks [default: the 5000 that ECS allows].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub max: Option<u32>,
    /// How much of the value one task serves at 100 % [default: such that the 99th percentile needs 20 tasks at target].
    /// Give it to compare targets, or use --sweep, which keeps it.
    #[arg(long, value_parser = positive)]
    pub capacity: Option<f64>,
    /// Seconds from launch until a task serves.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(0..=3600))]
    pub start: i64,
    /// Seconds after its end until a minute's metric can be read.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(0..=600))]
    pub metric_delay: i64,
    /// CPU units of a task; 1024 are a vCPU [default: the live service's, or 1024].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub cpu_units: Option<u32>,
    /// Memory of a task in MiB [default: the live service's, or 2048].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub memory_mib: Option<u32>,
    /// The region whose Fargate prices count [default: the live service's, or us-east-1].
    #[arg(long)]
    pub region: Option<String>,
    /// Compare over targets from 40 to 90 %, at equal unmet demand.
    #[arg(long)]
    pub sweep: bool,
    /// Write a page with charts to this file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0, or 2 where the load can't be read.

Examples:
  tidegate backtest --trace load.csv --report page.html
  tidegate backtest --trace load.csv --sweep
  tidegate backtest --service live/shop --json";

fn positive(text: &str) -> Result<f64, String> {
    tidegate_core::tags::positive(text).ok_or_else(|| "must be a number above 0".to_owned())
}

fn cluster_and_name(text: &str) -> Result<(String, String), String> {
    let (cluster, name) = text.split_once('/').ok_or("must be CLUSTER/SERVICE")?;
    Ok((cluster.to_owned(), name.to_owned()))
}

fn percent(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|percent| *percent <= 100.0).ok_or_else(|| "must be above 0 and at most 100".to_owned())
}
