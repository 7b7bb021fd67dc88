//! What `make judges` prints.
//!
//! - [`false_stops`]: good releases that are stopped
//! - [`good_releases`]: how long good releases wait to be shown to be good
//! - [`bad_releases`]: how soon bad releases are stopped, and what of those that only look bad

pub mod bad_releases;
pub mod false_stops;
pub mod good_releases;

use std::io::{self, Write};

use super::Judge;
use super::release::{MINUTES, SETTLE_MINUTES, Scenario, Setting};
use super::rivals::Looks;
use super::rivals::bayes_factor::BayesFactor;
use super::rivals::fixed_threshold::FixedThreshold;
use super::rivals::mann_whitney::MannWhitney;
use super::rivals::z_test::ZTest;
use super::table::thousands;
use super::tidegate::Tidegate;
use super::trial::Batch;

/// The chance of stopping a good release that the policy's default allows.
pub const ALPHA: f64 = 0.01;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Numbers all releases.
    pub seed: u64,
    /// Releases of each service, for false stops.
    pub good: u64,
    /// Releases of each service and scenario, for the rest.
    pub bad: u64,
}

impl Size {
    /// Batches of so many releases, each release with a number that no other has.
    #[must_use]
    pub fn batches(self, table: u64, releases: u64, of: impl IntoIterator<Item = (Setting, Scenario)>) -> Vec<Batch> {
        let of = of.into_iter().zip(0..);
        of.map(|((setting, scenario), cell)| {
            let first = (self.seed << 48) + (table << 40) + (cell << 24);
            Batch { setting, scenario, releases, first }
        })
        .collect()
    }
}

/// The judges, Tidegate first.
#[must_use]
pub fn judges() -> [&'static dyn Judge; 9] {
    [
        &Tidegate::Default,
        &Tidegate::Strict,
        &FixedThreshold(0.01),
        &FixedThreshold(0.05),
        &ZTest(Looks::EveryMinute),
        &ZTest(Looks::AtTheEnd),
        &MannWhitney(Looks::EveryMinute),
        &MannWhitney(Looks::AtTheEnd),
        &BayesFactor(ALPHA),
    ]
}

/// All tables.
///
/// # Errors
/// Where they can't be written.
pub fn print(out: &mut impl Write, size: Size) -> io::Result<()> {
    writeln!(
        out,
        "Printed by `make judges`: simulated releases with seed {}. Each is a canary of {MINUTES} minutes, looked at once a \
         minute; every judge sees a minute {SETTLE_MINUTES} minutes after it has ended.\n",
        size.seed,
    )?;
    for judge in judges() {
        writeln!(out, "- {}: {}", judge.name(), judge.rule())?;
    }
    writeln!(out)?;
    let releases = false_stops::print(out, size)? + good_releases::print(out, size)? + bad_releases::print(out, size)?;
    writeln!(out, "{} releases in all.", thousands(releases))
}

/// A header or a row: its name, and its cells.
fn row(name: &str, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    [name.to_owned()].into_iter().chain(cells).collect()
}

/// A share without digits that say nothing.
fn short(share: f64) -> String {
    // 0.1 % and not 0.10 %, nor 0.1000001 %.
    format!("{} %", (share * 1e6).round() / 1e4)
}
