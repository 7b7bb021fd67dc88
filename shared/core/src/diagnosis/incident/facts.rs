//! What is known of a service, and what a batch of events tells of it.

use serde::{Deserialize, Serialize};

use crate::defaults::is_default;
use crate::diagnosis::Task;
use crate::hook::facts::{Event, Target};

/// One service, and what a batch tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// Tasks that it should run.
    pub desired: u32,
    /// Tasks that run, as ECS counts them.
    pub running: u32,
    /// Tasks that are about to.
    pub pending: u32,
    /// Whether a deployment is in progress.
    pub deploying: bool,
    /// Its tasks, and those that stopped and that ECS still tells of: for an hour.
    pub tasks: Vec<Task>,
    /// Whether it has more tasks than are listed, or they could not be read. Then only the count says what runs.
    #[serde(skip_serializing_if = "is_default")]
    pub tasks_left_out: bool,
    /// Its targets, of the target group with the production traffic; empty where no load balancer is before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// What the service's list of events says, the newest first: what may have been told before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Event>,
    /// Tasks of which this batch tells that they stopped.
    pub stops: Vec<Task>,
    /// What else this batch tells: the name of an "ECS Service Action", with its reason behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}
