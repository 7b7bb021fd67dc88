//! CloudWatch Logs: whether a log group is there.

use crate::error::PortError;

/// The calls that are used.
pub trait Logs {
    /// `DescribeLogGroups`: whether there is one of just this name, in the region that is worked in.
    async fn log_group_exists(&self, name: &str) -> Result<bool, PortError>;
}
