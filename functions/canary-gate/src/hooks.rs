//! What is judged at the doors of hooks, and which answer a judgement is worth.

use std::time::Duration;

use jiff::Timestamp;
use tidegate_aws::codedeploy::Target;
use tidegate_aws::deadline::Deadline;
use tidegate_core::canary::enrolment::GATE;
use tidegate_core::canary::facts::{Door, Platform};
use tidegate_core::canary::{Action, Judgement, Reason, edge};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::{self, InProgress, NotStopped};
use tidegate_lambda::hooks::answers::Moment;
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Look as Hold};
use tidegate_lambda::hooks::gate;
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::start::Invocation;

use crate::deployment::facts;
use crate::handler::{Gate, Ports};
use crate::look::{Judged, Look};
use crate::report::{Done, Outcome};
use crate::settings::Settings;

/// The hook that CodeDeploy calls when all traffic has been shifted.
const BAKE_EVENT: &str = "AfterAllowTraffic";

/// A look of a waiting hook takes no longer; the waiting itself is told by the clock.
const ONE_LOOK: Duration = Duration::from_mins(1);

/// Where a deployment can't be read, it is tried again after so many seconds.
const TRY_AGAIN_S: u32 = 30;

/// Where something changed meanwhile, it is looked at again after this.
const LOOK_ANEW: Duration = Duration::from_secs(5);

/// Why a service is not judged.
const NO_TAG: &str = "it carries no tag tidegate:gate with shadow or on, and passes";

