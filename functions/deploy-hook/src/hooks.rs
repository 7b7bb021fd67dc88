//! What is judged at the doors of hooks, and which answer a judgement is worth.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::codedeploy::Target;
use tidegate_aws::deadline::Deadline;
use tidegate_core::canary::facts::Platform;
use tidegate_core::hook::enrolment::HOOK;
use tidegate_core::hook::rule::Weight;
use tidegate_core::hook::{Action, Judgement, Other, Rule, Stage, plain};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::{self, NotStopped, Of};
use tidegate_lambda::hooks::answers::Moment;
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Look as Hold};
use tidegate_lambda::hooks::gate;
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::start::Invocation;

use crate::deployment::Waiting;
use crate::handler::{Gate, Ports};
use crate::look::{Judged, Look};
use crate::report::{Done, Outcome, action};
use crate::settings::Settings;

/// A look of a waiting hook takes no longer; the waiting itself is told by the clock.
const ONE_LOOK: Duration = Duration::from_mins(2);

/// Where a deployment can't be read, it is tried again after so many seconds.
const TRY_AGAIN_S: u32 = 30;

/// Where something changed meanwhile, it is looked at again after this.
const LOOK_ANEW: Duration = Duration::from_secs(5);

impl<P: Ports> Gate<P> {
    /// The answer to a hook of an ECS deployment.
    pub(crate) async fn judge_native(
        &self,
        settings: &Settings,
        hook: &NativeHook,
        invocation: &Invocation,
        now: Timestamp,
    ) -> (HookAnswer, Outcome) {
        let deadline = invocation.work(now);
        let (stage, judged) = self.look_native(settings, hook, &deadline, now).await;
        // What can't be read may be the stage that is waited for already: a failure does not begin the wait anew.
        let since = hook.waiting_since(&stage).or_else(|| hook.waiting().map(|(since, _)| since)).unwrap_or(now);
        let over = is_over(settings, since, now);
        let outcome = outcome(judged, Stage::of(&stage), Platform::Ecs, over);
        let answer = match outcome.action {
            None | Some(Action::LetPass) => NativeHook::succeeded(),
            Some(Action::FailHook | Action::StopDeployment) => NativeHook::failed(),
            Some(Action::Wait) => {
                let again = outcome.judged.judgement.look_again_s.or(Some(TRY_AGAIN_S));
                hook.in_progress(&stage, since, again)
            }
        };
        (answer, outcome)
    }

    /// The stage, in ECS's own word, and its judgement.
    async fn look_native(
        &self,
        settings: &Settings,
        hook: &NativeHook,
        deadline: &Deadline,
        now: Timestamp,
    ) -> (String, Judged) {
        let id = Some(hook.id());
        let mode = settings.common.mode;
        let details = hook.policy();
        let unfound = |mode, unfound| (hook.stage.clone(), Judged::unfound(id.clone(), mode, unfound));
        let service = match gate::service(&self.ports, deadline, hook).await {
            Ok(service) => service,
            Err(error) => return unfound(mode, error),
        };
        let look = Look { settings, mode, details: &details, acts: true, deadline, now };
        let mut policy = look.policy(&service.tags);
        let effective = gate::mode_of::<Judgement>(&mut policy);
        if let Some(why) = look.stands_apart(&hook.cluster, effective) {
            return (hook.stage.clone(), Judged::not_enrolled(id, why));
        }
        let deployment = match gate::deployment(&self.ports, deadline, hook, service).await {
            Ok(deployment) => deployment,
            Err(error) => return unfound(effective, error),
        };
        // The shape of 2025 does not say the stage; the deployment does.
        let told = match &deployment.of {
            Of::Ecs { deployment, .. } if hook.stage.is_empty() => &deployment.stage,
            _ => &hook.stage,
        };
        let stage = told.clone();
        if stage.is_empty() {
            let why = "neither the hook nor its deployment says which stage it is at";
            return (stage, Judged::plain(id, effective, Verdict::Error, Other::DeploymentUnreadable, why));
        }
        let since = Some(hook.waiting_since(&stage).unwrap_or(now));
        let waiting = Waiting::of_hook(&deployment, &self.host.name, since);
        let (judged, _) = look.at(&self.ports, &deployment, policy, &stage, waiting).await;
        (stage, judged)
    }

