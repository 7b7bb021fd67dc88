//! What was looked at, and what came of it.

use jiff::Timestamp;
use tidegate_core::canary::facts::{Platform, Strategy};
use tidegate_core::hook::facts::{Deployment, Image, Surroundings, Unreadable};
use tidegate_core::hook::{Facts, Judgement, Policy, Stage, judge};
use tidegate_core::task_definition::TaskDefinition;

/// A task definition, and what was judged of it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was looked at.
    pub facts: Facts,
    /// What came of it.
    pub judgement: Judgement,
    /// What is to be known beside it, and changes nothing about the verdict.
    pub notes: Vec<String>,
    /// As of when.
    pub at: Timestamp,
}

/// What is known of a task definition.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The task definition.
    pub definition: TaskDefinition,
    /// What it names, but for images.
    pub surroundings: Surroundings,
    /// Its images; none where they are not looked at.
    pub images: Vec<Image>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Checked {
    /// Judges a task definition as the hook does before any task of it starts.
    #[must_use]
    pub fn of(known: Known, policy: &Policy, notes: Vec<String>, now: Timestamp) -> Self {
        let event = "PRE_SCALE_UP";
        let deployment = Deployment {
            id: "preflight".to_owned(),
            platform: Platform::Ecs,
            event: event.to_owned(),
            strategy: Strategy::default(),
            started_at: now,
            roll_back: false,
            first: false,
            waiting_since: None,
            hook_ends_at: None,
        };
        let facts = Facts {
            task_definition: Some(known.definition),
            surroundings: known.surroundings,
            images: known.images,
            unreadable: known.unreadable,
            ..Facts::of(Stage::of(event), deployment)
        };
        let judgement = judge(&facts, policy, now);
        Self { facts, judgement, notes, at: now }
    }

    /// `family:revision`, or the family before it is registered.
    #[must_use]
    pub fn name(&self) -> &str {
        self.facts.task_definition.as_ref().map(TaskDefinition::name).unwrap_or_default()
    }
}
