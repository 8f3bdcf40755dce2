//! Lottery scheduling with compensation: every weight is tickets, and who uses only a part of what others use at a
//! time holds as many more of them, so that what all hold is in proportion to their tickets (Waldspurger and
//! Weihl, OSDI 1994, sections 2 and 3.4).

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;

use super::descent::descend;
use super::random::by_weight;
use super::{Allocator, AllocatorEntry, Context, Rank};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::resources::Kind;
use crate::share::Share;

/// A draw by weight over size among those who want an offer, at every node of the tree.
#[derive(Debug)]
pub struct Lottery(RefCell<ChaCha8Rng>);

/// Tickets of an ordinary weight that asks for all of the cluster.
const TICKETS: u128 = 1000;
/// The most that smallness counts: it takes part in the sum of all tickets.
const MOST: u64 = 1 << 40;

/// The tickets of `node`: its weight by the largest part of the cluster that a task below it takes next. Who does
/// not say what it takes is not compensated.
fn tickets(ledger: &Ledger, node: Node) -> u64 {
    let total = ledger.total();
    let parts = ledger.below(node).filter_map(|framework| {
        let needs = ledger.demand(framework).next()?.needs;
        let kinds = Kind::ALL.into_iter().filter(|kind| needs.of(*kind) > 0);
        // The whole by the part of it, of the kind of which this is the largest part.
        kinds
            .map(|kind| u128::from(total.of(kind)) * TICKETS / u128::from(needs.of(kind)))
            .min()
    });
    let by_size = parts.min().unwrap_or(TICKETS).max(1);
    let tickets = by_size.saturating_mul(ledger.weight(node).thousandths().into());
    u64::try_from(tickets).unwrap_or(MOST).min(MOST)
}

impl Allocator for Lottery {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn pick(
        &self,
        context: &Context<'_>,
        among: &mut dyn Iterator<Item = FrameworkId>,
    ) -> Option<FrameworkId> {
        let rng = &mut *self.0.borrow_mut();
        let ledger = context.ledger;
        descend(ledger, &mut among.collect(), |children| {
            by_weight(rng, children, |child| tickets(ledger, child))
        })
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "lottery",
    about: "shared pool; a seeded draw by weight over the size of the next task, so that shares follow weights",
    params: &[],
    evidence: Evidence {
        source: "Waldspurger and Weihl, Lottery Scheduling, OSDI 1994, sections 2 and 3.4",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:6 mem:6
policy lottery[offers=task]
framework a weight=2
framework b
job a tasks=12 cpus:1 mem:1 run=10s
job b tasks=12 cpus:1 mem:1 run=10s
",
    },
    make: |_, setup| Ok(Box::new(Lottery(RefCell::new(setup.rng)))),
};
