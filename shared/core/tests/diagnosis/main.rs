//! Why tasks fail: what AWS says in every wording of it, what a deployment makes of that, and what is an incident.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod checks;
mod events;
mod incidents;
mod properties;
mod stops;
mod targets;
mod wordings;
mod world;
