//! CodeDeploy's lifecycle hooks: the call, the waiting within and beyond one invocation, and the answer.
//!
//! CodeDeploy calls a hook once and waits an hour for the answer, whoever gives it. A function lives for fifteen minutes,
//! so one that has to wait longer invokes itself again, with the same event, the moment of the first call and a number.
//!
//! Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_aws::clock::Clock;
use tidegate_aws::codedeploy::{Answered, CodeDeploy, Hook, LifecycleEvent, Target};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::PortError;
use tidegate_aws::functions::Functions;

use crate::events::read;
use crate::start::Invocation;

/// An answer after this would come too late: CodeDeploy gives up after an hour.
pub const LONGEST: SignedDuration = SignedDuration::from_mins(55);

/// A chain of invocations is no longer than this.
const MOST_HOPS: u32 = 6;

/// A wait that can't be finished with this much of the invocation left is handed on.
const TO_HAND_ON: SignedDuration = SignedDuration::from_secs(30);

/// Where nothing could be read, it is tried again after this.
const AGAIN: Duration = Duration::from_secs(20);

/// CodeDeploy may tell of a hook's event a little later than it calls.
const TELLS_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// And is then asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What CodeDeploy does itself.
const WITHOUT_HOOKS: [&str; 3] = ["Install", "AllowTestTraffic", "AllowTraffic"];

/// What an answer, or handing on, may take.
const TO_ANSWER: Duration = Duration::from_secs(10);

/// One call of a hook, or its continuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeDeployHook {
    /// What is answered.
    pub hook: Hook,
    /// When the first invocation was called; None in the first.
    since: Option<Timestamp>,
    /// How often it has been handed on.
    hop: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Payload {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
    #[serde(default, rename = "tidegate")]
    chain: Option<Chain>,
}

#[derive(Deserialize)]
struct Chain {
    since: Timestamp,
    hop: u32,
}

impl CodeDeployHook {
    /// Whether an event is one; tells it from all others before anything else of it is read.
    #[must_use]
    pub fn is(event: &Value) -> bool {
        event.get("LifecycleEventHookExecutionId").is_some()
    }

    /// Reads a call.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        let payload: Payload = read("a CodeDeploy hook's event", event)?;
        let (since, hop) = payload.chain.map_or((None, 0), |chain| (Some(chain.since), chain.hop));
        let hook = Hook { deployment: payload.deployment_id, execution: payload.lifecycle_event_hook_execution_id };
        Ok(Self { hook, since, hop })
    }

    /// When the first invocation of its chain was called; None in the first.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    fn next(&self, since: Timestamp) -> Value {
        json!({
            "DeploymentId": self.hook.deployment,
            "LifecycleEventHookExecutionId": self.hook.execution,
            "tidegate": {"since": since, "hop": self.hop + 1},
        })
    }
}

/// What a look at the deployment comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The hook is answered.
    Answer {
        /// Whether the deployment may go on.
        succeeded: bool,
    },
    /// Another look is needed, after so long.
    Again(Duration),
}

/// What became of an invocation for a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The hook was answered.
    Answered {
        /// Whether the deployment may go on.
        succeeded: bool,
        /// Whether it was the first answer.
        answered: Answered,
    },
    /// The lifecycle event was in progress no more: nobody waits for an answer.
    Over,
    /// A further invocation goes on.
    HandedOn {
        /// Which.
        hop: u32,
    },
    /// The answer was not taken.
    NotAnswered {
        /// What it was to be.
        succeeded: bool,
        /// Why it was not taken.
        error: PortError,
    },
}

/// What a hook waits with.
pub trait Ports: CodeDeploy + Functions + Clock {}
impl<T: CodeDeploy + Functions + Clock> Ports for T {}

/// The waiting of one hook in one invocation.
pub struct Wait<'a, P> {
    /// The world.
    pub ports: &'a P,
    /// The call.
    pub hook: &'a CodeDeployHook,
    /// The invocation.
    pub invocation: &'a Invocation,
    /// The function's own name, under which it is invoked again.
    pub function: &'a str,
    /// What a hook is answered whose deployment can't even be read: that it may go on only where nothing is switched on.
    pub unread_succeeds: bool,
}

