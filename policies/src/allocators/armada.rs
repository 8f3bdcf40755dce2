//! Armada: the queue with the least weighted cost goes first, and whoever holds more than its share makes room: all of its
//! tasks are evicted in thought, and placed again with the newcomer by fairness (armadaproject/armada at 207cc9e0).
//!
//! Queues are the nodes at the top of the tree. Ties: `tie`, then the lower id; of agents where as many would go, the lower id.

mod books;

use super::queue_tree::next_task;
use super::{Allocator, AllocatorEntry, Context, Rank, Reclaim, Setup, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::Resources;
use crate::rules::ratio::Ratio;
use crate::time::Span;

/// Shares capped by demand, with eviction.
#[derive(Debug)]
pub struct Armada {
    tie: Tie,
    /// Up to this part of its share a queue is left alone.
    protected: Ratio,
    grace: Span,
}

impl Allocator for Armada {
    /// The weighted cost with the next task; of a role, with that of the first framework below it.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let with = ledger.held(node) + next_task(ledger, node);
        let cost = with.dominant_share(ledger.total());
        Rank {
            share: cost.weighted(ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn reclaims(&self) -> bool {
        true
    }

    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let (agent, victims) = books::preempted(context.ledger, to, needs, self.protected)?;
        Some(Reclaim {
            agent,
            victims,
            grace: self.grace,
        })
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "armada",
    about: "the least weighted cost goes first; who holds more than its demand-capped share makes room",
    params: &[
        Param {
            key: "protected",
            about: "up to this part of its share a queue is left alone (default 1)",
        },
        Param {
            key: "grace",
            about: "how long a victim is left (default 0s)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "armadaproject/armada 207cc9e0, internal/scheduler/scheduling",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:6 mem:6
policy armada[offers=task]
framework a
framework b weight=2
framework c
job a tasks=6 cpus:1 mem:1 run=20s
job b at=5s tasks=6 cpus:1 mem:1 run=10s
job c at=10s tasks=1 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup: Setup| {
        let protected = match name.take("protected") {
            None => Ratio::ONE,
            Some(text) => {
                let number = Ratio::from_decimal(&text).filter(|number| *number >= Ratio::ZERO);
                number.ok_or_else(|| name.bad("protected", &text, "a number, as in 0.5"))?
            }
        };
        let grace = name.take_as("grace", "a length of time, as in 30s")?;
        Ok(Box::new(Armada {
            tie: Tie::from_name(name, &mut setup)?,
            protected,
            grace: grace.unwrap_or(Span::ZERO),
        }))
    },
};
