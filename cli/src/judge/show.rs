//! A replay for people and for programs.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, ColumnConstraint, Width};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tidegate_core::canary::{Judgement, Policy};
use tidegate_core::verdict::Verdict;
use tidegate_core::words::counted;

use super::replay::{Ending, Moment, Past, Tally};
use crate::text::{count, evidence, rate, table};

/// A table that is longer has minutes that say the same folded.
const LONGEST: usize = 40;

/// The head of the table.
pub const HEAD: [&str; 7] = ["UTC", "verdict", "reason", "canary", "baseline", "worse", "good"];

/// What the columns mean.
#[must_use]
pub fn legend(policy: &Policy) -> String {
    format!(
        "canary, baseline: bad of all requests, settled and after the warm-up.\n\
         worse: evidence of more than {} times the baseline's rate; it is stopped at {}.\n\
         good: evidence that it is good enough; it passes at {}.",
        policy.max_ratio,
        evidence(1.0 / policy.alpha),
        evidence(1.0 / policy.beta)
    )
}

/// Prints the replay as a table.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, past: &Past, moments: &[Moment], ending: &Ending<'_>, all: bool) -> Result<()> {
    writeln!(out, "{}: {}", past.name, headline(past, moments))?;
    let rows = rows(moments, all).into_iter().map(|(cells, _)| cells).collect::<Vec<_>>();
    let mut table = table(&HEAD, &rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        if (1..3).contains(&index) {
            column.set_cell_alignment(CellAlignment::Left);
        }
        // In a narrow terminal the counts may stand above their rates; nothing else reads well in two lines.
        column.set_constraint(match index {
            3 | 4 => ColumnConstraint::LowerBoundary(Width::Fixed(longest_word(&rows, index) + 1)),
            _ => ColumnConstraint::ContentWidth,
        });
    }
    writeln!(out, "{table}\n{}\n", legend(&past.policy))?;
    writeln!(out, "{}", sentence(moments, ending))?;
    Ok(())
}

/// Prints the replay as a judgement a line.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_json(out: &mut impl Write, moments: &[Moment]) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        at: Timestamp,
        #[serde(flatten)]
        judgement: &'a Judgement,
    }
    for Moment { at, judgement, .. } in moments {
        writeln!(out, "{}", serde_json::to_string(&Line { at: *at, judgement })?)?;
    }
    Ok(())
}

/// What was judged.
#[must_use]
pub fn headline(past: &Past, moments: &[Moment]) -> String {
    let began = past.facts.deployment.started_at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string();
    format!("{} from {began}, and {} before", counted(moments.len(), "minute"), past.facts.before.len())
}

/// The rows of the table, each with the moment that it is of.
#[must_use]
pub fn rows(moments: &[Moment], all: bool) -> Vec<(Vec<String>, Option<Timestamp>)> {
    let clock = Clock::new(moments);
    let of = |moment: &Moment| (row(moment, &clock), Some(moment.at));
    if all || moments.len() <= LONGEST {
        return moments.iter().map(of).collect();
    }
    let said = |moment: &Moment| (moment.judgement.verdict, moment.judgement.reason);
    let mut rows = Vec::new();
    for alike in moments.chunk_by(|a, b| said(a) == said(b)) {
        match alike {
            [first, between @ .., last] if between.len() > 1 => {
                let mut folded = vec![String::new(); HEAD.len()];
                folded[1] = format!("... {} alike", between.len());
                rows.extend([of(first), (folded, None), of(last)]);
            }
            few => rows.extend(few.iter().map(of)),
        }
    }
    rows
}

fn longest_word(rows: &[Vec<String>], column: usize) -> u16 {
    let words = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.split(' '));
    u16::try_from(words.map(str::len).max().unwrap_or(0)).unwrap_or(u16::MAX - 1)
}

fn row(moment: &Moment, clock: &Clock) -> Vec<String> {
    let judgement = &moment.judgement;
    let of = |e_value: Option<f64>| e_value.map_or_else(String::new, evidence);
    vec![
        clock.tell(moment.at),
        judgement.verdict.as_str().to_owned(),
        judgement.reason.code().to_owned(),
        tally(moment.canary),
        tally(moment.baseline),
        of(judgement.evidence),
        of(judgement.good()),
    ]
}

fn tally(Tally { bad, requests }: Tally) -> String {
    if requests == 0 { String::new() } else { format!("{bad}/{requests} {}", rate(bad, requests)) }
}

/// How it ends, in a sentence with the moment and the arithmetic.
#[must_use]
pub fn sentence(moments: &[Moment], ending: &Ending<'_>) -> String {
    let Ending { verdict, moment } = ending;
    let at = Clock::new(moments).tell(moment.at);
    let judgement = &moment.judgement;
    let seen = match moment.minutes {
        0 => String::new(),
        minutes => {
            let requests = count(moment.canary.requests);
            format!(", after {} and {requests} canary requests", counted(minutes, "settled minute"))
        }
    };
    let said = match verdict {
        Verdict::Fail => format!("Stopped at {at}{seen}"),
        Verdict::Pass => format!("Passed at {at}{seen}"),
        Verdict::Inconclusive => format!("No conclusion by {at}{seen}"),
        Verdict::Error => format!("Could not be judged at {at}"),
    };
    let earlier =
        moments.iter().find(|moment| moment.judgement.verdict == Verdict::Pass && *verdict == Verdict::Inconclusive);
    let earlier = earlier.map_or_else(String::new, |earlier| {
        format!(" It had passed at {} ({}).", Clock::new(moments).tell(earlier.at), earlier.judgement.reason.code())
    });
    format!("{said} ({}): {}.{earlier}", judgement.reason.code(), judgement.why)
}

/// Tells times by the clock, and by the day where there is more than one.
struct Clock {
    format: &'static str,
}

impl Clock {
    fn new(moments: &[Moment]) -> Self {
        let day = |moment: Option<&Moment>| moment.map(|moment| moment.at.to_zoned(TimeZone::UTC).date());
        let one = day(moments.first()) == day(moments.last());
        Self { format: if one { "%H:%M" } else { "%m-%d %H:%M" } }
    }

    fn tell(&self, at: Timestamp) -> String {
        at.to_zoned(TimeZone::UTC).strftime(self.format).to_string()
    }
}
