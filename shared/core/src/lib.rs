//! The decisions of Tidegate.
//!
//! Everything here is a pure function of facts, policy and now: no AWS SDK, no clock, no I/O, no async. The Lambda
//! functions, the command line and every back-test call the same functions.
//!
//! - [`scaling`]: how many tasks a service should run
//! - [`tags`]: how the tags of a service are read
//! - [`record`]: how every decision explains itself
//! - [`mode`]: off, shadow, on
//! - [`prices`]: what tasks cost
//! - [`metrics`]: a question to CloudWatch and its answer
//! - [`words`]: how counts are told
//! - [`backtest`]: what that would have cost on past load

pub mod backtest;
pub mod metrics;
pub mod mode;
pub mod prices;
pub mod record;
pub mod scaling;
pub mod tags;
pub mod words;
