//! The new version's task definition, wherever it is told, and the log groups that it names.

use futures_util::{StreamExt, TryStreamExt, stream};
use tidegate_aws::error::{Kind, PortError};
use tidegate_core::app_spec;
use tidegate_core::hook::checks::task_definition::log_groups_to_look_for;
use tidegate_core::task_definition::TaskDefinition;
use tidegate_lambda::deployments::{InProgress, Of};

use super::{Gather, Ports};

impl<P: Ports> Gather<'_, P> {
    /// The task definition; or why it is not known which it is. Before CodeDeploy has made its task set only the AppSpec
    /// tells.
    ///
    /// # Errors
    /// Where it is known which it is, and it could not be read.
    pub(super) async fn definition(
        &self,
        deployment: &InProgress,
    ) -> Result<Result<TaskDefinition, String>, PortError> {
        let named = match (deployment.task_definition(), &deployment.of) {
            (Some(arn), _) => Ok(arn.to_owned()),
            (None, Of::CodeDeploy { deployment, .. }) => self.of_app_spec(&deployment.id).await,
            (None, Of::Ecs { .. }) => Err("the service revision names no task definition".to_owned()),
        };
        let arn = match named {
            Ok(arn) => arn,
            Err(why) => return Ok(Err(why)),
        };
        let read = self.deadline.bound("DescribeTaskDefinition", self.ports.definition(&arn)).await;
        read.map(Ok).map_err(|error| match error.kind {
            // ECS says no more than that it is none.
            Kind::Refused => PortError { message: format!("{arn}: {}", error.message), ..error },
            _ => error,
        })
    }

    async fn of_app_spec(&self, deployment: &str) -> Result<String, String> {
        let read = self.deadline.bound("GetApplicationRevision", self.ports.app_spec(deployment)).await;
        let text = read.map_err(|error| format!("the AppSpec could not be read: {error}"))?;
        let text = text.ok_or("the AppSpec is kept where it cannot be read")?;
        app_spec::task_definition(&text)
    }

    /// Log groups of this region that have to be there before the tasks start, and whether they are.
    ///
    /// # Errors
    /// Where that could not be told of one of them.
    pub(super) async fn log_groups(
        &self,
        definition: &TaskDefinition,
        region: &str,
    ) -> Result<Vec<(String, bool)>, PortError> {
        let names = stream::iter(log_groups_to_look_for(definition, region)).map(async |name| {
            let found = self.deadline.bound("DescribeLogGroups", self.ports.log_group_exists(&name)).await?;
            Ok((name, found))
        });
        names.buffered(self.settings.common.concurrency).try_collect().await
    }
}
