//! tidegate: the operator's door to the same decisions.
//!
//! - [`commands`]: what may be said
//! - [`doctor`]: whether the account has what the stack needs, and what has to be unwired before it is deleted
//! - [`status`]: what each function decided lately
//! - [`backtest`]: what a policy would have cost on past load
//! - [`plan`]: what the scaler would do now on the live account
//! - [`recommend`]: the decision as a filter, one JSON line in and one out
//! - [`judge`]: the canary gate's verdict on a release, minute by minute, or as a filter
//! - [`scan`]: the scan gate's verdict on an image
//! - [`diagnose`]: why tasks of a service fail
//! - [`policy`]: the policy document of the scan gate, checked
//! - [`preflight`]: whether a task definition may be deployed
//! - [`explain`]: a decision record, recomputed
//! - [`completions`], [`man`]: for a shell, and for `man`
//! - [`filter`]: what the filters share
//! - [`input`]: reading a file or standard input
//! - [`trace`]: reading load from a file
//! - [`live`]: reading the account
//! - [`report`]: pages with charts
//! - [`text`]: tables and numbers for a terminal

pub mod backtest;
pub mod commands;
pub mod completions;
pub mod diagnose;
pub mod doctor;
pub mod explain;
pub mod filter;
pub mod input;
pub mod judge;
pub mod live;
pub mod man;
pub mod plan;
pub mod policy;
pub mod preflight;
pub mod recommend;
pub mod report;
pub mod scan;
pub mod status;
pub mod text;
pub mod trace;
