//! What one minute asks for, metric by metric: the ratio rule and the saturation rule on that minute's own data.

use super::facts::{Point, TaskSample};
use super::policy::{Policy, Saturation, Target};
use super::ratio::{self, Goal, NoProposal, Tasks};
use super::series::clock;
use super::whole;
use jiff::Timestamp;

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

/// The count that one metric asks for, with its arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Tasks.
    pub tasks: u32,
    /// The metric over its target.
    pub load: f64,
    /// Tasks that the value stands for.
    pub sampled: u32,
    /// CPU was too high to show the demand.
    pub saturated: bool,
    /// The arithmetic.
    pub why: String,
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

/// What one point of a metric asks for.
///
/// # Errors
/// [`NoProposal`] where there is nothing to compare. A guard asks for nothing: see [`super::decide`].
pub fn ask(
    target: Target,
    point: &Point,
    counts: Counts,
    policy: &Policy,
    saturated: Option<Saturated>,
) -> Result<Asked, NoProposal> {
    let Counts { sampled, starting, current } = counts;
    let (value, tolerance, at) = (point.value, policy.tolerance, clock(point.at));
    let averaged = |goal| Tasks::average(value, sampled, starting).propose(goal, tolerance, current);
    let (proposal, goal, what) = match target {
        Target::Utilization(goal) | Target::Guard(goal) => {
            if let Some(saturated) = saturated {
                return Ok(ask_saturated(goal, point, counts, saturated));
            }
            (averaged(Goal::Utilization(goal))?, goal, format!("% on {sampled} tasks"))
        }
        Target::PerTask(goal) => (averaged(Goal::PerTask(goal))?, goal, format!("per task on {sampled} tasks")),
        Target::Value(goal) => {
            (ratio::whole_value(value, goal, sampled, current, tolerance), goal, format!("with {sampled} tasks"))
        }
        Target::TotalPerTask(goal) => {
            let proposal = ratio::total_per_task(value, goal, current, tolerance);
            (proposal, goal * f64::from(current.max(1)), format!("for {current} tasks"))
        }
    };
    let sum = match target {
        Target::TotalPerTask(each) => format!("ceil({} / {each})", round(proposal.observed)),
        _ => format!("ceil({sampled} x {} / {goal})", round(proposal.observed)),
    };
    let why = format!("{} {what} at {at}, target {}", round(proposal.observed), target.goal());
    let tasks = proposal.tasks;
    let outcome = match (tasks == current, starting) {
        (true, 0) => "near enough".to_owned(),
        (true, starting) => format!("enough with {starting} starting"),
        (false, 0) => format!("{sum} = {tasks} tasks"),
        (false, starting) => format!("{tasks} tasks, {starting} starting among them"),
    };
    Ok(Asked { tasks, load: value / goal, sampled, saturated: false, why: format!("{why}: {outcome}") })
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
    let readiness = (metric == super::CPU).then_some(policy.readiness);
    let total: f64 = samples.iter().filter_map(|sample| sample.value).sum();
    let tolerance = policy.tolerance;
    let (proposal, goal, ready) = match target {
        Target::Utilization(goal) | Target::Guard(goal) => {
            let unit = Goal::Utilization(goal);
            let tasks = Tasks::sort(samples, unit, readiness, now)?;
            (tasks.propose(unit, tolerance, current)?, goal, tasks.ready())
        }
        Target::PerTask(goal) => {
            let unit = Goal::PerTask(goal);
            let tasks = Tasks::sort(samples, unit, readiness, now)?;
            (tasks.propose(unit, tolerance, current)?, goal, tasks.ready())
        }
        Target::Value(goal) => {
            let ready = Tasks::sort(samples, Goal::PerTask(goal), None, now)?.ready();
            (ratio::whole_value(total, goal, ready, current, tolerance), goal, ready)
        }
        Target::TotalPerTask(goal) => {
            let proposal = ratio::total_per_task(total, goal, current, tolerance);
            (proposal, goal * f64::from(current), current)
        }
    };
    let tasks = proposal.tasks;
    let why =
        format!("{} over {} tasks, target {}: {tasks} tasks", round(proposal.observed), samples.len(), target.goal());
    Ok(Asked { tasks, load: proposal.observed / goal, sampled: ready, saturated: false, why })
}

/// A saturated average hides demand: requests show it where there are any, else the count at least doubles.
fn ask_saturated(goal: f64, point: &Point, counts: Counts, saturated: Saturated) -> Asked {
    let Saturated { rule, requests } = saturated;
    let sampled = f64::from(counts.sampled);
    let plain = (point.value / goal * sampled).ceil();
    let (tasks, how) = match requests {
        Some(show) => {
            let cpu = show.per_task * show.cpu_percent_each;
            let how = format!("{} requests per task would need {} %", round(show.per_task), round(cpu));
            ((cpu / goal * sampled).ceil().max(plain), how)
        }
        None => ((rule.at_least * sampled).ceil().max(plain), format!("at least {} times as many", rule.at_least)),
    };
    let (value, at) = (round(point.value), clock(point.at));
    let tasks = whole(tasks);
    Asked {
        tasks,
        load: point.value / goal,
        sampled: counts.sampled,
        saturated: true,
        why: format!("{value} % on {} tasks at {at} hides the demand, {how}: {tasks} tasks", counts.sampled),
    }
}

/// One decimal, and none where it says nothing.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
