//! How soon bad releases are stopped, beside good ones and good ones in an outage.

use std::io::{self, Write};

use super::super::clumps::Clumps;
use super::super::numbers::whole;
use super::super::release::{Scenario, Setting};
use super::super::services::{REFERENCE, SLOW_RATE};
use super::super::table::{markdown, percent, thousands};
use super::super::trial::{Tally, run};
use super::{Size, judges, row, short};

/// The first table's number, which makes its releases its own.
const TABLE: u64 = 48;

const SCENARIOS: [(&str, Scenario); 8] = [
    ("2 x errors", Scenario::Errors(2.0)),
    ("5 x errors", Scenario::Errors(5.0)),
    ("10 x errors", Scenario::Errors(10.0)),
    ("3 x slow requests", Scenario::Slow(3.0)),
    ("10 x slow requests", Scenario::Slow(10.0)),
    ("crashes: 5 % unanswered", Scenario::Crashes(0.05)),
    ("good", Scenario::Good),
    ("good, outage of both", Scenario::CommonOutage(20.0)),
];

/// Prints the tables; the number of releases.
///
/// # Errors
/// Where they can't be written.
pub fn print(out: &mut impl Write, size: Size) -> io::Result<u64> {
    writeln!(out, "## Bad releases\n")?;
    writeln!(
        out,
        "The share that is stopped and, of those, the median minutes and the median of the canary's requests until then. {} \
         releases each, canary {}, {} errors, {} slow requests where these are counted. In the outage both versions have \
         20 times the errors for ten minutes. Tidegate leaves out the canary's first two minutes, and accepts 1.5 times the \
         errors and twice the slow requests; the tests beside it, and itself at ratio 1, accept nothing.\n",
        thousands(size.bad),
        short(REFERENCE.canary_share),
        short(REFERENCE.error_rate),
        short(SLOW_RATE),
    )?;
    let busy = Setting { requests_per_minute: 10_000.0, ..REFERENCE };
    let clumps = Clumps::Of(3);
    let services = [REFERENCE, busy, Setting { clumps, ..REFERENCE }, Setting { clumps, ..busy }];
    let mut releases = 0;
    for (service, table) in services.into_iter().zip(TABLE..) {
        releases += of_service(out, size, service, table)?;
    }
    Ok(releases)
}

fn of_service(out: &mut impl Write, size: Size, service: Setting, table: u64) -> io::Result<u64> {
    let judges = judges();
    let releases = SCENARIOS.map(|(_, scenario)| {
        let slow_rate = matches!(scenario, Scenario::Slow(_)).then_some(SLOW_RATE);
        (Setting { slow_rate, ..service }, scenario)
    });
    let batches = size.batches(table, size.bad, releases);
    let tallies = run(&batches, &judges);
    let rows: Vec<Vec<String>> =
        SCENARIOS.iter().zip(&tallies).map(|((name, _), of_judges)| row(name, of_judges.iter().map(cell))).collect();
    let traffic = thousands(whole(service.requests_per_minute));
    let clumps = match service.clumps {
        Clumps::Independent => "independent errors".to_owned(),
        clumps => format!("errors in {}", clumps.name()),
    };
    writeln!(out, "{traffic} requests a minute, {clumps}:\n")?;
    writeln!(out, "{}", markdown(&row("", judges.iter().map(|judge| judge.name())), &rows))?;
    Ok(batches.iter().map(|batch| batch.releases).sum())
}

fn cell(tally: &Tally) -> String {
    let share = percent(tally.share());
    match (tally.median_minutes(), tally.median_requests()) {
        (Some(minutes), Some(requests)) => format!("{share}, {minutes} min, {}", thousands(requests)),
        _ => share,
    }
}
