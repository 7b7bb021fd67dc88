//! Incidents: what a batch of events tells of services that run, collapsed to one judgement and at most one message for
//! each.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::Service;
use tidegate_aws::error::PortError;
use tidegate_aws::pace::{Bucket, Pace};
use tidegate_core::diagnosis::Task;
use tidegate_core::diagnosis::incident::{Action, Facts, Incident, IncidentRecord, Level, Policy, Reason, judge};
use tidegate_core::hook::enrolment::HOOK;
use tidegate_core::hook::facts::{Event, Target};
use tidegate_core::mode::Mode;
use tidegate_core::record;
use tidegate_core::scaling::facts::Controller;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments;
use tidegate_lambda::enrolled::{self, Enrolled, NotDescribed};
use tidegate_lambda::log;
use tidegate_lambda::messages;
use tidegate_lambda::report::decisions;
use tidegate_lambda::settings::Records;
use tidegate_lambda::start::Invocation;
use tokio::time::Instant;

use crate::event::Wake;
use crate::handler::{Gate, Ports};
use crate::report::FUNCTION;
use crate::settings::Settings;
use crate::tell;

/// Tasks that are listed of a service beside those that it should run: those that stopped in the last hour.
const ALSO: u32 = 100;

/// What a batch tells of one service.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    stops: Vec<Task>,
    events: Vec<Event>,
    /// Ids of the messages that tell it.
    askers: BTreeSet<String>,
}

/// What it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// `cluster/service`.
    pub service: String,
    /// The effective mode.
    pub mode: Mode,
    /// The judgement.
    pub incident: Incident,
    /// What it rests on; None where it could not be gathered.
    pub facts: Option<Facts>,
}

/// What a run over events came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The function.
    pub function: &'static str,
    /// Messages.
    pub events: usize,
    /// Services that were judged.
    pub services: usize,
    /// Messages about which nothing was to be decided.
    pub declined: usize,
    /// Incidents, by level.
    pub incidents: BTreeMap<&'static str, usize>,
    /// Messages that stay in the queue.
    pub left: usize,
}

impl<P: Ports> Gate<P> {
    /// Judges what the events of a batch tell, and gives the ids of the messages that have to be looked at again.
    pub(crate) async fn incidents(
        &self,
        settings: &Settings,
        told: Vec<(String, Wake)>,
        not_understood: Vec<(String, String)>,
        invocation: &Invocation,
    ) -> BTreeSet<String> {
        let started = Instant::now();
        let now = self.ports.now().await;
        let deadline = invocation.work(now);
        let mut summary =
            Summary { function: FUNCTION, events: told.len() + not_understood.len(), ..Summary::default() };
        let mut open = BTreeSet::new();
        for (id, why) in not_understood {
            tracing::error!(message_id = id, why, "an event is not understood");
            open.insert(id);
        }
        let told = collapsed(told, &mut summary.declined);
        let mut outcomes = Vec::new();
        for (told, outcome) in self.over(settings, told, &deadline, now).await {
            match outcome {
                None => summary.declined += told.askers.len(),
                Some(outcome) => {
                    if outcome.incident.reason == Reason::Unreadable {
                        open.extend(told.askers.iter().cloned());
                    }
                    outcomes.push((told.askers, outcome));
                }
            }
        }
        let news: Vec<&Outcome> =
            outcomes.iter().map(|(_, outcome)| outcome).filter(|outcome| is_news(outcome)).collect();
        if let Some((subject, body)) = tell::incidents(&news)
            && let Err(error) = messages::publish(&self.ports, &settings.common, &subject, body).await
        {
            // Nobody has heard of it, so it is looked at, and told, again.
            tracing::warn!(%error, "a message could not be published");
            let untold = outcomes.iter().filter(|(_, outcome)| is_news(outcome)).flat_map(|(askers, _)| askers.clone());
            open.extend(untold);
        }
        summary.services = outcomes.len();
        summary.left = open.len();
        for level in Level::ALL {
            let count = outcomes.iter().filter(|(_, outcome)| outcome.incident.level == level).count();
            summary.incidents.insert(level.as_str(), count);
        }
        let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        self.print(settings, outcomes, &summary, now, invocation);
        let counted = |level: Level| summary.incidents.get(level.as_str()).copied().unwrap_or(0);
        self.run_line(
            now,
            started.elapsed(),
            0,
            &[
                ("IncidentsP1", count(counted(Level::P1))),
                ("IncidentsP2", count(counted(Level::P2))),
                ("IncidentsP3", count(counted(Level::P3))),
            ],
        );
        open
    }

