//! The demo: releases judged, and a simulated day of several services scaled, by the real binaries through the Lambda
//! Runtime API.
//!
//! - [`acts`], [`release`], [`verdicts`]: the releases and how each should end, how one is lived, what is told of it
//! - [`cast`], [`day`], [`show`]: the same of the day

pub mod acts;
pub mod cast;
pub mod day;
pub mod release;
pub mod show;
pub mod verdicts;

use std::error::Error;
use std::io::Write;
use std::path::Path;

/// Runs the demo.
///
/// # Errors
/// Where something can't be written, or any release or service ended differently from what it should.
pub async fn run(out: &mut impl Write, report: &Path) -> Result<(), Box<dyn Error>> {
    writeln!(out, "Two releases, judged by the canary-gate's binary.\n")?;
    let mut releases = Vec::new();
    for act in acts::acts() {
        let release = release::live(act).await?;
        verdicts::print(out, &release)?;
        releases.push(release);
    }
    writeln!(out, "A day of {} services, a run of the cost-scaler's binary every minute.\n", cast::cast().len())?;
    let day = day::live(cast::cast()).await?;
    show::print(out, &day)?;
    if let Some(folder) = report.parent() {
        std::fs::create_dir_all(folder)?;
    }
    show::page(&releases, &day).write(report)?;
    writeln!(out, "\nAll of it in pictures: {}", report.display())?;
    let unexpected = releases.iter().filter_map(release::Release::unexpected);
    let unexpected: Vec<String> = unexpected.chain(day.parts.iter().filter_map(day::Part::unexpected)).collect();
    if unexpected.is_empty() { Ok(()) } else { Err(unexpected.join("\n").into()) }
}
