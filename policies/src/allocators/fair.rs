//! Max-min fairness on one kind of resource, blind to all others: Hadoop's fair scheduler when the
//! kind is memory.

use super::{Allocator, AllocatorEntry, Context, Rank, Tie, counted_kind};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::name::Param;
use crate::resources::Kind;

/// The framework with the smallest weighted share of one kind goes first.
#[derive(Debug)]
pub struct Fair {
    on: Kind,
    tie: Tie,
}

impl Allocator for Fair {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Rank {
            share: context.ledger.share(node, self.on),
            tie: self.tie.of(context, node),
        }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "fair",
    about: "shared pool; the framework with the smallest weighted share of one resource goes first",
    params: &[
        Param {
            key: "on",
            about: "the resource: cpus, mem, disk or gpus (default cpus)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "max-min fairness on one resource: Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 6",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:9 mem:18
policy fair[on=cpus,offers=task]
framework a
framework b
job a tasks=6 cpus:1 mem:4 run=10s
job b tasks=4 cpus:3 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        Ok(Box::new(Fair {
            on: counted_kind(name, Kind::Cpus)?,
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
