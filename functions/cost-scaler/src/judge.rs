//! From a list of enrolled services to a decision for each: describe, read the tags, ask who owns the count, read the
//! metrics, decide. Whatever ends a service's way early ends it with a reason.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tidegate_aws::autoscaling::Autoscaling;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::pace::Pace;
use tidegate_core::mode::Mode;
use tidegate_core::scaling::cadence::{self, Allowance, Turn};
use tidegate_core::scaling::enrolment::{self, Enrolment};
use tidegate_core::scaling::facts::{Facts, Reading, Trigger};
use tidegate_core::scaling::proposal::Bounds;
use tidegate_core::scaling::queries::{Questions, Subject};
use tidegate_core::scaling::{CPU, Decision, Policy, Reason, decide, guards, history, proposal};
use tidegate_lambda::enrolled::{self, Enrolled, NotDescribed};

use crate::gather;
use crate::settings::Settings;

/// A service with its decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// `cluster/service`.
    pub id: String,
    /// The effective mode.
    pub mode: Mode,
    /// What was decided.
    pub decision: Decision,
    /// What it rests on, as far as it was gathered.
    pub facts: Option<Facts>,
    /// What it was judged by, as far as it could be read.
    pub policy: Option<Policy>,
    /// The service as it was described.
    pub service: Option<Service>,
    /// Every how many minutes it is read.
    pub interval_minutes: u32,
}

/// How a run looks at services.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// Who woke it.
    pub trigger: Trigger,
    /// As far as it may go.
    pub mode: Mode,
    /// What a task of the smallest size costs, in dollars a month.
    pub smallest_task_usd: f64,
    /// When it has to be done.
    pub deadline: &'a Deadline,
    /// Reads of services.
    pub reads: &'a Pace,
    /// When it began.
    pub now: Timestamp,
    /// The turn that its services have, where a schedule woke it.
    pub turn: Turn,
}

/// A service on its way to a decision.
struct Candidate {
    id: String,
    mode: Mode,
    enrolment: Enrolment,
    questions: Questions,
    facts: Facts,
    service: Service,
    interval_minutes: u32,
}

/// Services that are not described by this share of the time are left for the next run, and metrics that are not read by
/// that one are left out: the rest of the time is for those that were.
const DESCRIBE_BY: f64 = 0.5;
const READ_BY: f64 = 0.75;

/// Every service with its decision, and how many metrics were asked for.
pub async fn judge(
    ports: &(impl Ecs + Autoscaling + CloudWatch),
    run: Run<'_>,
    services: Vec<Enrolled>,
) -> (Vec<Judged>, u32) {
    let mut judged = Vec::new();
    let mut candidates = Vec::new();
    let concurrency = run.settings.common.concurrency;
    let describe_by = run.deadline.share(DESCRIBE_BY);
    for (enrolled, described) in enrolled::describe(ports, &describe_by, run.reads, concurrency, services).await {
        match described {
            Ok(service) => match run.enrol(&enrolled, service) {
                Ok(Some(candidate)) => candidates.push(candidate),
                Ok(None) => {}
                Err(ended) => judged.push(*ended),
            },
            Err(why) => judged.push(run.not_described(&enrolled, &why)),
        }
    }
    let read_by = run.deadline.share(READ_BY);
    let run = Run { deadline: &read_by, ..run };
    run.ask_owners(ports, &mut candidates, &mut judged).await;
    let metrics = run.read_metrics(ports, &mut candidates, &mut judged).await;
    let mut decided: Vec<Judged> = candidates
        .into_iter()
        .map(|candidate| {
            let decision = decide(&candidate.facts, &candidate.enrolment.policy, run.now);
            candidate.end(decision)
        })
        .collect();
    let proposals = run.propose_bounds(ports, &mut decided).await;
    judged.append(&mut decided);
    (judged, metrics + proposals)
}

