//! The decision record: one shape for every function and every door.
//!
//! A record is one JSON line. Its facts are complete, so that the decision can be recomputed from it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::mode::Mode;

/// One decision, with everything that it rests on and what became of it.
///
/// `F`acts, `P`olicy, `D`ecision and `A`ction are those of the function. The decision's own fields (`verdict`, `reason`,
/// `why` and what else it says) stand beside the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record<F, P, D, A> {
    /// Log level, as Lambda's JSON log format wants it: `INFO`, `WARN` or `ERROR`.
    pub level: Level,
    /// As `at`; Lambda's log format wants it under this name, and takes lines without it for `INFO`.
    pub timestamp: Timestamp,
    /// The function.
    pub function: String,
    /// `cluster/service`; absent where the decision is about a whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The effective mode.
    pub mode: Mode,
    /// What was decided, and why.
    #[serde(flatten)]
    pub decision: D,
    /// Everything that was looked at; absent where it could not be gathered.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub facts: Option<F>,
    /// What it was judged by; absent where it could not be read.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub policy: Option<P>,
    /// What the decision asks to be done; absent for nothing.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub action: Option<A>,
    /// Whether it was done.
    pub acted: bool,
    /// Why it was not done although it was to be; absent otherwise.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub not_acted: Option<String>,
    /// When it was decided, and the `now` of the decision.
    pub at: Timestamp,
    /// The invocation.
    pub request_id: String,
    /// The version of Tidegate.
    pub version: String,
}

fn none<T>() -> Option<T> {
    None
}

/// How loud a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// As it should be.
    Info,
    /// Something that somebody should look at.
    Warn,
    /// Something that could not be decided or done.
    Error,
}
