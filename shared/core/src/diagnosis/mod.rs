//! Why tasks stop, do not start, or are not found healthy: what AWS says, in a class, with its cause and its fix in one
//! sentence each.
//!
//! - [`task`]: a task as ECS describes it
//! - [`class`]: every class there is
//! - `said`: what a message of AWS means; `values`: what of it matters
//! - `stop`, `event`, `target`: [`of_task`], [`of_event`], [`of_target`]
//! - [`group`]: the same diagnosis of many tasks, told once
//! - [`incident`]: what stops of a running service come to

pub mod class;
mod event;
pub mod group;
pub mod incident;
mod said;
mod stop;
mod target;
pub mod task;
mod values;

pub use class::Class;
pub use event::of_event;
pub use group::{Group, grouped};
pub use stop::of_task;
pub use target::of_target;
pub use task::Task;

use serde::{Deserialize, Serialize};

use values::{Values, filled};

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

impl Diagnosis {
    fn new(class: Class, container: Option<&str>, said: &str, values: &Values) -> Self {
        let (cause, fix) = (filled(class.cause(), values), filled(class.fix(), values));
        Self { class, container: container.map(ToOwned::to_owned), said: said.to_owned(), cause, fix }
    }
}
