//! What is known at one stage of a deployment: everything that a judgement rests on, and nothing that it does not.
//!
//! The shape is the one in the decision record, so each field that has an honest default may be left out there. Times are
//! RFC 3339. Absent is not known, and never good.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canary::facts::{Platform, Strategy};
use crate::defaults::is_default;
use crate::diagnosis::Task;
use crate::scan;
use crate::smoke::Tried;
use crate::task_definition::TaskDefinition;

use super::stage::{Check, Stage};

/// One stage of one deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The stage.
    pub stage: Stage,
    /// How the deployment stands.
    pub deployment: Deployment,
    /// The new version's task definition; absent where it is not known yet, or not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<TaskDefinition>,
    /// Why the task definition is not known; absent where it is, or is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition_unknown: Option<String>,
    /// What else is known of what it names.
    #[serde(default, skip_serializing_if = "is_default")]
    pub surroundings: Surroundings,
    /// The images of its containers, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// How the service is deployed; absent where that is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// The alarms of this deployment and of `tidegate:alarms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
    /// The tasks of the new version; absent where they are not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Tasks>,
    /// Its targets; absent where they are not looked at, or no load balancer is before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Targets>,
    /// Its smoke requests, with what came of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke: Vec<Tried>,
    /// What was asked for and could not be read, with the cause. Never treated as good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
}

impl Facts {
    /// A stage at which nothing has been looked at.
    #[must_use]
    pub fn of(stage: Stage, deployment: Deployment) -> Self {
        Self {
            stage,
            deployment,
            task_definition: None,
            task_definition_unknown: None,
            surroundings: Surroundings::default(),
            images: Vec::new(),
            settings: None,
            alarms: Vec::new(),
            tasks: None,
            targets: None,
            smoke: Vec::new(),
            unreadable: Vec::new(),
        }
    }
}

/// How a deployment stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// CodeDeploy's id, or the ARN of ECS's service deployment.
    pub id: String,
    /// Who deploys.
    pub platform: Platform,
    /// The platform's own word for the stage.
    pub event: String,
    /// How traffic is shifted.
    #[serde(default)]
    pub strategy: Strategy,
    /// When it began.
    pub started_at: Timestamp,
    /// Whether it brings an older version back, by a roll-back of the platform's.
    #[serde(default)]
    pub roll_back: bool,
    /// Whether there is no old version: the service is being created.
    #[serde(default)]
    pub first: bool,
    /// Since when this stage has been looked at; absent in the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// When an answer would come too late; absent where nothing ends the hook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_ends_at: Option<Timestamp>,
}

/// What is known of the things that a task definition names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Surroundings {
    /// The region that the tasks run in; empty where it is not known.
    #[serde(skip_serializing_if = "is_default")]
    pub region: String,
    /// Whether the tasks run on Fargate, whatever else the task definition would do for; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_fargate: Option<bool>,
    /// Log groups of this region that were looked for, by name, and whether they are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_groups: Vec<(String, bool)>,
}

/// An image, and the containers that run it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// As the task definition names it.
    pub name: String,
    /// The containers' names.
    pub containers: Vec<String>,
    /// What is known of it; absent where it is no image that could run, such as a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<scan::Facts>,
    /// By what it is judged: the policy document's rules for its repository.
    pub policy: scan::Policy,
    /// Whom it runs as where nobody says otherwise: its configuration's `USER`, empty for root. Absent where that could not
    /// be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// How a service is deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Tasks that it should run.
    pub desired: u32,
    /// Whether a deployment that fails is rolled back.
    pub rolls_back: bool,
    /// Tasks that stay up during a rolling deployment, in percent of those that it should run; absent where nothing rolls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_healthy_percent: Option<u32>,
    /// For so many seconds after a task's start ECS ignores failing health checks; absent where no load balancer checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_grace_s: Option<u32>,
    /// Whether tasks are given public addresses; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<bool>,
    /// The canary's share in the first step, in percent; absent where nothing is shifted in steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_percent: Option<f64>,
    /// Minutes of that step; absent where nothing is shifted in steps, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_minutes: Option<u32>,
    /// Minutes that the new version has all traffic while there still is an old one to go back to; absent where there never
    /// is one, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bake_minutes: Option<u32>,
    /// Requests a minute in the hours before, and the share of them that failed, in percent; absent where nobody counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// How the production listener splits its traffic; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// What a service is asked, in the hours before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Requests a minute.
    pub requests_a_minute: f64,
    /// The share that failed, in percent.
    pub error_percent: f64,
}

/// How a listener splits its traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The target group that has all of it before a shift, by name.
    pub expected: String,
    /// Target groups with their weights, by name.
    pub weights: Vec<(String, u32)>,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whether `tidegate:alarms` names it; else the deployment does.
    #[serde(default)]
    pub of_tag: bool,
    /// How it stands; absent where there is no such alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AlarmState>,
}

/// How an alarm stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmState {
    /// Whether it is in ALARM.
    pub in_alarm: bool,
    /// Since when it is in its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether it does what it is told to do.
    pub actions_enabled: bool,
}

/// The tasks of the new version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// How many tasks there should be.
    pub desired: u32,
    /// Those that there are, and those that stopped and that ECS still tells of: for an hour.
    pub tasks: Vec<Task>,
    /// What the service's events said since the deployment began, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// An event of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub message: String,
}

/// The targets of the new version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Targets {
    /// How many targets there should be.
    pub desired: u32,
    /// The new version's target group, by name; absent where it could not be told which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Every target in it.
    pub targets: Vec<Target>,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Such as `10.0.1.7:8080`.
    pub target: String,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`, as the load balancer writes it.
    pub state: String,
    /// The load balancer's reason and its description, such as `Target.Timeout: Request timed out`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// What it is for.
    pub what: Check,
    /// The cause; where a permission is missing it names the action.
    pub why: String,
}
