//! The doors of the scaler: gather facts, decide, act, report.

use std::cell::Cell;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tidegate_aws::autoscaling::Autoscaling;
use tidegate_aws::calls::Counted;
use tidegate_aws::clock::Clock;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::PortError;
use tidegate_aws::notifications::Notifications;
use tidegate_aws::queues::Queues;
use tidegate_aws::tagging::Tagging;
use tidegate_aws::telemetry::Output;
use tidegate_core::mode::Mode;
use tidegate_core::prices::Prices;
use tidegate_core::scaling::cadence::Turn;
use tidegate_core::scaling::enrolment::SCALE;
use tidegate_core::scaling::facts::Trigger;
use tidegate_core::scaling::{Action, Reason, Verdict, edge};
use tidegate_lambda::alarms::{self, Found};
use tidegate_lambda::batches::BatchAnswer;
use tidegate_lambda::enrolled::{self, Enrolled, Listing};
use tidegate_lambda::events::too_old;
use tidegate_lambda::messages;
use tidegate_lambda::outcome::run_usd;
use tidegate_lambda::start::{Failure, Host, Invocation};
use tokio::time::Instant;

use crate::act::{self, Change};
use crate::digest;
use crate::event::{Event, Request, Run as WhichRun};
use crate::fan_out;
use crate::judge::{self, Judged, Run};
use crate::log;
use crate::paces::Paces;
use crate::pricing::Pricing;
use crate::report::{self, Declined, Done, FUNCTION, Outcome, SCHEDULE, Summary};
use crate::settings::Settings;

/// Everything that the scaler reaches the world through. Its IAM policy is the calls of these ports.
pub trait Ports: Tagging + Ecs + CloudWatch + Autoscaling + Queues + Notifications + Clock + Output + Counted {}
impl<T: Tagging + Ecs + CloudWatch + Autoscaling + Queues + Notifications + Clock + Output + Counted> Ports for T {}

/// What an invocation is answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// What a run came to.
    Summary(Box<Summary>),
    /// Which parts of a run stay in the queue, to be tried again.
    Parts(BatchAnswer),
}

/// Why an invocation failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The event is none that the scaler knows.
    #[error("{0}")]
    EventNotUnderstood(String),
    /// Not even the list of services, or the alarm, could be read.
    #[error("nothing could be read: {0}")]
    NothingReadable(PortError),
    /// The digest, which there is to be told and nothing else.
    #[error("the digest could not be published: {0}")]
    NotPublished(PortError),
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
            Self::NotPublished(_) => "NotPublished",
        }
    }
}

/// The scaler with its ports.
pub struct Scaler<P> {
    pub(crate) ports: P,
    pub(crate) settings: Settings,
    pricing: Pricing,
    host: Host,
    cold: Cell<bool>,
}

/// What a run is about.
pub(crate) struct Scope {
    pub(crate) trigger: Trigger,
    pub(crate) mode: Mode,
    pub(crate) only: Box<dyn Fn(&Enrolled) -> bool>,
    /// Nothing is left out.
    pub(crate) everything: bool,
    /// Prices for every service, and not only for those that change.
    pub(crate) price_all: bool,
    /// The turn that the services have.
    pub(crate) turn: Turn,
    /// How fast the run may ask.
    pub(crate) paces: Paces,
}

/// What a run found and did.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// The answer to the invocation.
    pub summary: Summary,
    /// Every service that was looked at.
    pub outcomes: Vec<Outcome>,
}

impl<P: Ports> Scaler<P> {
    /// A scaler in a region.
    pub fn new(ports: P, settings: Settings, region: &str, host: Host) -> Self {
        let pricing = Pricing::new(Prices::new(region, settings.prices.clone()));
        Self { ports, settings, pricing, host, cold: Cell::new(true) }
    }

    /// Answers one invocation.
    ///
    /// # Errors
    /// [`RunError`] where nothing could be decided at all; the event then goes to the on-failure queue.
    pub async fn handle(&self, event: &Value, invocation: &Invocation) -> Result<Reply, RunError> {
        let started = Instant::now();
        let now = self.ports.now().await;
        let deadline = invocation.work(now);
        let ran = match Event::read(event) {
            Ok(Event::Parts(messages)) => return Ok(Reply::Parts(self.parts(messages, &deadline, invocation).await)),
            Ok(event) => self.open(event, now, &deadline, started).await,
            Err(why) => Err(RunError::EventNotUnderstood(why)),
        };
        self.print(ran, now, invocation).map(|summary| Reply::Summary(Box::new(summary)))
    }

