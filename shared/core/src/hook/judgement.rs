//! What was judged at a stage, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::verdict::Verdict;

use super::facts::Facts;
use super::policy::{Level, Policy};
use super::reason::Reason;
use super::rule::Rule;

/// One judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Its stable code: the first rule that was broken, or else.
    pub reason: Reason,
    /// One sentence.
    pub why: String,
    /// Every rule that is broken or not kept yet: what blocks first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// When a hook should look again, in seconds; absent where it need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again_s: Option<u32>,
}

/// A rule that is broken, or not kept yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What that comes to.
    pub level: Level,
    /// Set where it may still be kept: nothing is broken yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// The container, task, target, image or alarm that it is about; absent where it is about the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// One sentence, with what was found.
    pub why: String,
    /// What to do about it, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How long something is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// Until then; absent for the patience of a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When to look again, in seconds; absent for the usual time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again_s: Option<u32>,
}

impl Finding {
    /// A rule that is broken. What that comes to follows from the policy, when the judgement is made.
    #[must_use]
    pub fn broken(rule: Rule, why: impl Into<String>) -> Self {
        Self { rule, level: Level::Block, waits: None, subject: None, why: why.into(), fix: None }
    }

    /// A rule that may still be kept.
    #[must_use]
    pub fn waiting(rule: Rule, waits: Waits, why: impl Into<String>) -> Self {
        Self { waits: Some(waits), ..Self::broken(rule, why) }
    }

    /// It is about this container, task, target, image or alarm.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// This mends it.
    #[must_use]
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// What a judgement asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The hook is answered, and the deployment goes on.
    LetPass,
    /// The hook is answered, and the deployment fails.
    FailHook,
    /// The hook is answered, and the deployment, which has production traffic under CodeDeploy, is stopped and rolled back.
    StopDeployment,
    /// The hook waits.
    Wait,
}

/// The record of one judgement.
pub type HookRecord = Record<Facts, Policy, Judgement, Action>;
