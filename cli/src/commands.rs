//! The command line: what may be said.

use clap::{Parser, Subcommand};

use crate::{
    backtest, completions, diagnose, doctor, explain, judge, man, plan, policy, preflight, recommend, scan, status,
};

/// See and test what Tidegate decides for your Amazon ECS services, and check how it is deployed.
#[derive(Parser)]
#[command(name = "tidegate", version, propagate_version = true, after_help = HELP)]
pub struct Cli {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

const HELP: &str = "\
Exit code: 0 where all is well, 1 where something was found, 2 where it can't be said; each command's own help is exact.

Examples:
  tidegate doctor
  tidegate status --service live/shop
  tidegate plan --cluster live

Nothing in the account is changed, but by `tidegate scan release`. Output has colours in a terminal only, and none where \
NO_COLOR is set; --json prints what programs read.";

/// The commands.
#[expect(missing_docs, reason = "each one's help stands with its arguments")]
#[derive(Subcommand)]
pub enum Command {
    Doctor(doctor::Args),
    Status(status::Args),
    Plan(plan::Args),
    Backtest(backtest::Args),
    Judge(Box<judge::Args>),
    Scan(Box<scan::Args>),
    Policy(policy::Args),
    Preflight(preflight::Args),
    Diagnose(diagnose::Args),
    Explain(explain::Args),
    Recommend(recommend::Args),
    Completions(completions::Args),
    Man(man::Args),
}
