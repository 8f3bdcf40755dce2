//! The `fairground` command line.

use std::process::ExitCode;

use fairground_policies::registry::Registry;

/// Jobs come and go by the million, each in a few small pieces of memory.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default())
}
