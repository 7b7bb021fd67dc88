//! Deployments in progress: what each brings is judged, and one that brings a blocked image is stopped.

use std::collections::BTreeSet;

use tidegate_aws::ecs::Service;
use tidegate_aws::images::Repository;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::{Action, Reason, judge};
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::{self, InProgress, Unread};
use tidegate_lambda::images::brings::back_by_hand;
use tidegate_lambda::images::repository;

use super::{Came, Run, policy};
use crate::act;
use crate::brings::{self, Brought};
use crate::handler::Ports;
use crate::report::Outcome;
use crate::work::{Askers, Work};

impl<P: Ports> Run<'_, P> {
    /// Deployments of CodeDeploy's become those of their services.
    pub(super) async fn name_services(&self, work: &mut Work, came: &mut Came) {
        for (id, askers) in std::mem::take(&mut work.code_deployments) {
            let read = async {
                let ids = std::slice::from_ref(&id);
                let known = self.deadline.bound("BatchGetDeployments", self.ports.batch_get_deployments(ids)).await?;
                if known.is_empty() {
                    return Ok(None);
                }
                let target = self.ports.deployment_target(&id);
                self.deadline.bound("BatchGetDeploymentTargets", target).await.map(Some)
            };
            match read.await {
                Ok(Some(Some(target))) => {
                    work.deployments.entry((target.cluster, target.service)).or_default().extend(askers);
                }
                Ok(Some(None)) => {
                    let why = format!("the deployment {id} has no target yet");
                    let (verdict, reason) = (Verdict::Inconclusive, Reason::TaskDefinitionUnknown);
                    came.add(Outcome::plain(id, self.mode, verdict, reason, why), &askers);
                }
                // It is gone, or deploys to something else than ECS.
                Ok(None) => came.decline(Reason::OtherEvent),
                Err(error) => came.add(self.unread(None, &error), &askers),
            }
        }
    }

    /// The deployments in progress that this run is about; with the repositories that any of them brings images of.
    pub(super) async fn deployments(
        &self,
        work: &Work,
        document: &Document,
        services: &[Service],
        came: &mut Came,
    ) -> BTreeSet<Repository> {
        let concurrency = self.settings.common.concurrency;
        let (found, unread) = deployments::in_progress(self.ports, self.deadline, concurrency, services).await;
        let everybody: Askers = work.askers().cloned().collect();
        for Unread { service, error } in unread {
            came.add(self.unread(service, &error), &everybody);
        }
        let mut brought_any = BTreeSet::new();
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        for deployment in &found {
            let key = (deployment.service.cluster.clone(), deployment.service.name.clone());
            let own = work.deployments.get(&key);
            seen.insert(key);
            let brought = match brings::by_deployment(self.ports, self.deadline, deployment).await {
                Ok(Some(brought)) => brought,
                Ok(None) => {
                    let why = format!("the deployment {} has no task set yet", deployment.deployment_id());
                    let (verdict, reason) = (Verdict::Inconclusive, Reason::TaskDefinitionUnknown);
                    let outcome = Outcome::plain(deployment.id(), self.mode, verdict, reason, why);
                    // The event of its beginning comes again until it has one; others need not wait for it.
                    let outcome = Outcome { service: Some(deployment.id()), ..outcome };
                    came.add(outcome, own.unwrap_or(&Askers::new()));
                    continue;
                }
                Err(error) => {
                    came.add(self.unread(Some(deployment.id()), &error), &everybody);
                    continue;
                }
            };
            let repositories: BTreeSet<Repository> = brought.images.iter().filter_map(repository).collect();
            let of_images = work
                .images
                .iter()
                .filter(|(name, _)| repository(name).is_some_and(|repository| repositories.contains(&repository)));
            let of_images: Vec<&Askers> = of_images.map(|(_, askers)| askers).collect();
            let concerns = work.daily || own.is_some() || !of_images.is_empty();
            brought_any.extend(repositories);
            if concerns {
                // The event of its beginning keeps it alive; where there is none, those of its images do.
                let askers = own.cloned().unwrap_or_else(|| of_images.into_iter().flatten().cloned().collect());
                for outcome in self.deployment(deployment, &brought, document).await {
                    came.add(outcome, &askers);
                }
            }
        }
        let is_enrolled = |key: &(String, String)| {
            services.iter().any(|service| (&service.cluster, &service.name) == (&key.0, &key.1))
        };
        for key in work.deployments.keys().filter(|key| !seen.contains(*key)) {
            came.decline(if is_enrolled(key) { Reason::OtherEvent } else { Reason::NotEnrolled });
        }
        brought_any
    }

    /// Judges every image that a deployment brings, and stops it where one of them is blocked.
    async fn deployment(&self, deployment: &InProgress, brought: &Brought, document: &Document) -> Vec<Outcome> {
        let id = deployment.id();
        let of_service = |outcome: Outcome| Outcome { service: Some(id.clone()), ..outcome };
        // One that brings an older version back is let pass whatever it brings, and whatever its tags say.
        if deployment.is_roll_back() {
            let why = "the deployment brings an older version back";
            let outcome = Outcome::plain(&id, self.mode, Verdict::Pass, Reason::RollBack, why);
            return vec![of_service(outcome)];
        }
        let enrolment = match self.enrolment(&deployment.service.tags) {
            Ok(enrolment) => enrolment,
            Err(why) => {
                let outcome = Outcome::plain(&id, self.mode, Verdict::Error, Reason::PolicyError, why);
                return vec![of_service(outcome)];
            }
        };
        let mut outcomes = Vec::new();
        for name in &brought.images {
            let policy = policy(document, name, &enrolment);
            let (mut facts, mut judgement) = self.judge(name, brought.architecture, &policy).await;
            if judgement.stops() {
                match back_by_hand(self.ports, self.deadline, deployment, name, &facts).await {
                    Ok(None) => {}
                    Ok(Some(why)) => {
                        facts.roll_back = Some(why);
                        judgement = judge(&facts, &policy, self.now);
                    }
                    Err(error) => {
                        outcomes.push(self.unread(Some(id.clone()), &error));
                        continue;
                    }
                }
            }
            let stops = judgement.stops();
            let mut outcome = of_service(Outcome::of(policy.mode, facts, judgement, policy));
            // It is stopped once, whatever else it brings.
            if stops && !outcomes.iter().any(|earlier: &Outcome| !earlier.steps.is_empty()) {
                let mode = outcome.mode.min(self.settings.switches.of(Action::StopDeployment));
                outcome.steps.extend(act::stop_deployment(self.ports, self.deadline, deployment, mode).await);
            }
            outcomes.push(outcome);
        }
        outcomes
    }
}
