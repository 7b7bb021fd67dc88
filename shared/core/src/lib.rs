//! The decisions of Tidegate.
//!
//! Everything here is a pure function of facts, policy and now: no AWS SDK, no clock, no I/O, no async. The Lambda
//! functions, the command line and every back-test call the same functions.
//!
//! - [`scaling`]: how many tasks a service should run
//! - [`canary`]: whether a new version is worse than the old one, on live traffic
//! - [`scan`]: whether an image may run
//! - [`hook`]: whether a deployment may take its next step
//! - [`verdict`]: what a gate says
//! - [`task_definition`]: what a task definition says
//! - [`diagnosis`]: why tasks fail
//! - [`smoke`]: what a new version is asked, and answers
//! - [`app_spec`]: what a CodeDeploy deployment brings
//! - [`tags`]: how the tags of a service are read
//! - [`deployment`]: the words about a deployment that every function shares
//! - [`break_glass`]: opening a gate for a while
//! - [`record`]: how every decision explains itself
//! - [`mode`]: off, shadow, on
//! - [`prices`]: what tasks cost
//! - [`metrics`]: a question to CloudWatch and its answer
//! - [`words`]: how counts are told
//! - [`backtest`]: what that would have cost on past load

pub mod app_spec;
pub mod backtest;
pub mod break_glass;
pub mod canary;
pub mod codes;
mod defaults;
pub mod deployment;
pub mod diagnosis;
pub mod hook;
pub mod metrics;
pub mod mode;
pub mod prices;
pub mod record;
pub mod scaling;
pub mod scan;
pub mod smoke;
pub mod tags;
pub mod task_definition;
pub mod verdict;
pub mod words;
mod yaml;
