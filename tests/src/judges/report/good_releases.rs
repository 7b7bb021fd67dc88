//! How long a good release waits until it has been shown to be good.

use std::io::{self, Write};

use super::super::chance::median;
use super::super::numbers::{length, whole};
use super::super::release::{MINUTES, Scenario, Setting};
use super::super::services::{ERROR_RATES, REFERENCE, TRAFFIC};
use super::super::table::{markdown, percent, thousands};
use super::super::tidegate::{Wait, wait};
use super::super::trial::in_parallel;
use super::{Size, row, short};

/// The table's number, which makes its releases its own.
const TABLE: u64 = 32;

/// Prints the table; the number of releases.
///
/// # Errors
/// Where it can't be written.
pub fn print(out: &mut impl Write, size: Size) -> io::Result<u64> {
    let services = ERROR_RATES.into_iter().flat_map(|error_rate| {
        TRAFFIC.map(|requests_per_minute| (Setting { requests_per_minute, error_rate, ..REFERENCE }, Scenario::Good))
    });
    let batches = size.batches(TABLE, size.bad, services);
    let waits = in_parallel(&batches, |batch| batch.each().map(|release| wait(&release)).collect::<Vec<Wait>>());
    let rows: Vec<Vec<String>> = ERROR_RATES
        .iter()
        .zip(waits.chunks(TRAFFIC.len()))
        .map(|(rate, of_rate)| row(&short(*rate), of_rate.iter().map(|waits| cell(waits))))
        .collect();
    writeln!(out, "## Good releases that are let pass\n")?;
    writeln!(
        out,
        "Minutes until a good release has been shown to be good: the median of those that are, and the share that has to \
         pass without proof after {MINUTES} minutes. {} releases each, canary {}, independent errors.\n",
        thousands(size.bad),
        short(REFERENCE.canary_share),
    )?;
    let header = TRAFFIC.map(|traffic| format!("{} requests a minute", thousands(whole(traffic))));
    writeln!(out, "{}", markdown(&row("errors", header), &rows))?;
    Ok(batches.iter().map(|batch| batch.releases).sum())
}

fn cell(waits: &[Wait]) -> String {
    let minutes = |wait: &Wait| if let Wait::Proved(look) = wait { Some(*look) } else { None };
    let minutes: Vec<usize> = waits.iter().filter_map(minutes).collect();
    let unproved = waits.iter().filter(|wait| **wait == Wait::NotProved).count();
    let unproved = percent(length(unproved) / length(waits.len()));
    median(&minutes).map_or_else(|| unproved.clone(), |median| format!("{median} min, {unproved}"))
}
