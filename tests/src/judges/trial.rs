//! Many releases before all judges.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Judge;
use super::chance::median;
use super::numbers::real;
use super::release::{Release, Scenario, Setting};

/// Releases of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Of what.
    pub setting: Setting,
    /// What is the matter with them.
    pub scenario: Scenario,
    /// How many.
    pub releases: u64,
    /// The number of the first.
    pub first: u64,
}

impl Batch {
    /// One by one.
    pub fn each(self) -> impl Iterator<Item = Release> {
        (0..self.releases).map(move |number| Release::new(self.setting, self.scenario, self.first + number))
    }
}

/// What a judge made of a batch.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// All of them.
    pub releases: u64,
    /// Looks at which one was stopped.
    pub looks: Vec<usize>,
    /// The canary's requests until then.
    pub requests: Vec<u64>,
}

impl Tally {
    /// How many were stopped.
    #[must_use]
    pub fn stopped(&self) -> u64 {
        self.looks.len() as u64
    }

    /// Among all.
    #[must_use]
    pub fn share(&self) -> f64 {
        real(self.stopped()) / real(self.releases)
    }

    /// Minutes to the stop, of those that were stopped.
    #[must_use]
    pub fn median_minutes(&self) -> Option<usize> {
        median(&self.looks)
    }

    /// The canary's requests to the stop, of those that were stopped.
    #[must_use]
    pub fn median_requests(&self) -> Option<u64> {
        median(&self.requests)
    }

    /// Of this batch and the other.
    pub fn add(&mut self, other: &Self) {
        self.releases += other.releases;
        self.looks.extend(&other.looks);
        self.requests.extend(&other.requests);
    }
}

/// What each judge makes of each batch.
#[must_use]
pub fn run(batches: &[Batch], judges: &[&dyn Judge]) -> Vec<Vec<Tally>> {
    in_parallel(batches, |batch| {
        let mut tallies = vec![Tally::default(); judges.len()];
        for release in batch.each() {
            for (judge, tally) in judges.iter().zip(&mut tallies) {
                tally.releases += 1;
                if let Some(look) = judge.stops_at(&release) {
                    tally.looks.push(look);
                    tally.requests.push(release.canary_requests(look));
                }
            }
        }
        tallies
    })
}

/// Each item through the function, on all cores, in their order.
///
/// # Panics
/// Where the function does.
pub fn in_parallel<I: Sync, O: Send>(items: &[I], function: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, function(item)));
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut outcomes: Vec<(usize, O)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker that panicked")).collect()
    });
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}
