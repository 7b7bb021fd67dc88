//! ECS: the tasks of one service, those that stopped too.

use tidegate_aws::error::PortError;
use tidegate_aws::service_tasks::ServiceTasks;
use tidegate_core::diagnosis::Task;

use super::refused;
use crate::world::World;

impl ServiceTasks for World {
    async fn tasks_of_service(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<Task>, PortError> {
        let mut arns: Vec<String> = Vec::new();
        for desired in ["RUNNING", "STOPPED"] {
            const OPERATION: &str = "ListTasks";
            self.call(OPERATION).await?;
            let listed = self.lock().list_tasks(cluster, Some(service), desired).map_err(refused(OPERATION))?;
            arns.extend(listed.into_iter().take(most));
        }
        let mut tasks = Vec::new();
        for arns in arns.chunks(100) {
            const OPERATION: &str = "DescribeTasks";
            self.call(OPERATION).await?;
            let (found, _) = self.lock().describe_tasks(cluster, arns).map_err(refused(OPERATION))?;
            tasks.extend(found.iter().map(crate::world::tasks::Task::told));
        }
        Ok(tasks)
    }
}
