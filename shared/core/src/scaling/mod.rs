//! How many tasks a service should run: the decision of `cost-scaler`, of `tidegate plan` and of every back-test.
//!
//! [`decide()`] takes [`Facts`], a [`Policy`] and now, and answers with a [`Decision`]. It is made of:
//!
//! - [`guards`]: services that are left alone, and deployments in progress
//! - [`series`]: readings made fit to decide on, or refused
//! - [`minute`]: what one minute asks for, metric by metric: [`ratio`] is the rule, and a saturated CPU hides demand
//! - [`history`]: the task count of earlier minutes, without a memory
//! - `raise` and `lower`: the two directions, with [`rates`] (how far a change may go), [`stabilise`] (how long a cut
//!   waits) and [`flaps`] (that it is not taken back)
//! - [`mod@panic`]: the rule of alarm runs
//! - `memory`: whether the last raise helped
//! - [`reason`]: every reason code there is
//!
//! Beside the decision stand [`enrolment`] (what a service's tags ask for), [`cadence`] (which minute reads which
//! service), [`fan_out`] (which parts a run is divided into where there are too many services for one), [`queries`] (what
//! to ask CloudWatch), [`proposal`] (bounds for a service that has none) and [`edge`] (whether a decision is news).

pub mod cadence;
pub mod decision;
pub mod edge;
pub mod enrolment;
pub mod facts;
pub mod fan_out;
pub mod flaps;
pub mod guards;
pub mod history;
pub mod minute;
pub mod panic;
pub mod policy;
pub mod proposal;
pub mod queries;
pub mod rates;
pub mod ratio;
pub mod reason;
pub mod series;
pub mod stabilise;

mod decide;
mod look;
mod lower;
mod memory;
mod raise;

pub use decide::decide;
pub use decision::{Action, Ask, Decision, ScalingRecord, Verdict};
pub use facts::Facts;
pub use policy::Policy;
pub use reason::Reason;

/// The name of the CPU metric in facts and policies. Its sample count counts the tasks.
pub const CPU: &str = "cpu";

/// The name of the memory metric in facts and policies.
pub const MEMORY: &str = "memory";

/// The name of the load balancer's requests per task and minute in facts and policies.
pub const REQUESTS: &str = "requests";

/// The tasks for so much work, rounded up, but not for what is only a float's error: 25 x 28 / 25 are 28.
pub(crate) fn up(tasks: f64) -> u32 {
    whole((tasks * (1.0 - 4.0 * f64::EPSILON)).ceil())
}

/// A count from arithmetic: the fraction falls off, what is below zero or not a number is zero, and what is too large
/// stops at the largest count, so that an absurd value ends at the bounds and not in a panic.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is what is wanted")]
pub(crate) fn whole(tasks: f64) -> u32 {
    tasks as u32
}
