//! What one minute asks for, metric by metric: the ratio rule and the saturation rule on that minute's own data.

use std::fmt;

use jiff::Timestamp;

use super::facts::{Point, TaskSample, TaskState};
use super::policy::{Policy, Saturation, Target};
use super::ratio::{self, Goal, NoProposal, Tasks};
use super::series::clock;
use super::{CPU, up};
use crate::words::counted;

/// The task counts that a minute's values are seen against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Tasks that the values stand for.
    pub sampled: u32,
    /// Tasks on their way, without a value.
    pub starting: u32,
    /// The count that stays where nothing should change.
    pub current: u32,
}

/// The count that one metric asks for. Displays as its arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Tasks.
    pub tasks: u32,
    /// The metric over its target: 1 at the target.
    pub load: f64,
    /// What the value was seen against.
    pub counts: Counts,
    /// CPU was too high to show the demand.
    pub saturated: Option<Saturated>,
    target: Target,
    /// The value as it was compared with the target.
    observed: f64,
    /// The minute; None for per-task samples.
    at: Option<Timestamp>,
}

/// A CPU average that hides demand, and what else shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturated {
    /// The rule.
    pub rule: Saturation,
    /// What requests show, where there are any.
    pub requests: Option<RequestsShow>,
}

/// The demand that requests show while CPU is saturated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestsShow {
    /// Requests per task in the saturated minute.
    pub per_task: f64,
    /// CPU percent that one request per task costs, measured on unsaturated minutes.
    pub cpu_percent_each: f64,
}

impl RequestsShow {
    /// The CPU that the requests would need, in percent.
    fn cpu_percent(self) -> f64 {
        self.per_task * self.cpu_percent_each
    }
}

/// What one point of a metric asks for.
///
/// # Errors
/// [`NoProposal`] where there is nothing to compare.
pub fn ask(
    target: Target,
    point: &Point,
    counts: Counts,
    policy: &Policy,
    saturated: Option<Saturated>,
) -> Result<Asked, NoProposal> {
    let Counts { sampled, starting, current } = counts;
    let (value, tolerance) = (point.value, policy.tolerance);
    let averaged = |goal| Tasks::average(value, sampled, starting).propose(goal, tolerance, current);
    let at = Some(point.at);
    let (proposal, load) = match target {
        Target::Utilization(goal) | Target::Guard(goal) => {
            if let Some(saturated) = saturated {
                let tasks = saturated.tasks(value, goal, sampled);
                return Ok(Asked {
                    tasks,
                    load: value / goal,
                    counts,
                    saturated: Some(saturated),
                    target,
                    observed: value,
                    at,
                });
            }
            (averaged(Goal::Utilization(goal))?, value / goal)
        }
        Target::PerTask(goal) => (averaged(Goal::PerTask(goal))?, value / goal),
        Target::Value(goal) => (ratio::whole_value(value, goal, sampled, current, tolerance), value / goal),
        Target::TotalPerTask(goal) => {
            let load = value / (goal * f64::from(current.max(1)));
            (ratio::total_per_task(value, goal, current, tolerance), load)
        }
    };
    Ok(Asked { tasks: proposal.tasks, load, counts, saturated: None, target, observed: proposal.observed, at })
}

