//! What the tags of a service, a task or a task definition ask the scan gate for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::break_glass::BreakGlass;
use crate::mode::Mode;
use crate::tags::{TagFault, Tags};

/// The tag that enrols.
pub const SCAN: &str = "scan";

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// How far the gate may go.
    pub mode: Mode,
    /// Opens the gate; None for closed.
    pub break_glass: Option<BreakGlass>,
}

/// Reads the tags.
///
/// # Errors
/// Every tag that can't be read.
pub fn read(tags: &Tags, now: Timestamp) -> Result<Enrolment, Vec<TagFault>> {
    let mut faults: Vec<TagFault> = tags.unknown().collect();
    let mode = tags.mode(SCAN).unwrap_or_else(|fault| {
        faults.push(fault);
        Mode::Off
    });
    let mut break_glass = None;
    if let Some(text) = tags.get("break-glass") {
        match BreakGlass::read(text, now) {
            Ok(glass) => break_glass = Some(glass),
            Err(rule) => faults.push(tags.fault("break-glass", rule)),
        }
    }
    if faults.is_empty() { Ok(Enrolment { mode, break_glass }) } else { Err(faults) }
}
