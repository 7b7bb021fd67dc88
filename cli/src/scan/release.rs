//! `tidegate scan release`: an image out of the quarantine again.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use scan_gate::archive;
use serde_json::json;
use tidegate_aws::clock::Clock;
use tidegate_aws::images::{By, Images};
use tidegate_core::scan::facts::{Image, Storage};
use tidegate_lambda::images::{by, repository};

use super::name::Named;

/// Undo a quarantine: bring an image back out of the archive, and wait until it can be pulled.
///
/// Of an index the platforms come back too. Once the image is scanned again the gate will archive it again, unless the
/// policy has an exception for what blocks it.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// The image as a task definition names it; without a host it is in the account's own registry.
    #[arg(value_name = "IMAGE", value_parser = Named::read)]
    pub image: Named,
    /// Print what came of it as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where it can be pulled, also where it was not in the archive, 2 where it could not be brought back.

Examples:
  tidegate scan release shop:v7
  tidegate scan release shop@sha256:9b2c... --json";

/// Brings an image back, and says what came. `tell` is told how it goes.
///
/// # Errors
/// Where there is no such image in ECR, or it could not be brought back, or did not come in time.
pub async fn run(
    ports: &(impl Images + Clock),
    region: &str,
    Args { image, json }: &Args,
    out: &mut impl Write,
    mut tell: impl FnMut(&str),
) -> Result<ExitCode> {
    let name = image.in_account(ports, region).await?;
    let host = name.registry.host();
    let repository = repository(&name)
        .with_context(|| format!("{image} is from {host}: only ECR has an archive to come back from"))?;
    let found = ports.describe_image(&repository, &by(&name)).await?;
    let found = found.with_context(|| format!("there is no image {image} in {host}"))?;
    let digest = found.digest;
    let image = Image {
        registry: host.to_owned(),
        repository: name.repository.clone(),
        digest: Some(digest.clone()),
        tags: found.tags,
    };
    if found.storage == Storage::Activating {
        tell(&format!("{digest} is coming back out of the archive already, which takes up to 20 minutes"));
    }
    // By its digest: a tag may move meanwhile.
    let released = archive::release(ports, &repository, &By::Digest(&digest), tell).await?;
    let short = image.short();
    if *json {
        let line = json!({"image": short, "can_be_pulled": true, "released": released});
        writeln!(out, "{line}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if released.is_empty() && found.storage == Storage::Active {
        writeln!(out, "{short} is not in the archive: nothing was done")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{short} is out of the archive and can be pulled")?;
    released.iter().try_for_each(|digest| writeln!(out, "  {}@{digest} came back", image.repository))?;
    writeln!(
        out,
        "Once it is scanned the gate will archive it again, unless the policy has an exception for what blocks it."
    )?;
    Ok(ExitCode::SUCCESS)
}