impl<P: Ports> Wait<'_, P> {
    /// Looks at the deployment until there is an answer. Before each look, and before each answer, the lifecycle event is
    /// read again: the first answer wins, and where somebody else gave it the chain ends.
    ///
    /// `look` is given the target as just read, the moment, and whether it is the last: then it has to answer.
    pub async fn hold(&self, mut look: impl AsyncFnMut(&Target, Timestamp, bool) -> Look) -> Ended {
        let began = self.ports.now().await;
        let since = self.hook.since.unwrap_or(began);
        let mut event: Option<String> = None;
        loop {
            let now = self.ports.now().await;
            let last = now >= since + LONGEST;
            let looked = match self.target().await {
                Ok(target) => match target.as_ref().and_then(|target| Some((target, called_at(target)?))) {
                    // Another event in progress is another hook's.
                    Some((target, current)) if event.as_ref().is_none_or(|event| *event == current.name) => {
                        event = Some(current.name.clone());
                        look(target, now, last).await
                    }
                    None if event.is_none() && now < since + TELLS_WITHIN => Look::Again(ASK_AGAIN),
                    _ => return Ended::Over,
                },
                Err(error) if last => {
                    tracing::error!(%error, "the hook's time is over, and its deployment can't be read");
                    Look::Answer { succeeded: self.unread_succeeds }
                }
                Err(error) => {
                    tracing::warn!(%error, "the hook's deployment can't be read");
                    Look::Again(AGAIN)
                }
            };
            match looked {
                Look::Answer { succeeded } => return self.answer(succeeded, event.as_deref()).await,
                Look::Again(_) if last => return self.answer(self.unread_succeeds, event.as_deref()).await,
                Look::Again(wait) => {
                    if let Some(ended) = self.wait(wait, since).await {
                        return ended;
                    }
                }
            }
        }
    }

    /// Waits, or hands on where the invocation has no time left for it.
    async fn wait(&self, wait: Duration, since: Timestamp) -> Option<Ended> {
        let now = self.ports.now().await;
        let left = self.invocation.deadline.duration_since(now);
        let wait = wait.max(Duration::from_secs(1));
        if left - TO_HAND_ON > SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX) {
            self.ports.sleep(wait).await;
            return None;
        }
        let hop = self.hook.hop + 1;
        if hop > MOST_HOPS {
            tracing::error!(hop, "the chain of invocations is at its end");
            return Some(self.answer(self.unread_succeeds, None).await);
        }
        let payload = self.hook.next(since).to_string();
        let handed =
            Deadline::within(TO_ANSWER).bound("Invoke", self.ports.invoke_later(self.function, &payload)).await;
        match handed {
            Ok(()) => Some(Ended::HandedOn { hop }),
            Err(error) => {
                tracing::error!(%error, "the waiting could not be handed on");
                Some(self.answer(self.unread_succeeds, None).await)
            }
        }
    }

    /// Answers, where the lifecycle event still is the one that was asked about.
    async fn answer(&self, succeeded: bool, event: Option<&str>) -> Ended {
        // Where it can't be read the answer is given all the same: CodeDeploy takes the first one only.
        if let (Ok(target), Some(event)) = (self.target().await, event)
            && target.is_none_or(|target| target.in_progress().is_none_or(|current| current.name != event))
        {
            return Ended::Over;
        }
        answer(self.ports, &self.hook.hook, succeeded).await
    }

    async fn target(&self) -> Result<Option<Target>, PortError> {
        let read = self.ports.deployment_target(&self.hook.hook.deployment);
        Deadline::within(TO_ANSWER).bound("BatchGetDeploymentTargets", read).await
    }
}

/// The lifecycle event that a hook may be called at, and that is in progress. Where it is one that calls none, that of the
/// hook is over, or is not told of yet.
fn called_at(target: &Target) -> Option<&LifecycleEvent> {
    target.in_progress().filter(|event| !WITHOUT_HOOKS.contains(&event.name.as_str()))
}

/// Answers a hook, whatever came before.
pub async fn answer(ports: &impl CodeDeploy, hook: &Hook, succeeded: bool) -> Ended {
    let call = ports.answer_hook(hook, succeeded);
    match Deadline::within(TO_ANSWER).bound("PutLifecycleEventHookExecutionStatus", call).await {
        Ok(answered) => Ended::Answered { succeeded, answered },
        Err(error) => Ended::NotAnswered { succeeded, error },
    }
}
