//! A draw for every offer: the baseline a policy should beat.

use crate::evidence::{Evidence, Proven};
use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::descent::descend;
use super::{Allocator, AllocatorEntry, Context, Rank};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::share::Share;

/// Every candidate is as likely as its weight says; of a tree of roles, a child of every node on the way down. So does Mesos'
/// random sorter (`rules/mesos.rs`), but for who has refused the offer: its part is there everybody's, here its siblings'.
#[derive(Debug)]
pub struct Random(RefCell<Draw>);

#[derive(Debug)]
struct Draw {
    rng: ChaCha8Rng,
    /// Kept to spare an allocation for every pick.
    candidates: Vec<FrameworkId>,
}

impl Allocator for Random {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }

    /// Draws only when there is something to choose, so that asking about agents nobody wants
    /// does not shift later draws.
    fn pick(
        &self,
        context: &Context<'_>,
        among: &mut dyn Iterator<Item = FrameworkId>,
    ) -> Option<FrameworkId> {
        let Draw { rng, candidates } = &mut *self.0.borrow_mut();
        candidates.clear();
        candidates.extend(among);
        let ledger = context.ledger;
        descend(ledger, candidates, |children| {
            by_weight(rng, children, |child| {
                u64::from(ledger.weight(child).thousandths())
            })
        })
    }
}

/// The place of one of `children`, each as likely as its part of all weights.
pub(super) fn by_weight(
    rng: &mut ChaCha8Rng,
    children: &[Node],
    weight: impl Fn(Node) -> u64,
) -> usize {
    let total = children.iter().map(|child| weight(*child)).sum();
    let mut drawn = below(rng, total);
    for (place, child) in children.iter().enumerate() {
        match drawn.checked_sub(weight(*child)) {
            Some(rest) => drawn = rest,
            None => return place,
        }
    }
    unreachable!("a draw below the sum of all weights")
}

/// A number below `bound`, every one as likely, by Lemire's multiplication with rejection.
pub(crate) fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    loop {
        let wide = u128::from(rng.next_u64()) * u128::from(bound);
        if wide as u64 >= bound.wrapping_neg() % bound {
            return (wide >> 64) as u64;
        }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "random",
    about: "shared pool; a seeded draw by weight among those who want the offer",
    params: &[],
    evidence: Evidence {
        source: "lottery scheduling: Waldspurger and Weihl, OSDI 1994, a ticket a unit of weight",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy random[offers=task]
framework a
framework b
job a tasks=8 cpus:1 mem:1 run=10s
job b tasks=8 cpus:1 mem:1 run=10s
",
    },
    make: |_, setup| {
        let draw = Draw {
            rng: setup.rng,
            candidates: Vec::new(),
        };
        Ok(Box::new(Random(RefCell::new(draw))))
    },
};
