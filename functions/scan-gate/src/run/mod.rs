//! One run: what has to be looked at is judged, deployments first, and acted on.
//!
//! - this file: the order, who is enrolled, images, and what is news
//! - `deployments`: deployments in progress
//! - `tasks`: tasks that belong to no service

mod deployments;
mod tasks;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::Service;
use tidegate_aws::error::PortError;
use tidegate_aws::images::Repository;
use tidegate_aws::pace::{Bucket, Pace};
use tidegate_core::mode::Mode;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::enrolment::{self, Enrolment, SCAN};
use tidegate_core::scan::image_name::ImageName;
use tidegate_core::scan::judgement::Came as Became;
use tidegate_core::scan::{Action, Policy, Reason, news};
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::enrolled::{self, Enrolled, NotDescribed};
use tidegate_lambda::images::{Looking, NoImage, repository};

use crate::act::Quarantine;
use crate::brings;
use crate::handler::Ports;
use crate::in_use::Definitions;
use crate::look::{self, Looks};
use crate::report::Outcome;
use crate::settings::Settings;
use crate::work::{Askers, Work};

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Came {
    /// What was judged.
    pub outcomes: Vec<Outcome>,
    /// Ids of the messages that have to be looked at again.
    pub open: BTreeSet<String>,
    /// Events about which nothing was to be decided, by reason.
    pub declined: BTreeMap<&'static str, usize>,
    /// Why the list of services is not complete.
    pub incomplete: Option<String>,
}

impl Came {
    fn add(&mut self, outcome: Outcome, askers: &Askers) {
        if outcome.is_open() {
            self.open.extend(askers.iter().cloned());
        }
        self.outcomes.push(outcome);
    }

    fn decline(&mut self, reason: Reason) {
        *self.declined.entry(reason.code()).or_default() += 1;
    }
}

/// One run.
pub struct Run<'a, P> {
    ports: &'a P,
    settings: &'a Settings,
    deadline: &'a Deadline,
    now: Timestamp,
    mode: Mode,
    looks: Looks<'a, P>,
    quarantine: Quarantine<'a, P>,
}

impl<'a, P: Ports> Run<'a, P> {
    /// A run that goes at most this far.
    pub fn new(
        ports: &'a P,
        settings: &'a Settings,
        deadline: &'a Deadline,
        (now, mode): (Timestamp, Mode),
        definitions: &'a Definitions,
    ) -> Self {
        let concurrency = settings.common.concurrency;
        let quarantine = Quarantine::new(ports, deadline, concurrency, definitions);
        let looks = Looks::new(Looking { ports, deadline, concurrency, begins_scans: true, now });
        Self { ports, settings, deadline, now, mode, looks, quarantine }
    }

    /// Looks at everything that there is to look at; `daily` adds what enrolled services run.
    pub async fn over(&self, mut work: Work, daily: bool) -> Came {
        let mut came = Came { declined: std::mem::take(&mut work.declined), ..Came::default() };
        for (id, why) in std::mem::take(&mut work.not_understood) {
            let subject = format!("the message {id}");
            let outcome = Outcome::plain(subject, self.mode, Verdict::Error, Reason::EventNotUnderstood, why);
            came.add(outcome, &Askers::from([id]));
        }
        if work.is_empty() && !daily {
            return came;
        }
        let parameter = self.settings.policy_parameter.as_deref();
        let document = match look::document(self.ports, self.deadline, parameter, self.now).await {
            Ok(document) => document,
            // Nothing passes, and nothing is done: not even who is enrolled is known.
            Err(why) => {
                let outcome = Outcome::plain("every image", self.mode, Verdict::Error, Reason::PolicyError, why);
                came.add(outcome, &work.askers().cloned().collect());
                return came;
            }
        };
        self.name_services(&mut work, &mut came).await;
        let services = self.services(&work, daily, &mut came).await;
        let brought = self.deployments(&work, daily, &document, &services, &mut came).await;
        for ((cluster, arn), askers) in &work.tasks {
            self.task(cluster, arn, &document, askers, &mut came).await;
        }
        let (document, brought) = (&document, &brought);
        let images =
            work.images.iter().map(|(name, askers)| async move { (self.image(name, document, brought).await, askers) });
        let images: Vec<_> = stream::iter(images).buffered(self.settings.common.concurrency).collect().await;
        for (looked, askers) in images {
            looked.declined.into_iter().for_each(|reason| came.decline(reason));
            looked.outcomes.into_iter().for_each(|outcome| came.add(outcome, askers));
        }
        if daily {
            self.running(document, &services, &mut came).await;
        }
        came
    }

