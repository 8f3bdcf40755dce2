//! A real master with an allocator of one's own: the one of `sim/examples/own_allocator.rs`, as it
//! is. What a policy's author writes for the simulator serves here by name.
//!
//! `cargo run --release -p fairground-real --example own_allocator_for_real -- master --allocator turns`

use std::process::ExitCode;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank};
use fairground_policies::evidence::Evidence;
use fairground_policies::ledger::Node;
use fairground_policies::registry::Registry;
use fairground_policies::share::Share;

struct Fewest;

impl Allocator for Fewest {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Share::new(context.ledger.allocations(node), 1).into()
    }
}

pub(crate) const FEWEST: AllocatorEntry = AllocatorEntry {
    name: "fewest",
    about: "shared pool; the framework that was made the fewest offers goes first",
    params: &[],
    evidence: Evidence::OWN,
    make: |_, _| Ok(Box::new(Fewest)),
};

fn main() -> ExitCode {
    fairground_real::main_with(&Registry::default().with_allocator(FEWEST))
}
