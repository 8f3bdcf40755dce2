//! An allocator of one's own: the framework that was made the fewest offers goes first.
//!
//! `cargo run --release --example own_allocator -- compare --policies 'static turns drf'`

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

const TURNS: AllocatorEntry = AllocatorEntry {
    name: "turns",
    about: "shared pool; the framework that was made the fewest offers goes first",
    params: &[],
    make: |_, _| Ok(Box::new(Turns)),
};

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default().with_allocator(TURNS))
}
