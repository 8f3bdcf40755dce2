//! A draw for every offer: the baseline a policy should beat.

use crate::evidence::{Evidence, Proven};
use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::{Allocator, AllocatorEntry, Context, Rank};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::share::Share;

/// Every candidate is as likely as its weight says; of a tree of roles, a child of every node on the way down
/// (Mesos' random sorter).
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
        let child_of = |framework: FrameworkId, parent: Option<Node>| {
            let up = |node: &Node| ledger.parent(*node);
            let mut path = std::iter::successors(Some(Node::Framework(framework)), up);
            path.find(|node| ledger.parent(*node) == parent)
        };
        let mut parent = None;
        loop {
            let children = candidates.iter().filter_map(|one| child_of(*one, parent));
            let mut children: Vec<Node> = children.collect();
            children.sort_unstable();
            children.dedup();
            let drawn = match children.len() {
                0 | 1 => *children.first()?,
                _ => by_weight(rng, &children, |child| {
                    u64::from(ledger.weight(child).thousandths())
                }),
            };
            if let Node::Framework(framework) = drawn {
                return Some(framework);
            }
            candidates.retain(|one| child_of(*one, parent) == Some(drawn));
            parent = Some(drawn);
        }
    }
}

/// One of `children`, each as likely as its part of all weights.
fn by_weight(rng: &mut ChaCha8Rng, children: &[Node], weight: impl Fn(Node) -> u64) -> Node {
    let total = children.iter().map(|child| weight(*child)).sum();
    let mut drawn = below(rng, total);
    for child in children {
        match drawn.checked_sub(weight(*child)) {
            Some(rest) => drawn = rest,
            None => return *child,
        }
    }
    unreachable!("a draw below the sum of all weights")
}

/// A number below `bound`, every one as likely, by Lemire's multiplication with rejection.
fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
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
        example: "",
    },
    make: |_, setup| {
        let draw = Draw {
            rng: setup.rng,
            candidates: Vec::new(),
        };
        Ok(Box::new(Random(RefCell::new(draw))))
    },
};
