//! A scheduled run over more services than one run reaches: which of them have their turn in this minute, in which parts,
//! and when each part begins.
//!
//! More invocations do not widen what an account may ask of ECS, so everything is counted in its calls: ten services of
//! one cluster each. Where all services take more calls than a minute allows, each has its turn every second minute, or
//! every third. Nothing has to be remembered: a turn follows from the services and the minute.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cadence::Turn;

/// Parts that run at the same time. Each has its share of the calls, whenever it is delivered, so that together they
/// never make more than all of them may. The template holds the queue to it: Lambda takes no less than two.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
pub const WORKERS: u32 = 2;

/// Calls of a part, at most. At the share of one of two workers they take ten seconds, which fits the shortest timeout
/// that the template allows; and 500 names, each at its longest, fit a message.
const MOST_CALLS: usize = 50;

/// Seconds of a minute that its parts may take. The rest is for second looks before writes, and for what comes late.
const BUSY_S: usize = 50;

/// What a plan keeps within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Services that one run looks at by itself. They are counted in whole calls: three services of a cluster of their
    /// own count as ten.
    pub reach: usize,
    /// Services of one cluster that one call describes.
    pub per_call: usize,
    /// Calls a second that all parts may make together.
    pub per_second: usize,
}

/// The parts of one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The turn that the services of all parts have.
    pub turn: Turn,
    /// The parts, in the order in which they begin.
    pub parts: Vec<Part>,
}

/// Services that one invocation looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Names of services by their cluster.
    pub clusters: Clusters,
    /// Calls that describe them.
    pub calls: usize,
    /// Seconds after the schedule's minute at which it may begin.
    pub delay_s: u32,
}

/// Names of services by their cluster.
pub type Clusters = BTreeMap<String, BTreeSet<String>>;

/// A part as it is handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The schedule's minute that it belongs to.
    pub at: Timestamp,
    /// Every how many minutes its services have their turn.
    pub every_minutes: u32,
    /// How many parts run at the same time: each has that share of the calls.
    pub workers: u32,
    /// Which part it is, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// Its services.
    pub clusters: Clusters,
}

/// Some services of one cluster, which have their turn together.
struct Slice<'a> {
    cluster: &'a str,
    services: Vec<&'a String>,
    calls: usize,
}

/// The parts that have their turn at a minute of the schedule. None where one run reaches all services.
#[must_use]
pub fn plan(services: &Clusters, at: Timestamp, limits: Limits) -> Option<Plan> {
    let Limits { reach, per_call, per_second } = limits;
    let (per_call, per_second) = (per_call.max(1), per_second.max(1));
    let slices = slices(services, per_call);
    let total: usize = slices.iter().map(|slice| slice.calls).sum();
    if total <= reach.div_ceil(per_call) {
        return None;
    }
    let every = total.div_ceil(per_second * BUSY_S);
    let turn = Turn { at, every_minutes: u32::try_from(every).unwrap_or(u32::MAX) };
    let mut due = due(slices, total, turn);
    // What comes last in one round, and may come too late, comes first in the next.
    if turn.round() % 2 == 1 {
        due.reverse();
    }
    let load: usize = due.iter().map(|slice| slice.calls).sum();
    let workers = usize::try_from(WORKERS).unwrap_or(1);
    let most = load.div_ceil(workers).clamp(1, MOST_CALLS);
    let mut parts: Vec<Part> = Vec::new();
    let mut before = 0;
    for slice in due {
        let names = slice.services.into_iter().cloned();
        match parts.last_mut().filter(|part| part.calls + slice.calls <= most) {
            Some(part) => {
                part.calls += slice.calls;
                part.clusters.entry(slice.cluster.to_owned()).or_default().extend(names);
            }
            None => parts.push(Part {
                clusters: Clusters::from([(slice.cluster.to_owned(), names.collect())]),
                calls: slice.calls,
                delay_s: u32::try_from(before / per_second).unwrap_or(u32::MAX),
            }),
        }
        before += slice.calls;
    }
    Some(Plan { turn, parts })
}

/// Every cluster, in slices where it is larger than a part.
fn slices(services: &Clusters, per_call: usize) -> Vec<Slice<'_>> {
    let mut all = Vec::new();
    for (cluster, names) in services {
        let names: Vec<&String> = names.iter().collect();
        for names in names.chunks(per_call * MOST_CALLS) {
            all.push(Slice { cluster, services: names.to_vec(), calls: names.len().div_ceil(per_call) });
        }
    }
    all
}

/// The slices that have their turn: all of them in their order are cut into as many turns as there are minutes, of equally
/// many calls. A service that comes or goes moves no more than those at a cut, and those by one minute; a hash would move
/// nobody, and fill one minute with twice as much as another.
fn due(slices: Vec<Slice<'_>>, total: usize, turn: Turn) -> Vec<Slice<'_>> {
    let every = usize::try_from(turn.every_minutes).unwrap_or(usize::MAX).max(1);
    let mut before = 0;
    let mut has_turn = |slice: &Slice<'_>| {
        let its = before * every / total.max(1);
        before += slice.calls;
        u32::try_from(its) == Ok(turn.minute_of_round())
    };
    slices.into_iter().filter(|slice| has_turn(slice)).collect()
}

impl Plan {
    /// How many services its parts hold.
    #[must_use]
    pub fn services(&self) -> usize {
        self.parts.iter().map(Part::services).sum()
    }

    /// The parts as they are handed on.
    pub fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        let (Turn { at, every_minutes }, of) = (self.turn, self.parts.len());
        self.parts.iter().enumerate().map(move |(index, part)| Message {
            at,
            every_minutes,
            workers: WORKERS,
            number: index + 1,
            of,
            clusters: part.clusters.clone(),
        })
    }
}

impl Part {
    /// How many services it holds.
    #[must_use]
    pub fn services(&self) -> usize {
        self.clusters.values().map(BTreeSet::len).sum()
    }
}
