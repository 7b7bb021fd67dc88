//! The doors of the gate: gather facts, judge, act, report.

use std::cell::Cell;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tidegate_aws::calls::Counted;
use tidegate_aws::clock::Clock;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::error::PortError;
use tidegate_aws::functions::Functions;
use tidegate_aws::loadbalancing::LoadBalancing;
use tidegate_aws::notifications::Notifications;
use tidegate_aws::pace::{Bucket, Pace};
use tidegate_aws::settings::SettingFaults;
use tidegate_aws::tagging::Tagging;
use tidegate_aws::telemetry::Output;
use tidegate_core::canary::enrolment::GATE;
use tidegate_core::canary::facts::Door;
use tidegate_core::canary::{Action, Judgement, Reason, edge};
use tidegate_core::mode::Mode;
use tidegate_core::prices::Prices;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::alarms::{self, Found};
use tidegate_lambda::batches::BatchAnswer;
use tidegate_lambda::deployments::{self, InProgress, Unread};
use tidegate_lambda::enrolled::{self, Enrolled, NotDescribed};
use tidegate_lambda::events::{AlarmChange, too_old};
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::hooks::{answers, gate};
use tidegate_lambda::messages;
use tidegate_lambda::outcome::run_usd;
use tidegate_lambda::settings::Records;
use tidegate_lambda::start::{Failure, Host, Invocation};
use tokio::time::Instant;

use crate::event::{Event, Request};
use crate::log;
use crate::look::{Judged, Look};
use crate::report::{self, Declined, Done, FUNCTION, Outcome, SCHEDULE, Summary};
use crate::settings::Settings;

/// Everything that the gate reaches the world through. Its IAM policy is the calls of these ports.
pub trait Ports:
    Tagging
    + Ecs
    + Deployments
    + CodeDeploy
    + LoadBalancing
    + CloudWatch
    + Functions
    + Notifications
    + Clock
    + Output
    + Counted
{
}
impl<P> Ports for P where
    P: Tagging
        + Ecs
        + Deployments
        + CodeDeploy
        + LoadBalancing
        + CloudWatch
        + Functions
        + Notifications
        + Clock
        + Output
        + Counted
{
}

/// Why an invocation failed as a whole. Hooks never do: they are answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The event is none that the gate knows.
    #[error("{0}")]
    EventNotUnderstood(String),
    /// Not even the list of services, or the alarm, could be read.
    #[error("nothing could be read: {0}")]
    NothingReadable(PortError),
    /// The environment can't be used.
    #[error("{0}")]
    SettingsUnusable(SettingFaults),
    /// A hook could not be answered.
    #[error("the hook could not be answered: {0}")]
    NotAnswered(PortError),
}

impl From<PortError> for RunError {
    fn from(error: PortError) -> Self {
        Self::NothingReadable(error)
    }
}

impl Failure for RunError {
    fn word(&self) -> &'static str {
        match self {
            Self::EventNotUnderstood(_) => "EventNotUnderstood",
            Self::NothingReadable(_) => "NothingReadable",
            Self::SettingsUnusable(faults) => faults.word(),
            Self::NotAnswered(_) => "NotAnswered",
        }
    }
}

/// What an invocation is answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// Of a run over deployments.
    Summary(Box<Summary>),
    /// Of a hook of ECS.
    Native(HookAnswer),
    /// Of a hook of CodeDeploy, which is answered through its API: what became of it.
    CodeDeploy {
        /// `answered`, `over` or `handed on`.
        hook: &'static str,
    },
    /// Of a batch of the on-failure queue.
    Batch(BatchAnswer),
}

/// The gate with its ports.
pub struct Gate<P> {
    pub(crate) ports: P,
    pub(crate) host: Host,
    pub(crate) settings: Result<Settings, SettingFaults>,
    prices: Prices,
    cold: Cell<bool>,
}

/// What a run is about.
struct Scope {
    summary: Summary,
    door: Door,
    mode: Mode,
    only: Box<dyn Fn(&Enrolled) -> bool>,
}

