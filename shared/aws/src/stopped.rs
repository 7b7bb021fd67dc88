//! What CodeDeploy's and ECS's own deployments have in common.

/// What came of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is being stopped, and rolled back.
    Stopping,
    /// It was over, or on its way back, already.
    Over,
}
