//! Strict priority: whoever has the largest weight takes all it wants before the next is asked, as
//! among the bands of Borg (Verma et al., 2015, section 2.5), but nothing is taken back.

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::share::Share;

/// The framework with the largest weight goes first, however much it holds.
#[derive(Debug)]
pub struct Priority {
    tie: Tie,
}

impl Allocator for Priority {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Rank {
            share: Share::new(1, 1).weighted(context.ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "priority",
    about: "shared pool; the framework with the largest weight takes all it wants",
    params: &[Tie::PARAM],
    evidence: Evidence {
        source: "strict priority among frameworks",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy priority[offers=task]
framework a
framework b weight=2
job a tasks=8 cpus:1 mem:1 run=10s
job b at=5s tasks=6 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        Ok(Box::new(Priority {
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
