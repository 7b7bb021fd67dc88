//! What the release binary costs: size, start, first call, memory, calls, time.
//!
//! - [`measure`]: each measurement
//! - [`process`]: CPU and memory of a process, as the kernel counts them
//! - [`tls`]: a certificate authority of our own

pub mod measure;
pub mod process;
pub mod tls;

use std::error::Error;
use std::io::Write;

use tidegate::text::table;

/// One line of the table.
pub struct Line {
    /// What was measured.
    pub what: &'static str,
    /// The budget; empty where there is none.
    pub budget: String,
    /// What came out.
    pub measured: String,
    /// Whether it is within the budget.
    pub within: bool,
}

impl Line {
    /// A value that may be at most so much.
    #[must_use]
    pub fn at_most(what: &'static str, budget: f64, measured: f64, unit: &str) -> Self {
        let number =
            |value: f64| if value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.2} {unit}") };
        Self {
            what,
            budget: format!("at most {}", number(budget)),
            measured: number(measured),
            within: measured <= budget,
        }
    }
}

/// Measures everything and prints the table. False where a budget is broken.
///
/// # Errors
/// Where something can't be measured.
pub async fn run(out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let mut lines = vec![measure::zipped_size()?];
    lines.extend(measure::start_up().await?);
    lines.push(measure::first_call_over_tls().await?);
    lines.push(measure::memory_of_100_services().await?);
    lines.extend(measure::thousand_services().await?);
    lines.push(measure::decision());
    let row = |line: &Line| {
        let within = match line.budget.as_str() {
            "" => "",
            _ if line.within => "yes",
            _ => "NO",
        };
        vec![line.what.to_owned(), line.budget.clone(), line.measured.clone(), within.to_owned()]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    writeln!(out, "{}", table(&["", "budget", "measured", "within"], &rows))?;
    Ok(lines.iter().all(|line| line.within))
}
