//! Strict priority: whoever has the largest weight takes all it wants before the next is asked, as
//! among the bands of Borg (Verma et al., 2015, section 2.5), but nothing is taken back.

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::name::Param;
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
    params: &[Param {
        key: "tie",
        about: "equal weights: first, last or allocations (Mesos)",
    }],
    evidence: Evidence {
        source: "strict priority among frameworks",
        proven: Proven::Scripts,
        example: include_str!("../../tests/scripts/priority.txt"),
    },
    make: |name, _| {
        Ok(Box::new(Priority {
            tie: Tie::from_name(name)?,
        }))
    },
};
