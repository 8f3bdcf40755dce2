//! Max-min fairness on one kind of resource, blind to all others: Hadoop's fair scheduler when the
//! kind is memory.

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
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
        Param {
            key: "tie",
            about: "equal shares: first, last or allocations (Mesos)",
        },
    ],
    evidence: Evidence {
        source: "max-min fairness on one resource: Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 6",
        proven: Proven::Scripts,
        example: include_str!("../../tests/scripts/fair_one_resource.txt"),
    },
    make: |name, _| {
        let on = match name.take("on") {
            None => Kind::Cpus,
            Some(kind) => Kind::by_name(&kind)
                .ok_or_else(|| name.bad("on", &kind, "cpus, mem, disk or gpus"))?,
        };
        Ok(Box::new(Fair {
            on,
            tie: Tie::from_name(name)?,
        }))
    },
};
