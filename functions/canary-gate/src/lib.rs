//! canary-gate: whether the new version of a deployment in progress is worse than the old one, judged on live traffic.
//!
//! An event is read ([`event`]), the deployments in progress that it concerns are found
//! ([`tidegate_lambda::deployments`]) and what traffic they are to be judged on is told ([`deployment`]), each is judged
//! ([`look`], which asks [`tidegate_core::canary`]), a bad one is stopped ([`tidegate_lambda::deployments::stop`]), and everything is reported
//! ([`report`]) and printed ([`log`]). [`handler`] is the order of these; [`settings`] is the environment. For hooks,
//! [`tidegate_lambda::hooks::answers`] sees to it that each is answered, [`answers`] plugs the gate in there, and [`hooks`]
//! tells with what.

pub mod answers;
pub mod deployment;
pub mod event;
pub mod handler;
pub mod hooks;
pub mod log;
pub mod look;
pub mod report;
pub mod settings;