    /// One look for a hook of a CodeDeploy deployment.
    pub(crate) async fn judge_held(
        &self,
        settings: &Settings,
        hook: &CodeDeployHook,
        target: &Target,
        Moment { now, called, is_last }: Moment,
    ) -> (Hold, Outcome) {
        let waiting = Waiting::of_event(target.in_progress(), called);
        let deadline = Deadline::within(ONE_LOOK);
        let event = target.in_progress().map_or("", |event| event.name.as_str());
        let id = Some(format!("{}/{}", target.cluster, target.service));
        let mode = settings.common.mode;
        let found = deployments::of_target(&self.ports, &deadline, &hook.hook.deployment, target).await;
        let (judged, deployment) = match gate::held(found) {
            Ok(deployment) => {
                let details = Tags::default();
                let look = Look { settings, mode, details: &details, acts: true, deadline: &deadline, now };
                let mut policy = look.policy(&deployment.service.tags);
                let effective = gate::mode_of::<Judgement>(&mut policy);
                let judged = match look.stands_apart(&target.cluster, effective) {
                    Some(why) => Judged::not_enrolled(id, why),
                    None => look.at(&self.ports, &deployment, policy, event, waiting).await.0,
                };
                (judged, Some(deployment))
            }
            Err(unfound) => (Judged::unfound(id, mode, unfound), None),
        };
        let over = is_last || is_over(settings, waiting.since.unwrap_or(now), now);
        let mut outcome = outcome(judged, Stage::of(event), Platform::CodeDeploy, over);
        let mut hold = match outcome.action {
            None | Some(Action::LetPass) => Hold::Answer { succeeded: true },
            Some(Action::FailHook | Action::StopDeployment) => Hold::Answer { succeeded: false },
            Some(Action::Wait) => {
                let again_s = outcome.judged.judgement.look_again_s.unwrap_or(TRY_AGAIN_S);
                Hold::Again(Duration::from_secs(again_s.into()))
            }
        };
        // `Failed` by itself rolls back only where the deployment group is set to, and production has the new version.
        if let (Some(Action::StopDeployment), Some(deployment)) = (outcome.action, deployment)
            && let Err(not_stopped) = deployments::stop(&self.ports, &deadline, &deployment, HOOK).await
        {
            // The next look sees what changed: its tag, or that it is being brought back.
            if not_stopped.reason == NotStopped::Changed && !is_last {
                hold = Hold::Again(LOOK_ANEW);
            }
            outcome.done = Done::NotMade(gate::not_stopped::<Judgement>(not_stopped));
        }
        (hold, outcome)
    }
}

/// Whether what could not even be described has been waited for long enough. A judgement has a patience of its own.
fn is_over(settings: &Settings, since: Timestamp, now: Timestamp) -> bool {
    now >= since + SignedDuration::from_secs(settings.defaults.patience_s.into())
}

/// What a judgement comes to. What could not be described by the time that it is over is not taken for good.
fn outcome(mut judged: Judged, stage: Stage, platform: Platform, over: bool) -> Outcome {
    if over && judged.facts.is_none() && action(&judged, stage, platform) == Action::Wait {
        let why = format!("{}, and the time to read it is over", judged.judgement.why);
        judged.judgement = plain(Verdict::Fail, Other::NotInTime, why);
    }
    // Shadow holds nothing up.
    let action = (judged.mode == Mode::On).then(|| action(&judged, stage, platform));
    let news = is_news(&judged, action);
    Outcome::answered(judged, action, news)
}

/// A final answer that somebody should know of is news; waiting is not, as its end is told.
fn is_news(judged: &Judged, action: Option<Action>) -> bool {
    let loud = [Other::BreakGlass, Other::PolicyError].map(Into::into);
    let judgement = &judged.judgement;
    // Advice is in the records; it is the same at every deployment. What could not be looked at is none.
    let is_told = |rule: Rule| rule.weight() != Weight::Advice || rule == Rule::TaskDefinitionUnknown;
    let warns = judgement.reason == Other::PassedWithWarnings.into()
        && judgement.findings.iter().any(|finding| is_told(finding.rule));
    match action {
        Some(Action::FailHook | Action::StopDeployment) => true,
        Some(Action::LetPass) | None => judgement.verdict == Verdict::Fail || warns || loud.contains(&judgement.reason),
        Some(Action::Wait) => false,
    }
}
