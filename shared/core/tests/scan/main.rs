//! The verdict on an image: what its scans come to, what blocks it, and what accepts that.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod accepted;
mod image;
mod manifests;
mod properties;
mod records;
mod states;
mod told;
mod verdicts;
