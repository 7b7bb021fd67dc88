//! ECS: the tasks of one service, those that stopped too.

use tidegate_core::diagnosis::Task;

use crate::error::PortError;

/// The calls that are used.
pub trait ServiceTasks {
    /// `ListTasks` of a service and `DescribeTasks`: those that should run, and those that stopped and that ECS still tells
    /// of, at most `most` of each.
    async fn tasks_of_service(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<Task>, PortError>;
}
