//! ECS: task definitions, whole.

use tidegate_core::task_definition::TaskDefinition;

use crate::error::PortError;

/// The calls that are used.
pub trait Definitions {
    /// `DescribeTaskDefinition`: everything about it that anybody looks at. `name` is an ARN, or `family:revision`, or a
    /// family for its newest revision.
    async fn definition(&self, name: &str) -> Result<TaskDefinition, PortError>;
}
