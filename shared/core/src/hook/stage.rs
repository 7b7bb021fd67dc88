//! The stages of a deployment at which a hook is called, and what is looked at in each.
//!
//! Sources: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html>

use serde::{Deserialize, Serialize};

/// Where a deployment is, in one word for both platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before any task of the new version: CodeDeploy's `BeforeInstall`, ECS's `PRE_SCALE_UP`.
    BeforeInstall,
    /// Its tasks are there: `AfterInstall`, `POST_SCALE_UP`.
    AfterInstall,
    /// It has the test traffic: `AfterAllowTestTraffic`, `POST_TEST_TRAFFIC_SHIFT`.
    TestTraffic,
    /// Before it is given production traffic, under ECS before each step: `BeforeAllowTraffic`,
    /// `PRE_PRODUCTION_TRAFFIC_SHIFT`.
    BeforeTraffic,
    /// It has all production traffic: `AfterAllowTraffic`, `POST_PRODUCTION_TRAFFIC_SHIFT`.
    AfterTraffic,
    /// A stage at which there is nothing to look at.
    Other,
}

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whether every container's image may run, is there, and fits.
    Images,
    /// What the task definition asks for.
    TaskDefinition,
    /// Whether this way of deploying can notice a bad version, and go back.
    Deployment,
    /// Whether an alarm that stops deployments is in ALARM.
    Alarms,
    /// Whether the new tasks run.
    Tasks,
    /// Whether the load balancer finds them healthy.
    Targets,
    /// Whether they answer.
    Smoke,
}

impl Stage {
    /// Every stage at which something is looked at, in the order of a deployment.
    pub const ALL: [Self; 5] =
        [Self::BeforeInstall, Self::AfterInstall, Self::TestTraffic, Self::BeforeTraffic, Self::AfterTraffic];

    /// What a platform's own word comes to. Words that nobody knows are stages at which nothing is looked at.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "BeforeInstall" | "PRE_SCALE_UP" => Self::BeforeInstall,
            "AfterInstall" | "POST_SCALE_UP" => Self::AfterInstall,
            "AfterAllowTestTraffic" | "POST_TEST_TRAFFIC_SHIFT" => Self::TestTraffic,
            "BeforeAllowTraffic" | "PRE_PRODUCTION_TRAFFIC_SHIFT" => Self::BeforeTraffic,
            "AfterAllowTraffic" | "POST_PRODUCTION_TRAFFIC_SHIFT" => Self::AfterTraffic,
            _ => Self::Other,
        }
    }

    /// What is looked at: the table of the whole function.
    #[must_use]
    pub fn checks(self) -> &'static [Check] {
        match self {
            Self::BeforeInstall => &[Check::Images, Check::TaskDefinition, Check::Deployment, Check::Alarms],
            Self::AfterInstall => &[Check::Images, Check::TaskDefinition, Check::Tasks, Check::Targets],
            Self::TestTraffic => &[Check::Smoke],
            // A task may run for a while before it crashes, so what stopped is looked at to the end.
            Self::BeforeTraffic => &[Check::Tasks, Check::Targets, Check::Alarms],
            Self::AfterTraffic => &[Check::Tasks, Check::Targets],
            Self::Other => &[],
        }
    }

    /// Whether this is looked at.
    #[must_use]
    pub fn looks_at(self, check: Check) -> bool {
        self.checks().contains(&check)
    }
}
