//! Wiring: telemetry, settings, clients, run.

use scan_gate::handler::Gate;
use scan_gate::settings::Settings;
use tidegate_aws::Aws;
use tidegate_lambda::start::{self, Error, Host};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start::run(Settings::read, gate, Gate::handle).await
}

async fn gate(settings: Settings, host: Host) -> Gate<Aws> {
    Gate::new(Aws::in_lambda(settings.common.clock).await, settings, host)
}
