//! The rules, each a pure function of facts: a file for each thing that is looked at.

pub mod alarms;
pub mod deployment;
pub mod images;
pub mod smoke;
pub mod targets;
pub mod task_definition;
pub mod tasks;

use jiff::Timestamp;

use super::facts::Facts;
use super::judgement::Finding;
use super::policy::Policy;
use super::stage::Check;

/// What is broken, or not kept yet, in one of the things that are looked at.
#[must_use]
pub fn check(what: Check, facts: &Facts, policy: &Policy, now: Timestamp) -> Vec<Finding> {
    match what {
        Check::Images => images::check(facts, policy, now),
        Check::TaskDefinition => task_definition::check(facts, policy, now),
        Check::Deployment => deployment::check(facts, policy, now),
        Check::Alarms => alarms::check(facts, policy, now),
        Check::Tasks => tasks::check(facts, policy, now),
        Check::Targets => targets::check(facts, policy, now),
        Check::Smoke => smoke::check(facts, policy, now),
    }
}
