//! CodeDeploy: the AppSpec of a deployment, wherever it is kept.

use crate::error::PortError;

/// The calls that are used.
pub trait AppSpecs {
    /// `GetDeployment`, and then what its revision leads to: `GetApplicationRevision` by the hash that it names, or the
    /// object in S3. None where that is neither, or is gone.
    async fn app_spec(&self, deployment: &str) -> Result<Option<String>, PortError>;
}
