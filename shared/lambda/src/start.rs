//! From a process to an answered invocation: telemetry, settings, set-up, and the runtime's loop.

use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::settings::SettingFaults;
use tidegate_aws::telemetry;
use tidegate_core::prices::Architecture;

pub use lambda_runtime::Error;

/// Time kept at the end of an invocation for its report.
const FOR_THE_REPORT: Duration = Duration::from_secs(3);

/// Memory of a function that nobody gave any.
const LEAST_MEMORY_MIB: u32 = 128;

/// What a function runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The function's own name; empty where nobody runs it.
    pub name: String,
    /// Memory of the function in MiB, which Lambda's price follows.
    pub memory_mib: u32,
    /// Its architecture.
    pub architecture: Architecture,
}

/// One invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Its id.
    pub request_id: String,
    /// When Lambda ends it.
    pub deadline: Timestamp,
}

impl Invocation {
    /// When the work has to be done, with time left to report it.
    #[must_use]
    pub fn work(&self, now: Timestamp) -> Deadline {
        let remaining = Duration::try_from(self.deadline.duration_since(now)).unwrap_or_default();
        Deadline::within(remaining.saturating_sub(FOR_THE_REPORT))
    }
}

/// Why an invocation failed as a whole. The sentence is the error itself.
pub trait Failure: Display {
    /// A stable word for alarms and filters.
    fn word(&self) -> &'static str;
}

impl Failure for SettingFaults {
    fn word(&self) -> &'static str {
        "SettingsUnusable"
    }
}

/// Runs a function for as long as its process lives: `read` reads its settings, `set_up` makes it of them, and `handle`
/// answers each invocation.
///
/// Settings that can't be used are answered to every invocation: a process that dies at its start says less.
///
/// # Errors
/// Where the Lambda runtime fails.
pub async fn run<S, F, A: Serialize, E: Failure>(
    read: impl FnOnce(fn(&str) -> Option<String>) -> Result<S, SettingFaults>,
    set_up: impl AsyncFnOnce(S, Host) -> F,
    handle: impl AsyncFn(&F, &Value, &Invocation) -> Result<A, E>,
) -> Result<(), Error> {
    telemetry::init(variable("AWS_LAMBDA_LOG_LEVEL").as_deref());
    let function = match read(variable) {
        Ok(settings) => Ok(set_up(settings, host()).await),
        Err(faults) => Err(faults),
    };
    let (function, handle) = (&function, &handle);
    let answer = |event: LambdaEvent<Value>| async move {
        let function = function.as_ref().map_err(diagnostic)?;
        let deadline = Timestamp::try_from(event.context.deadline()).unwrap_or(Timestamp::MAX);
        let invocation = Invocation { request_id: event.context.request_id, deadline };
        // Boxed, as the SDK's futures nest deeper than the compiler lays out in one piece.
        Box::pin(handle(function, &event.payload, &invocation)).await.map_err(|error| diagnostic(&error))
    };
    lambda_runtime::run(service_fn(answer)).await
}

/// A failure in the words that Lambda reports.
fn diagnostic(failure: &impl Failure) -> Diagnostic {
    Diagnostic { error_type: failure.word().to_owned(), error_message: failure.to_string() }
}

fn host() -> Host {
    let memory_mib = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|memory| memory.parse().ok());
    let architecture = if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 };
    let name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    Host { name, memory_mib: memory_mib.unwrap_or(LEAST_MEMORY_MIB), architecture }
}

#[expect(clippy::disallowed_methods, reason = "the one place where functions read their environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
