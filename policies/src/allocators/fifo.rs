//! First come, first served: the framework that joined first takes all it wants.

use super::{Allocator, AllocatorEntry, Context, Rank};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::share::Share;

/// Everything to the framework with the lowest id that wants it.
#[derive(Debug)]
pub struct Fifo;

impl Allocator for Fifo {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "fifo",
    about: "shared pool; the framework that joined first takes all it wants",
    params: &[],
    evidence: Evidence {
        source: "first come, first served among frameworks",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy fifo[offers=task]
framework a
framework b
job a tasks=8 cpus:1 mem:1 run=10s
job b tasks=8 cpus:1 mem:1 run=10s
",
    },
    make: |_, _| Ok(Box::new(Fifo)),
};
