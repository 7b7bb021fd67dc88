//! The doors of hooks, each of which is always answered: what panics fails its hook, and no reporting undoes an answer.
//!
//! What is the same for every function that hooks call is here; what is judged, and how it is told, is the function's own:
//! [`Hooked`].

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tidegate_aws::calls::Counted;
use tidegate_aws::clock::Clock;
use tidegate_aws::codedeploy::{CodeDeploy, Hook, Target};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::functions::Functions;
use tidegate_aws::notifications::Notifications;
use tidegate_aws::settings::SettingFaults;
use tidegate_aws::telemetry::Output;
use tidegate_core::mode::Mode;
use tidegate_core::record::Record;
use tidegate_core::verdict::Verdict;

use super::codedeploy::{CodeDeployHook, Ended, Look, Wait, answer};
use super::failures::Unanswered;
use super::gate::{self, Common, Judged, Judgement, Outcome};
use super::native::{HookAnswer, NativeHook};
use crate::batches::BatchAnswer;
use crate::outcome::Done;
use crate::settings::{self, Records};
use crate::start::Invocation;
use crate::{log, messages};

/// What stopping a deployment may take where its hook's answer was refused.
const TO_STOP: Duration = Duration::from_secs(10);

/// What reading its service's tag may take before that.
const TO_READ: Duration = Duration::from_secs(20);

/// What hooks are answered through.
pub trait Ports: CodeDeploy + Deployments + Ecs + Functions + Notifications + Clock + Output + Counted {}
impl<T: CodeDeploy + Deployments + Ecs + Functions + Notifications + Clock + Output + Counted> Ports for T {}

/// What a function judges.
pub type OutcomeOf<F> = Outcome<<F as Hooked>::Judgement>;

/// The record of what it judges.
pub type RecordOf<F> = Record<
    <<F as Hooked>::Judgement as Judgement>::Facts,
    <<F as Hooked>::Judgement as Judgement>::Policy,
    <F as Hooked>::Judgement,
    <<F as Hooked>::Judgement as Judgement>::Action,
>;

/// A function that hooks call.
pub trait Hooked {
    /// What it reaches the world through.
    type Ports: Ports;
    /// How this installation judges.
    type Settings;
    /// What it comes to.
    type Judgement: Judgement;

    /// The tag that switches it on for a service, without its prefix, such as `gate`.
    const TAG: &'static str;

    /// The name in records and metrics.
    const FUNCTION: &'static str;

    /// The world.
    fn ports(&self) -> &Self::Ports;

    /// Its own name, under which it is invoked again.
    fn name(&self) -> &str;

    /// The environment, or what is wrong with it.
    ///
    /// # Errors
    /// Where it can't be used.
    fn settings(&self) -> Result<&Self::Settings, &SettingFaults>;

    /// What every function is told.
    fn common(settings: &Self::Settings) -> &settings::Common;

    /// The answer to a hook of an ECS deployment.
    async fn native(
        &self,
        settings: &Self::Settings,
        hook: &NativeHook,
        invocation: &Invocation,
        now: Timestamp,
    ) -> (HookAnswer, OutcomeOf<Self>);

    /// One look for a hook of a CodeDeploy deployment.
    async fn held(
        &self,
        settings: &Self::Settings,
        hook: &CodeDeployHook,
        target: &Target,
        moment: Moment,
    ) -> (Look, OutcomeOf<Self>);

    /// Whether an outcome is recorded in full, where only changes are.
    fn is_change(outcome: &OutcomeOf<Self>, at: Timestamp) -> bool;

    /// The record of an outcome.
    fn record(outcome: OutcomeOf<Self>, at: Timestamp, request_id: &str) -> RecordOf<Self>;

    /// Subject and body about what is news; None where nothing is.
    fn news(outcomes: &[OutcomeOf<Self>], at: Timestamp) -> Option<(String, String)>;
}

/// The moment of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment itself.
    pub now: Timestamp,
    /// When the hook was called, or is known to have been.
    pub called: Timestamp,
    /// Whether there is no other look: this one has to answer.
    pub is_last: bool,
}

/// What becomes of a hook about which nothing could be judged: it is failed, or let pass all the same where nothing holds
/// up its deployment.
fn unjudged<J: Judgement>(service: Option<String>, reason: Common, why: String, passed: bool) -> Outcome<J> {
    let mode = if passed { Mode::Shadow } else { Mode::On };
    let judged = Judged::plain(service, mode, Verdict::Error, J::common(reason), why);
    Outcome { judged, action: (!passed).then(J::fail_hook), done: Done::Acted, news: true }
}

fn panicked<J: Judgement>(service: Option<String>, panic: &str, passed: bool) -> Outcome<J> {
    tracing::error!(panic, "a hook's judgement panicked");
    unjudged(service, Common::AnswerFailed, format!("the gate panicked: {panic}"), passed)
}

