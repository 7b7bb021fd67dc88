//! The same diagnosis of many tasks, told once.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Diagnosis;
use super::stop::of_task;
use super::task::Task;

/// Tasks that stopped for the same cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What is the matter; of what AWS says, what it said last.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
    /// How many.
    pub count: u32,
    /// When the last of them stopped; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// That one's id.
    pub last_task: String,
}

/// Tasks by what they stopped for: what failed before what was expected, then the most frequent first. The order of the
/// tasks does not matter.
#[must_use]
pub fn grouped<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Vec<Group> {
    let mut sorted: Vec<&Task> = tasks.into_iter().collect();
    sorted.sort_by_key(|task| (task.ended_at(), &task.task_arn));
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for task in sorted {
        let diagnosis = of_task(task);
        // Causes name what matters, so that two images are two causes; ids of requests are in what AWS says only.
        let key = (diagnosis.class, diagnosis.container.clone(), diagnosis.cause.clone());
        let count = groups.get(&key).map_or(0, |group| group.count) + 1;
        groups.insert(key, Group { diagnosis, count, last: task.ended_at(), last_task: task.id().to_owned() });
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| (group.diagnosis.class.is_expected(), Reverse(group.count), Reverse(group.last)));
    groups
}
