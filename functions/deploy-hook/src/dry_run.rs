//! A dry run: what a stage of a service's deployment would be judged, or of what the service runs where it is not being
//! deployed. Nobody is answered, and nothing is done.

use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::Service;
use tidegate_core::hook::{HookRecord, Judgement, Other, Stage};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::{self, InProgress, Of, Unread};
use tidegate_lambda::enrolled;
use tidegate_lambda::hooks::gate;
use tidegate_lambda::settings::Records;
use tidegate_lambda::start::Invocation;
use tokio::time::Instant;

use crate::deployment::{Waiting, platform};
use crate::event::Request;
use crate::handler::{Gate, Ports, RunError};
use crate::log;
use crate::look::{Judged, Look};
use crate::report::{self, FUNCTION, Outcome};
use crate::settings::Settings;

impl<P: Ports> Gate<P> {
    /// Judges what a person asks for, prints it and gives it back.
    pub(crate) async fn dry_run(&self, request: &Request, invocation: &Invocation) -> Result<HookRecord, RunError> {
        let settings = self.settings.as_ref().map_err(|faults| RunError::SettingsUnusable(faults.clone()))?;
        let started = Instant::now();
        let now = self.ports.now().await;
        let (cluster, name) = request.service().map_err(RunError::EventNotUnderstood)?;
        if Stage::of(&request.stage) == Stage::Other {
            let known = "must be a stage of CodeDeploy or ECS at which something is looked at, such as BeforeInstall or \
                         PRE_SCALE_UP";
            return Err(RunError::EventNotUnderstood(format!("stage is {:?}: {known}", request.stage)));
        }
        let deadline = invocation.work(now);
        let (outcome, metrics) = self.would_be(settings, request, (cluster, name), &deadline, now).await;
        let record = report::record(outcome.clone(), now, &invocation.request_id);
        let metrics_of = gate::metrics(FUNCTION, std::slice::from_ref(&outcome), now);
        let in_full = |outcome: &Outcome| settings.common.records == Records::All || log::is_change(outcome, now);
        let told = |_| record.clone();
        tidegate_lambda::log::decided(&self.ports, metrics_of, vec![outcome], in_full, told);
        self.run_line(now, started.elapsed(), metrics, &[]);
        Ok(record)
    }

    async fn would_be(
        &self,
        settings: &Settings,
        request: &Request,
        (cluster, name): (&str, &str),
        deadline: &Deadline,
        now: Timestamp,
    ) -> (Outcome, u32) {
        let mode = settings.common.mode.min(request.mode.unwrap_or(Mode::On));
        let plain = |mode, reason: Other, why: String| {
            let judged = Judged::plain(Some(request.service.clone()), mode, Verdict::Error, reason, why);
            (Outcome::of(judged), 0)
        };
        let service = match enrolled::one(&self.ports, deadline, cluster, name).await {
            Ok(Some(service)) => service,
            Ok(None) => return plain(mode, Other::ServiceUnreadable, "there is no such service".to_owned()),
            Err(why) => return plain(mode, Other::ServiceUnreadable, why),
        };
        let details = Tags::default();
        let look = Look { settings, mode, details: &details, acts: false, deadline, now };
        let mut policy = look.policy(&service.tags);
        let effective = gate::mode_of::<Judgement>(&mut policy);
        let found = match self.newest(settings, service, deadline).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                let why = "no deployment of the service is in progress, and none is known that brought what it runs";
                return plain(effective, Other::DeploymentUnreadable, why.to_owned());
            }
            Err(why) => return plain(effective, Other::DeploymentUnreadable, why),
        };
        let (judged, metrics) = look.at(&self.ports, &found, policy, &request.stage, Waiting::default()).await;
        let action = report::action(&judged, Stage::of(&request.stage), platform(&found));
        let action = (judged.mode == Mode::On).then_some(action);
        (Outcome { action, ..Outcome::of(judged) }, metrics)
    }

    /// The deployment of a service that is in progress, or else the one that brought what it runs. None where there is
    /// neither.
    async fn newest(
        &self,
        settings: &Settings,
        service: Service,
        deadline: &Deadline,
    ) -> Result<Option<InProgress>, String> {
        let concurrency = settings.common.concurrency;
        let services = std::slice::from_ref(&service);
        let (found, unread) = deployments::in_progress(&self.ports, deadline, concurrency, services).await;
        if let Some(found) = found.into_iter().next() {
            return Ok(Some(found));
        }
        if let Some(Unread { error, .. }) = unread.into_iter().next() {
            return Err(error.to_string());
        }
        if let Some(arn) = &service.service_deployment {
            let described = deployments::described(&self.ports, deadline, std::slice::from_ref(arn)).await;
            let described = described.map_err(|error| error.to_string())?.into_iter().next();
            return Ok(
                described.map(|(deployment, revisions)| InProgress { service, of: Of::Ecs { deployment, revisions } })
            );
        }
        let primary = service.task_sets.iter().find(|set| set.status == "PRIMARY");
        let Some(id) = primary.and_then(|set| set.external_id.clone()) else { return Ok(None) };
        let target = deadline.bound("BatchGetDeploymentTargets", self.ports.deployment_target(&id)).await;
        let Some(target) = target.map_err(|error| error.to_string())? else { return Ok(None) };
        let found = deployments::of_target(&self.ports, deadline, &id, &target).await;
        found.map_err(|error| error.to_string())
    }
}
