//! What a run has to look at, collapsed: hundreds of events about one image are one image.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tidegate_core::scan::image_name::ImageName;
use tidegate_lambda::batches::Message;

use crate::event::Wake;

/// Ids of the messages that ask for something; empty where nobody's message does.
pub type Askers = BTreeSet<String>;

/// What a run has to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Events that it is made of.
    pub events: usize,
    /// Whether what enrolled services run is looked at, too.
    pub daily: bool,
    /// Images.
    pub images: BTreeMap<ImageName, Askers>,
    /// Tasks, by cluster and ARN.
    pub tasks: BTreeMap<(String, String), Askers>,
    /// Services that are being deployed, by cluster and name.
    pub deployments: BTreeMap<(String, String), Askers>,
    /// Deployments of CodeDeploy's, by id; which service each is for has to be read.
    pub code_deployments: BTreeMap<String, Askers>,
    /// Events about which nothing is to be decided, by reason.
    pub declined: BTreeMap<&'static str, usize>,
    /// Messages that can't be understood, with why.
    pub not_understood: Vec<(String, String)>,
}

impl Work {
    /// What the daily run asks for.
    #[must_use]
    pub fn daily() -> Self {
        Self { events: 1, daily: true, ..Self::default() }
    }

    /// What one event asks for that nobody's message brought.
    #[must_use]
    pub fn one(wake: Wake) -> Self {
        let mut work = Self { events: 1, ..Self::default() };
        work.add(wake, None);
        work
    }

    /// What a batch asks for.
    #[must_use]
    pub fn of(messages: &[Message]) -> Self {
        let mut work = Self { events: messages.len(), ..Self::default() };
        for Message { message_id, body } in messages {
            let event = serde_json::from_str::<Value>(body).map_err(|error| format!("not JSON: {error}"));
            match event.and_then(|event| Wake::read(&event)) {
                Ok(wake) => work.add(wake, Some(message_id)),
                Err(why) => work.not_understood.push((message_id.clone(), why)),
            }
        }
        work
    }

    /// Adds what one event asks for.
    fn add(&mut self, wake: Wake, asker: Option<&str>) {
        let askers = match wake {
            Wake::Image(name) => self.images.entry(name).or_default(),
            Wake::Task { cluster, arn } => self.tasks.entry((cluster, arn)).or_default(),
            Wake::Deployment { cluster, service } => self.deployments.entry((cluster, service)).or_default(),
            Wake::CodeDeployment { id } => self.code_deployments.entry(id).or_default(),
            Wake::Nothing { reason, why } => {
                tracing::debug!(reason = reason.code(), why, "an event is declined");
                *self.declined.entry(reason.code()).or_default() += 1;
                return;
            }
        };
        askers.extend(asker.map(str::to_owned));
    }

    /// Whether there is nothing to look at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.daily
            && self.images.is_empty()
            && self.tasks.is_empty()
            && self.deployments.is_empty()
            && self.code_deployments.is_empty()
    }

    /// Ids of all messages that ask for anything.
    pub fn askers(&self) -> impl Iterator<Item = &String> {
        let named = self.deployments.values().chain(self.code_deployments.values());
        self.images.values().chain(self.tasks.values()).chain(named).flatten()
    }
}