    /// Prints what a run came to.
    pub(crate) fn print(
        &self,
        ran: Result<Ran, RunError>,
        now: Timestamp,
        invocation: &Invocation,
    ) -> Result<Summary, RunError> {
        match ran {
            Ok(Ran { summary, outcomes }) => {
                let run = log::Run { request_id: &invocation.request_id, cold: self.cold.replace(false) };
                log::ended(&self.ports, run, &summary, outcomes, self.settings.common.records);
                Ok(summary)
            }
            Err(error) => {
                // They are this run's, and not the next one's.
                let _calls = self.ports.take_calls();
                tidegate_lambda::log::failed(&self.ports, FUNCTION, &error, now, &invocation.request_id);
                Err(error)
            }
        }
    }

    /// What the scaler would do now, priced for every service; nothing is changed.
    ///
    /// # Errors
    /// [`RunError`] where nothing could be read.
    pub async fn plan(&self, request: Request, deadline: &Deadline) -> Result<Ran, RunError> {
        let now = self.ports.now().await;
        let scope = Scope { mode: Mode::Shadow, price_all: true, ..self.scope_of(request, now) };
        self.scale(blank("person", now), scope, deadline, Instant::now()).await
    }

    async fn open(&self, event: Event, now: Timestamp, deadline: &Deadline, started: Instant) -> Result<Ran, RunError> {
        match event {
            Event::Schedule { at } => {
                let summary = blank(SCHEDULE, now);
                if let Some(why) = too_old(at, now) {
                    return Ok(declined(summary, Reason::EventTooOld, why));
                }
                let turn = Turn::each_minute(at);
                let scope = Scope { trigger: Trigger::Schedule, turn, ..self.scope_of(Request::default(), now) };
                self.scheduled(summary, scope, deadline, started).await
            }
            Event::Alarms(mut changes) => {
                let summary = blank("alarm", now);
                let old = changes.iter().find_map(|change| too_old(change.at, now));
                changes.retain(|change| too_old(change.at, now).is_none());
                if let Some(why) = old.filter(|_| changes.is_empty()) {
                    return Ok(declined(summary, Reason::EventTooOld, why));
                }
                match alarms::concerned(&self.ports, deadline, &changes).await? {
                    Found::InAlarm(concerned) => {
                        let incomplete = concerned.incomplete.as_ref().map(ToString::to_string);
                        let only = move |service: &Enrolled| {
                            concerned.includes(&service.cluster, &service.name, &service.tags)
                        };
                        let rest = self.scope_of(Request::default(), now);
                        let scope = Scope { trigger: Trigger::Alarm, only: Box::new(only), everything: false, ..rest };
                        self.scale(Summary { incomplete, ..summary }, scope, deadline, started).await
                    }
                    Found::NotInAlarm(why) => {
                        let summary = Summary { calls: self.ports.take_calls(), ..summary };
                        Ok(declined(summary, Reason::AlarmNotInAlarm, why))
                    }
                }
            }
            Event::Person(request) if request.run == Some(WhichRun::Digest) => {
                self.digest(blank("digest", now), self.scope_of(request, now), deadline, started).await
            }
            Event::Person(request) => {
                self.scale(blank("person", now), self.scope_of(request, now), deadline, started).await
            }
            Event::Parts(_) => Err(RunError::EventNotUnderstood("a batch within a batch".to_owned())),
        }
    }

    pub(crate) fn scope_of(&self, request: Request, now: Timestamp) -> Scope {
        let mode = request.mode.map_or(self.settings.common.mode, |mode| mode.min(self.settings.common.mode));
        let Request { cluster, service, .. } = request;
        let everything = cluster.is_none() && service.is_none();
        let only = move |enrolled: &Enrolled| enrolled.is_asked_for(cluster.as_deref(), service.as_deref());
        let (only, turn, paces) = (Box::new(only), Turn::each_minute(now), Paces::alone());
        Scope { trigger: Trigger::Person, mode, only, everything, price_all: false, turn, paces }
    }

    async fn scale(
        &self,
        mut summary: Summary,
        scope: Scope,
        deadline: &Deadline,
        started: Instant,
    ) -> Result<Ran, RunError> {
        let listing = self.list(&mut summary, &scope, deadline).await?;
        Ok(self.scale_listed(summary, scope, listing, deadline, started).await)
    }

