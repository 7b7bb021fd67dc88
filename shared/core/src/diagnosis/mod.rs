//! Why tasks stop, do not start, or are not found healthy: what AWS says, in a class, with its cause and its fix in one
//! sentence each.
//!
//! - [`task`]: a task as ECS describes it
//! - [`class`]: every class there is

pub mod class;
pub mod task;

pub use class::Class;
pub use task::Task;

use serde::{Deserialize, Serialize};

/// What is the matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// In one word.
    pub class: Class,
    /// The container that it is about; absent where it is about the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What AWS says, as it says it.
    pub said: String,
    /// What that means, in one sentence.
    pub cause: String,
    /// What to do about it, in one sentence.
    pub fix: String,
}
