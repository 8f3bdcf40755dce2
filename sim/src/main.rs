//! The `fairground` command line.

use std::process::ExitCode;

use fairground_policies::registry::Registry;

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default())
}
