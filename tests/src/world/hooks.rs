//! Calls of functions that deployments wait for. The world has no functions: a test or a demo takes the calls that are
//! due and makes them.

use jiff::Timestamp;
use serde_json::Value;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// CodeDeploy, which is answered through its API.
    CodeDeploy,
    /// ECS, which is answered with what the function returns: [`super::Account::answer_native_hook`].
    Ecs,
}

/// A call that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct HookCall {
    /// Since when.
    pub at: Timestamp,
    /// Who calls.
    pub caller: Caller,
    /// The function's name or ARN, as the hook is configured.
    pub function: String,
    /// The id that the answer has to name.
    pub execution: String,
    /// What it is called with.
    pub payload: Value,
}