    fn print(
        &self,
        settings: &Settings,
        outcomes: Vec<Outcome>,
        summary: &Summary,
        now: Timestamp,
        invocation: &Invocation,
    ) {
        let decided =
            outcomes.iter().map(|outcome| (outcome.mode, outcome.incident.verdict, outcome.incident.reason.code()));
        let metrics = decisions(FUNCTION, now, decided);
        let all = settings.common.records == Records::All;
        let in_full = |outcome: &Outcome| all || outcome.incident.verdict != Verdict::Pass;
        log::decided(&self.ports, metrics, outcomes, in_full, |outcome| record(outcome, now, &invocation.request_id));
        log::ended(&self.ports, summary, now, &invocation.request_id, None);
    }

    /// Describes every service that is told of, ten a call, and judges those that are enrolled; None for the others.
    async fn over(
        &self,
        settings: &Settings,
        told: BTreeMap<(String, String), Told>,
        deadline: &Deadline,
        now: Timestamp,
    ) -> Vec<(Told, Option<Outcome>)> {
        let concurrency = settings.common.concurrency;
        let pace = Pace::new(Bucket::ECS_SERVICE_READ.half());
        let (looked_at, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            told.into_iter().partition(|((cluster, _), _)| settings.common.clusters.include(cluster));
        let mut came: Vec<(Told, Option<Outcome>)> = others.into_values().map(|told| (told, None)).collect();
        let named = |(cluster, name): &(String, String)| Enrolled {
            cluster: cluster.clone(),
            name: name.clone(),
            tags: Tags::default(),
        };
        let services = looked_at.keys().map(named).collect();
        let described = enrolled::describe(&self.ports, deadline, &pace, concurrency, services).await;
        let looks = stream::iter(described.into_iter().zip(looked_at.into_values()));
        let looks = looks.map(|((enrolled, service), told)| async move {
            let plain = |mode, verdict, reason, why: &str| {
                Some(Outcome {
                    service: enrolled.id(),
                    mode,
                    incident: Incident::plain(verdict, reason, why),
                    facts: None,
                })
            };
            let mode = settings.common.mode;
            let outcome = match service {
                Ok(service) => self.incident(settings, &service, &told, deadline, now).await,
                Err(NotDescribed::Gone) => plain(mode, Verdict::Pass, Reason::NoService, "the service is gone"),
                Err(NotDescribed::NotReached(why) | NotDescribed::Unreadable(why)) => {
                    plain(mode, Verdict::Error, Reason::Unreadable, &why)
                }
            };
            (told, outcome)
        });
        came.extend(looks.buffered(concurrency).collect::<Vec<_>>().await);
        came
    }

    /// Judges what is told of a service; None where it is not enrolled.
    async fn incident(
        &self,
        settings: &Settings,
        service: &Service,
        told: &Told,
        deadline: &Deadline,
        now: Timestamp,
    ) -> Option<Outcome> {
        // A word that is none of the three may have been meant to be any of them.
        let mode = service.tags.mode(HOOK).unwrap_or(Mode::Shadow).min(settings.common.mode);
        if mode == Mode::Off {
            return None;
        }
        let id = format!("{}/{}", service.cluster, service.name);
        let facts = match self.incident_facts(service, told, deadline).await {
            Ok(facts) => facts,
            Err(error) => {
                let incident = Incident::plain(Verdict::Error, Reason::Unreadable, error.to_string());
                return Some(Outcome { service: id, mode, incident, facts: None });
            }
        };
        let incident = judge(&facts, &Policy::default(), now);
        Some(Outcome { service: id, mode, incident, facts: Some(facts) })
    }

    async fn incident_facts(&self, service: &Service, told: &Told, deadline: &Deadline) -> Result<Facts, PortError> {
        let most = usize::try_from(service.desired.saturating_add(ALSO)).unwrap_or(usize::MAX);
        let listed = self.ports.tasks_of_service(&service.cluster, &service.name, most);
        let tasks = deadline.bound("DescribeTasks", listed).await?;
        let running = tasks.iter().filter(|task| task.last_status == "RUNNING").count();
        let targets = self.production_targets(service, deadline).await?;
        let event = |(at, message): &(Timestamp, String)| Event { at: *at, message: message.clone() };
        Ok(Facts {
            desired: service.desired,
            running: service.running,
            pending: service.pending,
            deploying: deployments::is_being_deployed(service),
            tasks_left_out: u32::try_from(running).is_ok_and(|running| running < service.running),
            tasks,
            targets,
            messages: service.messages.iter().map(event).collect(),
            stops: told.stops.clone(),
            events: told.events.clone(),
        })
    }

    /// The targets with the production traffic. Empty where no load balancer is before the service, or it can't be told
    /// which of a pair has that.
    async fn production_targets(&self, service: &Service, deadline: &Deadline) -> Result<Vec<Target>, PortError> {
        let names: Vec<String> = match (service.controller, service.target_groups.as_slice()) {
            (Controller::CodeDeploy, _) => {
                let primary = service.task_sets.iter().filter(|set| set.status == "PRIMARY");
                primary.flat_map(|set| &set.target_groups).map(|arn| crate::deployment::short(arn).to_owned()).collect()
            }
            (_, [one]) => one.split('/').nth(1).map(str::to_owned).into_iter().collect(),
            _ => Vec::new(),
        };
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let groups = deadline.bound("DescribeTargetGroups", self.ports.target_groups_by_name(&names)).await?;
        let mut targets = Vec::new();
        for group in groups {
            let healths = deadline.bound("DescribeTargetHealth", self.ports.target_health(&group.arn)).await?;
            let of = healths.into_iter().map(|own| Target { target: own.target, state: own.state, why: own.why });
            targets.extend(of);
        }
        Ok(targets)
    }
}

/// What a batch tells, by cluster and service: hundreds of events about one service are one judgement.
fn collapsed(told: Vec<(String, Wake)>, declined: &mut usize) -> BTreeMap<(String, String), Told> {
    let mut services: BTreeMap<(String, String), Told> = BTreeMap::new();
    for (id, wake) in told {
        let (key, stop, event) = match wake {
            Wake::Stopped { cluster, service, task } => ((cluster, service), Some(*task), None),
            Wake::Action { cluster, service, at, message } => ((cluster, service), None, Some(Event { at, message })),
            Wake::Nothing(why) => {
                tracing::debug!(why, "an event is declined");
                *declined += 1;
                continue;
            }
        };
        let told = services.entry(key).or_default();
        told.stops.extend(stop);
        told.events.extend(event);
        told.askers.insert(id);
    }
    services
}

/// Whether people should hear of it.
fn is_news(outcome: &Outcome) -> bool {
    outcome.incident.verdict == Verdict::Fail && outcome.incident.is_news
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn count(number: usize) -> f64 {
    number as f64
}

/// The record of one judgement.
fn record(outcome: Outcome, at: Timestamp, request_id: &str) -> IncidentRecord {
    let level = match outcome.incident.verdict {
        Verdict::Fail | Verdict::Error => record::Level::Warn,
        Verdict::Pass | Verdict::Inconclusive => record::Level::Info,
    };
    let news = is_news(&outcome);
    let Outcome { service, mode, incident, facts } = outcome;
    IncidentRecord {
        level,
        timestamp: at,
        function: FUNCTION.to_owned(),
        service: Some(service),
        mode,
        policy: facts.is_some().then(Policy::default),
        decision: incident,
        facts,
        action: news.then_some(Action::Tell),
        acted: news,
        not_acted: None,
        at,
        request_id: request_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
