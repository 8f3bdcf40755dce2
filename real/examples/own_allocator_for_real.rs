//! A real master with an allocator of one's own: the one of `sim/examples/own_allocator.rs`, as it
//! is. What a policy's author writes for the simulator serves here by name.
//!
//! `cargo run --release -p fairground-real --example own_allocator_for_real -- master --allocator turns`

use std::process::ExitCode;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank};
use fairground_policies::message::FrameworkId;
use fairground_policies::registry::Registry;
use fairground_policies::share::Share;

struct Turns;

impl Allocator for Turns {
    fn rank(&self, context: &Context<'_>, framework: FrameworkId) -> Rank {
        Share::new(context.ledger.allocations(framework), 1).into()
    }
}

pub(crate) const TURNS: AllocatorEntry = AllocatorEntry {
    name: "turns",
    about: "shared pool; the framework that was made the fewest offers goes first",
    params: &[],
    make: |_, _| Ok(Box::new(Turns)),
};

fn main() -> ExitCode {
    fairground_real::main_with(&Registry::default().with_allocator(TURNS))
}
