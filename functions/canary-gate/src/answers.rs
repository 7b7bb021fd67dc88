//! The doors of hooks, each of which is always answered: what panics fails its hook, and no reporting undoes an answer.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tidegate_aws::codedeploy::Hook;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::canary::enrolment::GATE;
use tidegate_core::canary::{Action, Reason};
use tidegate_core::mode::Mode;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::batches::BatchAnswer;
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Ended, answer};
use tidegate_lambda::hooks::failures::Unanswered;
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::settings::Records;
use tidegate_lambda::start::Invocation;

use crate::act::NotMade;
use crate::handler::{Gate, Ports, Reply, RunError};
use crate::log;
use crate::look::Judged;
use crate::report::{Done, Outcome};

/// What stopping a deployment may take where its hook's answer was refused.
const TO_STOP: Duration = Duration::from_secs(10);

/// What reading its service's tag may take before that.
const TO_READ: Duration = Duration::from_secs(20);

impl<P: Ports> Gate<P> {
    /// Answers a hook of an ECS deployment.
    pub(crate) async fn answer_native(&self, hook: &NativeHook, invocation: &Invocation) -> HookAnswer {
        let id = || Some(hook.id());
        let judging = async {
            match &self.settings {
                Ok(settings) => {
                    let now = self.ports.now().await;
                    let (answer, outcome) = self.native(settings, hook, invocation, now).await;
                    (answer, outcome, Some(now))
                }
                Err(faults) => {
                    let answer = if self.is_native_roll_back(hook).await {
                        NativeHook::succeeded()
                    } else {
                        NativeHook::failed()
                    };
                    (answer, failed(unusable(id(), faults)), None)
                }
            }
        };
        let judged = guarded(judging).await;
        let (answer, outcome, at) =
            judged.unwrap_or_else(|panic| (NativeHook::failed(), failed(panicked(id(), &panic)), None));
        self.tell(vec![outcome], at, invocation).await;
        answer
    }

    /// Answers what has the shape of a hook of an ECS deployment, and can't be read.
    pub(crate) async fn answer_unread(&self, why: String, invocation: &Invocation) -> HookAnswer {
        let judged = Judged::plain(None, Mode::On, Verdict::Error, Reason::EventNotUnderstood, why);
        self.tell(vec![failed(judged)], None, invocation).await;
        NativeHook::failed()
    }

    /// Holds a hook of a CodeDeploy deployment, and answers it through CodeDeploy's API.
    pub(crate) async fn answer_code_deploy(
        &self,
        hook: &CodeDeployHook,
        invocation: &Invocation,
    ) -> Result<Reply, RunError> {
        let fail = async |judged: Judged| {
            let ended = answer(&self.ports, &hook.hook, false).await;
            (ended, Some(failed(judged)), None)
        };
        let holding = async {
            match &self.settings {
                Ok(settings) => self.code_deploy(settings, hook, invocation).await,
                // Whatever the environment is like, what brings an older version back is not held up.
                Err(_) if self.is_roll_back(&hook.hook).await => {
                    (answer(&self.ports, &hook.hook, true).await, None, None)
                }
                Err(faults) => fail(unusable(None, faults)).await,
            }
        };
        let (ended, outcome, at) = match guarded(holding).await {
            Ok(held) => held,
            Err(panic) => fail(panicked(None, &panic)).await,
        };
        self.tell(outcome.into_iter().collect(), at, invocation).await;
        match ended {
            Ended::Answered { .. } => Ok(Reply::CodeDeploy { hook: "answered" }),
            Ended::Over => Ok(Reply::CodeDeploy { hook: "over" }),
            Ended::HandedOn { .. } => Ok(Reply::CodeDeploy { hook: "handed on" }),
            Ended::NotAnswered { error, .. } => Err(RunError::NotAnswered(error)),
        }
    }

