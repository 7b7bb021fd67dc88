//! Wiring: telemetry, settings, clients, run.

use canary_gate::handler::Gate;
use canary_gate::settings::Settings;
use tidegate_aws::Aws;
use tidegate_aws::settings::SettingFaults;
use tidegate_lambda::start::{self, Error, Host};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Settings that can't be used reach the gate: its hooks have to be answered all the same.
    start::run(|variable| Ok(Settings::read(variable)), gate, Gate::handle).await
}

async fn gate(settings: Result<Settings, SettingFaults>, host: Host) -> Gate<Aws> {
    let clock = settings.as_ref().map(|settings| settings.common.clock).unwrap_or_default();
    Gate::new(Aws::in_lambda(clock).await, settings, host)
}
