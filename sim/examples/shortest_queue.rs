//! An allocator that reads queues: the framework with the fewest tasks that wait goes first.
//!
//! `cargo run --release --example shortest_queue -- compare --policies 'static shortest drf'`

use std::process::ExitCode;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank};
use fairground_policies::evidence::Evidence;
use fairground_policies::ledger::Node;
use fairground_policies::registry::Registry;
use fairground_policies::share::Share;

struct Shortest;

impl Allocator for Shortest {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Share::new(context.ledger.waiting(node), 1).into()
    }

    fn reads_demand(&self) -> bool {
        true
    }
}

pub(crate) const SHORTEST: AllocatorEntry = AllocatorEntry {
    name: "shortest",
    about: "shared pool; the framework with the fewest tasks that wait goes first",
    params: &[],
    evidence: Evidence::OWN,
    make: |_, _| Ok(Box::new(Shortest)),
};

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default().with_allocator(SHORTEST))
}
