//! What people type.
//!
//! Every subcommand has its own `Args` and `run(&Args) -> anyhow::Result<ExitCode>` in the module
//! it belongs to; this file only lists them.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

/// A real cluster on the simulator's core.
#[derive(Parser, Debug)]
#[command(name = "fairground-real", version, about)]
struct Cli {}

/// Runs the command line; 0 done, 1 no, 2 bad usage or input.
pub fn main() -> ExitCode {
    let Cli {} = Cli::parse();
    eprintln!("{}", Cli::command().render_help());
    ExitCode::from(2)
}