impl<P: Ports> Gate<P> {
    /// A gate. Settings that can't be used fail its runs, and are the reason that it gives to hooks.
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
        let read = Event::read(event);
        let reply = match read {
            Ok(Event::Native(hook)) => {
                Ok(Reply::Native(Box::pin(answers::answer_native(self, &hook, invocation)).await))
            }
            Ok(Event::CodeDeploy(hook)) => {
                let answered = Box::pin(answers::answer_code_deploy(self, &hook, invocation)).await;
                answered.map(|hook| Reply::CodeDeploy { hook }).map_err(RunError::NotAnswered)
            }
            // What has the shape of a hook and can't be read is answered, too: ECS is waiting.
            Err(why) if NativeHook::is(event) => Ok(Reply::Native(answers::answer_unread(self, why, invocation).await)),
            Ok(Event::Unanswered(events)) => {
                Ok(Reply::Batch(answers::answer_unanswered(self, &events, invocation).await))
            }
            Ok(event) => Box::pin(self.run(event, invocation)).await.map(Box::new).map(Reply::Summary),
            Err(why) => Err(RunError::EventNotUnderstood(why)),
        };
        if let Err(error) = &reply {
            // They are this run's, and not the next one's.
            let _calls = self.ports.take_calls();
            tidegate_lambda::log::failed(&self.ports, FUNCTION, error, self.ports.now().await, &invocation.request_id);
        }
        reply
    }

    /// A run over deployments in progress.
    async fn run(&self, event: Event, invocation: &Invocation) -> Result<Summary, RunError> {
        let settings = self.settings.as_ref().map_err(|faults| RunError::SettingsUnusable(faults.clone()))?;
        let started = Instant::now();
        let now = self.ports.now().await;
        let deadline = invocation.work(now);
        let mode = settings.common.mode;
        let all = |_: &Enrolled| true;
        let scope = match event {
            Event::Alarms(changes) => match self.of_alarms(changes, &deadline, now).await? {
                Ok(only) => Scope { summary: Summary::new("alarm", now), door: Door::Alarm, mode, only },
                Err(declined) => return Ok(self.declined(Summary::new("alarm", now), declined, started, invocation)),
            },
            Event::Person(request) => {
                let mode = request.mode.map_or(mode, |asked| asked.min(mode));
                let Request { cluster, service, .. } = request;
                let only = move |enrolled: &Enrolled| enrolled.is_asked_for(cluster.as_deref(), service.as_deref());
                let only = Box::new(only);
                Scope { summary: Summary::new("person", now), door: Door::Person, mode, only }
            }
            Event::Schedule { at } => {
                let summary = Summary::new(SCHEDULE, now);
                if let Some(why) = too_old(at, now) {
                    let declined = Declined { reason: Reason::EventTooOld, why };
                    return Ok(self.declined(summary, declined, started, invocation));
                }
                Scope { summary, door: Door::Schedule, mode, only: Box::new(all) }
            }
            // Answered above, each in its own way.
            Event::Native(_) | Event::CodeDeploy(_) | Event::Unanswered(_) => {
                return Err(RunError::EventNotUnderstood("a hook is no run".to_owned()));
            }
        };
        let (summary, outcomes, metrics) = self.over(settings, scope, &deadline, now).await?;
        let summary = self.ended(summary.of(&outcomes), metrics, started);
        self.publish(settings, &outcomes).await;
        let run = (invocation.request_id.as_str(), self.cold.replace(false));
        log::ended(&self.ports, &summary, outcomes, settings.common.records, run);
        Ok(summary)
    }

    /// Judges every deployment in progress in scope, and stops those that have to be.
    ///
    /// With nothing in progress, `n` enrolled services are `n / 100` calls to the tagging index, `n / 10` to describe them,
    /// and one to CodeDeploy where any of them is deployed by it.
    async fn over(
        &self,
        settings: &Settings,
        scope: Scope,
        deadline: &Deadline,
        now: Timestamp,
    ) -> Result<(Summary, Vec<Outcome>, u32), RunError> {
        let Scope { mut summary, door, mode, only } = scope;
        let concurrency = settings.common.concurrency;
        let mut listing = enrolled::list(&self.ports, deadline, &settings.common.clusters, GATE).await?;
        listing.services.retain(|enrolled| only(enrolled));
        summary.seen = listing.services.len();
        summary.incomplete = listing.incomplete.map(|error| error.to_string());
        enrolled::order(&mut listing.services, now);
        let pace = Pace::new(Bucket::ECS_SERVICE_READ.half());
        let described = enrolled::describe(&self.ports, deadline, &pace, concurrency, listing.services).await;
        let mut outcomes = Vec::new();
        let mut services: Vec<Service> = Vec::new();
        for (enrolled, service) in described {
            match service {
                Ok(service) if service.tags.get(GATE).is_none_or(|mode| mode == Mode::Off.as_str()) => {}
                Ok(service) => services.push(service),
                // The index lists what is gone for a while.
                Err(NotDescribed::Gone) => {}
                Err(NotDescribed::NotReached(why)) => {
                    outcomes.push(unjudged(Some(enrolled.id()), mode, Reason::NotReached, why));
                }
                Err(NotDescribed::Unreadable(why)) => {
                    outcomes.push(unjudged(Some(enrolled.id()), mode, Reason::ServiceUnreadable, why));
                }
            }
        }
        let (found, unread) = deployments::in_progress(&self.ports, deadline, concurrency, &services).await;
        let unread = unread
            .into_iter()
            .map(|Unread { service, error }| unjudged(service, mode, Reason::DeploymentUnreadable, error.to_string()));
        outcomes.extend(unread);
        summary.in_progress = found.len();
        if found.is_empty() && outcomes.is_empty() {
            summary.declined = Some(nothing(summary.seen, door));
        }
        let details = Tags::default();
        let name = &self.host.name;
        let look = Look { settings, door, mode, details: &details, waiting_since: None, function: name, deadline, now };
        let looks = stream::iter(&found).map(|deployment| look.at(&self.ports, deployment));
        let looked: Vec<(Judged, u32)> = looks.buffered(concurrency).collect().await;
        let metrics = looked.iter().map(|(_, asked)| asked).sum();
        // One after the other: there are seldom two, and each write is a deployment.
        for ((judged, _), deployment) in looked.into_iter().zip(&found) {
            outcomes.push(self.act(judged, deployment, deadline, now).await);
        }
        Ok((summary, outcomes, metrics))
    }

    async fn act(&self, judged: Judged, deployment: &InProgress, deadline: &Deadline, now: Timestamp) -> Outcome {
        let known = judged.facts.as_ref().zip(judged.policy.as_ref());
        let edge = known.is_some_and(|(facts, policy)| edge::is_news(facts, policy, &judged.judgement, now));
        let (verdict, reason) = (judged.judgement.verdict, judged.judgement.reason);
        // Of what goes on, the use of a broken glass is to be heard of.
        let loud = verdict == Verdict::Fail || verdict == Verdict::Error || reason == Reason::BreakGlass;
        if verdict != Verdict::Fail {
            return Outcome { news: loud && edge, ..Outcome::of(judged) };
        }
        let action = Some(Action::StopDeployment);
        if judged.mode != Mode::On {
            return Outcome { action, news: edge, ..Outcome::of(judged) };
        }
        let done = match deployments::stop(&self.ports, deadline, deployment, GATE).await {
            Ok(()) => Done::Acted,
            Err(not_stopped) => Done::NotMade(gate::not_stopped::<Judgement>(not_stopped)),
        };
        let news = match &done {
            Done::NotMade(not_stopped) => edge && not_stopped.reason != Reason::ChangedMeanwhile,
            Done::Acted | Done::Nothing => true,
        };
        Outcome { judged, action, done, news }
    }

    async fn of_alarms(
        &self,
        mut changes: Vec<AlarmChange>,
        deadline: &Deadline,
        now: Timestamp,
    ) -> Result<Result<Box<dyn Fn(&Enrolled) -> bool>, Declined>, RunError> {
        let old = changes.iter().find_map(|change| too_old(change.at, now));
        changes.retain(|change| too_old(change.at, now).is_none());
        if let Some(why) = old.filter(|_| changes.is_empty()) {
            return Ok(Err(Declined { reason: Reason::EventTooOld, why }));
        }
        Ok(match alarms::concerned(&self.ports, deadline, &changes).await? {
            // Every deployment in progress is looked at: whether the alarm is one of its own, only it can tell.
            Found::InAlarm(_) => Ok(Box::new(|_: &Enrolled| true)),
            Found::NotInAlarm(why) => Err(Declined { reason: Reason::AlarmNotInAlarm, why }),
        })
    }

    /// Tells people what is news.
    async fn publish(&self, settings: &Settings, outcomes: &[Outcome]) {
        if let Some((subject, body)) = report::news(outcomes) {
            messages::tell(&self.ports, &settings.common, &subject, body).await;
        }
    }

    fn declined(&self, summary: Summary, declined: Declined, started: Instant, invocation: &Invocation) -> Summary {
        let summary = self.ended(Summary { declined: Some(declined), ..summary }, 0, started);
        let run = (invocation.request_id.as_str(), self.cold.replace(false));
        log::ended(&self.ports, &summary, Vec::new(), Records::Changes, run);
        summary
    }

    /// What a run took: calls, time and dollars.
    fn ended(&self, summary: Summary, metrics: u32, started: Instant) -> Summary {
        let took = started.elapsed();
        let run_usd = run_usd(&self.prices, &self.host, took, metrics);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Summary { calls: self.ports.take_calls(), run_usd, duration_ms, ..summary }
    }
}

/// Why a run finds no deployment.
fn nothing(seen: usize, door: Door) -> Declined {
    let (reason, why) = match (seen, door) {
        (0, _) => (Reason::NotEnrolled, "no service that is looked at carries the tag tidegate:gate with shadow or on"),
        (_, Door::Alarm) => (Reason::AlarmConcernsNobody, "no deployment of an enrolled service is in progress"),
        _ => (Reason::NothingInProgress, "no deployment of an enrolled service is in progress"),
    };
    Declined { reason, why: why.to_owned() }
}

fn unjudged(service: Option<String>, mode: Mode, reason: Reason, why: String) -> Outcome {
    Outcome::of(Judged::plain(service, mode, Verdict::Error, reason, why))
}
