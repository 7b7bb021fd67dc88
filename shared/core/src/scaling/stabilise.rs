//! The stabilisation windows of the Kubernetes HPA: no count below what was recommended lately, none above.
//!
//! Source: `stabilizeRecommendationWithBehaviors` in `pkg/controller/podautoscaler/horizontal.go` of
//! github.com/kubernetes/kubernetes, whose published cases are in `tests/tables/hpa_behaviour.json`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an earlier recommendation holds a change back, in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Seconds for raising; 0 raises at once.
    pub up_s: u32,
    /// Seconds for lowering.
    pub down_s: u32,
}

/// What was recommended at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recommendation {
    /// When.
    pub at: Timestamp,
    /// How many tasks.
    pub tasks: u32,
}

/// `recommended` brought within what was recommended in the windows: never above the smallest of the upper window,
/// never below the largest of the lower one, and `current` where it lies between the two.
#[must_use]
pub fn stabilise(current: u32, recommended: u32, earlier: &[Recommendation], windows: Windows, now: Timestamp) -> u32 {
    let within = |seconds: u32| {
        let since = now - SignedDuration::from_secs(i64::from(seconds));
        earlier.iter().filter(move |r| r.at > since).map(|r| r.tasks)
    };
    let up = within(windows.up_s).fold(recommended, u32::min);
    let down = within(windows.down_s).fold(recommended, u32::max);
    current.max(up).min(down)
}
