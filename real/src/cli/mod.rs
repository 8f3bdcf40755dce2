//! What people type.
//!
//! Every subcommand has its own `Args` and `run(&Args) -> anyhow::Result<ExitCode>` in the module
//! it belongs to; this file only lists them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::agent;
use crate::isolation::container;
use crate::{log, master};

/// A real cluster on the simulator's core.
#[derive(Parser, Debug)]
#[command(name = "fairground-real", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Agent(Box<agent::Args>),
    Master(master::Args),
    Replay(log::replay::Args),
    #[command(hide = true)]
    Container(container::Args),
}

/// Runs the command line; 0 done, 1 no, 2 bad usage or input.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Agent(args) => agent::run(&args),
        Command::Master(args) => master::run(&args),
        Command::Replay(args) => log::replay::run(&args),
        Command::Container(args) => container::run(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("fairground-real: {error:#}");
        ExitCode::from(2)
    })
}
