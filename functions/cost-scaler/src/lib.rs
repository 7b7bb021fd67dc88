//! cost-scaler: how many tasks each enrolled ECS service runs, and what that costs.
//!
//! An event is read ([`event`]), the services that it concerns are found ([`tidegate_lambda::enrolled`],
//! [`tidegate_lambda::alarms`]) and their facts gathered ([`gather`]), each gets a decision ([`judge`], which asks
//! [`tidegate_core::scaling`]), changes are written ([`act`]), and everything is reported ([`report`]) with its price
//! ([`pricing`]) and printed ([`log`]). The daily [`digest`] tells what shadow mode would have saved. Where there are more
//! services than one run reaches, it hands parts of them on to further invocations ([`fan_out`]), which keep to their
//! share of the account's buckets ([`paces`]). [`handler`] is the order of these; [`settings`] is the environment. What
//! all functions share stands in [`tidegate_lambda`].

pub mod act;
pub mod digest;
pub mod event;
pub mod fan_out;
pub mod gather;
pub mod handler;
pub mod judge;
pub mod log;
pub mod paces;
pub mod parts;
pub mod pricing;
pub mod report;
pub mod settings;
