//! Whether more tasks help against memory. A process that keeps its memory would otherwise push the count to its
//! maximum, one raise after the other.

use jiff::{SignedDuration, Timestamp};

use super::facts::Point;
use super::series::clock;

/// A raise has this long to show in the memory per task.
const TO_SHOW: SignedDuration = SignedDuration::from_mins(10);

/// A fall that is worth the name, in percentage points.
const FALL: f64 = 1.0;

/// Why memory may not raise the count again: the last raise that the points show is too young to tell, or did not
/// lower the memory per task. None where it may.
///
/// `cpu` and `memory` are minutes, oldest first; the sample count of the CPU metric counts the tasks.
pub(super) fn holds_back(cpu: &[Point], memory: &[Point], now: Timestamp) -> Option<String> {
    let counts: Vec<(Timestamp, f64)> = cpu.iter().filter_map(|minute| Some((minute.at, minute.samples?))).collect();
    let raise = counts.windows(2).rev().find_map(|pair| match *pair {
        [(_, before), (at, after)] if after > before => Some((at, before, after)),
        _ => None,
    });
    let (at, from, to) = raise?;
    let before = memory.iter().rfind(|minute| minute.at < at)?.value;
    let newest = memory.last()?.value;
    let raised = format!("the raise from {from} to {to} tasks at {}", clock(at));
    if now.duration_since(at) < TO_SHOW {
        return Some(format!("{raised} has ten minutes to show in memory"));
    }
    (newest > before - FALL).then(|| format!("{raised} did not lower memory: {before:.1} % before, {newest:.1} % now"))
}
