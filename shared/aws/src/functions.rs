//! Lambda: going on in a further invocation.

use crate::error::PortError;

/// The calls that are used.
pub trait Functions {
    /// `Invoke` with the type `Event`: the function is invoked later, and nobody waits for its answer.
    async fn invoke_later(&self, function: &str, payload: &str) -> Result<(), PortError>;
}
