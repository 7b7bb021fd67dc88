//! The policy document: what is read, and every way in which it is not.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod faults;
mod properties;
mod rules;
mod writer;

use jiff::Timestamp;
use tidegate_core::scan::document::{Document, Fault, read};

/// 2026-11-27 14:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_795_788_000, 0);

fn document(text: &str) -> Document {
    read(text, NOW).unwrap_or_else(|faults| panic!("{text}\n{}", lines(&faults).join("\n")))
}

fn faults(text: &str) -> Vec<Fault> {
    read(text, NOW).expect_err("a document with faults")
}

fn lines(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
