//! ECS: task definitions, whole.

use tidegate_aws::definitions::Definitions;
use tidegate_aws::error::PortError;
use tidegate_core::task_definition::TaskDefinition;

use super::refused;
use crate::world::World;

impl Definitions for World {
    async fn definition(&self, name: &str) -> Result<TaskDefinition, PortError> {
        const OPERATION: &str = "DescribeTaskDefinition";
        self.call(OPERATION).await?;
        let account = self.lock();
        account.describe_task_definition(name).map(|(_, whole)| whole).map_err(refused(OPERATION))
    }
}
