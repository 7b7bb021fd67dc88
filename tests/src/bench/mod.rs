//! What the release binaries cost: size, start, first call, memory, calls, time.
//!
//! - [`functions`]: what is measured of each function
//! - [`measure`]: each measurement
//! - [`sizes`]: runs over few services and over many
//! - [`memory`]: what a function's memory means for its time
//! - [`images`]: the measurements of images with many findings
//! - [`deployments`]: the measurements of deployments, and of services whose tasks crash
//! - [`process`]: CPU and memory of a process, as the kernel counts them
//! - [`tls`]: a certificate authority of our own

pub mod deployments;
pub mod functions;
pub mod images;
pub mod measure;
pub mod memory;
pub mod process;
pub mod sizes;
pub mod tls;

use std::error::Error;
use std::io::Write;

use tidegate::text::table;

use functions::Load;

/// One line of the table.
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The budget; empty where there is none.
    pub budget: String,
    /// What came out.
    pub measured: String,
    /// Whether it is within the budget.
    pub within: bool,
}

impl Line {
    /// A value that may be at most so much; a count where it has no unit.
    #[must_use]
    pub fn at_most(what: impl Into<String>, budget: f64, measured: f64, unit: &str) -> Self {
        let whole = unit.is_empty();
        let number = |value: f64| {
            if whole || value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.2} {unit}") }
        };
        Self {
            what: what.into(),
            budget: format!("at most {}", number(budget)),
            measured: number(measured),
            within: measured <= budget,
        }
    }

    /// A value that has no budget.
    #[must_use]
    pub fn told(what: impl Into<String>, measured: String) -> Self {
        Self { what: what.into(), budget: String::new(), measured, within: true }
    }

    fn row(&self) -> Vec<String> {
        let within = match self.budget.as_str() {
            "" => "",
            _ if self.within => "yes",
            _ => "NO",
        };
        vec![self.what.clone(), self.budget.clone(), self.measured.clone(), within.to_owned()]
    }
}

/// What leaves out whatever takes long and has no budget.
const QUICK: &str = "--quick";

/// Measures every function, or those that are named, and prints a table for each. False where a budget is broken. With
/// `--quick` among the names only what has a budget is measured.
///
/// # Errors
/// Where something can't be measured.
pub async fn run(names: &[String], out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let mut within = true;
    let functions = functions::functions();
    let (flags, names): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| *name == QUICK);
    let quick = !flags.is_empty();
    let named = |function: &&functions::Function| names.is_empty() || names.iter().any(|name| *name == function.name);
    for function in functions.iter().filter(named) {
        let mut lines = vec![measure::zipped_size(function)?];
        lines.extend(measure::start_up(function).await?);
        lines.extend(measure::first_call_over_tls(function).await?);
        match &function.load {
            Load::Services(services) => {
                lines.push(measure::memory_of_100_services(function, services).await?);
                lines.extend(sizes::thousand_services(function, services).await?);
                if !quick {
                    lines.extend(sizes::other_sizes(function, services).await?);
                }
                lines.push(measure::decision(services)?);
            }
            Load::Images => lines.extend(images::measured(function).await?),
            Load::Deployments => lines.extend(deployments::measured(function).await?),
        }
        let rows: Vec<Vec<String>> = lines.iter().map(Line::row).collect();
        writeln!(out, "{}\n", table(&[function.name, "budget", "measured", "within"], &rows))?;
        within &= lines.iter().all(|line| line.within);
    }
    Ok(within)
}
