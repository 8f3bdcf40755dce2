//! What people type.
//!
//! Every subcommand has its own `Args` and `run(&Args) -> anyhow::Result<ExitCode>` in the module
//! it belongs to; this file only lists them.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use fairground_policies::registry::Registry;
use fairground_workloads::{say, words};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::agent::{self, fetch};
use crate::client::{look, ps, submit};
use crate::isolation::container;
use crate::{bench, local, master, run};

/// A real cluster on the simulator's core.
#[derive(Parser, Debug)]
#[command(name = "fairground-real", version, about, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples, as root:
  fairground-real up --agents 3
  fairground-real submit --tasks 4 -- sh -c 'echo task $FAIRGROUND_INDEX'
  fairground-real ps --all
  fairground-real logs job-1.1
  fairground-real kill job-1.1
  fairground-real down
  fairground-real run recipe.toml --time-scale 10

Exit codes: 0 done, 1 the answer is no, 2 bad usage or input, 130 interrupted";

#[derive(Subcommand, Debug)]
enum Command {
    Master(master::Args),
    Agent(Box<agent::Args>),
    Up(local::UpArgs),
    Down(local::DownArgs),
    Submit(submit::Args),
    Ps(ps::Args),
    Logs(look::LogsArgs),
    Kill(look::KillArgs),
    Run(run::Args),
    Bench(bench::Args),
    /// Prints completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    #[command(hide = true)]
    Burn(run::burn::Args),
    #[command(hide = true)]
    Container(container::Args),
    #[command(hide = true)]
    Fetch,
}

/// Lets this process open as many files as it may: a stream is one, and the usual limit of 1024 is
/// meant for programs that use `select`. Tasks get that one back.
fn many_files() -> anyhow::Result<()> {
    let hard = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: hard,
        maximum: hard,
    };
    setrlimit(Resource::Nofile, limit).context("cannot open as many files as allowed")
}

/// The whole command line, with the policies of `registry`: what a `main` of one's own calls.
/// 0 done, 1 no, 2 bad usage or input.
pub fn main_with(registry: &Registry) -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Master(args) => many_files().and_then(|()| master::run(&args, registry)),
        Command::Agent(args) => many_files().and_then(|()| agent::run(&args)),
        Command::Up(args) => local::up(&args),
        Command::Down(args) => local::down(&args),
        Command::Submit(args) => submit::run(&args, registry),
        Command::Ps(args) => ps::ps(&args),
        Command::Logs(args) => look::logs(&args),
        Command::Kill(args) => look::kill(&args),
        Command::Run(args) => run::run(&args, registry),
        Command::Burn(args) => run::burn::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "fairground-real", &mut script);
            let printed = words::print(script).context("cannot print");
            printed.map(|_| ExitCode::SUCCESS)
        }
        Command::Container(args) => container::run(&args),
        Command::Fetch => fetch::run(),
    };
    outcome.unwrap_or_else(|error| {
        say!("fairground-real: {error:#}");
        ExitCode::from(2)
    })
}
