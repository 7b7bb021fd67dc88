//! What was judged, and the arithmetic behind it.

use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::verdict::Verdict;

use super::facts::{Door, Facts, Platform};
use super::policy::Policy;
use super::reason::Reason;

/// One judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Its stable code.
    pub reason: Reason,
    /// One sentence with the arithmetic.
    pub why: String,
    /// Settled minutes with traffic of both versions that count as evidence.
    pub evidence_minutes: u32,
    /// The evidence that the canary is worse, as an e-value of all classes together; stops at `fail_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    /// `1 / alpha`.
    pub fail_at: f64,
    /// `1 / beta`: what each class needs for an early pass.
    pub pass_at: f64,
    /// The evidence of each event class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassEvidence>,
    /// Guards and ceilings that spoke, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spoke: Vec<Spoke>,
    /// What a conclusion would take, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// When a hook should look again, in seconds; absent where it need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again_s: Option<u32>,
}

/// What counts as bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Answers with a 5xx status.
    Errors,
    /// Connections to targets that failed.
    ConnectionErrors,
    /// Requests that no target answered.
    Unanswered,
    /// Requests slower than the limit.
    Slow,
    /// Requests that failed in whatever way: errors and unanswered ones. A pass is about these; a stop is about each kind,
    /// as one of them may hide in the others.
    Failed,
}

/// The evidence of one event class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassEvidence {
    /// Which.
    pub class: Class,
    /// Bad events of the canary, in the minutes that count.
    pub canary_bad: u64,
    /// Its requests.
    pub canary_requests: u64,
    /// Bad events of the baseline.
    pub baseline_bad: u64,
    /// Its requests.
    pub baseline_requests: u64,
    /// How much more the old version's events vary than independent ones would: variance over mean, at least 1.
    pub dispersion: f64,
    /// The e-value that the canary's rate is more than acceptable.
    pub worse: f64,
    /// Whether the difference is large enough to matter.
    pub material: bool,
    /// The e-value, since this step began, that the rate is less than twice of what is acceptable.
    pub not_twice: f64,
    /// The e-value, since this step began, that the rate is below `ok_rate_percent`.
    pub low: f64,
}

/// A guard or a ceiling that spoke.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spoke {
    /// Its code.
    pub reason: Reason,
    /// What it saw.
    pub why: String,
}

/// What a conclusion would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Further requests of the canary, were its rates to stay as they are; absent where no number would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Minutes that these take at its present traffic; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// What a judgement asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The deployment is stopped and rolled back.
    StopDeployment,
    /// The hook is answered, and the deployment goes on.
    LetPass,
    /// The hook is answered, and the deployment fails.
    FailHook,
    /// The hook waits.
    Wait,
}

impl Judgement {
    /// The evidence that the canary is good: that of the class that has the least. An early pass takes `pass_at`. None
    /// where nothing was compared.
    #[must_use]
    pub fn good(&self) -> Option<f64> {
        let passing = self.classes.iter().filter(|class| class.class.passes());
        passing.map(|class| class.not_twice.max(class.low)).reduce(f64::min)
    }

    /// What it asks to be done, where the mode is on.
    #[must_use]
    pub fn action(&self, door: Door, platform: Platform) -> Option<Action> {
        match (self.verdict, door.is_hook()) {
            (Verdict::Pass, true) => Some(Action::LetPass),
            // A broken policy is not mended by waiting.
            (Verdict::Error, true) if self.reason == Reason::PolicyError => Some(failure(platform)),
            (Verdict::Inconclusive | Verdict::Error, true) => Some(Action::Wait),
            (Verdict::Fail, true) => Some(failure(platform)),
            (Verdict::Fail, false) => Some(Action::StopDeployment),
            (_, false) => None,
        }
    }
}

/// A failed hook of ECS rolls back; CodeDeploy's does so only where its group is set to.
fn failure(platform: Platform) -> Action {
    match platform {
        Platform::Ecs => Action::FailHook,
        Platform::CodeDeploy => Action::StopDeployment,
    }
}

/// The record of one judgement.
pub type CanaryRecord = Record<Facts, Policy, Judgement, Action>;
