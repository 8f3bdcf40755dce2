//! Dominant Resource Fairness: the framework with the smallest dominant share goes first
//! (Ghodsi et al., NSDI 2011, sections 4.1 and 4.3).

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::ledger::Node;
use crate::name::Param;

/// Weighted DRF over all kinds of resource.
#[derive(Debug)]
pub struct Drf {
    tie: Tie,
}

impl Allocator for Drf {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Rank {
            share: context.ledger.dominant_share(node),
            tie: self.tie.of(context, node),
        }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "drf",
    about: "shared pool; the framework with the smallest weighted dominant share goes first",
    params: &[Param {
        key: "tie",
        about: "equal shares: first, last or allocations (Mesos)",
    }],
    make: |name, _| {
        Ok(Box::new(Drf {
            tie: Tie::from_name(name)?,
        }))
    },
};
