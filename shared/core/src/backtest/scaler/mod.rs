//! Who sets the count.

mod hpa;
mod target_tracking;
mod tidegate;

pub use hpa::Hpa;
pub use target_tracking::TargetTracking;
pub use tidegate::Tidegate;

use jiff::Timestamp;

use crate::scaling::facts::Point;
use crate::scaling::history::Change;

/// What a scaler can see of the simulated service.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Now.
    pub now: Timestamp,
    /// Tasks that are asked for.
    pub desired: u32,
    /// Tasks that serve.
    pub running: u32,
    /// Tasks that start.
    pub pending: u32,
    /// CPU by minute, oldest first, as far as it can be read by now; at least the last fifteen minutes.
    pub cpu: &'a [Point],
    /// The last changes of the count, oldest first.
    pub changes: &'a [Change],
    /// Whether there were earlier changes, which are no longer known.
    pub forgotten: bool,
}

/// Sets the count.
pub trait Scaler {
    /// Seconds between two looks; divides a minute.
    fn period_s(&self) -> i64;

    /// The count from now on.
    fn desired(&mut self, view: View<'_>) -> u32;
}

/// The same count at all times.
#[derive(Clone, Copy, Debug)]
pub struct Fixed(pub u32);

impl Scaler for Fixed {
    fn period_s(&self) -> i64 {
        60
    }

    fn desired(&mut self, _: View<'_>) -> u32 {
        self.0
    }
}