    /// Enrolled services that this run may be about, as they stand.
    async fn services(&self, work: &Work, daily: bool, came: &mut Came) -> Vec<Service> {
        let common = &self.settings.common;
        let mut listed: Vec<Enrolled> = Vec::new();
        if daily || !work.images.is_empty() {
            match enrolled::list(self.ports, self.deadline, &common.clusters, SCAN).await {
                Ok(listing) => {
                    came.incomplete = listing.incomplete.map(|error| error.to_string());
                    listed = listing.services;
                }
                Err(error) => came.incomplete = Some(error.to_string()),
            }
        }
        // The index of tags lags: a service that is being deployed is asked by its name.
        for (cluster, name) in work.deployments.keys().filter(|(cluster, _)| common.clusters.include(cluster)) {
            if !listed.iter().any(|service| (&service.cluster, &service.name) == (cluster, name)) {
                listed.push(Enrolled { cluster: cluster.clone(), name: name.clone(), tags: Tags::default() });
            }
        }
        let pace = Pace::new(Bucket::ECS_SERVICE_READ.half());
        let described = enrolled::describe(self.ports, self.deadline, &pace, common.concurrency, listed).await;
        let mut services = Vec::new();
        for (enrolled, service) in described {
            match service {
                Ok(service) => services.push(service),
                Err(NotDescribed::Gone) => {}
                Err(not) => {
                    let (reason, why) = match not {
                        NotDescribed::NotReached(why) => (Reason::NotReached, why),
                        NotDescribed::Unreadable(why) => (Reason::ServiceUnreadable, why),
                        NotDescribed::Gone => continue,
                    };
                    let outcome = Outcome::plain(enrolled.id(), self.mode, Verdict::Error, reason, why);
                    came.add(outcome, &work.askers().cloned().collect());
                }
            }
        }
        if came.incomplete.is_some() {
            came.open.extend(work.images.values().flatten().cloned());
        }
        services.retain(|service| service.tags.get(SCAN).is_some_and(|mode| mode != Mode::Off.as_str()));
        services
    }

    /// Judges an image that an event is about, or the indexes that it belongs to, and puts out of reach what is blocked.
    async fn image(&self, name: &ImageName, document: &Document, brought: &BTreeSet<Repository>) -> Looked {
        let policy = document.policy(&name.repository);
        let mode = policy.mode.min(self.mode);
        if mode == Mode::Off {
            // A deployment that brings it was judged for itself.
            let brought = repository(name).is_some_and(|repository| brought.contains(&repository));
            return if brought { Looked::default() } else { Looked::declined(Reason::NotEnrolled) };
        }
        let policy = Policy { mode, ..policy };
        let roots = match self.looks.roots(name).await {
            Ok(roots) => roots,
            Err(error) => {
                let subject = format!("{}@{}", name.repository, name.digest.as_deref().unwrap_or("?"));
                let why = error.to_string();
                let outcome = Outcome::plain(subject, mode, Verdict::Error, Reason::ImageUnreadable, why);
                return Looked { outcomes: vec![outcome], declined: Vec::new() };
            }
        };
        let mut looked = Looked::default();
        for root in roots {
            match self.looks.judge(&root, None, &policy).await {
                Err(NoImage(why)) => {
                    tracing::debug!(why, "an event is declined");
                    looked.declined.push(Reason::OtherEvent);
                }
                Ok((facts, judgement)) => {
                    let mut outcome = Outcome::of(mode, facts, judgement, policy.clone());
                    if let (true, Some(facts)) = (outcome.judgement.quarantines(), &outcome.facts) {
                        let switch = |action| mode.min(self.settings.switches.of(action));
                        let (deregister, archive) =
                            (switch(Action::DeregisterTaskDefinition), switch(Action::ArchiveImage));
                        let steps = self.quarantine.of(facts, &outcome.judgement, deregister, archive).await;
                        outcome.steps = steps;
                    }
                    looked.outcomes.push(outcome);
                }
            }
        }
        looked
    }

