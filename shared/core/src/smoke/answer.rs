//! What came back.

use serde::{Deserialize, Serialize};

use super::request::Request;

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was answered.
    Answered {
        /// The status.
        status: u16,
        /// Milliseconds from the first packet to the end of the answer.
        took_ms: u32,
        /// Its body, as far as it was read.
        body: String,
        /// Whether there was more of it than is read.
        #[serde(default)]
        cut: bool,
        /// Where a redirect leads; nobody follows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    },
    /// It was not, and why.
    Failed {
        /// Why.
        why: String,
    },
}

/// A request, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// What was asked.
    pub request: Request,
    /// What came of each attempt, the last one last: it has the say. Empty where it could not even be sent.
    pub attempts: Vec<Answer>,
}

/// Where requests may be sent: the load balancer of the service and no other place. Only what AWS describes of that
/// load balancer makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The load balancer's DNS name.
    pub dns_name: String,
    /// The listener's port.
    pub port: u16,
    /// Whether the listener speaks TLS.
    pub tls: bool,
    /// Whether the load balancer has private addresses only.
    pub internal: bool,
}
