//! The command line of the real cluster.

use std::process::ExitCode;

use fairground_policies::registry::Registry;

fn main() -> ExitCode {
    fairground_real::main_with(&Registry::default())
}
