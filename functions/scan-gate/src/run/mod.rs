//! One run: what has to be looked at is judged, deployments first, and acted on.
//!
//! - this file: the order, who is enrolled, images, and what is news
//! - `deployments`: deployments in progress
//! - `tasks`: tasks that belong to no service

mod deployments;
mod tasks;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

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
use tidegate_core::scan::policy::InDoubt;
use tidegate_core::scan::{Action, Facts, Judgement, Policy, Reason, news, plain};
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_core::words;
use tidegate_lambda::enrolled::{self, Enrolled, NotDescribed};
use tidegate_lambda::images::document::document;
use tidegate_lambda::images::{Looking, NoImage, nothing_known, repository};

use crate::brings;
use crate::handler::Ports;
use crate::in_use::Definitions;
use crate::look::Looks;
use crate::quarantine::Quarantine;
use crate::report::Outcome;
use crate::settings::Settings;
use crate::work::{Askers, Work};

/// What a process has told, as hashes.
pub type Told = BTreeSet<u64>;

/// What it remembers of that.
const MOST_TOLD: usize = 10_000;

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
        let looks = Looks::new(Looking::new(ports, deadline, concurrency, true, now));
        Self { ports, settings, deadline, now, mode, looks, quarantine }
    }

    /// Looks at everything that there is to look at.
    pub async fn over(&self, mut work: Work) -> Came {
        let mut came = Came { declined: std::mem::take(&mut work.declined), ..Came::default() };
        for (id, why) in std::mem::take(&mut work.not_understood) {
            let subject = format!("the message {id}");
            let outcome = Outcome::plain(subject, self.mode, Verdict::Error, Reason::EventNotUnderstood, why);
            came.add(outcome, &Askers::from([id]));
        }
        if work.is_empty() {
            return came;
        }
        let parameter = self.settings.policy_parameter.as_deref();
        let document = match document(self.ports, self.deadline, parameter, self.now).await {
            Ok(document) => document,
            // Nothing passes by it, and nothing is stopped by rules that nobody has read: it is all looked at again.
            Err(why) => {
                let why = why.to_string();
                let outcome = Outcome::plain("every image", self.mode, Verdict::Error, Reason::PolicyError, why);
                came.add(outcome, &work.askers().cloned().collect());
                return came;
            }
        };
        self.name_services(&mut work, &mut came).await;
        let services = self.services(&work, &mut came).await;
        let brought = self.deployments(&work, &document, &services, &mut came).await;
        self.tasks(&work.tasks, &document, &mut came).await;
        self.images(&work, &document, &brought, &mut came).await;
        if work.daily {
            self.running(&document, &services, &mut came).await;
        }
        came
    }

    /// Enrolled services that this run may be about, as they stand.
    async fn services(&self, work: &Work, came: &mut Came) -> Vec<Service> {
        let common = &self.settings.common;
        let mut listed: Vec<Enrolled> = Vec::new();
        if work.daily || !work.images.is_empty() {
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
            let (reason, why) = match service {
                Ok(service) => {
                    services.push(service);
                    continue;
                }
                Err(NotDescribed::Gone) => continue,
                Err(NotDescribed::NotReached(why)) => (Reason::NotReached, why),
                Err(NotDescribed::Unreadable(why)) => (Reason::ServiceUnreadable, why),
            };
            let outcome = Outcome::plain(enrolled.id(), self.mode, Verdict::Error, reason, why);
            came.add(outcome, &work.askers().cloned().collect());
        }
        if came.incomplete.is_some() {
            came.open.extend(work.images.values().flatten().cloned());
        }
        services.retain(|service| service.tags.get(SCAN).is_some_and(|mode| mode != Mode::Off.as_str()));
        services
    }

    /// The images that events are about, or the indexes that they belong to: each is judged once, however many events of
    /// its platforms there are.
    async fn images(&self, work: &Work, document: &Document, brought: &BTreeSet<Repository>, came: &mut Came) {
        let mut enrolled = Vec::new();
        for (name, askers) in &work.images {
            if document.policy(&name.repository).mode.min(self.mode) != Mode::Off {
                enrolled.push((name, askers));
            } else if !repository(name).is_some_and(|repository| brought.contains(&repository)) {
                came.decline(Reason::NotEnrolled);
            }
            // Else a deployment that brings it was judged for itself.
        }
        let concurrency = self.settings.common.concurrency;
        let roots =
            stream::iter(enrolled).map(|(name, askers)| async move { (self.looks.roots(name).await, name, askers) });
        let mut of_root: BTreeMap<ImageName, Askers> = BTreeMap::new();
        for (roots, name, askers) in roots.buffered(concurrency).collect::<Vec<_>>().await {
            match roots {
                Ok(roots) => {
                    for root in roots {
                        of_root.entry(root).or_default().extend(askers.iter().cloned());
                    }
                }
                Err(error) => {
                    let subject = format!("{}@{}", name.repository, name.digest.as_deref().unwrap_or("?"));
                    let (verdict, reason) = (Verdict::Error, Reason::ImageUnreadable);
                    came.add(Outcome::plain(subject, self.mode, verdict, reason, error.to_string()), askers);
                }
            }
        }
        let looks =
            stream::iter(of_root).map(|(name, askers)| async move { (self.image(&name, document).await, askers) });
        for (outcome, askers) in looks.buffered(concurrency).collect::<Vec<_>>().await {
            match outcome {
                Some(outcome) => came.add(outcome, &askers),
                None => came.decline(Reason::OtherEvent),
            }
        }
    }

    /// Judges an image, and puts out of reach what is blocked. None where it is no image that could run.
    async fn image(&self, name: &ImageName, document: &Document) -> Option<Outcome> {
        let policy = document.policy(&name.repository);
        let mode = policy.mode.min(self.mode);
        let policy = Policy { mode, ..policy };
        let (facts, judgement) = self.looks.judge(name, None, &policy).await.ok()?;
        let mut outcome = Outcome::of(mode, facts, judgement, policy);
        if let (true, Some(facts)) = (outcome.judgement.quarantines(), &outcome.facts) {
            let switch = |action| mode.min(self.settings.switches.of(action));
            let (deregister, archive) = (switch(Action::DeregisterTaskDefinition), switch(Action::ArchiveImage));
            outcome.steps = self.quarantine.of(&self.looks, facts, &outcome.judgement, deregister, archive).await;
        }
        Some(outcome)
    }

    /// Judges an image that is to run, or runs: what is no image as far as its manifest tells can't be scanned either.
    async fn judge(&self, name: &ImageName, architecture: Option<&'static str>, policy: &Policy) -> (Facts, Judgement) {
        match self.looks.judge(name, architecture, policy).await {
            Ok(seen) => seen,
            Err(NoImage(why)) => {
                let (verdict, reason) = match policy.unscannable {
                    InDoubt::Block => (Verdict::Fail, Reason::Unscannable),
                    InDoubt::Warn => (Verdict::Pass, Reason::PassedWithWarning),
                };
                (nothing_known(name), plain(verdict, reason, why))
            }
        }
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
            let (facts, mut judgement) = self.judge(&name, None, &policy).await;
            judgement.warnings.push(format!("it runs in {}", by.into_iter().collect::<Vec<_>>().join(", ")));
            Outcome::of(policy.mode, facts, judgement, policy)
        });
        let looked: Vec<_> = stream::iter(looks).buffered(self.settings.common.concurrency).collect().await;
        came.outcomes.extend(looked);
    }

    fn enrolment(&self, tags: &Tags) -> Result<Enrolment, String> {
        let enrolment = enrolment::read(tags, self.now).map_err(|faults| words::faults(&faults))?;
        Ok(Enrolment { mode: enrolment.mode.min(self.mode), ..enrolment })
    }

    fn unread(&self, service: Option<String>, error: &PortError) -> Outcome {
        let subject = service.clone().unwrap_or_else(|| "a deployment".to_owned());
        let outcome =
            Outcome::plain(subject, self.mode, Verdict::Error, Reason::DeploymentUnreadable, error.to_string());
        Outcome { service, ..outcome }
    }

    /// Whether people should hear of an outcome: what was done always, and else what came to something else before.
    pub fn is_news(&self, outcome: &Outcome, since: Timestamp, told: &RefCell<Told>) -> bool {
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
        let mut hasher = DefaultHasher::new();
        let ids: Vec<&str> = judgement.blocking.iter().map(|blocking| blocking.id.as_str()).collect();
        let failed = outcome.steps.iter().any(|step| step.came == Became::Failed);
        (&outcome.subject, &outcome.service, judgement.reason.code(), ids, failed).hash(&mut hasher);
        let mut told = told.borrow_mut();
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        told.insert(hasher.finish())
    }
}

/// The policy of an image for whoever brings or runs it: the rules are the repository's, the mode is its own.
fn policy(document: &Document, name: &ImageName, enrolment: &Enrolment) -> Policy {
    let rules = document.policy(&name.repository);
    let break_glass = enrolment.break_glass.clone().or_else(|| rules.break_glass.clone());
    Policy { mode: enrolment.mode, break_glass, ..rules }
}
