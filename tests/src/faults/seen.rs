//! What came of an event: in the account, where it is kept, and in words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::world::World;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// What was changed in the account: `UpdateService prod/shop 10 -> 13`, `StopDeployment d-000000002`.
    pub changes: BTreeSet<String>,
    /// What hooks were answered: `BeforeInstall Failed`.
    pub answers: BTreeSet<String>,
    /// Hooks that nobody answered.
    pub unanswered: Vec<String>,
    /// The decisions that were recorded, as `service verdict reason`.
    pub decided: BTreeSet<String>,
    /// Subjects of messages.
    pub told: BTreeSet<String>,
    /// Where events are that were not dealt with.
    pub waiting: Vec<String>,
    /// Errors of invocations.
    pub errors: Vec<String>,
    /// What those messages say.
    pub messages: Vec<String>,
    /// Every line that was printed.
    pub lines: Vec<String>,
    /// Calls that reached the account, by operation.
    pub calls: BTreeMap<String, u32>,
    /// What was to be seen when nothing failed any more and the event, or the next one, had come again; None where nothing
    /// was left to do.
    pub after: Option<Box<Self>>,
}

impl Seen {
    /// What is to be seen in a world now.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let (answers, unanswered) = hooks(world);
        let decided = world.full_records();
        // While something is waited for, there is a record of each look; the last one counts.
        let decided = decided.iter().rev().map(decision).take(1).chain(decided.iter().filter_map(final_decision));
        let account = world.lock();
        Self {
            answers,
            unanswered,
            decided: decided.collect(),
            told: account.published.iter().map(|message| message.subject.clone()).collect(),
            messages: account.published.iter().map(|message| message.body.clone()).collect(),
            lines: account.printed.clone(),
            calls: account.calls.clone(),
            changes: changes(&account),
            waiting: Vec::new(),
            errors: Vec::new(),
            after: None,
        }
    }

    /// Whether the same came of it.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let parts = |seen: &Self| {
            (
                seen.changes.clone(),
                seen.answers.clone(),
                seen.decided.clone(),
                seen.told.clone(),
                seen.waiting.clone(),
                seen.unanswered.clone(),
            )
        };
        parts(self) == parts(other)
    }

    /// The lines, messages and errors that name an operation.
    pub fn about<'a>(&'a self, operation: &'a str) -> impl Iterator<Item = &'a String> {
        self.lines.iter().chain(&self.messages).chain(&self.errors).filter(move |line| line.contains(operation))
    }
}

fn word<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap_or("?")
}

fn decision(record: &Value) -> String {
    let service = record["service"].as_str().or(record["image"].as_str()).unwrap_or("-");
    format!("{service} {} {}", word(record, "verdict"), word(record, "reason"))
}

fn final_decision(record: &Value) -> Option<String> {
    (record["acted"] == true && record["action"] != "wait").then(|| decision(record))
}

fn changes(account: &crate::world::Account) -> BTreeSet<String> {
    let mut changes = BTreeSet::new();
    // A write that was made a second time, as its first answer was lost, changes nothing.
    for write in account.writes.iter().filter(|write| write.from != write.to) {
        changes.insert(format!("UpdateService {} {} -> {}", write.service, write.from, write.to));
    }
    for deployment in &account.codedeploy.deployments {
        if deployment.status == "Stopped" {
            changes.insert(format!("StopDeployment {}", deployment.id));
        }
    }
    for definition in account.task_definitions.iter().filter(|definition| !definition.active) {
        changes.insert(format!("DeregisterTaskDefinition {}:{}", definition.family, definition.revision));
    }
    for image in &account.registry.images {
        if image.storage.as_str() != "ACTIVE" {
            changes.insert(format!("UpdateImageStorageClass {}", image.tags.join(" ")));
        }
    }
    // Of these the account keeps no more than that it was told to.
    for operation in ["StopServiceDeployment", "StopTask", "StartImageScan"] {
        if account.calls.contains_key(operation) {
            changes.insert(operation.to_owned());
        }
    }
    changes
}

/// What hooks were answered, and which were not.
pub(super) fn hooks(world: &World) -> (BTreeSet<String>, Vec<String>) {
    let account = world.lock();
    let called = |operation: &str| account.calls.contains_key(operation);
    let (mut answers, mut unanswered) = (BTreeSet::new(), Vec::new());
    for deployment in account.codedeploy.deployments.iter().filter(|deployment| deployment.rolls_back.is_none()) {
        for event in deployment.events.iter().filter(|event| event.execution.is_some()) {
            // CodeDeploy itself fails what nobody answers within the hour.
            let by_somebody = called("PutLifecycleEventHookExecutionStatus") || called("StopDeployment");
            match event.status {
                "Succeeded" | "Failed" | "Skipped" if by_somebody => {
                    answers.insert(format!("{} {}", event.name, event.status));
                }
                status => unanswered.push(format!("{} is {status}", event.name)),
            }
        }
    }
    for deployment in &account.native.deployments {
        for hook in &deployment.hooks {
            match hook.status {
                "SUCCEEDED" | "FAILED" => drop(answers.insert(format!("{} {}", hook.stage, hook.status))),
                // What is stopped has no use for an answer.
                _ if called("StopServiceDeployment") => {}
                status => unanswered.push(format!("{} is {status}", hook.stage)),
            }
        }
    }
    (answers, unanswered)
}
