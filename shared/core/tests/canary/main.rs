//! The judge of the canary gate: what stops a release, what lets it pass, and what does neither.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod answers;
mod ceilings;
mod guards;
mod hooks;
mod properties;
mod release;
mod tags;
mod verdicts;
