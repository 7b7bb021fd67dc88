//! The functions that a deployment calls at its stages.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{HookAnswer, ServiceDeployment};
use crate::world::Account;
use crate::world::hooks::{Caller, HookCall};

/// A hook, as a service is configured with it.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecycleHook {
    /// ARN or name of the function.
    pub function: String,
    /// The stages that it is called at.
    pub stages: Vec<String>,
    /// What the function is handed; null for nothing.
    pub details: Value,
    /// Minutes after which it has failed.
    pub timeout_minutes: u32,
}

impl LifecycleHook {
    /// A hook with a day's time.
    #[must_use]
    pub fn new(function: &str, stages: &[&str]) -> Self {
        Self {
            function: function.to_owned(),
            stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
            details: Value::Null,
            timeout_minutes: 1440,
        }
    }

    /// What the function is handed.
    #[must_use]
    pub fn details(self, details: Value) -> Self {
        Self { details, ..self }
    }

    /// Minutes after which it has failed.
    #[must_use]
    pub fn timeout(self, minutes: u32) -> Self {
        Self { timeout_minutes: minutes, ..self }
    }
}

/// One passage of a deployment through a hook: a call, and those after it while the answer is `IN_PROGRESS`.
#[derive(Clone, Debug, PartialEq)]
pub struct HookExecution {
    /// The id that the function is told.
    pub id: String,
    /// ARN or name of the function.
    pub function: String,
    /// The stage that it is called at.
    pub stage: &'static str,
    /// `IN_PROGRESS`, `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: &'static str,
    /// When it times out.
    pub expires: Timestamp,
    details: Value,
    /// None while an answer is awaited.
    next_call: Option<Timestamp>,
    /// Why it failed, until the deployment has acted on it.
    pub(super) failure: Option<String>,
}

/// When the answer does not say.
const CALL_BACK_DELAY_S: i64 = 30;

impl ServiceDeployment {
    /// Opens an execution of every hook of a stage.
    pub(super) fn open_hooks_at(&mut self, stage: &'static str, account: &mut Account) {
        let configured = self.configured.iter().filter(|hook| hook.stages.iter().any(|own| own == stage));
        for hook in configured.cloned().collect::<Vec<_>>() {
            let number = account.next_number();
            self.hooks.push(HookExecution {
                id: format!("{number:08x}-7bb0-4c56-a223-a3f61f4f9295"),
                function: hook.function,
                stage,
                status: "IN_PROGRESS",
                expires: account.now + SignedDuration::from_mins(i64::from(hook.timeout_minutes)),
                details: hook.details,
                next_call: Some(account.now),
                failure: None,
            });
        }
    }

    /// Makes the calls that are due, and ends what is late.
    pub(super) fn call_hooks(&mut self, account: &mut Account) {
        let now = account.now;
        for index in 0..self.hooks.len() {
            let hook = &self.hooks[index];
            if hook.status != "IN_PROGRESS" {
                continue;
            }
            if hook.expires <= now {
                self.hooks[index].failure = Some(format!("The hook {} timed out.", hook.function));
                self.hooks[index].status = "TIMED_OUT";
            } else if hook.next_call.is_some_and(|at| at <= now) {
                let payload = self.payload(hook, account.native.flat_events);
                let (function, execution) = (hook.function.clone(), hook.id.clone());
                let call = HookCall { at: now, caller: Caller::Ecs, function, execution, payload };
                account.hooks_due.push_back(call);
                self.hooks[index].next_call = None;
            }
        }
    }

    /// The event of a hook, with the weights of its stage.
    fn payload(&self, hook: &HookExecution, flat: bool) -> Value {
        let weights = |target: f64| {
            let number = |percent: f64| {
                #[expect(clippy::cast_possible_truncation, reason = "a whole number of percent")]
                let whole = percent as i64;
                if percent.fract() == 0.0 { json!(whole) } else { json!(percent) }
            };
            let mut weights = Map::from_iter([(self.target.clone(), number(target))]);
            weights.extend(self.sources.iter().map(|source| (source.clone(), number(100.0 - target))));
            Value::Object(weights)
        };
        let (test, production) = match hook.stage {
            "TEST_TRAFFIC_SHIFT" => (weights(100.0), json!({})),
            "PRE_PRODUCTION_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT" => (json!({}), weights(self.target_percent)),
            _ => (json!({}), json!({})),
        };
        let service = super::steps::arn("service", &self.service);
        let details = json!({
            "serviceArn": service, "targetServiceRevisionArn": self.target,
            "testTrafficWeights": test, "productionTrafficWeights": production,
        });
        if flat {
            return details;
        }
        let mut payload = json!({
            "executionId": hook.id, "lifecycleStage": hook.stage, "resourceArn": self.arn,
            "executionDetails": details,
        });
        if !hook.details.is_null() {
            payload["hookDetails"] = hook.details.clone();
        }
        payload
    }

    /// Takes a function's answer. False where nobody waits for it any more.
    pub(super) fn answer_hook(&mut self, execution: &str, answer: &HookAnswer, now: Timestamp) -> bool {
        let open = self.hooks.iter_mut().find(|hook| hook.id == execution && hook.status == "IN_PROGRESS");
        let Some(hook) = open else { return false };
        match answer.as_ref().map(|answer| (answer["hookStatus"].as_str(), answer)) {
            Ok((Some("SUCCEEDED"), _)) => hook.status = "SUCCEEDED",
            Ok((Some("IN_PROGRESS"), answer)) => {
                let delay = answer["callBackDelay"].as_i64().unwrap_or(CALL_BACK_DELAY_S);
                hook.next_call = Some(now + SignedDuration::from_secs(delay));
                if let Value::Object(more) = &answer["hookDetails"] {
                    let mut merged = hook.details.as_object().cloned().unwrap_or_default();
                    merged.extend(more.clone());
                    hook.details = Value::Object(merged);
                }
            }
            Ok((Some("FAILED"), _)) => hook.fail(format!("The hook {} answered FAILED.", hook.function)),
            Ok(_) => {
                let why = "HookStatus must not be null";
                hook.fail(format!("ECS was unable to parse the response from {} due to: {why}", hook.function));
            }
            Err(error) => hook.fail(format!("The function {} failed: {error}", hook.function)),
        }
        true
    }
}

impl HookExecution {
    fn fail(&mut self, why: String) {
        self.status = "FAILED";
        self.failure = Some(why);
    }
}
