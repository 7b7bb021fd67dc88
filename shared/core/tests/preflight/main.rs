//! The rules of task definitions.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]
#![allow(clippy::assigning_clones, reason = "a definition is changed as it reads")]

mod definitions;
mod guides;
mod properties;
mod redaction;
mod rules;
mod where_they_run;
