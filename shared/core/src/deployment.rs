//! A deployment, as far as every function that looks at one has the same words for it.

use serde::{Deserialize, Serialize};

/// Where a deployment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under way.
    #[default]
    InProgress,
    /// Being stopped or rolled back already.
    Stopping,
    /// Over, however it ended.
    Over,
    /// A word that this version does not know.
    Unknown,
}
