//! Smoke requests: what a new version is asked before anybody depends on it, and whether it answers as it should.
//!
//! - [`request`]: what is asked, and what is expected
//! - [`answer`]: what came back

pub mod answer;
pub mod request;

pub use answer::{Answer, Endpoint, Tried};
pub use request::{Expected, Request};
