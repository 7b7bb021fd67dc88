//! `tidegate man`: manual pages.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory, Parser};
use clap_mangen::Man;

use crate::commands::Cli;

/// Print the manual page, or write those of all commands into a folder.
#[derive(Clone, Debug, Parser)]
#[command(after_help = HELP)]
pub struct Args {
    /// Write a page for each command into this folder: tidegate.1, tidegate-doctor.1 and so on.
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

const HELP: &str = "\
Exit code: 0, or 2 where the pages can't be written.

Examples:
  tidegate man | man -l -
  tidegate man --dir ~/.local/share/man/man1";

/// Runs the command.
///
/// # Errors
/// Where something can't be written.
pub fn main(args: &Args, out: &mut impl Write) -> Result<ExitCode> {
    let pages = pages();
    let Some(dir) = &args.dir else {
        let (_, page) = pages.first().context("there is no page")?;
        out.write_all(page)?;
        return Ok(ExitCode::SUCCESS);
    };
    fs::create_dir_all(dir).with_context(|| format!("{} can't be made", dir.display()))?;
    for (name, page) in &pages {
        let file = dir.join(name);
        fs::write(&file, page).with_context(|| format!("{} can't be written", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every page with its file's name, that of the whole first.
#[must_use]
pub fn pages() -> Vec<(String, Vec<u8>)> {
    let mut whole = Cli::command().disable_help_subcommand(true);
    whole.build();
    let mut pages = Vec::new();
    collect(&whole, "tidegate", &mut pages);
    pages
}

fn collect(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) {
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    // Writing to memory does not fail.
    if page.render(&mut text).is_ok() {
        pages.push((format!("{name}.1"), text));
    }
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        collect(below, &format!("{name}-{}", below.get_name()), pages);
    }
}