    /// A run of the schedule: over everything, or over what it can't hand on where that is more than it reaches.
    async fn scheduled(
        &self,
        mut summary: Summary,
        scope: Scope,
        deadline: &Deadline,
        started: Instant,
    ) -> Result<Ran, RunError> {
        let listing = self.list(&mut summary, &scope, deadline).await?;
        let plan = (scope.mode > Mode::Off).then(|| fan_out::plan(&listing.services, scope.turn.at, &self.settings));
        Ok(match plan.flatten() {
            Some(plan) => self.hand_on(summary, scope, listing, &plan, deadline, started).await,
            None => self.scale_listed(summary, scope, listing, deadline, started).await,
        })
    }

    /// Decides for the services of a list, acts and reports.
    pub(crate) async fn scale_listed(
        &self,
        summary: Summary,
        scope: Scope,
        listing: Listing,
        deadline: &Deadline,
        started: Instant,
    ) -> Ran {
        let run = self.run(&scope, deadline, summary.at);
        let (judged, metrics) = self.look(&run, listing).await;
        let outcomes = self.act(judged, &run, &scope).await;
        self.publish_news(&outcomes, run.now).await;
        Ran { summary: self.ended(summary, metrics, started).of(&outcomes), outcomes }
    }

    async fn digest(
        &self,
        mut summary: Summary,
        scope: Scope,
        deadline: &Deadline,
        started: Instant,
    ) -> Result<Ran, RunError> {
        let scope = Scope { mode: Mode::Shadow.min(scope.mode), ..scope };
        let listing = self.list(&mut summary, &scope, deadline).await?;
        let run = self.run(&scope, deadline, summary.at);
        let (judged, metrics) = self.look(&run, listing).await;
        let unknown = |judged: &&Judged| judged.service.is_none() && judged.decision.verdict == Verdict::Error;
        let tell = |judged: &Judged| format!("{} ({})", judged.id, judged.decision.why);
        let unknown: Vec<String> = judged.iter().filter(unknown).map(tell).collect();
        let in_shadow = |judged: &Judged| judge::is_in_shadow(judged, self.settings.common.mode);
        let in_shadow: Vec<Judged> = judged.into_iter().filter(in_shadow).collect();
        let concurrency = self.settings.common.concurrency;
        let services = in_shadow.iter().filter_map(|judged| judged.service.as_ref());
        self.pricing.read(&self.ports, deadline, &scope.paces.sizes, concurrency, services).await;
        let price = |judged: &Judged| self.pricing.task_hour_usd(judged.service.as_ref()?);
        let (days, replayed) = digest::days(&self.ports, deadline, concurrency, &in_shadow, price, run.now).await;
        if let Some((subject, body)) = digest::text(&days, &unknown) {
            let published = messages::publish(&self.ports, &self.settings.common, &subject, body).await;
            published.map_err(RunError::NotPublished)?;
        }
        Ok(Ran { summary: self.ended(summary, metrics + replayed, started), outcomes: Vec::new() })
    }

