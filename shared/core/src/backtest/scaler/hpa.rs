//! The Kubernetes HPA with its defaults, fed with the minutes that CloudWatch publishes.
//!
//! It looks every 15 seconds, raises at once by the larger of 100 % and 4, and lowers to the largest recommendation of
//! the last 300 seconds.
//!
//! Source: <https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/>

use jiff::{SignedDuration, Timestamp};

use super::{Scaler, View};
use crate::scaling::rates::{self, Rate, Rates, Rounding, Select};
use crate::scaling::ratio::{Goal, Tasks, Tolerance};
use crate::scaling::stabilise::{Recommendation, Windows, stabilise};

/// The HPA on average CPU.
#[derive(Clone, Debug)]
pub struct Hpa {
    target: f64,
    min: u32,
    max: u32,
    up: Rates,
    down: Rates,
    recommended: Vec<Recommendation>,
}

const PERIOD_S: u32 = 15;
const TOLERANCE: Tolerance = Tolerance { up: 0.1, down: 0.1 };
const WINDOWS: Windows = Windows { up_s: 0, down_s: 300 };

impl Hpa {
    /// Keeps `target` percent between `min` and `max` tasks.
    #[must_use]
    pub fn new(target: f64, min: u32, max: u32) -> Self {
        let percent = Rate::Percent { value: 100.0, period_s: PERIOD_S };
        let four = Rate::Tasks { value: 4, period_s: PERIOD_S };
        let rates = |policies| Rates { select: Select::Max, rounding: Rounding::Outward, policies };
        let (up, down) = (rates(vec![percent, four]), rates(vec![percent]));
        Self { target, min, max, up, down, recommended: Vec::new() }
    }

    fn recommend(&self, view: View<'_>) -> Option<u32> {
        let newest = view.cpu.last()?;
        let sampled = newest.samples.map_or(view.running, |samples| crate::scaling::whole(samples).min(view.running));
        let starting = (view.running + view.pending).saturating_sub(sampled);
        let tasks = Tasks::average(newest.value, sampled, starting);
        Some(tasks.propose(Goal::Utilization(self.target), TOLERANCE, view.desired).ok()?.tasks)
    }

    fn forget(&mut self, now: Timestamp) {
        let since = now - SignedDuration::from_secs(i64::from(WINDOWS.down_s));
        self.recommended.retain(|recommendation| recommendation.at > since);
    }
}

impl Scaler for Hpa {
    fn period_s(&self) -> i64 {
        i64::from(PERIOD_S)
    }

    fn desired(&mut self, view: View<'_>) -> u32 {
        let Some(tasks) = self.recommend(view) else { return view.desired };
        self.forget(view.now);
        let stabilised = stabilise(view.desired, tasks, &self.recommended, WINDOWS, view.now);
        self.recommended.push(Recommendation { at: view.now, tasks });
        let highest = rates::highest(view.desired, view.changes, &self.up, view.now);
        let lowest = rates::lowest(view.desired, view.changes, &self.down, view.now);
        stabilised.clamp(lowest, highest).clamp(self.min, self.max)
    }
}