/// What per-task samples ask for.
///
/// # Errors
/// [`NoProposal`] where there is nothing to compare.
pub fn ask_samples(
    metric: &str,
    target: Target,
    samples: &[TaskSample],
    current: u32,
    policy: &Policy,
    now: Timestamp,
) -> Result<Asked, NoProposal> {
    let tolerance = policy.tolerance;
    let total: f64 = samples.iter().filter_map(|sample| sample.value).sum();
    let sorted = |goal: Goal| {
        let readiness = (metric == CPU).then_some(policy.readiness);
        let tasks = Tasks::sort(samples, goal, readiness, now)?;
        Ok((tasks.propose(goal, tolerance, current)?, tasks.ready()))
    };
    let (proposal, sampled) = match target {
        Target::Utilization(goal) | Target::Guard(goal) => sorted(Goal::Utilization(goal))?,
        Target::PerTask(goal) => sorted(Goal::PerTask(goal))?,
        Target::Value(goal) => {
            // The value is the whole service's, so a task counts by its health and not by its sample.
            let ready = |sample: &&TaskSample| sample.state == TaskState::Running && sample.ready != Some(false);
            let ready = u32::try_from(samples.iter().filter(ready).count()).unwrap_or(u32::MAX);
            (ratio::whole_value(total, goal, ready, current, tolerance), ready)
        }
        Target::TotalPerTask(goal) => (ratio::total_per_task(total, goal, current, tolerance), current),
    };
    let shared = if matches!(target, Target::TotalPerTask(_)) { f64::from(current.max(1)) } else { 1.0 };
    Ok(Asked {
        tasks: proposal.tasks,
        load: proposal.observed / (target.goal() * shared),
        counts: Counts { sampled, starting: 0, current },
        saturated: None,
        target,
        observed: proposal.observed,
        at: None,
    })
}

impl Saturated {
    /// A saturated average hides demand: requests show it where there are any, else the count at least doubles.
    fn tasks(self, value: f64, goal: f64, sampled: u32) -> u32 {
        let sampled = f64::from(sampled);
        let shown = match self.requests {
            Some(show) => show.cpu_percent() / goal * sampled,
            None => self.rule.at_least * sampled,
        };
        up(shown.max(value / goal * sampled))
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, counts: Counts { sampled, starting, current }, .. } = *self;
        let (observed, goal, wanted) = (round(self.observed), target.goal(), counted(self.tasks, "task"));
        let at = self.at.map_or_else(String::new, |at| format!(" at {}", clock(at)));
        if let Some(saturated) = self.saturated {
            write!(out, "{observed} % on {}{at} hides the demand, ", counted(sampled, "task"))?;
            match saturated.requests {
                Some(show) => {
                    let (requests, cpu) = (round(show.per_task), round(show.cpu_percent()));
                    write!(out, "{requests} requests per task would need {cpu} %")?;
                }
                None => write!(out, "at least {} times as many", saturated.rule.at_least)?,
            }
            return write!(out, ": {wanted}");
        }
        match target {
            Target::Utilization(_) | Target::Guard(_) => write!(out, "{observed} % on {}", counted(sampled, "task"))?,
            Target::PerTask(_) => write!(out, "{observed} per task on {}", counted(sampled, "task"))?,
            Target::Value(_) => write!(out, "{observed} with {}", counted(sampled, "task"))?,
            Target::TotalPerTask(_) => write!(out, "{observed} for {}", counted(current, "task"))?,
        }
        write!(out, "{at}, target {goal}: ")?;
        // Those that start are counted against a raise only.
        let averaged = !matches!(target, Target::Value(_) | Target::TotalPerTask(_));
        let starting = if self.load > 1.0 && averaged { starting } else { 0 };
        match (self.tasks == current, starting, target) {
            (true, 0, _) => write!(out, "near enough"),
            (true, ..) => write!(out, "enough with {starting} starting"),
            (false, _, Target::TotalPerTask(_)) => write!(out, "ceil({observed} / {goal}) = {wanted}"),
            (false, 0, _) => write!(out, "ceil({sampled} x {observed} / {goal}) = {wanted}"),
            (false, ..) => write!(out, "{wanted}, {starting} starting among them"),
        }
    }
}

/// One decimal, or three digits of what is small; none where they say nothing.
#[must_use]
pub fn round(value: f64) -> f64 {
    let digits = if value.abs() < 10.0 && value != 0.0 { 2.0 - value.abs().log10().floor() } else { 1.0 };
    let scale = 10_f64.powf(digits.min(12.0));
    (value * scale).round() / scale
}