    /// Judges what enrolled services run. Nothing is done about it: what runs is not broken.
    async fn running(&self, document: &Document, services: &[Service], came: &mut Came) {
        let running = match brings::running(self.ports, self.deadline, services).await {
            Ok(running) => running,
            Err(error) => return came.add(self.unread(None, &error), &Askers::new()),
        };
        if running.is_empty() {
            came.decline(Reason::NothingToLookAt);
        }
        let looks = running.into_iter().map(|(name, by)| async move {
            let policy = Policy { mode: Mode::Shadow.min(self.mode), ..document.policy(&name.repository) };
            let (facts, mut judgement) = self.looks.judge(&name, None, &policy).await.ok()?;
            judgement.warnings.push(format!("it runs in {}", by.into_iter().collect::<Vec<_>>().join(", ")));
            Some(Outcome::of(policy.mode, facts, judgement, policy))
        });
        let looked: Vec<_> = stream::iter(looks).buffered(self.settings.common.concurrency).collect().await;
        came.outcomes.extend(looked.into_iter().flatten());
    }

    fn enrolment(&self, tags: &Tags) -> Result<Enrolment, String> {
        match enrolment::read(tags, self.now) {
            Ok(enrolment) => Ok(Enrolment { mode: enrolment.mode.min(self.mode), ..enrolment }),
            Err(faults) => Err(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        }
    }

    fn unread(&self, service: Option<String>, error: &PortError) -> Outcome {
        let subject = service.clone().unwrap_or_else(|| "a deployment".to_owned());
        let outcome =
            Outcome::plain(subject, self.mode, Verdict::Error, Reason::DeploymentUnreadable, error.to_string());
        Outcome { service, ..outcome }
    }

    /// Whether people should hear of an outcome: what was done always, and else what came to something else before.
    pub fn is_news(&self, outcome: &Outcome, since: Timestamp, told: &RefCell<BTreeSet<String>>) -> bool {
        let judgement = &outcome.judgement;
        if outcome.steps.iter().any(|step| step.came == Became::Done) {
            return true;
        }
        let opened =
            matches!(judgement.reason, Reason::BreakGlass | Reason::RollBack) && !judgement.blocking.is_empty();
        // Of an image that is brought it is news that it is, whenever it was found to be bad.
        let brought = outcome.service.is_some();
        // Whoever put it out of reach knows.
        let out_of_reach = judgement.reason == Reason::ImageArchived && !brought;
        let failed = judgement.verdict == Verdict::Fail && !out_of_reach;
        let loud = opened || failed || judgement.reason == Reason::PolicyError;
        let known = outcome.facts.as_ref().zip(outcome.policy.as_ref());
        let edge = known.is_none_or(|(facts, policy)| brought || news::is_news(facts, policy, judgement, since));
        if !loud || !edge {
            return false;
        }
        let ids: Vec<&str> = judgement.blocking.iter().map(|blocking| blocking.id.as_str()).collect();
        let failed = outcome.steps.iter().any(|step| step.came == Became::Failed);
        let key = format!("{} {:?} {} {ids:?} {failed}", outcome.subject, outcome.service, judgement.reason.code());
        told.borrow_mut().insert(key)
    }
}

/// What came of the images of one event.
#[derive(Default)]
struct Looked {
    outcomes: Vec<Outcome>,
    declined: Vec<Reason>,
}

impl Looked {
    fn declined(reason: Reason) -> Self {
        Self { outcomes: Vec::new(), declined: vec![reason] }
    }
}

/// The policy of an image for whoever brings or runs it: the rules are the repository's, the mode is its own.
fn policy(document: &Document, name: &ImageName, enrolment: &Enrolment) -> Policy {
    let rules = document.policy(&name.repository);
    let break_glass = enrolment.break_glass.clone().or_else(|| rules.break_glass.clone());
    Policy { mode: enrolment.mode, break_glass, ..rules }
}
