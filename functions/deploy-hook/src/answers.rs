//! The gate as a function that hooks call: what is told of them, and what is recorded of a hook that could not be judged.

use jiff::Timestamp;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::hook::enrolment::HOOK;
use tidegate_core::hook::{Action, Other};
use tidegate_core::mode::Mode;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::hooks::answers::{Cause, Hooked, Unjudged};
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Ended};
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::messages;
use tidegate_lambda::settings::Records;
use tidegate_lambda::start::Invocation;

use crate::handler::{Gate, Ports};
use crate::log;
use crate::look::Judged;
use crate::report::{self, Done, NotMade, Outcome};
use crate::settings::Settings;

impl<P: Ports> Hooked for Gate<P> {
    type Ports = P;
    type Settings = Settings;
    type Outcome = Outcome;

    const TAG: &'static str = HOOK;

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
        self.hold(settings, hook, invocation).await
    }

    fn unjudged(&self, hook: Unjudged) -> Outcome {
        let Unjudged { service, cause, why, passed, not_answered } = hook;
        let reason = match cause {
            Cause::Settings => Other::PolicyError,
            Cause::NotUnderstood => Other::EventNotUnderstood,
            Cause::Panicked | Cause::NotAnswered => Other::AnswerFailed,
        };
        let mode = if passed { Mode::Shadow } else { Mode::On };
        let not_made = |why| Done::NotMade(NotMade { reason: Other::AnswerFailed, why });
        Outcome {
            judged: Judged::plain(service, mode, Verdict::Error, reason, why),
            action: (!passed).then_some(Action::FailHook),
            done: not_answered.map_or(Done::Acted, not_made),
            news: true,
        }
    }

    async fn tell(&self, outcomes: Vec<Outcome>, at: Timestamp, invocation: &Invocation) {
        let records = self.settings.as_ref().map_or(Records::Changes, |settings| settings.common.records);
        if let Ok(settings) = &self.settings
            && let Some((subject, body)) = report::news(&outcomes, at)
        {
            messages::tell(&self.ports, &settings.common, &subject, body).await;
        }
        log::judged(&self.ports, outcomes, at, records, &invocation.request_id);
    }
}
