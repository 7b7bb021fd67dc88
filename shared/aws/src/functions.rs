//! Lambda: going on in a further invocation.

use aws_sdk_lambda::types::InvocationType;
use aws_smithy_types::Blob;

use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Functions {
    /// `Invoke` with the type `Event`: the function is invoked later, and nobody waits for its answer.
    async fn invoke_later(&self, function: &str, payload: &str) -> Result<(), PortError>;
}

/// A function that is asked, and answers.
pub trait Asked {
    /// `Invoke` with the type `RequestResponse`: what the function answered, as JSON.
    async fn invoke(&self, function: &str, payload: &str) -> Result<String, PortError>;
}

/// The HTTP status of an invocation that Lambda has taken on.
const ACCEPTED: i32 = 202;

impl Functions for Aws {
    async fn invoke_later(&self, function: &str, payload: &str) -> Result<(), PortError> {
        const OPERATION: &str = "Invoke";
        let invoke = self.lambda.invoke().function_name(function).invocation_type(InvocationType::Event);
        let answer = invoke.payload(Blob::new(payload)).send().await.map_err(PortError::of(OPERATION))?;
        // The body can be anything, so nothing else would tell a wrong answer.
        match answer.status_code {
            ACCEPTED => Ok(()),
            other => {
                Err(PortError::new(OPERATION, Kind::Garbled, format!("status {other} in the place of {ACCEPTED}")))
            }
        }
    }
}
