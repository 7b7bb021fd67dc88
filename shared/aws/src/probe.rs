//! Smoke requests over HTTP: to the load balancer that is named, and nowhere else.

use tidegate_core::smoke::{Answer, Endpoint, Request};

/// Asks a new version.
pub trait Probe {
    /// One attempt. TLS is verified against the host that the request names, redirects are not followed, and of a body no
    /// more is read than [`LONGEST_BODY`]. Whatever goes wrong is an answer, too.
    async fn probe(&self, to: &Endpoint, request: &Request) -> Answer;
}

/// As much of a body as is read, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;
