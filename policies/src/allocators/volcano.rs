//! Volcano: queues by weight (proportion), by stated amounts (capacity), or jobs by dominant share (drf)
//! (volcano-sh/volcano at ed72c7c8).
//!
//! Queues are the nodes at the top of the tree, jobs the frameworks. Of a queue's role the guarantee is Volcano's
//! guarantee and the limit its capability; what it deserves under capacity is its part of the cluster by weight.
//! Ties: `tie`, then the lower id; of agents where as many would go, the lower id.

mod books;

use self::books::QueueBooks;
use super::{Allocator, AllocatorEntry, Context, OfferBounds, Rank, Ranks, Reclaim, Setup, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::Resources;
use crate::share::Share;
use crate::time::Span;

/// How queues are told what they deserve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Queues {
    Proportion,
    Capacity,
    Drf,
}

/// Queues with deserved amounts.
#[derive(Debug)]
pub struct Volcano {
    tie: Tie,
    queues: Queues,
    /// Whether a queue may hold more than it deserves where nobody else can use it.
    beyond: bool,
    grace: Span,
}

impl Allocator for Volcano {
    /// At the top what is held of what is deserved; below it, and under drf, the dominant share.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        if self.queues == Queues::Drf || ledger.parent(node).is_some() {
            return Rank {
                share: ledger.dominant_share(node),
                tie: self.tie.of(context, node),
            };
        }
        self.ranks(context)(node)
    }

    fn ranks<'a>(&'a self, context: &Context<'a>) -> Ranks<'a> {
        let (context, ledger, by) = (*context, context.ledger, self.queues);
        let books = (by != Queues::Drf).then(|| QueueBooks::of(ledger, by));
        Box::new(move |node| {
            let share = match &books {
                // Shares are fractions of numbers too long for a rank: how many are lower says the same.
                Some(books) if ledger.parent(node).is_none() => Share::new(books.before(node), 1),
                _ => ledger.dominant_share(node),
            };
            let tie = self.tie.of(&context, node);
            Rank { share, tie }
        })
    }

    fn ranks_together(&self) -> bool {
        self.queues != Queues::Drf
    }

    fn reads_demand(&self) -> bool {
        true
    }

    /// Under proportion no more than is deserved: what only fits beyond that stays idle, as in the original.
    fn bounds<'a>(&'a self, context: &Context<'a>) -> Option<OfferBounds<'a>> {
        if self.queues != Queues::Proportion || self.beyond {
            return None;
        }
        let books = QueueBooks::of(context.ledger, self.queues);
        Some(Box::new(move |framework| books.left(framework)))
    }

    fn reclaims(&self) -> bool {
        true
    }

    /// On the agent where the fewest have to go.
    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let books = QueueBooks::of(ledger, self.queues);
        let on = |agent| books.victims(ledger, (to, needs), agent, self.grace);
        let possible = ledger.agents().filter_map(on);
        possible.min_by_key(|one| one.victims.len())
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "volcano",
    about: "queues at the top by what they hold of what they deserve, jobs in them by dominant share; reclaims",
    params: &[
        Param {
            key: "queues",
            about: "proportion (by weight and demand, the default), capacity (by weight) or drf (jobs alone)",
        },
        Param {
            key: "beyond",
            about: "whether under proportion more than is deserved may be held where it is idle: no (default) or yes",
        },
        Param {
            key: "grace",
            about: "how long a victim is left (default 0s)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "volcano-sh/volcano ed72c7c8, plugins proportion, capacity and drf",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:6 mem:6
policy volcano[offers=task]
framework a
framework b
job a tasks=4 cpus:2 mem:2 run=10s
job b at=5s tasks=3 cpus:2 mem:2 run=10s
",
    },
    make: |name, mut setup: Setup| {
        let queues = match name.take("queues").as_deref() {
            None | Some("proportion") => Queues::Proportion,
            Some("capacity") => Queues::Capacity,
            Some("drf") => Queues::Drf,
            Some(other) => return Err(name.bad("queues", other, "proportion, capacity or drf")),
        };
        let beyond = match name.take("beyond").as_deref() {
            None | Some("no") => false,
            Some("yes") if queues == Queues::Proportion => true,
            Some(other) => return Err(name.bad("beyond", other, "no, or yes under proportion")),
        };
        let grace = name.take_as("grace", "a length of time, as in 30s")?;
        Ok(Box::new(Volcano {
            tie: Tie::from_name(name, &mut setup)?,
            queues,
            beyond,
            grace: grace.unwrap_or(Span::ZERO),
        }))
    },
};
