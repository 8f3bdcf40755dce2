//! What people type.
//!
//! Every subcommand has its own `Args` and `run(&Args) -> anyhow::Result<ExitCode>` in the module
//! it belongs to; this file only lists them.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::agent;
use crate::isolation::container;

/// A real cluster on the simulator's core.
#[derive(Parser, Debug)]
#[command(name = "fairground-real", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Agent(Box<agent::Args>),
    #[command(hide = true)]
    Container(container::Args),
}

/// Runs the command line; 0 done, 1 no, 2 bad usage or input.
pub fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match &command {
        Some(Command::Agent(args)) => agent::run(args),
        Some(Command::Container(args)) => container::run(args),
        None => {
            eprintln!("{}", Cli::command().render_help());
            return ExitCode::from(2);
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("fairground-real: {error:#}");
        ExitCode::from(1)
    })
}
