//! The `fairground` command line.

use std::process::ExitCode;

use alloc_tracker::Allocator;
use fairground_policies::registry::Registry;
use fairground_solvers::with_solvers;
use mimalloc::MiMalloc;

/// Jobs come and go by the million, each in a few small units of memory. They are counted, for
/// `fairground bench`: a plain addition by the thread that asks.
#[global_allocator]
static MEMORY: Allocator<MiMalloc> = Allocator::new(MiMalloc);

fn main() -> ExitCode {
    fairground_sim::main_with(with_solvers(Registry::default()))
}
