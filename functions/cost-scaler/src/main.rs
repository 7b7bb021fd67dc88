//! Wiring: telemetry, settings, clients, run.

use cost_scaler::handler::{Host, Invocation, RunError, Scaler};
use cost_scaler::settings::Settings;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tidegate_aws::settings::SettingFaults;
use tidegate_aws::{Aws, telemetry};
use tidegate_core::prices::Architecture;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init(variable("AWS_LAMBDA_LOG_LEVEL").as_deref());
    // Settings that can't be used are answered to every invocation: a process that dies at its start says less.
    let scaler = match Settings::read(variable) {
        Ok(settings) => Ok(scaler(settings).await),
        Err(faults) => Err(faults),
    };
    let scaler = &scaler;
    let answer = |event: LambdaEvent<Value>| async move {
        let scaler = scaler.as_ref().map_err(|faults| Failure::Settings(faults.clone()))?;
        let deadline = Timestamp::try_from(event.context.deadline()).unwrap_or(Timestamp::MAX);
        let invocation = Invocation { request_id: event.context.request_id, deadline };
        // Boxed, as the SDK's futures nest deeper than the compiler lays out in one piece.
        Box::pin(scaler.handle(&event.payload, &invocation)).await.map_err(Failure::Run)
    };
    lambda_runtime::run(service_fn(answer)).await
}

async fn scaler(settings: Settings) -> Scaler<Aws> {
    let aws = Aws::in_lambda(settings.clock).await;
    let region = aws.region().to_owned();
    let memory = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|memory| memory.parse().ok());
    let architecture = if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 };
    Scaler::new(aws, settings, &region, Host { memory_mib: memory.unwrap_or(128), architecture })
}

#[expect(clippy::disallowed_methods, reason = "the one place where this function reads its environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Why an invocation failed, in the words that Lambda reports.
#[derive(Debug)]
enum Failure {
    Settings(SettingFaults),
    Run(RunError),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let (word, message) = match failure {
            Failure::Settings(faults) => ("SettingsUnusable", faults.to_string()),
            Failure::Run(error) => (error.word(), error.to_string()),
        };
        Self { error_type: word.to_owned(), error_message: message }
    }
}
