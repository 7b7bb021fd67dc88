//! The demo: a simulated day of several services, scaled by the real binary through the Lambda Runtime API.
//!
//! - [`cast`]: the services, what befalls them, and how each should end
//! - [`day`]: the day itself, minute by minute
//! - [`show`]: what is printed, and the page with the pictures

pub mod cast;
pub mod day;
pub mod show;

use std::error::Error;
use std::io::Write;
use std::path::Path;

/// Runs the demo.
///
/// # Errors
/// Where something can't be written, or any service ended differently from what it should.
pub async fn run(out: &mut impl Write, report: &Path) -> Result<(), Box<dyn Error>> {
    writeln!(out, "A day of {} services, a run of the cost-scaler's binary every minute.\n", cast::cast().len())?;
    let day = day::live(cast::cast()).await?;
    show::print(out, &day)?;
    if let Some(folder) = report.parent() {
        std::fs::create_dir_all(folder)?;
    }
    show::page(&day).write(report)?;
    writeln!(out, "\nThe day in pictures: {}", report.display())?;
    let unexpected: Vec<String> = day.parts.iter().filter_map(day::Part::unexpected).collect();
    if unexpected.is_empty() { Ok(()) } else { Err(unexpected.join("\n").into()) }
}
