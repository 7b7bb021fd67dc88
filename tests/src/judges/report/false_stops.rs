//! Good releases that are stopped, over services of every kind.

use std::io::{self, Write};

use super::super::chance::at_least;
use super::super::clumps::Clumps;
use super::super::numbers::{length, whole};
use super::super::release::{Scenario, Setting};
use super::super::services::{ERROR_RATES, SHARES, SLOW_RATE, TRAFFIC, every};
use super::super::table::{markdown, percent, thousands};
use super::super::tidegate::Tidegate;
use super::super::trial::{Batch, Tally, run};
use super::{ALPHA, Size, judges, row, short};

/// What chance does more rarely than this is not put down to chance.
const SIGNIFICANT: f64 = 0.01;

/// The worst release that the default policy accepts.
const ACCEPTED: Scenario = Scenario::Errors(1.5);

/// Prints both tables; the number of releases.
///
/// # Errors
/// Where they can't be written.
pub fn print(out: &mut impl Write, size: Size) -> io::Result<u64> {
    let mut kinds: Vec<(String, Clumps, Option<f64>)> =
        Clumps::ALL.into_iter().map(|clumps| (clumps.name(), clumps, None)).collect();
    let clumps = Clumps::Of(3);
    kinds.push((format!("{}, slow requests too", clumps.name()), clumps, Some(SLOW_RATE)));

    let judges = judges();
    let (mut of_all, mut of_ours) = (Vec::new(), Vec::new());
    let mut releases = 0;
    for ((name, clumps, slow_rate), table) in kinds.iter().zip(0..) {
        let services = every(*clumps, *slow_rate).into_iter().map(|service| (service, Scenario::Good));
        let batches = size.batches(table, size.good, services);
        let tallies = run(&batches, &judges);
        let pooled: Vec<Tally> = (0..judges.len()).map(|judge| pool(&tallies, judge)).collect();
        of_all.push(row(name, pooled.iter().map(|tally| percent(tally.share()))));
        of_ours.push(against_alpha(name, &batches, &tallies));
        releases += pooled[0].releases;
    }
    for (clumps, table) in Clumps::ALL.into_iter().zip(16..) {
        let services = every(clumps, None).into_iter().map(|service| (service, ACCEPTED));
        let batches = size.batches(table, size.good, services);
        let tallies = run(&batches, &[&Tidegate::Default]);
        of_ours.push(against_alpha(&format!("{}, 1.5 x errors", clumps.name()), &batches, &tallies));
        releases += pool(&tallies, 0).releases;
    }

    let services = every(Clumps::Independent, None).len();
    writeln!(out, "## Good releases that are stopped\n")?;
    writeln!(
        out,
        "The canary is the same version again. Each row pools {services} services, {} releases of each: with {} requests a \
         minute, a canary of {}, and errors in {} of the requests.\n",
        thousands(size.good),
        TRAFFIC.map(|traffic| thousands(whole(traffic))).join("; "),
        SHARES.map(short).join(", "),
        ERROR_RATES.map(short).join(", "),
    )?;
    writeln!(out, "{}", markdown(&row("errors come", judges.iter().map(|judge| judge.name())), &of_all))?;
    writeln!(
        out,
        "Tidegate beside its alpha of {}, also for the worst release that its policy accepts, which has 1.5 times the \
         errors. p is the chance of as many stops or more at alpha; of the worst service, that some of the {services} has it.\n",
        short(ALPHA),
    )?;
    let header = ["releases", "stopped", "share", "p", "above alpha", "worst service", "stopped", "p"];
    writeln!(out, "{}", markdown(&row("errors come", header.map(str::to_owned)), &of_ours))?;
    Ok(releases)
}

fn pool(tallies: &[Vec<Tally>], judge: usize) -> Tally {
    let mut pooled = Tally::default();
    for service in tallies {
        pooled.add(&service[judge]);
    }
    pooled
}

/// Whether the pooled share is above alpha beyond chance, and the service with the least likely count.
fn against_alpha(name: &str, batches: &[Batch], tallies: &[Vec<Tally>]) -> Vec<String> {
    let pooled = pool(tallies, 0);
    let p = |tally: &Tally| at_least(tally.stopped(), tally.releases, ALPHA);
    let services = batches.iter().zip(tallies).map(|(batch, of_judges)| (batch.setting, &of_judges[0]));
    let worst = services.max_by_key(|(_, tally)| tally.stopped());
    let worst = worst.filter(|(_, tally)| tally.stopped() > 0);
    let [service, stopped, p_of_some] = worst.map_or_else(Default::default, |(service, tally)| {
        let p_of_some = (p(tally) * length(tallies.len())).min(1.0);
        [described(service), format!("{} of {}", tally.stopped(), tally.releases), chance(p_of_some)]
    });
    let above = if p(&pooled) < SIGNIFICANT { "YES" } else { "no" };
    row(
        name,
        [
            thousands(pooled.releases),
            thousands(pooled.stopped()),
            percent(pooled.share()),
            chance(p(&pooled)),
            above.to_owned(),
            service,
            stopped,
            p_of_some,
        ],
    )
}

fn described(service: Setting) -> String {
    let (traffic, share) = (thousands(whole(service.requests_per_minute)), short(service.canary_share));
    format!("{traffic} a minute, {share}, {} errors", short(service.error_rate))
}

fn chance(p: f64) -> String {
    if p < 0.001 { format!("{p:.0e}") } else { format!("{p:.2}") }
}
