//! What is judged at the doors of hooks, and which answer a judgement is worth.

use std::time::Duration;

use jiff::Timestamp;
use tidegate_aws::codedeploy::Target;
use tidegate_aws::deadline::Deadline;
use tidegate_core::canary::facts::{Door, Platform};
use tidegate_core::canary::{Action, Policy, Reason, edge};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::{self, InProgress, Of};
use tidegate_lambda::enrolled;
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Ended, Look as Hold, Wait};
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::start::Invocation;

use crate::act::{self, NotMade};
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
        (answer, Outcome { done: if action.is_some() { Done::Acted } else { Done::Nothing }, judged, action, news })
    }

    async fn look_native(
        &self,
        settings: &Settings,
        hook: &NativeHook,
        deadline: &Deadline,
        now: Timestamp,
    ) -> NativeLook {
        let id = Some(hook.id());
        let plain = |mode, verdict, reason, why: String| NativeLook {
            step: None,
            judged: Judged::plain(id.clone(), mode, verdict, reason, why),
        };
        let mode = settings.common.mode;
        let details = hook.policy();
        let service = match enrolled::one(&self.ports, deadline, &hook.cluster, &hook.service).await {
            Ok(Some(service)) => service,
            Ok(None) => {
                return plain(mode, Verdict::Fail, Reason::ServiceUnreadable, "the service is gone".to_owned());
            }
            Err(why) => return plain(mode, Verdict::Error, Reason::ServiceUnreadable, why),
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
        let policy = probe.policy(&service.tags);
        let effective = mode_of(&policy);
        if effective == Mode::Off {
            let why = "it carries no tag tidegate:gate with shadow or on, and passes";
            return plain(Mode::Off, Verdict::Pass, Reason::NotEnrolled, why.to_owned());
        }
        let door = match hook.stage.as_str() {
            // The shape of 2025 does not say the stage; how far the deployment is tells it.
            "PRE_PRODUCTION_TRAFFIC_SHIFT" | "" => Door::Step,
            "POST_PRODUCTION_TRAFFIC_SHIFT" => Door::Bake,
            other => {
                let why = format!("there is no live traffic to judge at {other}");
                return plain(effective, Verdict::Pass, Reason::OtherStage, why);
            }
        };
        let arns: Vec<String> = hook.deployment.iter().chain(&service.service_deployment).take(1).cloned().collect();
        let found = match deployments::described(&self.ports, deadline, &arns).await {
            Ok(found) => found.into_iter().next(),
            Err(error) => return plain(effective, Verdict::Error, Reason::DeploymentUnreadable, error.to_string()),
        };
        let Some((deployment, revisions)) = found else {
            let why = "the deployment is gone".to_owned();
            return plain(effective, Verdict::Fail, Reason::DeploymentUnreadable, why);
        };
        let deployment = InProgress { service, of: Of::Ecs { deployment, revisions } };
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

    /// Holds a hook of a CodeDeploy deployment until its bake is over, or it has to be failed: what became of it, and the
    /// last look with its moment.
    pub(crate) async fn code_deploy(
        &self,
        settings: &Settings,
        hook: &CodeDeployHook,
        invocation: &Invocation,
    ) -> (Ended, Option<Outcome>, Option<Timestamp>) {
        let unread_succeeds = settings.common.mode != Mode::On;
        let wait = Wait { ports: &self.ports, hook, invocation, function: &self.host.name, unread_succeeds };
        let mut last: Option<(Outcome, Timestamp)> = None;
        let look = async |target: &Target, now: Timestamp, is_last: bool| {
            let (hold, outcome) = self.look_code_deploy(settings, hook, target, now, is_last).await;
            last = Some((outcome, now));
            hold
        };
        let ended = wait.hold(look).await;
        let (mut outcome, at) = last.unzip();
        if let (Some(outcome), Ended::NotAnswered { error, .. }) = (&mut outcome, &ended) {
            outcome.done = Done::NotMade(NotMade { reason: Reason::AnswerFailed, why: error.to_string() });
            outcome.news = true;
        }
        (ended, outcome, at)
    }

    async fn look_code_deploy(
        &self,
        settings: &Settings,
        hook: &CodeDeployHook,
        target: &Target,
        now: Timestamp,
        is_last: bool,
    ) -> (Hold, Outcome) {
        let deadline = Deadline::within(ONE_LOOK);
        let mode = settings.common.mode;
        let id = format!("{}/{}", target.cluster, target.service);
        let found = deployments::of_target(&self.ports, &deadline, &hook.hook.deployment, target).await;
        let judged = match found {
            Ok(Some(deployment)) => self.judge_held(settings, &deployment, target, &deadline, now).await,
            Ok(None) => {
                let why = "the service, or its deployment, is gone";
                (Judged::plain(Some(id), mode, Verdict::Fail, Reason::DeploymentUnreadable, why), None)
            }
            Err(error) => {
                let why = error.to_string();
                (Judged::plain(Some(id), mode, Verdict::Error, Reason::DeploymentUnreadable, why), None)
            }
        };
        let (judged, deployment) = judged;
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
            && let Err(not_stopped) = act::stop(&self.ports, &deadline, &deployment).await
        {
            // The next look sees what changed: its tag, or that it is being brought back.
            if not_stopped.reason == Reason::ChangedMeanwhile && !is_last {
                hold = Hold::Again(LOOK_ANEW);
            }
            done = Done::NotMade(not_stopped);
        }
        let news = is_news(&judged, action, now);
        (hold, Outcome { judged, action, done, news })
    }

    async fn judge_held(
        &self,
        settings: &Settings,
        deployment: &InProgress,
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
        let policy = look.policy(&deployment.service.tags);
        if mode_of(&policy) == Mode::Off {
            let why = "it carries no tag tidegate:gate with shadow or on, and passes";
            return (Judged::plain(id, Mode::Off, Verdict::Pass, Reason::NotEnrolled, why), None);
        }
        let event = target.in_progress().map_or("", |event| event.name.as_str());
        if event != BAKE_EVENT {
            let why = format!("there is no live traffic to judge at {event}");
            return (Judged::plain(id, settings.common.mode, Verdict::Pass, Reason::OtherStage, why), None);
        }
        let (judged, _) = look.by(&self.ports, deployment, policy).await;
        (judged, Some(deployment.clone()))
    }
}

/// The mode of a service, whether or not the rest of its policy can be read.
fn mode_of(policy: &Result<Policy, (Mode, String)>) -> Mode {
    policy.as_ref().map_or_else(|(mode, _)| *mode, |policy| policy.mode)
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
