//! `tidegate policy`: the policy document of the scan gate.
//!
//! - [`check`]: every fault with its line, or what the document says in short

pub mod check;

use std::io::{Read, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The JSON Schema of the document.
pub const SCHEMA: &str = include_str!("../../../docs/scan-policy.schema.json");

/// Check the policy document of the scan gate, or print its JSON Schema.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Exit code: 0 where the document is good, 1 where it has faults, 2 where it can't be read.

Examples:
  tidegate policy check policy.yaml
  tidegate policy schema > scan-policy.schema.json";

const SCHEMA_HELP: &str = "\
Exit code: 0.

Examples:
  tidegate policy schema > scan-policy.schema.json";

#[derive(Clone, Debug, Subcommand)]
enum Command {
    Check(check::Args),
    /// Print the JSON Schema of the policy document.
    #[command(after_help = SCHEMA_HELP)]
    Schema,
}

/// Runs the command.
///
/// # Errors
/// Where the document is not there, or something can't be written.
pub async fn main(args: Args, input: impl Read, out: &mut impl Write) -> Result<ExitCode> {
    match args.command {
        Command::Check(args) => check::main(&args, input, out).await,
        Command::Schema => {
            out.write_all(SCHEMA.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
