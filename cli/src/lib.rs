//! tidegate: the operator's door to the same decisions.
//!
//! - [`backtest`]: what a policy would have cost on past load
//! - [`plan`]: what the scaler would do now on the live account
//! - [`recommend`]: the decision as a filter, one JSON line in and one out
//! - [`judge`]: the canary gate's verdict on a release, minute by minute, or as a filter
//! - [`explain`]: a decision record, recomputed
//! - [`filter`]: what the filters share
//! - [`trace`]: reading load from a file
//! - [`live`]: reading the account
//! - [`report`]: pages with charts
//! - [`text`]: tables and numbers for a terminal

pub mod backtest;
pub mod explain;
pub mod filter;
pub mod judge;
pub mod live;
pub mod plan;
pub mod recommend;
pub mod report;
pub mod text;
pub mod trace;
