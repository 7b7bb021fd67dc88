//! SSM: the parameters that documents are kept in.

use crate::error::PortError;

/// The calls that are used.
pub trait Parameters {
    /// `GetParameter`, decrypted. None where there is none of this name.
    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError>;
}
