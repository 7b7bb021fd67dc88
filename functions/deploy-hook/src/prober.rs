//! The copy in the VPC: it sends the smoke request that it is given, says what came, and does nothing else. It has no
//! rights in AWS and no client for it.

use serde::Deserialize;
use serde_json::Value;
use tidegate_aws::probe::Probe;
use tidegate_core::smoke::{Answer, Endpoint, Request};
use tidegate_lambda::events;

use crate::handler::RunError;

/// What it is asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Where the request is sent.
    pub to: Endpoint,
    /// The request.
    pub request: Request,
}

/// The copy.
#[derive(Debug)]
pub struct Prober<P> {
    ports: P,
}

impl<P: Probe> Prober<P> {
    /// The copy, with what it sends through.
    pub fn new(ports: P) -> Self {
        Self { ports }
    }

    /// Answers one invocation.
    ///
    /// # Errors
    /// Where it is asked for anything but a smoke request.
    pub async fn handle(&self, event: &Value) -> Result<Answer, RunError> {
        let Question { to, request } =
            events::read("a smoke request for the copy in the VPC", event).map_err(RunError::EventNotUnderstood)?;
        Ok(self.ports.probe(&to, &request).await)
    }
}
