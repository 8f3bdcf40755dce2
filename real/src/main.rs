//! The command line of the real cluster.

use std::process::ExitCode;

use fairground_policies::registry::Registry;
use fairground_solvers::with_solvers;

fn main() -> ExitCode {
    fairground_real::main_with(&with_solvers(Registry::default()))
}
