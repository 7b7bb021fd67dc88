//! What becomes of decisions, in the shape that every function's records and summaries share. `R` is the function's own
//! reason.

use std::time::Duration;

use serde::Serialize;
use tidegate_core::codes::Code;
use tidegate_core::prices::{LAMBDA_REQUEST_USD, METRIC_USD, Prices};

use crate::start::Host;

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done<R> {
    /// There was nothing to do, or the mode forbids it.
    Nothing,
    /// It was done.
    Acted,
    /// It was to be done and was not.
    NotMade(NotMade<R>),
}

impl<R: Code> Done<R> {
    /// Why it was not made, as records have it.
    pub fn not_made(self) -> Option<String> {
        match self {
            Self::NotMade(NotMade { reason, why }) => Some(format!("{}: {why}", reason.code())),
            Self::Nothing | Self::Acted => None,
        }
    }
}

/// Why an action was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMade<R> {
    /// The code.
    pub reason: R,
    /// The sentence.
    pub why: String,
}

/// Why a run looked at nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declined<R> {
    /// The code.
    pub reason: R,
    /// The sentence.
    pub why: String,
}

/// What a run costs itself, in dollars: its time and invocation, and the CloudWatch metrics that it asked for.
#[must_use]
pub fn run_usd(prices: &Prices, host: &Host, took: Duration, metrics: u32) -> f64 {
    let gb = f64::from(host.memory_mib) / 1024.0;
    let lambda = gb * prices.lambda_gb_second_usd(host.architecture);
    took.as_secs_f64() * lambda + LAMBDA_REQUEST_USD + f64::from(metrics) * METRIC_USD
}
