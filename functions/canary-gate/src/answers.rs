//! The gate as a function that hooks call: what is told of them, and what is recorded of a hook that could not be judged.

use jiff::Timestamp;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::canary::enrolment::GATE;
use tidegate_core::canary::{Action, Reason};
use tidegate_core::mode::Mode;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::hooks::answers::{Cause, Hooked, Unjudged};
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Ended};
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::settings::Records;
use tidegate_lambda::start::Invocation;

use crate::act::NotMade;
use crate::handler::{Gate, Ports};
use crate::log;
use crate::look::Judged;
use crate::report::{Done, Outcome};
use crate::settings::Settings;

impl<P: Ports> Hooked for Gate<P> {
    type Ports = P;
    type Settings = Settings;
    type Outcome = Outcome;

    const TAG: &'static str = GATE;

    fn ports(&self) -> &P {
        &self.ports
    }

    fn settings(&self) -> Result<&Settings, &SettingFaults> {
        self.settings.as_ref()
    }

    fn mode(settings: &Settings) -> Mode {
        settings.common.mode
    }

    async fn native(
        &self,
        settings: &Settings,
        hook: &NativeHook,
        invocation: &Invocation,
        now: Timestamp,
    ) -> (HookAnswer, Outcome) {
        self.judge_native(settings, hook, invocation, now).await
    }

    async fn held(
        &self,
        settings: &Settings,
        hook: &CodeDeployHook,
        invocation: &Invocation,
    ) -> (Ended, Option<Outcome>, Option<Timestamp>) {
        self.code_deploy(settings, hook, invocation).await
    }

    fn unjudged(&self, hook: Unjudged) -> Outcome {
        let Unjudged { service, cause, why, passed, not_answered } = hook;
        let reason = match cause {
            Cause::Settings => Reason::PolicyError,
            Cause::NotUnderstood => Reason::EventNotUnderstood,
            Cause::Panicked | Cause::NotAnswered => Reason::AnswerFailed,
        };
        let mode = if passed { Mode::Shadow } else { Mode::On };
        let done = not_answered.map_or(Done::Acted, |why| Done::NotMade(NotMade { reason: Reason::AnswerFailed, why }));
        Outcome {
            judged: Judged::plain(service, mode, Verdict::Error, reason, why),
            action: (!passed).then_some(Action::FailHook),
            done,
            news: true,
        }
    }

    async fn tell(&self, outcomes: Vec<Outcome>, at: Timestamp, invocation: &Invocation) {
        let records = self.settings.as_ref().map_or(Records::Changes, |settings| settings.common.records);
        if let Ok(settings) = &self.settings {
            self.publish(settings, &outcomes).await;
        }
        log::judged(&self.ports, outcomes, at, records, &invocation.request_id);
    }
}
