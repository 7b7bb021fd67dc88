//! `tidegate preflight`: whether a task definition may be deployed, before anybody deploys it.
//!
//! - [`mod@file`]: a task definition in a file
//! - [`account`]: the one of a service of the account, with its images and log groups
//! - [`checked`]: what was looked at, and what came of it
//! - [`show`]: that for people, and as JSON

pub mod account;
pub mod checked;
pub mod file;
pub mod show;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{ArgGroup, Parser};
use deploy_hook::settings::Settings;
use tidegate_core::hook::policy::Preflight;
use tidegate_core::verdict::Verdict;

use crate::diagnose::account::Named;
use crate::live;

use checked::Checked;

/// Check a task definition as the deployment hook would, before anybody deploys it.
///
/// The FILE is that for `aws ecs register-task-definition`, or what `aws ecs describe-task-definition` prints; it is checked
/// without any access. Of a service of the account its images and log groups are looked at too: whether they are there, what
/// the scan verdict on the images is, and whom they run as. Nothing is changed.
#[derive(Clone, Debug, Default, Parser)]
#[command(after_help = HELP, group = ArgGroup::new("source").args(["file", "service"]).required(true))]
pub struct Args {
    /// The task definition; - for standard input.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The service, as CLUSTER/SERVICE: what it runs is checked, by what its tags say.
    #[arg(long, value_name = "SERVICE", value_parser = Named::read)]
    pub service: Option<Named>,
    /// The task definition that the service is to run, as an ARN or FAMILY:REVISION [default: the one that it runs].
    #[arg(long, value_name = "NAME", requires = "service")]
    pub task_definition: Option<String>,
    /// What breaches come to, in the words of the tag `tidegate:preflight` [default: the tag's, or warn].
    #[arg(long, value_name = "LEVELS", value_parser = Preflight::read)]
    pub preflight: Option<Preflight>,
    /// The region that its tasks run in [default: the environment's, for a service].
    #[arg(long)]
    pub region: Option<String>,
    /// What its tasks run on [default: what the service says, or else Fargate where the file requires nothing else].
    #[arg(long, value_name = "TYPE", conflicts_with = "service", value_parser = ["FARGATE", "EC2"])]
    pub launch_type: Option<String>,
    /// Print what was found as JSON, on one line.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Exit code: 0 where it passes, with warnings or without, 1 where something blocks, 2 where it can't be judged.

Examples:
  tidegate preflight taskdef.json --preflight \"block root_user=off:xray-daemon mutable_tag=warn\"
  aws ecs describe-task-definition --task-definition shop | tidegate preflight - --region eu-west-1
  tidegate preflight --service live/shop --task-definition shop:43

docs/deploy-hook.md describes every rule.";

/// The exit codes beside that of success.
const BLOCKS: u8 = 1;
const NOT_JUDGED: u8 = 2;

/// Runs the command.
///
/// # Errors
/// Where the task definition or the service can't be read, or nothing can be written.
pub async fn main(args: &Args, input: impl Read, out: &mut impl Write) -> Result<ExitCode> {
    if let Some(file) = &args.file {
        let now = live::moment(None).await?;
        return finish(&file::checked(file, input, args, now)?, args, out);
    }
    let settings = Settings::read(live::variable)?;
    let aws = live::aws_in(args.region.clone()).await?;
    run(&aws, &settings, aws.region(), args, out).await
}

/// Runs the command on an account behind ports.
///
/// # Errors
/// Where the service or its task definition can't be read, or nothing can be written.
pub async fn run(
    ports: &impl account::Ports,
    settings: &Settings,
    region: &str,
    args: &Args,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let Some(service) = &args.service else {
        bail!("there is nothing to check: name a FILE, or --service CLUSTER/SERVICE")
    };
    let checked = Box::pin(account::checked(ports, settings, region, service, args)).await?;
    finish(&checked, args, out)
}

fn finish(checked: &Checked, args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    if args.json {
        show::print_json(out, checked)?;
    } else {
        show::print(out, checked)?;
    }
    Ok(match checked.judgement.verdict {
        Verdict::Pass => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::from(BLOCKS),
        Verdict::Inconclusive | Verdict::Error => ExitCode::from(NOT_JUDGED),
    })
}
