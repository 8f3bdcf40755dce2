//! The command line of the real cluster.

use std::process::ExitCode;

fn main() -> ExitCode {
    fairground_real::cli::main()
}