    fn run<'a>(&'a self, scope: &'a Scope, deadline: &'a Deadline, now: Timestamp) -> Run<'a> {
        let smallest_task_usd = self.pricing.prices.smallest_task_month_usd();
        let Scope { trigger, mode, turn, .. } = *scope;
        let (settings, reads) = (&self.settings, &scope.paces.reads);
        Run { settings, trigger, mode, smallest_task_usd, deadline, reads, now, turn }
    }

    /// The services in scope, in the order in which they are read.
    async fn list(&self, summary: &mut Summary, scope: &Scope, deadline: &Deadline) -> Result<Listing, RunError> {
        let mut listing = enrolled::list(&self.ports, deadline, &self.settings.common.clusters, SCALE).await?;
        listing.services.retain(|enrolled| (scope.only)(enrolled));
        listing.without_cluster.retain(|_| scope.everything);
        summary.seen = listing.services.len() + listing.without_cluster.len();
        if let Some(error) = &listing.incomplete {
            tracing::warn!(%error, "the list of services is not complete");
            summary.incomplete = Some(error.to_string());
        }
        if summary.seen == 0 {
            summary.declined = Some(nobody(scope.trigger));
        }
        enrolled::order(&mut listing.services, summary.at);
        Ok(listing)
    }

    /// Decides for every service of a list. The number beside them is that of the metrics that were asked for.
    async fn look(&self, run: &Run<'_>, listing: Listing) -> (Vec<Judged>, u32) {
        let (mut judged, metrics) = judge::judge(&self.ports, *run, listing.services).await;
        judged.extend(listing.without_cluster.into_iter().map(|arn| judge::without_cluster(arn, run.mode)));
        (judged, metrics)
    }

    /// Writes the changes that the mode allows, and then prices every change: a price is only told.
    async fn act(&self, judged: Vec<Judged>, run: &Run<'_>, scope: &Scope) -> Vec<Outcome> {
        let concurrency = self.settings.common.concurrency;
        let Paces { writes, sizes, .. } = &scope.paces;
        let allowed =
            judged.iter().enumerate().filter(|(_, judged)| judged.mode == Mode::On && judged.decision.verdict.moves());
        let (indices, changes): (Vec<usize>, Vec<Change<'_>>) = allowed
            .filter_map(|(index, judged)| {
                let (service, decision) = (judged.service.as_ref()?, &judged.decision);
                Some((index, Change { service, verdict: decision.verdict, desired: decision.desired }))
            })
            .unzip();
        let made = act::make(&self.ports, run.deadline, run.reads, writes, concurrency, &changes).await;

        let priced = judged.iter().filter(|judged| scope.price_all || judged.decision.verdict.moves());
        let services = priced.filter_map(|judged| judged.service.as_ref());
        self.pricing.read(&self.ports, run.deadline, sizes, concurrency, services).await;
        let mut outcomes: Vec<Outcome> = judged.into_iter().map(|judged| self.priced(judged)).collect();
        for (index, made) in indices.into_iter().zip(made) {
            outcomes[index].done = made.map_or_else(Done::NotMade, |()| Done::Acted);
        }
        outcomes
    }

    pub(crate) fn priced(&self, judged: Judged) -> Outcome {
        let month = |tasks| Some(self.pricing.month_usd(judged.service.as_ref()?, tasks)?.in_cents());
        let from = judged.service.as_ref().map_or(0, |service| service.desired);
        let to = judged.decision.desired;
        let action = Action { from, to, month_usd_before: month(from), month_usd_after: month(to) };
        let action = judged.decision.verdict.moves().then_some(action);
        Outcome { action, month_usd: month(from), judged, done: Done::Nothing }
    }

    /// Tells people what is news.
    async fn publish_news(&self, outcomes: &[Outcome], now: Timestamp) {
        // A count that was written is always news: had the run before written it, it would stand already.
        let is_news = |outcome: &&Outcome| {
            let Judged { facts, policy, decision, interval_minutes, .. } = &outcome.judged;
            let failed = outcome.counted().0 == Verdict::Error;
            let known = facts.as_ref().zip(policy.as_ref()).filter(|_| failed);
            let is_edge = |(facts, policy)| edge::is_news(facts, policy, decision, now, *interval_minutes);
            outcome.done == Done::Acted || known.is_some_and(is_edge)
        };
        let news: Vec<&Outcome> = outcomes.iter().filter(is_news).collect();
        if let Some((subject, body)) = report::news(&news) {
            messages::tell(&self.ports, &self.settings.common, &subject, body).await;
        }
    }

    /// What a run took: calls, time and dollars.
    fn ended(&self, summary: Summary, metrics: u32, started: Instant) -> Summary {
        let took = started.elapsed();
        let run_usd = run_usd(&self.pricing.prices, &self.host, took, metrics);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Summary { calls: self.ports.take_calls(), run_usd, duration_ms, ..summary }
    }
}

pub(crate) fn blank(trigger: &'static str, at: Timestamp) -> Summary {
    Summary { function: FUNCTION, trigger, at, ..Summary::default() }
}

pub(crate) fn declined(summary: Summary, reason: Reason, why: String) -> Ran {
    Ran { summary: Summary { declined: Some(Declined { reason, why }), ..summary }, outcomes: Vec::new() }
}

/// Why a run finds no service.
fn nobody(trigger: Trigger) -> Declined {
    let (reason, why) = match trigger {
        Trigger::Schedule => (
            Reason::NotEnrolled,
            "no service in the clusters of TIDEGATE_CLUSTERS carries the tag tidegate:scale with shadow or on",
        ),
        Trigger::Person => {
            (Reason::NotEnrolled, "no service that is asked for carries the tag tidegate:scale with shadow or on")
        }
        Trigger::Alarm => (
            Reason::AlarmConcernsNobody,
            "no enrolled service is named by its dimensions or names it in tidegate:alarms",
        ),
    };
    Declined { reason, why: why.to_owned() }
}
