//! Every reason of a judgement that is no breach of a rule. They are stable: alarms, dashboards and questions are built on
//! them.

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::codes::Code;

mod other {
    crate::codes::reasons! {
        /// Everything that this stage looks at is as it should be.
        Checked = "checked",
        /// Nothing blocks, and something should be looked at.
        PassedWithWarnings = "passed_with_warnings",
        /// The deployment brings an older version back; it is never held up.
        RollBack = "roll_back",
        /// There is nothing to look at, at this stage.
        OtherStage = "other_stage",
        /// The service carries no tag `tidegate:hook` with shadow or on.
        NotEnrolled = "not_enrolled",
        /// `tidegate:break-glass` opens the gate.
        BreakGlass = "break_glass",
        /// Something is not over yet: a scan, the start of a task, a health check.
        Waiting = "waiting",
        /// What the hook waited for did not come in time.
        NotInTime = "not_in_time",
        /// Something that the judgement needs could not be read.
        Unreadable = "unreadable",
        /// A tag, the policy document or the smoke requests can't be read. Nothing passes by them.
        PolicyError = "policy_error",
        /// The service could not be described.
        ServiceUnreadable = "service_unreadable",
        /// The deployment, or what it is made of, could not be read.
        DeploymentUnreadable = "deployment_unreadable",
        /// The deployment changed between the judgement and the stop, so nothing was stopped.
        ChangedMeanwhile = "changed_meanwhile",
        /// The deployment could not be stopped.
        StopFailed = "stop_failed",
        /// The hook could not be answered.
        AnswerFailed = "answer_failed",
        /// The run's deadline came first.
        NotReached = "not_reached",
        /// The event is none that the hook knows.
        EventNotUnderstood = "event_not_understood",
    }
}

pub use other::Reason as Other;

/// Why a judgement came out as it did: the rule that was broken, or else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reason {
    /// This rule.
    Rule(Rule),
    /// Something else.
    Other(Other),
}

impl Reason {
    /// All of them, in the order of the documents.
    pub fn all() -> impl Iterator<Item = Self> {
        let rules = Rule::ALL.iter().copied().map(Self::Rule);
        rules.chain(Other::ALL.iter().copied().map(Self::Other))
    }

    /// The code in records, metrics and messages.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.code(),
            Self::Other(other) => other.code(),
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.meaning(),
            Self::Other(other) => other.meaning(),
        }
    }
}

impl Code for Reason {
    fn code(self) -> &'static str {
        self.code()
    }
}

impl From<Rule> for Reason {
    fn from(rule: Rule) -> Self {
        Self::Rule(rule)
    }
}

impl From<Other> for Reason {
    fn from(other: Other) -> Self {
        Self::Other(other)
    }
}