/// What stands for a step that could not be read.
const UNREAD: &str = "unread";

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
        let looked = self.look_native(settings, hook, &deadline, now).await;
        let (since, step) = match looked.step.as_deref() {
            Some(step) => (hook.waiting_since(step).unwrap_or(now), step),
            // What can't be read may be the step that is waited for already: a failure does not begin the wait anew.
            None => hook.waiting().unwrap_or((now, UNREAD)),
        };
        let judged = looked.judged;
        let shadow = judged.mode != Mode::On;
        let patience = jiff::SignedDuration::from_secs(settings.defaults.patience_s.into());
        let wait = || hook.in_progress(step, since, judged.judgement.look_again_s.or(Some(TRY_AGAIN_S)));
        // A judgement has a patience of its own. What could not even be described by then is not taken for good.
        let undescribed = judged.facts.is_none() || judged.judgement.reason == Reason::DeploymentUnreadable;
        let given_up = judged.judgement.verdict == Verdict::Error && undescribed && now >= since + patience;
        let action = match judged.judgement.action(Door::Step, Platform::Ecs) {
            // Shadow holds nothing up: the schedule goes on looking.
            _ if shadow => None,
            Some(Action::Wait) if given_up => Some(Action::FailHook),
            action => action,
        };
        let answer = match action {
            None | Some(Action::LetPass) => NativeHook::succeeded(),
            Some(Action::FailHook | Action::StopDeployment) => NativeHook::failed(),
            Some(Action::Wait) => wait(),
        };
        let news = is_news(&judged, action, now);
        (answer, Outcome::answered(judged, action, news))
    }

    async fn look_native(
        &self,
        settings: &Settings,
        hook: &NativeHook,
        deadline: &Deadline,
        now: Timestamp,
    ) -> NativeLook {
        let id = Some(hook.id());
        let mode = settings.common.mode;
        let details = hook.policy();
        let service = match gate::service(&self.ports, deadline, hook).await {
            Ok(service) => service,
            Err(unfound) => return NativeLook { step: None, judged: Judged::unfound(id, mode, unfound) },
        };
        let probe = Look {
            settings,
            door: Door::Step,
            mode,
            details: &details,
            waiting_since: None,
            function: &self.host.name,
            deadline,
            now,
        };
        let mut policy = probe.policy(&service.tags);
        let effective = gate::mode_of::<Judgement>(&mut policy);
        if effective == Mode::Off {
            return NativeLook { step: None, judged: Judged::not_enrolled(id, NO_TAG) };
        }
        let door = match hook.stage.as_str() {
            // The shape of 2025 does not say the stage; how far the deployment is tells it.
            "PRE_PRODUCTION_TRAFFIC_SHIFT" | "" => Door::Step,
            "POST_PRODUCTION_TRAFFIC_SHIFT" => Door::Bake,
            other => {
                let why = format!("there is no live traffic to judge at {other}");
                let judged = Judged::plain(id, effective, Verdict::Pass, Reason::OtherStage, why);
                return NativeLook { step: None, judged };
            }
        };
        let deployment = match gate::deployment(&self.ports, deadline, hook, service).await {
            Ok(deployment) => deployment,
            Err(unfound) => return NativeLook { step: None, judged: Judged::unfound(id, effective, unfound) },
        };
        let (facts, _) = facts(&deployment, &self.host.name);
        let weight = facts.weight_percent.unwrap_or(0.0);
        let door = if hook.stage.is_empty() && weight >= 99.9 { Door::Bake } else { door };
        let step = format!("{weight} {door:?}");
        // The first call of a step begins its wait.
        let waiting_since = Some(hook.waiting_since(&step).unwrap_or(now));
        let look = Look { door, waiting_since, ..probe };
        let (judged, _) = look.by(&self.ports, &deployment, policy).await;
        NativeLook { step: Some(step), judged }
    }

    /// One look for a hook of a CodeDeploy deployment.
    pub(crate) async fn judge_held(
        &self,
        settings: &Settings,
        hook: &CodeDeployHook,
        target: &Target,
        Moment { now, is_last, .. }: Moment,
    ) -> (Hold, Outcome) {
        let deadline = Deadline::within(ONE_LOOK);
        let found = deployments::of_target(&self.ports, &deadline, &hook.hook.deployment, target).await;
        let (judged, deployment) = match gate::held(found) {
            Ok(deployment) => self.look_held(settings, deployment, target, &deadline, now).await,
            Err(unfound) => {
                let id = format!("{}/{}", target.cluster, target.service);
                (Judged::unfound(Some(id), settings.common.mode, unfound), None)
            }
        };
        let shadow = judged.mode != Mode::On;
        let action = match judged.judgement.action(Door::Bake, Platform::CodeDeploy) {
            // Shadow holds nothing up: the schedule goes on looking.
            _ if shadow => None,
            Some(Action::Wait) if is_last => Some(Action::StopDeployment),
            action => action,
        };
        let mut hold = match action {
            None | Some(Action::LetPass) => Hold::Answer { succeeded: true },
            Some(Action::FailHook | Action::StopDeployment) => Hold::Answer { succeeded: false },
            Some(Action::Wait) => {
                let again_s = judged.judgement.look_again_s.unwrap_or(TRY_AGAIN_S);
                Hold::Again(Duration::from_secs(again_s.into()))
            }
        };
        let mut done = if action.is_some() { Done::Acted } else { Done::Nothing };
        // `Failed` by itself rolls back only where the deployment group is set to.
        if let (Hold::Answer { succeeded: false }, Some(deployment)) = (hold, deployment)
            && let Err(not_stopped) = deployments::stop(&self.ports, &deadline, &deployment, GATE).await
        {
            // The next look sees what changed: its tag, or that it is being brought back.
            if not_stopped.reason == NotStopped::Changed && !is_last {
                hold = Hold::Again(LOOK_ANEW);
            }
            done = Done::NotMade(gate::not_stopped::<Judgement>(not_stopped));
        }
        let news = is_news(&judged, action, now);
        (hold, Outcome { judged, action, done, news })
    }

    async fn look_held(
        &self,
        settings: &Settings,
        deployment: InProgress,
        target: &Target,
        deadline: &Deadline,
        now: Timestamp,
    ) -> (Judged, Option<InProgress>) {
        let look = Look {
            settings,
            door: Door::Bake,
            mode: settings.common.mode,
            details: &Tags::default(),
            waiting_since: None,
            function: &self.host.name,
            deadline,
            now,
        };
        let id = Some(deployment.id());
        let mut policy = look.policy(&deployment.service.tags);
        if gate::mode_of::<Judgement>(&mut policy) == Mode::Off {
            return (Judged::not_enrolled(id, NO_TAG), None);
        }
        let event = target.in_progress().map_or("", |event| event.name.as_str());
        if event != BAKE_EVENT {
            let why = format!("there is no live traffic to judge at {event}");
            return (Judged::plain(id, settings.common.mode, Verdict::Pass, Reason::OtherStage, why), None);
        }
        let (judged, _) = look.by(&self.ports, &deployment, policy).await;
        (judged, Some(deployment))
    }
}

/// A look for an ECS hook, and the step that it was about.
struct NativeLook {
    /// None where it could not be read.
    step: Option<String>,
    judged: Judged,
}

/// A final answer that somebody should know of is news; of waiting, what changed.
fn is_news(judged: &Judged, action: Option<Action>, now: Timestamp) -> bool {
    let judgement = &judged.judgement;
    let loud = judgement.verdict == Verdict::Fail
        || matches!(judgement.reason, Reason::PassedWithoutProof | Reason::BreakGlass | Reason::PolicyError);
    match action {
        Some(Action::FailHook | Action::StopDeployment) => true,
        Some(Action::LetPass) | None => loud,
        Some(Action::Wait) => {
            let known = judged.facts.as_ref().zip(judged.policy.as_ref());
            judgement.verdict == Verdict::Error
                && known.is_some_and(|(facts, policy)| edge::is_news(facts, policy, judgement, now))
        }
    }
}