/// Answers a hook of an ECS deployment.
pub async fn answer_native<F: Hooked>(function: &F, hook: &NativeHook, invocation: &Invocation) -> HookAnswer {
    let judging = async {
        match function.settings() {
            Ok(settings) => {
                let now = function.ports().now().await;
                let (answer, outcome) = function.native(settings, hook, invocation, now).await;
                (answer, outcome, Some(now))
            }
            // Whatever the environment is like, what brings an older version back is not held up.
            Err(faults) => {
                let passed = is_native_roll_back(function.ports(), hook).await;
                (plain(passed), unjudged(Some(hook.id()), Common::PolicyError, faults.to_string(), passed), None)
            }
        }
    };
    let (answer, outcome, at) = match guarded(judging).await {
        Ok(judged) => judged,
        Err(panic) => {
            let passes = async {
                is_service_not_on(function, &hook.cluster, &hook.service).await
                    || is_native_roll_back(function.ports(), hook).await
            };
            let passed = guarded(passes).await.unwrap_or(false);
            (plain(passed), panicked(Some(hook.id()), &panic, passed), None)
        }
    };
    tell(function, vec![outcome], at, invocation).await;
    answer
}

/// Answers what has the shape of a hook of an ECS deployment, and can't be read.
pub async fn answer_unread<F: Hooked>(function: &F, why: String, invocation: &Invocation) -> HookAnswer {
    let passed = installed(function).is_some_and(|mode| mode != Mode::On);
    tell(function, vec![unjudged(None, Common::EventNotUnderstood, why, passed)], None, invocation).await;
    plain(passed)
}

/// Holds a hook of a CodeDeploy deployment, and answers it through CodeDeploy's API: what became of it, in a word.
///
/// # Errors
/// Where the answer was not taken; the event then goes to the on-failure queue.
pub async fn answer_code_deploy<F: Hooked>(
    function: &F,
    hook: &CodeDeployHook,
    invocation: &Invocation,
) -> Result<&'static str, PortError> {
    let ports = function.ports();
    let holding = async {
        match function.settings() {
            Ok(settings) => hold(function, settings, hook, invocation).await,
            // Whatever the environment is like, what brings an older version back is not held up.
            Err(_) if is_roll_back(ports, &hook.hook).await => (answer(ports, &hook.hook, true).await, None, None),
            Err(faults) => {
                let outcome = unjudged(None, Common::PolicyError, faults.to_string(), false);
                (answer(ports, &hook.hook, false).await, Some(outcome), None)
            }
        }
    };
    let (ended, outcome, at) = match guarded(holding).await {
        Ok(held) => held,
        Err(panic) => {
            let passed = guarded(passes(function, &hook.hook)).await.unwrap_or(false);
            (answer(ports, &hook.hook, passed).await, Some(panicked(None, &panic, passed)), None)
        }
    };
    tell(function, outcome.into_iter().collect(), at, invocation).await;
    match ended {
        Ended::Answered { .. } => Ok("answered"),
        Ended::Over => Ok("over"),
        Ended::HandedOn { .. } => Ok("handed on"),
        Ended::NotAnswered { error, .. } => Err(error),
    }
}

/// Holds a hook of a CodeDeploy deployment until it is answered or handed on: what became of it, and the last look with
/// its moment.
async fn hold<F: Hooked>(
    function: &F,
    settings: &F::Settings,
    hook: &CodeDeployHook,
    invocation: &Invocation,
) -> (Ended, Option<OutcomeOf<F>>, Option<Timestamp>) {
    let unread_succeeds = F::common(settings).mode != Mode::On;
    let (ports, name) = (function.ports(), function.name());
    let wait = Wait { ports, hook, invocation, function: name, unread_succeeds };
    let mut called = hook.since();
    let mut last = None;
    let look = async |target: &Target, now: Timestamp, is_last: bool| {
        let moment = Moment { now, called: *called.get_or_insert(now), is_last };
        let (look, outcome) = function.held(settings, hook, target, moment).await;
        last = Some((outcome, now));
        look
    };
    let ended = wait.hold(look).await;
    let (mut outcome, at) = last.unzip();
    if let (Some(outcome), Ended::NotAnswered { error, .. }) = (&mut outcome, &ended) {
        outcome.not_answered(error.to_string());
    }
    (ended, outcome, at)
}

/// The last door: hooks that no invocation answered are failed, and where even that is refused, stopped; but for those
/// of services that are known not to be switched on, which nothing holds up.
pub async fn answer_unanswered<F: Hooked>(function: &F, events: &[Unanswered], invocation: &Invocation) -> BatchAnswer {
    let mut left = Vec::new();
    let mut outcomes = Vec::new();
    for unanswered in events {
        let hook = unanswered.event.as_ref().filter(|event| CodeDeployHook::is(event)).map(CodeDeployHook::read);
        let Some(Ok(hook)) = hook else {
            // A schedule's minute that is over, or what nobody waits for. The alarm on the function's errors has told of
            // it.
            tracing::warn!(message_id = unanswered.message_id, "an event that was not answered is dropped");
            continue;
        };
        let why = format!("no invocation answered the hook of {}", hook.hook.deployment);
        let passed = passes(function, &hook.hook).await;
        let mut outcome = unjudged(None, Common::AnswerFailed, why, passed);
        if let Some(why) = not_answered(function.ports(), &hook.hook, passed).await {
            left.push(unanswered.message_id.clone());
            outcome.not_answered(why);
        }
        outcomes.push(outcome);
    }
    tell(function, outcomes, None, invocation).await;
    BatchAnswer::of(left)
}

