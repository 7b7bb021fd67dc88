//! Smoke requests: what a new version is asked before anybody depends on it, and whether it answers as it should.
//!
//! - [`request`]: what is asked, and what is expected
//! - [`tag`]: the short form in a tag
//! - [`document`]: the long form in a parameter
//! - [`parts`]: what the parts of a request may be
//! - [`answer`]: what came back
//! - [`mod@fits`]: whether that is what was expected

pub mod answer;
mod document;
mod fits;
mod parts;
pub mod request;
mod tag;

pub use crate::yaml::Fault;
pub use answer::{Answer, Endpoint, Tried};
pub use document::{MOST_REQUESTS, read_document};
pub use fits::{ATTEMPTS, PAUSE, fits};
pub use parts::LONGEST_MS;
pub use request::{Expected, Request};
pub use tag::{SmokeTag, read_tag};
