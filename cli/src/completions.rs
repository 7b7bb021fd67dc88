//! `tidegate completions`: what a shell completes.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::commands::Cli;

/// Print what a shell needs to complete commands and options.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// The shell.
    pub shell: Shell,
}

const HELP: &str = "\
Exit code: 0.

Examples:
  tidegate completions bash > ~/.local/share/bash-completion/completions/tidegate
  tidegate completions zsh > ~/.zfunc/_tidegate
  tidegate completions fish > ~/.config/fish/completions/tidegate.fish";

/// Runs the command.
///
/// # Errors
/// Where nothing can be written.
pub fn main(args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    // Not straight to the output: it would panic where that is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tidegate", &mut script);
    out.write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
