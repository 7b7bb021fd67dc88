//! The rows of a trace, whatever they were read from, and the facts that they make.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use tidegate_core::canary::Facts;
use tidegate_core::canary::facts::{Arms, Before, Counts, Deployment, Door, Minute, Platform, State, Strategy};
use tidegate_core::canary::minutes::end;
use tidegate_core::canary::queries::BEFORE;

/// One row: a minute of both versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it stands, for messages: `line 3`, `minute 3`.
    pub place: String,
    /// The minute.
    pub minute: Minute,
    /// The share of the traffic that the new version should have in it, in percent.
    pub weight: Option<f64>,
}

/// What is counted of an arm, as the columns and the fields are named.
pub const COUNTS: [&str; 6] = ["requests", "errors", "connection_errors", "unanswered", "slow", "response_ms"];

impl Row {
    /// What no minute can have: the field, the value and the rule. None where it can be.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if let Some(weight) = self.weight.filter(|weight| !(0.0..=100.0).contains(weight)) {
            return Some(format!("weight is {weight}: must be from 0 to 100"));
        }
        [("canary", self.minute.canary), ("baseline", self.minute.baseline)].into_iter().find_map(|(arm, counts)| {
            let counts = counts?;
            let bad =
                [("errors", counts.errors), ("unanswered", counts.unanswered), ("slow", counts.slow.unwrap_or(0))];
            let (name, bad) = bad.into_iter().find(|(_, bad)| *bad > counts.requests)?;
            Some(format!("{arm} {name} is {bad}: must be at most the requests, which are {}", counts.requests))
        })
    }
}

/// The facts of a release from its rows, and since when each weight held.
///
/// # Errors
/// Where the rows are no minutes of a release.
pub fn facts(mut rows: Vec<Row>, id: &str, started: Option<Timestamp>) -> Result<(Facts, Vec<(Timestamp, f64)>)> {
    rows.sort_by_key(|row| row.minute.at);
    check_distances(&rows)?;
    let requests = |counts: Option<Counts>| counts.map_or(0, |counts| counts.requests);
    let first = || rows.iter().find(|row| requests(row.minute.canary) > 0).map(|row| row.minute.at);
    let started_at =
        started.or_else(first).context("no row has canary requests, so nothing tells when it began: give --started")?;
    let since = |row: &&Row| end(row.minute.at) > started_at;
    ensure!(rows.iter().any(|row| since(&row)), "no row is after the start, {started_at}");
    let two = rows.iter().any(|row| row.minute.baseline.is_some());
    let before = |row: &Row| Some(Before { at: row.minute.at, counts: row.minute.baseline? });
    let past = rows.iter().filter(|row| !since(row) && row.minute.at >= started_at - BEFORE);
    let facts = Facts {
        door: Door::Schedule,
        deployment: Deployment {
            id: id.to_owned(),
            platform: Platform::Ecs,
            strategy: Strategy::Unknown,
            state: State::InProgress,
            roll_back: false,
            first: false,
            started_at,
            traffic_from: None,
            arms: if two { Arms::Two } else { Arms::One },
            weight_percent: None,
            previous_percent: 0.0,
            first_percent: None,
            waiting_since: None,
            full_since: None,
            platform_bake_minutes: 0,
            listener_says: None,
            hook_ends_at: None,
        },
        minutes: rows.iter().filter(since).map(|row| row.minute).collect(),
        before: past.filter_map(before).collect(),
        day_before: None,
        hosts: Vec::new(),
        alarms: Vec::new(),
        metrics: BTreeMap::new(),
        targets: None,
        unreadable: Vec::new(),
    };
    let mut weights: Vec<(Timestamp, f64)> = rows.iter().filter_map(|row| Some((row.minute.at, row.weight?))).collect();
    weights.dedup_by(|later, earlier| later.1.to_bits() == earlier.1.to_bits());
    Ok((facts, weights))
}

/// Rows have to be minutes: counts of five minutes are not five counts of a minute.
fn check_distances(rows: &[Row]) -> Result<()> {
    let minute = SignedDuration::from_mins(1);
    let mut shortest = None;
    for pair in rows.windows(2) {
        let [earlier, later] = pair else { continue };
        let between = later.minute.at.duration_since(earlier.minute.at);
        if between < minute {
            let (at, other) = (later.minute.at, &earlier.place);
            bail!("{} is of {at}, {} s after {other}: must be one row a minute", later.place, between.as_secs());
        }
        shortest = Some(shortest.map_or(between, |shortest: SignedDuration| shortest.min(between)));
    }
    match shortest {
        Some(shortest) if shortest > minute => {
            bail!("the rows are at least {} s apart: must be one row a minute", shortest.as_secs())
        }
        _ => Ok(()),
    }
}
