//! The gate as a function that hooks call: what is judged, and how it is told.

use jiff::Timestamp;
use tidegate_aws::codedeploy::Target;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::canary::enrolment::GATE;
use tidegate_core::canary::{CanaryRecord, Judgement};
use tidegate_lambda::hooks::answers::{Hooked, Moment};
use tidegate_lambda::hooks::codedeploy::{CodeDeployHook, Look};
use tidegate_lambda::hooks::native::{HookAnswer, NativeHook};
use tidegate_lambda::settings::Common;
use tidegate_lambda::start::Invocation;

use crate::handler::{Gate, Ports};
use crate::log;
use crate::report::{self, FUNCTION, Outcome};
use crate::settings::Settings;

impl<P: Ports> Hooked for Gate<P> {
    type Ports = P;
    type Settings = Settings;
    type Judgement = Judgement;

    const TAG: &'static str = GATE;

    const FUNCTION: &'static str = FUNCTION;

    fn ports(&self) -> &P {
        &self.ports
    }

    fn name(&self) -> &str {
        &self.host.name
    }

    fn settings(&self) -> Result<&Settings, &SettingFaults> {
        self.settings.as_ref()
    }

    fn common(settings: &Settings) -> &Common {
        &settings.common
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
        target: &Target,
        moment: Moment,
    ) -> (Look, Outcome) {
        self.judge_held(settings, hook, target, moment).await
    }

    fn is_change(outcome: &Outcome, _at: Timestamp) -> bool {
        log::is_change(outcome)
    }

    fn record(outcome: Outcome, at: Timestamp, request_id: &str) -> CanaryRecord {
        report::record(outcome, at, request_id)
    }

    fn news(outcomes: &[Outcome], _at: Timestamp) -> Option<(String, String)> {
        report::news(outcomes)
    }
}
