//! Wiring: telemetry, settings, clients, run.

use cost_scaler::handler::Scaler;
use cost_scaler::settings::Settings;
use tidegate_aws::Aws;
use tidegate_lambda::start::{self, Error, Host};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start::run(Settings::read, scaler, Scaler::handle).await
}

async fn scaler(settings: Settings, host: Host) -> Scaler<Aws> {
    let aws = Aws::in_lambda(settings.common.clock).await;
    let region = aws.region().to_owned();
    Scaler::new(aws, settings, &region, host)
}
