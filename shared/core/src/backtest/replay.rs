//! What a live service's own past would have been under Tidegate.

use super::demand::Demand;
use super::run::{Figures, run};
use super::scaler::Tidegate;
use super::service::Shape;
use crate::scaling::facts::Point;
use crate::scaling::history::one_sample_per_task;
use crate::scaling::{CPU, Policy};

/// Seconds from launch until a Fargate task serves, where nobody measured it.
pub const START_S: i64 = 90;

/// Seconds after its end until a minute of CloudWatch can be read, where nobody measured it.
pub const METRIC_DELAY_S: i64 = 60;

/// A task at 100 % does this much of the work that [`Demand::from_cpu`] measures.
const PERCENT: f64 = 100.0;

/// What was, and what would have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replay {
    /// Task-seconds that ran.
    pub ran_s: f64,
    /// What Tidegate's decisions would have come to, over the same minutes.
    pub ours: Figures,
}

/// The shape of a service whose demand was measured by its CPU.
#[must_use]
pub fn shape() -> Shape {
    Shape { capacity: PERCENT, start_s: START_S, metric_delay_s: METRIC_DELAY_S }
}

/// Replays CPU minutes with their sample counts, of a service that runs so many tasks now, under a policy's CPU target.
/// None without any. A saturated minute hides
/// demand, so what would have been is then told too favourably.
#[must_use]
pub fn replay(cpu: &[Point], running: u32, policy: &Policy) -> Option<Replay> {
    let cpu = one_sample_per_task(cpu, running);
    let demand = Demand::from_cpu(&cpu)?;
    let ran_s = cpu.iter().filter_map(|point| point.samples).sum::<f64>() * 60.0;
    let first = cpu.iter().min_by_key(|point| point.at)?.samples?;
    let targets = policy.targets.iter().filter(|(metric, _)| *metric == CPU);
    let policy =
        Policy { targets: targets.map(|(metric, target)| (metric.clone(), *target)).collect(), ..policy.clone() };
    let ours = run(&demand, shape(), &mut Tidegate::new(policy), crate::scaling::whole(first), |_| {});
    Some(Replay { ran_s, ours })
}
