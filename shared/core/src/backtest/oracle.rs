//! The bound below which no policy without unmet demand can cost: counts that know the demand one start-up ahead.

use std::collections::VecDeque;

use super::demand::Demand;
use super::service::{LEAST_BILLED_S, Shape};

/// Task-seconds that a policy must be billed for if it leaves no demand unmet: a task that serves in a minute was
/// launched at least one start-up before, and is billed from its launch on.
///
/// Minutes without a value need no task, and are not billed to anybody.
#[must_use]
pub fn least_billed_s(demand: &Demand, shape: &Shape, min: u32) -> i64 {
    // One entry per minute: how many tasks must serve in it.
    let needed: Vec<i64> = demand.minutes.iter().map(|value| tasks_for(*value, shape, min)).collect();
    // In second s the tasks of every minute that begins before s + start_s must have been launched. Between two
    // minute boundaries that set changes once, at the second in which the next minute comes within reach.
    let whole = usize::try_from(shape.start_s.div_euclid(LEAST_BILLED_S)).unwrap_or(0);
    let rest = shape.start_s.rem_euclid(LEAST_BILLED_S);
    let near = window_max(&needed, whole);
    let far = window_max(&needed, whole + 1);
    let billed = near.iter().zip(&far).zip(&demand.minutes).filter(|(_, value)| value.is_some());
    billed.map(|((near, far), _)| near * (LEAST_BILLED_S - rest) + far * rest).sum()
}

/// Tasks that serve a demand in full.
fn tasks_for(value: Option<f64>, shape: &Shape, min: u32) -> i64 {
    value.map_or(0, |value| i64::from(crate::scaling::whole((value / shape.capacity).ceil()).max(min)))
}

/// For each index the largest of the values from it up to `ahead` further.
fn window_max(values: &[i64], ahead: usize) -> Vec<i64> {
    let mut most = vec![0; values.len()];
    let mut window: VecDeque<usize> = VecDeque::new();
    for index in (0..values.len()).rev() {
        while window.back().is_some_and(|later| values[*later] <= values[index]) {
            window.pop_back();
        }
        window.push_back(index);
        while window.front().is_some_and(|later| *later > index + ahead) {
            window.pop_front();
        }
        most[index] = window.front().map_or(0, |largest| values[*largest]);
    }
    most
}
