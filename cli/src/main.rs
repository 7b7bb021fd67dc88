//! The command line: who answers what was said.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tidegate::commands::{Cli, Command};
use tidegate::{
    backtest, completions, diagnose, doctor, explain, judge, man, plan, policy, preflight, recommend, scan, status,
};

/// The exit code of a command that could not do what it was asked to.
const FAILED: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Takes colours out again where nobody would see them.
    let mut out = anstream::stdout().lock();
    match run(cli.command, &mut out).await {
        Ok(code) => code,
        // Whoever reads has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

async fn run(command: Command, out: &mut impl Write) -> Result<ExitCode> {
    match command {
        Command::Doctor(args) => Box::pin(doctor::main(&args, out)).await,
        Command::Status(args) => Box::pin(status::main(&args, out)).await,
        Command::Backtest(args) => Box::pin(backtest::main(args, out)).await,
        Command::Plan(args) => Box::pin(plan::main(args, out)).await,
        Command::Judge(args) if args.reads_questions() && io::stdin().is_terminal() => {
            anyhow::bail!(
                "there is nothing to judge: give --trace FILE, --deployment ID, or questions on standard input"
            )
        }
        Command::Judge(args) => Box::pin(judge::main(*args, io::stdin().lock(), out)).await,
        Command::Scan(args) => Box::pin(scan::main(&args, io::stdin().lock(), out)).await,
        Command::Preflight(args) => Box::pin(preflight::main(&args, io::stdin().lock(), out)).await,
        Command::Policy(args) => policy::main(args, io::stdin().lock(), out).await,
        Command::Diagnose(args) => diagnose::main(&args, io::stdin().lock(), out).await,
        Command::Explain(args) => explain::main(&args, out),
        Command::Completions(args) => completions::main(&args, out),
        Command::Man(args) => man::main(&args, out),
        Command::Recommend(args) => recommend::main(&args, io::stdin().lock(), out),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
