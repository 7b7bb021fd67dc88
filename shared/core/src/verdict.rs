//! What a gate says: four words, as "no data" is neither good nor bad.

use serde::{Deserialize, Serialize};

/// The verdict of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may go on.
    Pass,
    /// It must not go on.
    Fail,
    /// There is not enough to tell yet.
    Inconclusive,
    /// It could not be looked at, or not be judged.
    Error,
}

impl Verdict {
    /// The word in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        }
    }
}
