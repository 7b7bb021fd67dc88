//! What has to hold, whatever the text: a check panics where it does not.
//!
//! - [`images`]: policy documents and findings
//! - [`events`]: events of every function
//! - [`enrolment`]: tags and variables
//! - [`deployments`]: smoke requests, `AppSpec`s, task definitions, and tasks that stopped
//! - [`figures`]: traces of loads and of releases
//! - [`records`]: questions and the records that answer them

pub mod deployments;
pub mod enrolment;
pub mod events;
pub mod figures;
pub mod images;
pub mod records;

use jiff::Timestamp;

/// As of when everything is read and judged: 2026-11-27T14:00:00Z.
pub const NOW: Timestamp = Timestamp::constant(1_795_788_000, 0);

/// The day before.
const YESTERDAY: Timestamp = Timestamp::constant(1_795_701_600, 0);

/// A message that people can use: it says something, on one line.
fn is_sentence(text: &str) {
    assert!(!text.trim().is_empty() && !text.contains('\n'), "{text:?}");
}
