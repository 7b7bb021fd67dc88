//! What a policy would have cost on past load: a simulated service, driven by the same decision as the live one.
//!
//! - [`demand`]: a trace as work per minute, its gaps kept
//! - [`service`]: tasks that take time to start, saturate at 100 % and are billed by the second
//! - [`scaler`]: who sets the count: Tidegate, AWS target tracking, the Kubernetes HPA, a fixed count
//! - [`oracle`]: the cheapest count that leaves no demand unmet, known one start-up ahead
//! - [`run`]: one pass over a trace, and its figures
//! - [`replay`]: the past of a live service
//! - [`sweep`]: the same over many targets, compared at equal unmet demand
//!
//! A saving says nothing without the demand that was left unmet beside it, so every figure carries both.

pub mod demand;
pub mod oracle;
pub mod replay;
pub mod run;
pub mod scaler;
pub mod service;
pub mod sweep;
