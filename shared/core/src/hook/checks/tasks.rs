//! Whether the new tasks run.

use jiff::Timestamp;

use crate::hook::facts::Facts;
use crate::hook::judgement::Finding;
use crate::hook::policy::Policy;

/// What is broken, or not kept yet.
#[must_use]
pub fn check(_facts: &Facts, _policy: &Policy, _now: Timestamp) -> Vec<Finding> {
    Vec::new()
}
