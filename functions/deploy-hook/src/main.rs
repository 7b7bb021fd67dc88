//! Wiring: telemetry, settings, clients, run.

use deploy_hook::handler::{Gate, Reply, RunError};
use deploy_hook::prober::Prober;
use deploy_hook::settings::{PROBES_ONLY, Settings};
use serde::Serialize;
use serde_json::Value;
use tidegate_aws::Aws;
use tidegate_aws::probe;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::smoke::Answer;
use tidegate_lambda::start::{self, Error, Host, Invocation};

/// What this process is.
enum Function {
    /// The function that hooks call.
    Gate(Box<Gate<Aws>>),
    /// Its copy in the VPC.
    Prober(Prober<probe::Prober>),
}

/// What either answers.
#[derive(Serialize)]
#[serde(untagged)]
enum Said {
    Reply(Reply),
    Answer(Answer),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Settings that can't be used reach the gate: its hooks have to be answered all the same.
    let read = |variable: fn(&str) -> Option<String>| {
        let probes_only = variable(PROBES_ONLY).is_some_and(|word| word == "true");
        Ok((probes_only, Settings::read(variable)))
    };
    start::run(read, set_up, handle).await
}

async fn set_up((probes_only, settings): (bool, Result<Settings, SettingFaults>), host: Host) -> Function {
    let clock = settings.as_ref().map(|settings| settings.common.clock).unwrap_or_default();
    if probes_only {
        return Function::Prober(Prober::new(probe::Prober::new(clock)));
    }
    Function::Gate(Box::new(Gate::new(Aws::in_lambda(clock).await, settings, host)))
}

async fn handle(function: &Function, event: &Value, invocation: &Invocation) -> Result<Said, RunError> {
    match function {
        // Boxed, as the SDK's futures nest deeper than the compiler lays out in one piece.
        Function::Gate(gate) => Box::pin(gate.handle(event, invocation)).await.map(Said::Reply),
        Function::Prober(prober) => prober.handle(event).await.map(Said::Answer),
    }
}
