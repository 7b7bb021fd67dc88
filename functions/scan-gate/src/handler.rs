//! The doors of the gate: what woke it, and what it is answered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;
use tidegate_aws::calls::Counted;
use tidegate_aws::clock::Clock;
use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::images::Images;
use tidegate_aws::inspector::Inspector;
use tidegate_aws::notifications::Notifications;
use tidegate_aws::parameters::Parameters;
use tidegate_aws::tagging::Tagging;
use tidegate_aws::tasks::Tasks;
use tidegate_aws::telemetry::Output;
use tidegate_core::mode::Mode;
use tidegate_core::prices::Prices;
use tidegate_core::scan::image_name::ImageName;
use tidegate_lambda::batches::BatchAnswer;
use tidegate_lambda::messages;
use tidegate_lambda::outcome::run_usd;
use tidegate_lambda::start::{Failure, Host, Invocation};
use tokio::time::Instant;

use crate::event::{Event, Request, Wake};
use crate::in_use::Definitions;
use crate::log;
use crate::report::{self, FUNCTION, SCHEDULE, Summary};
use crate::run::{Came, Run, Told};
use crate::settings::Settings;
use crate::work::Work;

/// Everything that the gate reaches the world through. Its IAM policy is the calls of these ports.
pub trait Ports:
    Tagging
    + Ecs
    + Tasks
    + Deployments
    + CodeDeploy
    + Images
    + Inspector
    + Parameters
    + Notifications
    + Clock
    + Output
    + Counted
{
}
impl<P> Ports for P where
    P: Tagging
        + Ecs
        + Tasks
        + Deployments
        + CodeDeploy
        + Images
        + Inspector
        + Parameters
        + Notifications
        + Clock
        + Output
        + Counted
{
}

/// What is news since the last hour, where events wake the gate; the daily run tells what is news since the last one.
const SINCE_EVENTS: SignedDuration = SignedDuration::from_hours(1);
const SINCE_THE_LAST_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Why an invocation failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The event is none that the gate knows.
    #[error("{0}")]
    EventNotUnderstood(String),
}

impl Failure for RunError {
    fn word(&self) -> &'static str {
        match self {
            Self::EventNotUnderstood(_) => "EventNotUnderstood",
        }
    }
}

/// What an invocation is answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// Of a run that nobody's queue waits for.
    Summary(Box<Summary>),
    /// Of a batch: the messages that stay in the queue, to be looked at again.
    Batch(BatchAnswer),
}

/// The gate with its ports.
pub struct Gate<P> {
    ports: P,
    host: Host,
    settings: Settings,
    prices: Prices,
    cold: Cell<bool>,
    /// What this process has told already. Another one may tell it again: nothing but that depends on it.
    told: RefCell<Told>,
    /// Task definitions that this process has read.
    definitions: Definitions,
}

impl<P: Ports> Gate<P> {
    /// A gate.
    pub fn new(ports: P, settings: Settings, host: Host) -> Self {
        // Its own price only, which is the same in almost every region.
        let prices = Prices::new("us-east-1", Vec::new());
        Self {
            ports,
            host,
            settings,
            prices,
            cold: Cell::new(true),
            told: RefCell::default(),
            definitions: Definitions::default(),
        }
    }

    /// Answers one invocation.
    ///
    /// # Errors
    /// [`RunError`] where the event is none that the gate knows.
    pub async fn handle(&self, event: &Value, invocation: &Invocation) -> Result<Reply, RunError> {
        let reply = match Event::read(event) {
            Ok(event) => self.answer(event, invocation).await,
            Err(why) => Err(RunError::EventNotUnderstood(why)),
        };
        if let Err(error) = &reply {
            let now = self.ports.now().await;
            tidegate_lambda::log::failed(&self.ports, FUNCTION, error, now, &invocation.request_id);
        }
        reply
    }

    async fn answer(&self, event: Event, invocation: &Invocation) -> Result<Reply, RunError> {
        let mode = self.settings.common.mode;
        let (work, trigger, mode) = match event {
            Event::Batch(messages) => {
                let (_, left) = self.run(Work::of(&messages), "events", mode, invocation).await;
                return Ok(Reply::Batch(BatchAnswer::of(left)));
            }
            Event::Schedule { .. } => (Work::daily(), SCHEDULE, mode),
            Event::One(wake) => (Work::one(wake), "event", mode),
            Event::Person(Request { image, mode: asked }) => {
                let work = match image {
                    None => Work::daily(),
                    Some(image) => {
                        let name = ImageName::read(&image).map_err(RunError::EventNotUnderstood)?;
                        Work::one(Wake::Image(name))
                    }
                };
                (work, "person", asked.map_or(mode, |asked| asked.min(mode)))
            }
        };
        let (summary, _) = self.run(work, trigger, mode, invocation).await;
        Ok(Reply::Summary(Box::new(summary)))
    }

    /// One run, printed and published; with the ids of the messages that have to be looked at again.
    async fn run(
        &self,
        work: Work,
        trigger: &'static str,
        mode: Mode,
        invocation: &Invocation,
    ) -> (Summary, BTreeSet<String>) {
        let started = Instant::now();
        let now = self.ports.now().await;
        let deadline = invocation.work(now);
        let since = now - if work.daily { SINCE_THE_LAST_DAY } else { SINCE_EVENTS };
        let events = work.events;
        let run = Run::new(&self.ports, &self.settings, &deadline, (now, mode), &self.definitions);
        let askers: BTreeSet<String> = work.askers().cloned().collect();
        let Came { mut outcomes, mut open, declined, incomplete } = run.over(work).await;
        for outcome in &mut outcomes {
            outcome.news = run.is_news(outcome, since, &self.told);
        }
        let summary = Summary { events, declined, incomplete, ..Summary::new(trigger, now) }.of(&outcomes);
        let took = started.elapsed();
        let summary = Summary {
            calls: self.ports.take_calls(),
            run_usd: run_usd(&self.prices, &self.host, took, 0),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            ..summary
        };
        if let Some((subject, body)) = report::news(&outcomes, now)
            && let Err(error) = messages::publish(&self.ports, &self.settings.common, &subject, body).await
        {
            // Nobody has heard of it, so it is looked at, and told, again.
            tracing::warn!(%error, "a message could not be published");
            self.told.borrow_mut().clear();
            open.extend(askers);
        }
        let printed = (invocation.request_id.as_str(), self.cold.replace(false));
        log::ended(&self.ports, &summary, outcomes, self.settings.common.records, printed);
        (summary, open)
    }
}
