//! What can wake the function, read tolerantly: fields that are not needed may be missing, null or new.
//!
//! Two queues wake it: the on-failure queue with what no invocation answered, and the one with EventBridge's events. They
//! are told apart by the shape of each message.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tidegate_core::diagnosis::Task;
use tidegate_core::mode::Mode;
use tidegate_lambda::batches::{self, Message};
use tidegate_lambda::events;
use tidegate_lambda::hooks::codedeploy::CodeDeployHook;
use tidegate_lambda::hooks::failures::{self, Unanswered};
use tidegate_lambda::hooks::native::NativeHook;

/// An event that is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A hook of an ECS deployment.
    Native(NativeHook),
    /// A hook of a CodeDeploy deployment.
    CodeDeploy(CodeDeployHook),
    /// A batch of a queue.
    Queue(Queue),
    /// Somebody's direct invocation: a dry run.
    Person(Request),
}

/// What a batch of a queue holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    /// Events that no invocation answered.
    pub unanswered: Vec<Unanswered>,
    /// Events of EventBridge's, by the ids of their messages.
    pub told: Vec<(String, Wake)>,
    /// Messages that can't be understood, with why.
    pub not_understood: Vec<(String, String)>,
}

/// What a person may ask for: what a stage of a service's deployment would be judged, without an answer to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `cluster/name`.
    pub service: String,
    /// The platform's word for the stage, such as `BeforeInstall` or `PRE_SCALE_UP`.
    pub stage: String,
    /// At most this far.
    #[serde(default, deserialize_with = "events::mode")]
    pub mode: Option<Mode>,
}

/// What an event of EventBridge's tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A task of a service stopped.
    Stopped {
        /// Cluster name.
        cluster: String,
        /// Service name.
        service: String,
        /// The task.
        task: Box<Task>,
    },
    /// ECS says of a service that something is wrong.
    Action {
        /// Cluster name.
        cluster: String,
        /// Service name.
        service: String,
        /// When.
        at: Timestamp,
        /// The event's name, with its reason behind it where it has one.
        message: String,
    },
    /// Nothing to look at, and why.
    Nothing(String),
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        if CodeDeployHook::is(event) {
            return CodeDeployHook::read(event).map(Self::CodeDeploy);
        }
        if NativeHook::is(event) {
            return NativeHook::read(event).map(Self::Native);
        }
        if let Some(messages) = batches::messages(event)? {
            return Ok(Self::Queue(Queue::read(messages)));
        }
        events::read("a request", event).map(Self::Person)
    }
}

impl Request {
    /// Cluster and name.
    ///
    /// # Errors
    /// The rule, where it names no service.
    pub fn service(&self) -> Result<(&str, &str), String> {
        let named = self.service.split_once('/').filter(|(cluster, name)| !cluster.is_empty() && !name.is_empty());
        named
            .filter(|(_, name)| !name.contains('/'))
            .ok_or_else(|| format!("service is {:?}: must be cluster/name", self.service))
    }
}

impl Queue {
    fn read(messages: Vec<Message>) -> Self {
        let mut queue = Self::default();
        for message in messages {
            let id = message.message_id.clone();
            match serde_json::from_str::<Value>(&message.body) {
                Ok(body) if failures::is_of_lambda(&body) => queue.unanswered.push(Unanswered::read(message)),
                Ok(body) => match Wake::read(&body) {
                    Ok(wake) => queue.told.push((id, wake)),
                    Err(why) => queue.not_understood.push((id, why)),
                },
                Err(error) => queue.not_understood.push((id, format!("not JSON: {error}"))),
            }
        }
        queue
    }
}

impl Wake {
    /// Reads an event of EventBridge's.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        let detail_type = event.get("detail-type").and_then(Value::as_str);
        match detail_type.ok_or("not an EventBridge event: it has no detail-type")? {
            "ECS Task State Change" => stopped(&event["detail"]),
            "ECS Service Action" => action(event),
            other => Ok(Self::Nothing(format!("{other} is nothing that a deployment's gate looks at"))),
        }
    }
}

fn stopped(detail: &Value) -> Result<Wake, String> {
    let task: Task = events::read("a task's state change", detail)?;
    if task.task_arn.is_empty() || task.cluster().is_empty() {
        return Err("a task's state change without the task's ARN, or its cluster's".to_owned());
    }
    if !task.has_stopped() {
        return Ok(Wake::Nothing(format!("{} has not stopped: it is {}", task.id(), task.last_status)));
    }
    let cluster = task.cluster().to_owned();
    match task.service().filter(|service| !service.is_empty()).map(str::to_owned) {
        Some(service) => Ok(Wake::Stopped { cluster, service, task: Box::new(task) }),
        None => Ok(Wake::Nothing(format!("{} is of no service", task.id()))),
    }
}

fn action(event: &Value) -> Result<Wake, String> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let detail = &event["detail"];
    let name = text(&detail["eventName"]).ok_or("a service's action without eventName")?;
    if detail["eventType"] == "INFO" {
        return Ok(Wake::Nothing(format!("{name} tells of nothing wrong")));
    }
    let arn = text(&event["resources"][0]).ok_or("a service's action without the service's ARN")?;
    let named = arn.split_once(":service/").and_then(|(_, path)| path.rsplit_once('/'));
    let clustered = || text(&detail["clusterArn"])?.rsplit('/').next().map(str::to_owned);
    let (cluster, service) = if let Some((cluster, service)) = named {
        (cluster.to_owned(), service.to_owned())
    } else {
        // The old format of the ARN lacks the cluster.
        let service = arn.rsplit(":service/").next().unwrap_or_default().to_owned();
        (clustered().ok_or_else(|| format!("a service's action of {arn:?}, which names no cluster"))?, service)
    };
    if cluster.is_empty() || service.is_empty() {
        return Err(format!("{arn:?} is no ARN of a service"));
    }
    let at = text(&detail["createdAt"]).or_else(|| text(&event["time"]));
    let at = at.and_then(|at| at.parse().ok()).ok_or("a service's action without a time")?;
    let message = text(&detail["reason"]).map_or_else(|| name.clone(), |reason| format!("{name} {reason}"));
    Ok(Wake::Action { cluster, service, at, message })
}