impl Run<'_> {
    /// Reads the tags, which decide here and not in the index. None for a service that is switched off after all.
    fn enrol(&self, enrolled: &Enrolled, service: Service) -> Result<Option<Candidate>, Box<Judged>> {
        let id = enrolled.id();
        if service.tags.mode(enrolment::SCALE) == Ok(Mode::Off) {
            return Ok(None);
        }
        let mut enrolment = enrolment::read(&service.tags, &self.settings.defaults).map_err(|faults| {
            let why: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let decision = Decision::error(service.desired, Reason::PolicyError, why.join("; "));
            Box::new(Judged { service: Some(service.clone()), ..ended(id.clone(), self.mode, decision) })
        })?;
        let mode = self.mode.min(enrolment.policy.mode);
        if mode == Mode::Off {
            return Ok(None);
        }
        enrolment.policy.mode = mode;
        let subject = subject(&service);
        let questions = Questions::new(&subject, &enrolment.policy, &enrolment.sources);
        let allowance = Allowance { percent: self.settings.query_percent, smallest_task_usd: self.smallest_task_usd };
        let tasks = service.running.max(service.desired).max(1);
        let interval_minutes =
            self.turn.interval_minutes(cadence::interval_minutes(tasks, questions.metrics(), allowance));
        let facts = facts(&service, self.trigger);
        let candidate = Candidate { id, mode, enrolment, questions, facts, service, interval_minutes };
        if let Some(decision) = guards::leave_alone(&candidate.facts, &candidate.enrolment.policy) {
            return Err(Box::new(candidate.end(decision)));
        }
        if self.trigger == Trigger::Schedule && !self.turn.looks_at(&candidate.id, interval_minutes) {
            let why = format!("it is read every {interval_minutes} minutes, and this is not one of them");
            let decision = Decision::stay(candidate.facts.desired, Reason::NotDue, why);
            return Err(Box::new(candidate.end(decision)));
        }
        Ok(Some(candidate))
    }

    fn not_described(&self, enrolled: &Enrolled, why: &NotDescribed) -> Judged {
        let decision = match why {
            NotDescribed::Gone => Decision::stay(0, Reason::NotActive, "the service does not exist any more"),
            NotDescribed::NotReached(why) => Decision::error(0, Reason::NotReached, why),
            NotDescribed::Unreadable(why) => Decision::error(0, Reason::ServiceUnreadable, why),
        };
        ended(enrolled.id(), self.mode, decision)
    }

    async fn ask_owners(&self, ports: &impl Autoscaling, candidates: &mut Vec<Candidate>, judged: &mut Vec<Judged>) {
        let ids: Vec<String> = candidates.iter().map(|candidate| gather::resource_id(&candidate.service)).collect();
        let mut owners = gather::scalable_targets(ports, self.deadline, self.settings.common.concurrency, &ids).await;
        let mut known = Vec::with_capacity(candidates.len());
        for (mut candidate, id) in candidates.drain(..).zip(&ids) {
            match owners.remove(id) {
                Some(Ok(owner)) => {
                    candidate.facts.scalable_target = owner;
                    match guards::leave_alone(&candidate.facts, &candidate.enrolment.policy) {
                        Some(decision) => judged.push(candidate.end(decision)),
                        None => known.push(candidate),
                    }
                }
                Some(Err(why)) if why.kind == Kind::NoTime => judged.push(candidate.not_reached(&why)),
                Some(Err(why)) => {
                    let why = format!("whether somebody else owns the count is not known: {why}");
                    judged.push(candidate.unknown(Reason::ServiceUnreadable, why));
                }
                None => {}
            }
        }
        *candidates = known;
    }

    /// Reads all metrics together. Services without bounds need none: nothing could be decided with them.
    async fn read_metrics(
        &self,
        ports: &impl CloudWatch,
        candidates: &mut Vec<Candidate>,
        judged: &mut Vec<Judged>,
    ) -> u32 {
        let (bounded, unbounded): (Vec<_>, Vec<_>) = candidates.drain(..).partition(Candidate::is_bounded);
        *candidates = unbounded;
        let questions: Vec<&Questions> = bounded.iter().map(|candidate| &candidate.questions).collect();
        let metrics: u32 = questions.iter().map(|questions| questions.metrics()).sum();
        let readings =
            gather::readings(ports, self.deadline, self.settings.common.concurrency, &questions, self.now).await;
        let mut read = Vec::with_capacity(bounded.len());
        for (mut candidate, readings) in bounded.into_iter().zip(readings) {
            match readings {
                Ok(readings) => {
                    candidate.facts.metrics = readings;
                    read.push(candidate);
                }
                Err(no_time) => judged.push(candidate.not_reached(&no_time)),
            }
        }
        let finer = self.read_20_seconds(ports, &mut read).await;
        candidates.append(&mut read);
        metrics + finer
    }

    /// Reads CPU by 20 seconds, for those whose sample counts allow that they publish it. Without it the minutes decide.
    async fn read_20_seconds(&self, ports: &impl CloudWatch, candidates: &mut [Candidate]) -> u32 {
        let mut finer: Vec<&mut Candidate> =
            candidates.iter_mut().filter(|candidate| history::publishes_20_seconds(&candidate.facts)).collect();
        let questions: Vec<Questions> =
            finer.iter().map(|candidate| Questions::of_20_seconds(&subject(&candidate.service))).collect();
        let readings =
            gather::readings(ports, self.deadline, self.settings.common.concurrency, &questions, self.now).await;
        for (candidate, readings) in finer.iter_mut().zip(readings) {
            if let (Some(Reading::Points(points)), Some(Reading::Points(finer))) =
                (candidate.facts.metrics.get_mut(CPU), readings.ok().and_then(|mut readings| readings.remove(CPU)))
            {
                points.extend(finer);
            }
        }
        questions.iter().map(Questions::metrics).sum()
    }

    /// Proposes bounds, once an hour, to services that have none.
    async fn propose_bounds(&self, ports: &impl CloudWatch, judged: &mut [Judged]) -> u32 {
        let now_or_hourly = |id: &str| self.trigger == Trigger::Person || self.turn.looks_at(id, 60);
        let unbounded =
            |judged: &&mut Judged| judged.decision.reason == Reason::BoundsMissing && now_or_hourly(&judged.id);
        let mut unbounded: Vec<&mut Judged> = judged.iter_mut().filter(unbounded).collect();
        let of_judged = |judged: &&mut Judged| judged.service.as_ref().map(subject).unwrap_or_default();
        let questions: Vec<Questions> =
            unbounded.iter().map(of_judged).map(|subject| Questions::of_cpu_by_hour(&subject)).collect();
        let readings =
            gather::readings(ports, self.deadline, self.settings.common.concurrency, &questions, self.now).await;
        for (judged, readings) in unbounded.iter_mut().zip(readings) {
            let hours = readings.map(|mut readings| readings.remove(CPU));
            let proposal = proposal(judged, hours.unwrap_or_else(|error| Some(Reading::Unreadable(error.to_string()))));
            judged.decision.why = format!("{}; {proposal}", judged.decision.why);
        }
        questions.iter().map(Questions::metrics).sum()
    }
}