    /// The last door: hooks that no invocation answered are failed, and where even that is refused, stopped; but for those
    /// of services that are known not to be switched on, which nothing holds up.
    pub(crate) async fn answer_unanswered(&self, events: &[Unanswered], invocation: &Invocation) -> BatchAnswer {
        let mut left = Vec::new();
        let mut outcomes = Vec::new();
        for unanswered in events {
            let hook = unanswered.event.as_ref().filter(|event| CodeDeployHook::is(event)).map(CodeDeployHook::read);
            let Some(Ok(hook)) = hook else {
                // A schedule's minute that is over. The alarm on the function's errors has told of it.
                tracing::warn!(message_id = unanswered.message_id, "an event that was not answered is dropped");
                continue;
            };
            let why = format!("no invocation answered the hook of {}", hook.hook.deployment);
            let passes = self.is_not_on(&hook.hook).await || self.is_roll_back(&hook.hook).await;
            let (mode, action) = if passes { (Mode::Shadow, None) } else { (Mode::On, Some(Action::FailHook)) };
            let judged = Judged::plain(None, mode, Verdict::Error, Reason::AnswerFailed, why);
            let mut outcome = Outcome { action, ..failed(judged) };
            if let Ended::NotAnswered { error, .. } = answer(&self.ports, &hook.hook, passes).await {
                let stop = self.ports.stop_deployment(&hook.hook.deployment);
                let stopped = async { Deadline::within(TO_STOP).bound_write("StopDeployment", stop).await };
                let failed =
                    if passes { Some(error.to_string()) } else { stopped.await.err().map(|s| format!("{error}; {s}")) };
                if let Some(why) = failed {
                    outcome.done = Done::NotMade(NotMade { reason: Reason::AnswerFailed, why });
                    left.push(unanswered.message_id.clone());
                }
            }
            outcomes.push(outcome);
        }
        self.tell(outcomes, None, invocation).await;
        BatchAnswer::of(left)
    }

    /// Whether the service of a hook is known not to be switched on.
    async fn is_not_on(&self, hook: &Hook) -> bool {
        let Ok(settings) = &self.settings else { return false };
        let deadline = Deadline::within(TO_READ);
        let mode = async {
            let target = self.ports.deployment_target(&hook.deployment);
            let target = deadline.bound("BatchGetDeploymentTargets", target).await.ok()??;
            let names = [target.service];
            let described = self.ports.describe_services(&target.cluster, &names);
            let service = deadline.bound("DescribeServices", described).await.ok()?.services.into_iter().next()?;
            service.tags.mode(GATE).ok()
        };
        settings.common.mode != Mode::On || mode.await.is_some_and(|mode| mode != Mode::On)
    }

    /// Whether the deployment of a hook is known to bring an older version back.
    async fn is_roll_back(&self, hook: &Hook) -> bool {
        let ids = std::slice::from_ref(&hook.deployment);
        let read = self.ports.batch_get_deployments(ids);
        let found = Deadline::within(TO_READ).bound("BatchGetDeployments", read).await;
        found.is_ok_and(|deployments| deployments.iter().any(|deployment| deployment.roll_back))
    }

    /// The same of a hook of ECS.
    async fn is_native_roll_back(&self, hook: &NativeHook) -> bool {
        let Some(arn) = &hook.deployment else { return false };
        let read = self.ports.describe_service_deployments(std::slice::from_ref(arn));
        let found = Deadline::within(TO_READ).bound("DescribeServiceDeployments", read).await;
        found.is_ok_and(|deployments| deployments.iter().any(|deployment| deployment.status.starts_with("ROLLBACK")))
    }

    /// Prints and publishes what hooks were answered, as of their judgement where there was one.
    async fn tell(&self, outcomes: Vec<Outcome>, at: Option<Timestamp>, invocation: &Invocation) {
        let telling = async {
            let at = match at {
                Some(at) => at,
                None => self.ports.now().await,
            };
            let records = self.settings.as_ref().map_or(Records::Changes, |settings| settings.common.records);
            if let Ok(settings) = &self.settings {
                self.publish(settings, &outcomes).await;
            }
            log::judged(&self.ports, outcomes, at, records, &invocation.request_id);
        };
        if let Err(panic) = guarded(telling).await {
            tracing::error!(panic, "what a hook was answered could not be told");
        }
        // They are this hook's, and not the next run's.
        let _calls = self.ports.take_calls();
    }
}

/// What came of some work, or what its panic said.
async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        said.unwrap_or("it did not say why").to_owned()
    })
}

/// A hook that is failed because nothing could be judged.
fn failed(judged: Judged) -> Outcome {
    Outcome { judged, action: Some(Action::FailHook), done: Done::Acted, news: true }
}

fn unusable(service: Option<String>, faults: &SettingFaults) -> Judged {
    Judged::plain(service, Mode::On, Verdict::Error, Reason::PolicyError, faults.to_string())
}

fn panicked(service: Option<String>, panic: &str) -> Judged {
    tracing::error!(panic, "a hook's judgement panicked");
    let why = format!("the gate panicked: {panic}");
    Judged::plain(service, Mode::On, Verdict::Error, Reason::AnswerFailed, why)
}
