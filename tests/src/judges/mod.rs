//! How often the canary judge is wrong, and how soon it is right, beside other judges of the same releases.
//!
//! - [`release`]: a simulated deployment, minute by minute; [`clumps`]: how its errors come
//! - [`tidegate`]: the live decision as a judge of it; [`rivals`]: the others
//! - [`services`]: what is deployed
//! - [`trial`]: many releases before all judges; [`chance`]: whether what came out can be chance; [`numbers`]
//! - [`report`]: the trials of `make judges`; [`table`]: their tables

pub mod chance;
pub mod clumps;
pub mod numbers;
pub mod release;
pub mod report;
pub mod rivals;
pub mod services;
pub mod table;
pub mod tidegate;
pub mod trial;

use release::Release;

/// Somebody who looks at a release once a minute and may stop it.
pub trait Judge: Sync {
    /// Who, at the head of a column.
    fn name(&self) -> String;

    /// By what it stops a release.
    fn rule(&self) -> String;

    /// The first look at which the release is stopped; looks are counted from 1, a minute after the start.
    fn stops_at(&self, release: &Release) -> Option<usize>;
}

/// The looks at which there is something settled to see.
pub(crate) fn looks(release: &Release) -> impl Iterator<Item = (usize, &[release::Arms])> {
    (1..=release.minutes.len()).map(|look| (look, release.settled(look))).filter(|(_, settled)| !settled.is_empty())
}