/// Answers a hook, and stops its deployment where the answer is refused; why neither could be done, where neither could.
async fn not_answered(ports: &impl Ports, hook: &Hook, passed: bool) -> Option<String> {
    let Ended::NotAnswered { error, .. } = answer(ports, hook, passed).await else { return None };
    // Of a deployment that is gone nobody waits for an answer.
    if error.kind == Kind::NotFound {
        return None;
    }
    if passed {
        return Some(error.to_string());
    }
    let stop = ports.stop_deployment(&hook.deployment);
    match Deadline::within(TO_STOP).bound_write("StopDeployment", stop).await {
        Ok(_) => None,
        Err(not_stopped) if not_stopped.kind == Kind::NotFound => None,
        Err(not_stopped) => Some(format!("{error}; {not_stopped}")),
    }
}

/// What came of some work, or what its panic said.
///
/// # Errors
/// The words of the panic.
pub async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        said.unwrap_or("it did not say why").to_owned()
    })
}

fn plain(passed: bool) -> HookAnswer {
    if passed { NativeHook::succeeded() } else { NativeHook::failed() }
}

/// Whether nothing holds up the deployment of a hook, whatever else is known of it.
async fn passes<F: Hooked>(function: &F, hook: &Hook) -> bool {
    is_not_on(function, hook).await || is_roll_back(function.ports(), hook).await
}

/// The mode of the installation; None where its environment can't be used.
fn installed<F: Hooked>(function: &F) -> Option<Mode> {
    function.settings().ok().map(|settings| F::common(settings).mode)
}

/// Whether the service of a hook is known not to be switched on.
async fn is_not_on<F: Hooked>(function: &F, hook: &Hook) -> bool {
    match installed(function) {
        None => return false,
        Some(Mode::On) => {}
        Some(_) => return true,
    }
    let target = function.ports().deployment_target(&hook.deployment);
    let target = Deadline::within(TO_READ).bound("BatchGetDeploymentTargets", target).await;
    match target {
        Ok(Some(target)) => is_service_not_on(function, &target.cluster, &target.service).await,
        _ => false,
    }
}

/// Whether a service is known not to be switched on.
async fn is_service_not_on<F: Hooked>(function: &F, cluster: &str, service: &str) -> bool {
    match installed(function) {
        None => return false,
        Some(Mode::On) => {}
        Some(_) => return true,
    }
    let names = [service.to_owned()];
    let described = function.ports().describe_services(cluster, &names);
    let described = Deadline::within(TO_READ).bound("DescribeServices", described).await;
    let service = described.ok().and_then(|described| described.services.into_iter().next());
    service.and_then(|service| service.tags.mode(F::TAG).ok()).is_some_and(|mode| mode != Mode::On)
}

/// Whether the deployment of a hook is known to bring an older version back.
async fn is_roll_back(ports: &impl Ports, hook: &Hook) -> bool {
    let ids = std::slice::from_ref(&hook.deployment);
    let found = Deadline::within(TO_READ).bound("BatchGetDeployments", ports.batch_get_deployments(ids)).await;
    found.is_ok_and(|deployments| deployments.iter().any(|deployment| deployment.roll_back))
}

/// The same of a hook of ECS.
async fn is_native_roll_back(ports: &impl Ports, hook: &NativeHook) -> bool {
    let Some(arn) = &hook.deployment else { return false };
    let read = ports.describe_service_deployments(std::slice::from_ref(arn));
    let found = Deadline::within(TO_READ).bound("DescribeServiceDeployments", read).await;
    found.is_ok_and(|deployments| deployments.iter().any(|deployment| deployment.status.starts_with("ROLLBACK")))
}

/// Tells what hooks were answered, as of their judgement where there was one.
async fn tell<F: Hooked>(function: &F, outcomes: Vec<OutcomeOf<F>>, at: Option<Timestamp>, invocation: &Invocation) {
    let ports = function.ports();
    let telling = async {
        let at = match at {
            Some(at) => at,
            None => ports.now().await,
        };
        let common = function.settings().ok().map(F::common);
        if let Some((common, (subject, body))) = common.zip(F::news(&outcomes, at)) {
            messages::tell(ports, common, &subject, body).await;
        }
        let records = common.map_or(Records::Changes, |common| common.records);
        log::decided(
            ports,
            gate::metrics(F::FUNCTION, &outcomes, at),
            outcomes,
            |outcome| records == Records::All || F::is_change(outcome, at),
            |outcome| F::record(outcome, at, &invocation.request_id),
        );
    };
    if let Err(panic) = guarded(telling).await {
        tracing::error!(panic, "what a hook was answered could not be told");
    }
    // They are this hook's, and not the next run's.
    let _calls = function.ports().take_calls();
}
