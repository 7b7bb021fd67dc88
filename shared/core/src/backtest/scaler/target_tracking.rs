//! AWS Application Auto Scaling's target tracking for ECS, as its documentation describes it.
//!
//! Two alarms: three minutes above the target, fifteen below nine tenths of it. Out in proportion, in to the fewest
//! tasks that stay at the target, each with a cooldown of 300 s that a larger raise breaks through.
//!
//! Source: <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>

use jiff::{SignedDuration, Timestamp};

use super::{Scaler, View};
use crate::scaling::facts::Point;
use crate::scaling::whole;

/// Target tracking on average CPU.
#[derive(Clone, Debug)]
pub struct TargetTracking {
    target: f64,
    min: u32,
    max: u32,
    out: Option<(Timestamp, u32)>,
    scaled_in: Option<Timestamp>,
}

const COOLDOWN: SignedDuration = SignedDuration::from_secs(300);
const ABOVE_MINUTES: usize = 3;
const BELOW_MINUTES: usize = 15;

/// The lower alarm stands at this share of the target.
const BELOW: f64 = 0.9;

impl TargetTracking {
    /// Tracks `target` percent between `min` and `max` tasks.
    #[must_use]
    pub fn new(target: f64, min: u32, max: u32) -> Self {
        Self { target, min, max, out: None, scaled_in: None }
    }

    fn scale_out(&mut self, view: View<'_>, wanted: u32) -> u32 {
        let added = wanted.saturating_sub(view.running);
        let cooling = self.out.is_some_and(|(at, before)| view.now < at + COOLDOWN && added <= before);
        if cooling || wanted <= view.desired {
            return view.desired;
        }
        self.out = Some((view.now, added));
        self.scaled_in = None;
        wanted
    }

    fn scale_in(&mut self, view: View<'_>, wanted: u32) -> u32 {
        let cooling = self.scaled_in.is_some_and(|at| view.now < at + COOLDOWN);
        if cooling || wanted >= view.desired {
            return view.desired;
        }
        self.scaled_in = Some(view.now);
        wanted
    }
}

impl Scaler for TargetTracking {
    fn period_s(&self) -> i64 {
        60
    }

    fn desired(&mut self, view: View<'_>) -> u32 {
        let last = |minutes: usize| view.cpu.len().checked_sub(minutes).map(|from| &view.cpu[from..]);
        let in_a_row = |points: &&[Point]| {
            let span = points.last().zip(points.first()).map(|(last, first)| last.at.duration_since(first.at));
            span == Some(SignedDuration::from_mins(i64::try_from(points.len()).unwrap_or(0) - 1))
        };
        let Some(newest) = view.cpu.last() else { return view.desired };
        // In proportion to the tasks that the datapoint stands for: with those that started since, it would be counted
        // twice.
        let tasks = newest.samples.unwrap_or_else(|| f64::from(view.running));
        let in_proportion = whole((tasks * newest.value / self.target).ceil());
        let wanted = in_proportion.clamp(self.min, self.max);
        let above = |points: &[Point]| points.iter().all(|point| point.value > self.target);
        let below = |points: &[Point]| points.iter().all(|point| point.value < self.target * BELOW);
        if last(ABOVE_MINUTES).filter(in_a_row).is_some_and(above) {
            return self.scale_out(view, wanted);
        }
        if last(BELOW_MINUTES).filter(in_a_row).is_some_and(below) {
            return self.scale_in(view, wanted);
        }
        view.desired
    }
}
