//! What else people stop releases by, on the same minutes.
//!
//! - [`fixed_threshold`]: an alarm on the error rate of a minute
//! - [`z_test`]: the difference of two proportions
//! - [`mann_whitney`]: the judge of Netflix and Spinnaker
//! - [`bayes_factor`]: evidence that stays valid at every look, for errors that come one by one
//!
//! A test between two versions stops a release only where the new one is the worse. All but the alarm are given
//! unanswered requests as errors, which CloudWatch doesn't do by itself, and the slow requests where they are counted.

pub mod bayes_factor;
pub mod fixed_threshold;
pub mod mann_whitney;
pub mod z_test;

use tidegate_core::canary::facts::Counts;

use super::numbers::real;
use super::release::{MINUTES, Release, failed};

/// When a test is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// Every minute, as soon as there is something to see.
    EveryMinute,
    /// Once, when the last minute is over.
    AtTheEnd,
}

impl Looks {
    pub(crate) fn name(self, test: &str) -> String {
        match self {
            Self::EveryMinute => test.to_owned(),
            Self::AtTheEnd => format!("{test}, once"),
        }
    }

    pub(crate) fn rule(self, test: &str) -> String {
        match self {
            Self::EveryMinute => format!("{test}, once a minute"),
            Self::AtTheEnd => format!("{test}, once, after {MINUTES} minutes"),
        }
    }

    pub(crate) fn include(self, look: usize) -> bool {
        self == Self::EveryMinute || look == MINUTES
    }
}

/// What is counted of a version in a minute.
pub(crate) type Metric = fn(&Counts) -> f64;

/// The metrics that the two versions are compared by.
pub(crate) fn metrics(release: &Release) -> &'static [Metric] {
    const METRICS: [Metric; 2] = [failed, slow];
    if release.setting.slow_rate.is_some() { &METRICS } else { &METRICS[..1] }
}

fn slow(counts: &Counts) -> f64 {
    real(counts.slow.unwrap_or(0))
}
