//! Kueue's fair sharing: who borrows the least of what others are entitled to goes first, and what is borrowed is
//! taken back while that brings shares together (kubernetes-sigs/kueue at ff69552e, keps/1714).
//!
//! Roles are cohorts and frameworks cluster queues; the nominal quota of each is its parent's by weight, and the whole
//! cluster may be borrowed. Ties: `tie`, then the lower id; of victims, those of other queues, then the youngest.

mod books;

use self::books::CohortBooks;
use super::queue_tree::{QueueTree, next_task};
use super::{Allocator, AllocatorEntry, Context, Rank, Ranks, Reclaim, Setup, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::Resources;
use crate::time::Span;

/// Fair sharing of what nobody is entitled to.
#[derive(Debug)]
pub struct Kueue {
    tie: Tie,
    grace: Span,
}

impl Allocator for Kueue {
    /// The share of what would be borrowed with the next task, of what all may borrow.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        self.ranks(context)(node)
    }

    fn ranks<'a>(&'a self, context: &Context<'a>) -> Ranks<'a> {
        let (context, ledger) = (*context, context.ledger);
        let queues = QueueTree::of(ledger);
        let entitled = queues.entitled(ledger, ledger.total());
        Box::new(move |node| {
            let place = queues.place(node);
            let own = place.map_or(Resources::ZERO, |place| entitled[place]);
            let with = ledger.held(node) + next_task(ledger, node);
            let borrowed = with.saturating_sub(own);
            Rank {
                share: borrowed.dominant_share(ledger.total()),
                tie: self.tie.of(&context, node),
            }
        })
    }

    /// What is entitled depends on the weights of siblings that come and go.
    fn ranks_together(&self) -> bool {
        true
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn reclaims(&self) -> bool {
        true
    }

    /// On the agent where the fewest have to go.
    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let books = CohortBooks::of(ledger);
        let possible = ledger.agents().filter_map(|agent| {
            let victims = books.victims(ledger, (to, needs), agent)?;
            (!victims.is_empty()).then_some(Reclaim {
                agent,
                victims,
                grace: self.grace,
            })
        });
        possible.min_by_key(|one| one.victims.len())
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "kueue",
    about: "cohorts of queues; who borrows the least beyond its quota (by weight) goes first, and reclaims",
    params: &[
        Param {
            key: "grace",
            about: "how long a victim is left (default 0s)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "kubernetes-sigs/kueue ff69552e, fair sharing with preemption, keps/1714",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:9 mem:9
policy kueue[offers=task]
framework a
framework b
framework c
job a tasks=8 cpus:1 mem:1 run=20s
job c tasks=1 cpus:1 mem:1 run=20s
job b at=5s tasks=3 cpus:1 mem:1 run=10s
job c at=10s tasks=4 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup: Setup| {
        let grace = name.take_as("grace", "a length of time, as in 30s")?;
        Ok(Box::new(Kueue {
            tie: Tie::from_name(name, &mut setup)?,
            grace: grace.unwrap_or(Span::ZERO),
        }))
    },
};
