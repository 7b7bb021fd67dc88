//! A task as ECS describes it: in `DescribeTasks`, and in the detail of "ECS Task State Change".
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::defaults::{is_default, or_default};

/// A task. Fields may be missing or null; whatever else there is is skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Task {
    /// Its ARN.
    #[serde(deserialize_with = "or_default")]
    pub task_arn: String,
    /// ARN of its cluster.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub cluster_arn: String,
    /// ARN of its task definition.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub task_definition_arn: String,
    /// `service:name` for tasks of a service.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub group: String,
    /// The deployment, or the task set, that started it: `ecs-svc/...`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub started_by: String,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `STOPPED` and their like.
    #[serde(deserialize_with = "or_default")]
    pub last_status: String,
    /// `RUNNING` or `STOPPED`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`, by the containers' own health checks.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub health_status: String,
    /// `TaskFailedToStart`, `EssentialContainerExited` and their like; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it came to `RUNNING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it began to stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping_at: Option<Timestamp>,
    /// When it had stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// Its containers.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its image; absent for containers that AWS adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What that came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// `RUNNING`, `STOPPED` and their like.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub last_status: String,
    /// What it ended with, 0 for success; absent while it runs, or where ECS was not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it ended, where ECS knows more than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub health_status: String,
}

impl Task {
    /// The service that it is of, by name. None for one that stands alone.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.group.strip_prefix("service:")
    }

    /// The cluster's name.
    #[must_use]
    pub fn cluster(&self) -> &str {
        self.cluster_arn.rsplit('/').next().unwrap_or_default()
    }

    /// The last part of its ARN.
    #[must_use]
    pub fn id(&self) -> &str {
        self.task_arn.rsplit('/').next().unwrap_or_default()
    }

    /// When it began to stop: from then on it does no work, and to have stopped may take minutes more.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.stopping_at.or(self.stopped_at)
    }

    /// Whether it has stopped; before that more may become known of why.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.last_status == "STOPPED"
    }
}
