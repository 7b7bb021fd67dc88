//! Keeping reversals rare: a service that flaps gets headroom instead.
//!
//! A cut is held back where the load of the last minutes would have it raised again, and every cut leaves a few
//! percent more for each flap of the last day. On noisy load that is what the capacity is needed for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::history::EventHistory;

/// How reversals are kept rare.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flaps {
    /// A change in the other direction within this many seconds is a flap; after a raise nothing is lowered for as
    /// long.
    pub within_s: u32,
    /// A cut keeps enough for every minute of the last so many seconds to have stayed within the tolerance.
    pub look_back_s: u32,
    /// Percent of headroom that a cut leaves for each flap of the last day.
    pub headroom_percent: f64,
}

impl Default for Flaps {
    fn default() -> Self {
        Self { within_s: 600, look_back_s: 900, headroom_percent: 5.0 }
    }
}

/// Headroom never more than doubles what the settled minutes ask for.
const MOST_PERCENT: f64 = 100.0;

/// The scheduled run comes every minute, so a count that is put back sooner is hardly its doing.
const REPLACED_S: i64 = 60;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A history shorter than this says too little to be scaled up to a day.
const LEAST_COVERED: SignedDuration = SignedDuration::from_hours(1);

impl Flaps {
    /// Cuts that were taken back within `within_s`, per day. Where the events reach back less than a day, their count
    /// is scaled up to one.
    #[must_use]
    pub fn per_day(&self, history: &EventHistory, now: Timestamp) -> f64 {
        let within = i64::from(self.within_s);
        let since = now - DAY;
        let turned = history.changes.windows(2).filter(|pair| {
            let [before, after] = pair else { return false };
            let cut_taken_back = before.tasks < 0 && after.tasks > 0;
            let gap = after.at.duration_since(before.at).as_secs();
            // ECS puts back what it stopped for its health, or to spread tasks over zones: nobody decided that.
            let replaced = after.tasks == -before.tasks && gap < REPLACED_S;
            cut_taken_back && !replaced && after.at > since && gap <= within
        });
        let count = u32::try_from(turned.count()).unwrap_or(u32::MAX);
        let covered = now.duration_since(history.complete_since).clamp(LEAST_COVERED, DAY);
        f64::from(count) * (DAY.as_secs_f64() / covered.as_secs_f64())
    }

    /// The factor that so many flaps a day put on a cut, at least 1.
    #[must_use]
    pub fn headroom(&self, per_day: f64) -> f64 {
        1.0 + (self.headroom_percent * per_day).min(MOST_PERCENT) / 100.0
    }
}
