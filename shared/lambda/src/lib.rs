//! What the functions share around their decisions: events, enrolment, messages, settings, wiring.
//!
//! Nothing here decides about a service. A function adds its own event, its settings, its judging and its records.
//!
//! - [`start`]: from a process to an answered invocation
//! - [`events`]: the shapes in which AWS wakes a function
//! - [`batches`]: what a queue hands over, and what stays in it
//! - [`settings`]: the variables that every function has
//! - [`enrolled`]: who takes part, and what ECS says of them (the list itself: feature `tagging`)
//! - [`alarms`]: which services an alarm concerns (feature `cloudwatch`)
//! - [`metrics`]: questions of many services to CloudWatch, in as few calls as there can be (feature `cloudwatch`)
//! - [`deployments`]: deployments in progress, and stopping one (feature `deployments`)
//! - [`hooks`]: hooks of deployments, and how they wait (feature `hooks`)
//! - [`images`]: what is known of an image, and its judgement (feature `images`)
//! - [`messages`]: telling people
//! - [`outcome`]: what becomes of decisions
//! - [`report`]: the metrics that every function prints
//! - [`log`]: the lines that a run prints

// Everything runs on one thread, so no future has to be `Send`.
#![allow(async_fn_in_trait, reason = "the runtime is current-thread")]

#[cfg(feature = "cloudwatch")]
pub mod alarms;
pub mod batches;
#[cfg(feature = "deployments")]
pub mod deployments;
pub mod enrolled;
pub mod events;
#[cfg(feature = "hooks")]
pub mod hooks;
#[cfg(feature = "images")]
pub mod images;
pub mod log;
pub mod messages;
#[cfg(feature = "cloudwatch")]
pub mod metrics;
pub mod outcome;
pub mod report;
pub mod settings;
pub mod start;
