//! A draw for every offer: the baseline a policy should beat.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::{Allocator, AllocatorEntry, Context, Rank};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::share::Share;

/// Every candidate is as likely as any other.
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
        _: &Context<'_>,
        among: &mut dyn Iterator<Item = FrameworkId>,
    ) -> Option<FrameworkId> {
        let Draw { rng, candidates } = &mut *self.0.borrow_mut();
        candidates.clear();
        candidates.extend(among);
        let drawn = match candidates.len() {
            0 | 1 => 0,
            n => below(rng, n as u64) as usize,
        };
        candidates.get(drawn).copied()
    }
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
    about: "shared pool; a seeded draw among those who want the offer",
    params: &[],
    make: |_, setup| {
        let draw = Draw {
            rng: setup.rng,
            candidates: Vec::new(),
        };
        Ok(Box::new(Random(RefCell::new(draw))))
    },
};
