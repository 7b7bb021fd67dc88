//! A CloudWatch alarm on the canary's target group: 5xx answers among its requests, in any minute.

use super::super::numbers::real;
use super::super::release::Release;
use super::super::{Judge, looks};

/// Stops at this share of 5xx answers.
pub struct FixedThreshold(pub f64);

impl Judge for FixedThreshold {
    fn name(&self) -> String {
        format!("alarm at {} %", self.0 * 100.0)
    }

    fn rule(&self) -> String {
        format!("more than {} % of the canary's requests of any one minute are 5xx", self.0 * 100.0)
    }

    fn stops_at(&self, release: &Release) -> Option<usize> {
        looks(release)
            .find(|(_, settled)| {
                settled.last().is_some_and(|minute| real(minute.canary.errors) > self.0 * real(minute.canary.requests))
            })
            .map(|(look, _)| look)
    }
}
