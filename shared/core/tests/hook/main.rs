//! Whether a deployment may take its next step.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod case;
mod deployment;
mod images;
mod judge;
mod requests;
mod smoke;
mod tags;

use jiff::Timestamp;

/// 2026-11-27 14:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_795_788_000, 0);
