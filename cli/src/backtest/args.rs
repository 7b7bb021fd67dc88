//! What may be asked of a back-test.

use std::path::PathBuf;

use clap::Parser;

/// Replay past load under the scaler's decision, and compare its bill and the work left unmet with a fixed count, AWS
/// target tracking, the Kubernetes HPA and an oracle.
///
/// Load is a CSV of time and value (--trace), or up to 15 days of a live service from CloudWatch (--service).
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// CSV of time and value: ISO times or seconds since 1970, any interval, with or without a header.
    #[arg(long, value_name = "FILE", conflicts_with = "service")]
    pub trace: Option<PathBuf>,
    /// A live service, read from CloudWatch: its CPU times its tasks.
    #[arg(long, value_name = "CLUSTER/SERVICE")]
    pub service: Option<String>,
    /// Days to read of a live service.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=15))]
    pub days: u32,
    /// Target CPU utilisation in percent.
    #[arg(long, default_value_t = 70.0, value_parser = percent)]
    pub target: f64,
    /// Fewest tasks.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub min: u32,
    /// Most tasks [default: none].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub max: Option<u32>,
    /// How much of the value one task serves at 100 % [default: such that the 99th percentile needs 20 tasks at target].
    #[arg(long, value_parser = positive)]
    pub capacity: Option<f64>,
    /// Seconds from launch until a task serves.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(0..=3600))]
    pub start: i64,
    /// Seconds after its end until a minute's metric can be read.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(0..=600))]
    pub metric_delay: i64,
    /// CPU units of a task; 1024 are a vCPU.
    #[arg(long, default_value_t = 1024)]
    pub cpu_units: u32,
    /// Memory of a task in MiB.
    #[arg(long, default_value_t = 2048)]
    pub memory_mib: u32,
    /// The region whose Fargate prices count.
    #[arg(long, default_value = "us-east-1")]
    pub region: String,
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

fn positive(text: &str) -> Result<f64, String> {
    tidegate_core::tags::positive(text).ok_or_else(|| "must be a number above 0".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|percent| *percent <= 100.0).ok_or_else(|| "must be above 0 and at most 100".to_owned())
}
