//! The doors of the function: gather facts, judge, answer, report.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tidegate_aws::calls::Counted;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::PortError;
use tidegate_aws::functions::Functions;
use tidegate_aws::notifications::Notifications;
use tidegate_aws::settings::SettingFaults;
use tidegate_aws::telemetry::Output;
use tidegate_core::hook::HookRecord;
use tidegate_core::prices::Prices;
use tidegate_lambda::batches::BatchAnswer;
use tidegate_lambda::hooks::answers;
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::outcome::run_usd;
use tidegate_lambda::report::Run;
use tidegate_lambda::start::{Failure, Host, Invocation};

use crate::event::{Event, Queue};
use crate::gather;
use crate::report::FUNCTION;
use crate::settings::Settings;

/// Everything that the function reaches the world through. Its IAM policy is the calls of these ports.
pub trait Ports: gather::Ports + Ecs + Functions + Notifications + Output + Counted {}
impl<P: gather::Ports + Ecs + Functions + Notifications + Output + Counted> Ports for P {}

/// Why an invocation failed as a whole. Hooks never do: they are answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The event is none that the function knows.
    #[error("{0}")]
    EventNotUnderstood(String),
    /// The environment can't be used.
    #[error("{0}")]
    SettingsUnusable(SettingFaults),
    /// A hook could not be answered.
    #[error("the hook could not be answered: {0}")]
    NotAnswered(PortError),
}

impl Failure for RunError {
    fn word(&self) -> &'static str {
        match self {
            Self::EventNotUnderstood(_) => "EventNotUnderstood",
            Self::SettingsUnusable(faults) => faults.word(),
            Self::NotAnswered(_) => "NotAnswered",
        }
    }
}

/// What an invocation is answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// Of a hook of ECS.
    Native(HookAnswer),
    /// Of a hook of CodeDeploy, which is answered through its API: what became of it.
    CodeDeploy {
        /// `answered`, `over` or `handed on`.
        hook: &'static str,
    },
    /// Of a batch of a queue.
    Batch(BatchAnswer),
    /// Of a dry run.
    DryRun(Box<HookRecord>),
}

/// The function with its ports.
pub struct Gate<P> {
    pub(crate) ports: P,
    pub(crate) host: Host,
    pub(crate) settings: Result<Settings, SettingFaults>,
    prices: Prices,
    cold: Cell<bool>,
}

impl<P: Ports> Gate<P> {
    /// The function. Settings that can't be used fail its runs, and are the reason that it gives to hooks.
    pub fn new(ports: P, settings: Result<Settings, SettingFaults>, host: Host) -> Self {
        // Its own price only, which is the same in almost every region.
        let prices = Prices::new("us-east-1", Vec::new());
        Self { ports, host, settings, prices, cold: Cell::new(true) }
    }

    /// Answers one invocation.
    ///
    /// # Errors
    /// [`RunError`] where nothing could be judged at all; the event then goes to the on-failure queue.
    pub async fn handle(&self, event: &Value, invocation: &Invocation) -> Result<Reply, RunError> {
        let reply = match Event::read(event) {
            Ok(Event::Native(hook)) => {
                Ok(Reply::Native(Box::pin(answers::answer_native(self, &hook, invocation)).await))
            }
            Ok(Event::CodeDeploy(hook)) => {
                let answered = Box::pin(answers::answer_code_deploy(self, &hook, invocation)).await;
                answered.map(|hook| Reply::CodeDeploy { hook }).map_err(RunError::NotAnswered)
            }
            Ok(Event::Queue(queue)) => Box::pin(self.queue(queue, invocation)).await.map(Reply::Batch),
            Ok(Event::Person(request)) => {
                Box::pin(self.dry_run(&request, invocation)).await.map(|record| Reply::DryRun(Box::new(record)))
            }
            // What has the shape of a hook and can't be read is answered, too: ECS is waiting.
            Err(why) if NativeHook::is(event) => Ok(Reply::Native(answers::answer_unread(self, why, invocation).await)),
            Err(why) => Err(RunError::EventNotUnderstood(why)),
        };
        if let Err(error) = &reply {
            // They are this run's, and not the next one's.
            let _calls = self.ports.take_calls();
            tidegate_lambda::log::failed(&self.ports, FUNCTION, error, self.ports.now().await, &invocation.request_id);
        }
        reply
    }

    /// A batch of either queue: the hooks that nobody answered first.
    async fn queue(&self, queue: Queue, invocation: &Invocation) -> Result<BatchAnswer, RunError> {
        let Queue { unanswered, told, not_understood } = queue;
        let mut left = BatchAnswer::default();
        if !unanswered.is_empty() {
            left = answers::answer_unanswered(self, &unanswered, invocation).await;
        }
        if told.is_empty() && not_understood.is_empty() {
            return Ok(left);
        }
        match &self.settings {
            Ok(settings) => {
                let open = self.incidents(settings, told, not_understood, invocation).await;
                left.batch_item_failures.extend(BatchAnswer::of(open).batch_item_failures);
                Ok(left)
            }
            Err(faults) => Err(RunError::SettingsUnusable(faults.clone())),
        }
    }

    /// The line of an invocation that was no hook's: its calls, its price, and what it counted.
    pub(crate) fn run_line(&self, at: Timestamp, took: Duration, metrics: u32, own: &[(&'static str, f64)]) {
        let calls = self.ports.take_calls();
        let run_usd = run_usd(&self.prices, &self.host, took, metrics);
        let cold = self.cold.replace(false);
        let run = Run { function: FUNCTION, at, scheduled: false, cold, calls: &calls, run_usd };
        if let Some(line) = run.line(own) {
            self.ports.line(&line);
        }
    }
}