/// The sentence that proposes bounds.
fn proposal(judged: &Judged, hours: Option<Reading>) -> String {
    let days = proposal::DAYS;
    let hours = match hours {
        Some(Reading::Points(hours)) => hours,
        Some(Reading::Unreadable(why)) => return format!("the last {days} days can't be read to propose any: {why}"),
        _ => Vec::new(),
    };
    let target = judged.policy.as_ref().and_then(|policy| policy.targets.get(CPU)).map_or(70.0, |target| target.goal());
    let (desired, running) = judged.service.as_ref().map_or((0, 0), |service| (service.desired, service.running));
    match proposal::propose(&hours, target, desired, running) {
        Some(Bounds { min, max }) => {
            format!("from the last {days} days tidegate:min={min} and tidegate:max={max} would do")
        }
        None => format!("the last {days} days have no CPU data that says how many would do"),
    }
}

impl Candidate {
    fn is_bounded(&self) -> bool {
        self.enrolment.policy.min.is_some() && self.enrolment.policy.max.is_some()
    }

    fn not_reached(self, no_time: &PortError) -> Judged {
        self.unknown(Reason::NotReached, no_time.to_string())
    }

    /// Ended before the facts were complete: there is nothing to recompute the decision from.
    fn unknown(self, reason: Reason, why: String) -> Judged {
        let decision = Decision::error(self.facts.desired, reason, why);
        Judged { facts: None, policy: None, ..self.end(decision) }
    }

    fn end(self, decision: Decision) -> Judged {
        Judged {
            id: self.id,
            mode: self.mode,
            decision,
            facts: Some(self.facts),
            policy: Some(self.enrolment.policy),
            service: Some(self.service),
            interval_minutes: self.interval_minutes,
        }
    }
}

/// The facts that describing a service gives.
fn facts(service: &Service, trigger: Trigger) -> Facts {
    Facts {
        trigger,
        status: service.status,
        scheduling: service.scheduling,
        controller: service.controller,
        desired: service.desired,
        running: service.running,
        pending: service.pending,
        deployments: service.deployments.clone(),
        task_sets: u32::try_from(service.task_sets.len()).unwrap_or(u32::MAX),
        scalable_target: None,
        history: Some(service.history.clone()),
        recommendations: None,
        metrics: BTreeMap::new(),
    }
}

/// The service as CloudWatch knows it.
#[must_use]
pub fn subject(service: &Service) -> Subject {
    let (cluster, name) = (service.cluster.clone(), service.name.clone());
    Subject { cluster, service: name, target_groups: service.target_groups.clone() }
}

fn ended(id: String, mode: Mode, decision: Decision) -> Judged {
    Judged { id, mode, decision, facts: None, policy: None, service: None, interval_minutes: 1 }
}

/// Whether a service is in shadow, by its own tag or because the whole installation is.
#[must_use]
pub fn is_in_shadow(judged: &Judged, installation: Mode) -> bool {
    let tagged = judged.service.as_ref().map(|service| service.tags.mode(enrolment::SCALE));
    tagged.is_some_and(|mode| mode.is_ok_and(|mode| mode.min(installation) == Mode::Shadow))
}

/// The decision for a service that nobody looks at in this turn.
#[must_use]
pub fn not_handed_on(service: &Enrolled, mode: Mode, why: &str) -> Judged {
    let why = format!("its part of the run could not be handed on: {why}");
    ended(service.id(), mode, Decision::error(0, Reason::NotReached, why))
}

/// The decision for an ARN of the old format.
#[must_use]
pub fn without_cluster(arn: String, mode: Mode) -> Judged {
    let why = "its ARN has the old format, without the cluster; services created since 2021 have the new one";
    ended(arn, mode, Decision::error(0, Reason::ServiceUnreadable, why))
}
