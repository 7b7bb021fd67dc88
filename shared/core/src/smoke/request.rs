//! What is asked, and what is expected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET`, `HEAD`, `POST` and their like.
    pub method: String,
    /// Path and query, from its `/` on.
    pub path: String,
    /// The host name that is asked for, and that a certificate is verified against; absent for the load balancer's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Further headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What is sent along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What should come back.
    #[serde(default)]
    pub expected: Expected,
}

/// What should come back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// The status.
    pub status: u16,
    /// Milliseconds from the first packet to the end of the answer.
    pub within_ms: u32,
    /// A text that its body has; absent for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Values in a body of JSON, by RFC 6901 pointer. Compared as text: `true`, `3`, `ok`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, String>,
}

impl Default for Expected {
    fn default() -> Self {
        Self { status: 200, within_ms: 5000, text: None, json: BTreeMap::new() }
    }
}
