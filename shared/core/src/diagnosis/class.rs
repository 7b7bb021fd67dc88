//! Classes of failures. They are stable: messages, filters and pipelines are built on them.

use serde::{Deserialize, Serialize};

/// A class of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Nobody knows; what AWS says is shown as it is.
    #[serde(rename = "unknown")]
    Unknown,
}
