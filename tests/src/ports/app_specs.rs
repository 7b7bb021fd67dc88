//! CodeDeploy: the AppSpec of a deployment, wherever it is kept.

use tidegate_aws::app_specs::AppSpecs;
use tidegate_aws::error::{PortError, unless_gone};

use super::refused;
use crate::world::World;
use crate::world::codedeploy::Kept;

impl AppSpecs for World {
    async fn app_spec(&self, deployment: &str) -> Result<Option<String>, PortError> {
        const GET: &str = "GetDeployment";
        self.call(GET).await?;
        let found = self.lock().code_deployment(deployment).cloned().map_err(refused(GET));
        let Some(found) = unless_gone(found)? else { return Ok(None) };
        let operation = if found.kept == Kept::InS3 { "GetObject" } else { "GetApplicationRevision" };
        self.call(operation).await?;
        let account = self.lock();
        let text = match found.object_key() {
            Some(key) => account.get_object(&key),
            None => account.get_application_revision(&found.application, &found.revision),
        };
        unless_gone(text.map(str::to_owned).map_err(refused(operation)))
    }
}
