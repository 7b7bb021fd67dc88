//! What the facts come to: pure functions, one for each thing that is looked at.
//!
//! - [`stack`]: whether it is there, whole, and of this version
//! - [`functions`]: whether they run as they should, and what wakes them
//! - [`around`]: its queues, its alarms, and who is told
//! - [`services`]: the tags of ECS services
//! - [`hooks`]: who calls the functions when something is deployed

pub mod around;
pub mod functions;
pub mod hooks;
pub mod services;
pub mod stack;

use super::check::Check;
use super::facts::Facts;

/// Everything, area by area.
#[must_use]
pub fn all(facts: &Facts) -> Vec<Check> {
    let parts = [stack::checks, functions::checks, around::checks, services::checks, hooks::checks];
    let mut checks: Vec<Check> = parts.iter().flat_map(|part| part(facts)).collect();
    // What is wrong comes first within its area.
    checks.sort_by_key(|check| (check.area, check.mark));
    checks
}
