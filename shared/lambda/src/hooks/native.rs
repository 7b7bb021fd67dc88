//! ECS's own lifecycle hooks: the call, which comes again and again, and the answer.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tidegate_core::tags::Tags;

use crate::events::read;

/// Where an answer keeps since when it has been waiting, and for which step.
const WAITING: &str = "tidegate:waiting";

/// ECS calls again after so many seconds where an answer says nothing else.
const DEFAULT_DELAY_S: u32 = 30;

/// Less often than this nothing new is published.
const SHORTEST_DELAY_S: u32 = 5;

/// One call of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeHook {
    /// Such as `PRE_PRODUCTION_TRAFFIC_SHIFT`; empty in the shape of 2025, which does not say it.
    pub stage: String,
    /// ARN of the service deployment; None in the shape of 2025.
    pub deployment: Option<String>,
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub service: String,
    /// What the service's configuration, and our earlier answers, gave along.
    details: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(default)]
    lifecycle_stage: Option<String>,
    #[serde(default)]
    resource_arn: Option<String>,
    #[serde(default)]
    execution_details: Option<Details>,
    /// The shape of 2025 has the details at the top.
    #[serde(default)]
    service_arn: Option<String>,
    #[serde(default)]
    hook_details: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    service_arn: Option<String>,
}

impl NativeHook {
    /// Whether an event is one; tells it from all others before anything else of it is read.
    #[must_use]
    pub fn is(event: &Value) -> bool {
        event.get("executionDetails").is_some()
            || event.get("lifecycleStage").is_some()
            || event.get("targetServiceRevisionArn").is_some()
    }

    /// Reads a call.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        let payload: Payload = read("a lifecycle hook's event", event)?;
        let nested = payload.execution_details.and_then(|details| details.service_arn);
        let arn = nested.or(payload.service_arn).ok_or("a lifecycle hook's event without a serviceArn")?;
        let (_, path) = arn.split_once(":service/").ok_or_else(|| format!("{arn:?} is no ARN of a service"))?;
        let (cluster, service) =
            path.split_once('/').ok_or_else(|| format!("{arn:?} has the old format, without the cluster"))?;
        let details = match payload.hook_details {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(details)) => details,
            Some(other) => return Err(format!("hookDetails is {other}: must be an object")),
        };
        Ok(Self {
            stage: payload.lifecycle_stage.unwrap_or_default(),
            deployment: payload.resource_arn.filter(|arn| arn.contains(":service-deployment/")),
            cluster: cluster.to_owned(),
            service: service.to_owned(),
            details,
        })
    }

    /// `cluster/service`, as records name it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.service)
    }

    /// What the hook's configuration asks for, in the names of the tags.
    #[must_use]
    pub fn policy(&self) -> Tags {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let ours = self.details.iter().filter(|(key, _)| *key != WAITING);
        Tags::new(ours.map(|(key, value)| (key, word(value))))
    }

    /// Since when has been waited, and for which step. None where that is not known.
    #[must_use]
    pub fn waiting(&self) -> Option<(Timestamp, &str)> {
        let (since, step) = self.details.get(WAITING)?.as_str()?.split_once(' ')?;
        Some((since.parse().ok()?, step))
    }

    /// Since when this `step` has been waited for. None where that is not known, or was for another step.
    #[must_use]
    pub fn waiting_since(&self, step: &str) -> Option<Timestamp> {
        self.waiting().filter(|(_, of)| *of == step).map(|(since, _)| since)
    }

    /// It may go on.
    #[must_use]
    pub fn succeeded() -> HookAnswer {
        HookAnswer { hook_status: "SUCCEEDED", call_back_delay: None, hook_details: None }
    }

    /// It is rolled back.
    #[must_use]
    pub fn failed() -> HookAnswer {
        HookAnswer { hook_status: "FAILED", call_back_delay: None, hook_details: None }
    }

    /// ECS is to call again. What was waited for, and since when, comes back with that call.
    #[must_use]
    pub fn in_progress(&self, step: &str, since: Timestamp, delay_s: Option<u32>) -> HookAnswer {
        let mut details = self.details.clone();
        details.insert(WAITING.to_owned(), Value::String(format!("{since} {step}")));
        HookAnswer {
            hook_status: "IN_PROGRESS",
            call_back_delay: Some(delay_s.unwrap_or(DEFAULT_DELAY_S).max(SHORTEST_DELAY_S)),
            hook_details: Some(details),
        }
    }
}

/// What a hook is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookAnswer {
    /// `SUCCEEDED`, `FAILED` or `IN_PROGRESS`.
    pub hook_status: &'static str,
    /// Seconds until ECS calls again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_back_delay: Option<u32>,
    /// What comes back with that call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_details: Option<Map<String, Value>>,
}
