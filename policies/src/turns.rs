//! Whose turn it is: the frameworks that want offers, in the order of the policy's ranks.
//!
//! An index over the ledger: kept by the master after every change, checked against the policy.

use std::collections::BTreeSet;

use crate::allocators::{Allocator, Rank};
use crate::ledger::Ledger;
use crate::master::OfferSize;
use crate::message::FrameworkId;
use crate::resources::Resources;

/// How many more tasks of which size a framework could start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Demand {
    pub(crate) needs: Resources,
    pub(crate) count: u32,
}

#[derive(Clone, Default, Debug)]
struct Wish {
    joined: bool,
    suppressed: bool,
    demand: Option<Demand>,
    /// Where it stands in the queue, if it does.
    rank: Option<Rank>,
}

/// The frameworks that want offers, by rank and id.
#[derive(Clone, Default, Debug)]
pub(crate) struct Turns {
    wishes: Vec<Wish>,
    queue: BTreeSet<(Rank, FrameworkId)>,
}

impl Turns {
    /// Whether nobody wants an offer.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Who wants offers, lowest rank first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = FrameworkId> {
        self.queue.iter().map(|(_, framework)| *framework)
    }

    /// Ids below this are known.
    pub(crate) fn known(&self) -> u32 {
        self.wishes.len() as u32
    }

    pub(crate) fn admit(&mut self, framework: FrameworkId) {
        if self.wishes.len() <= framework.index() {
            self.wishes
                .resize_with(framework.index() + 1, Wish::default);
        }
        self.wishes[framework.index()].joined = true;
    }

    pub(crate) fn dismiss(&mut self, framework: FrameworkId) {
        if let Some(wish) = self.wishes.get_mut(framework.index()) {
            if let Some(rank) = wish.rank.take() {
                self.queue.remove(&(rank, framework));
            }
            *wish = Wish::default();
        }
    }

    pub(crate) fn suppress(&mut self, framework: FrameworkId, suppressed: bool) {
        if let Some(wish) = self.wishes.get_mut(framework.index()) {
            wish.suppressed = suppressed;
        }
    }

    /// Takes a demand down; whether it may want what it was not offered before.
    pub(crate) fn declare(&mut self, framework: FrameworkId, demand: Demand) -> bool {
        let Some(wish) = self
            .wishes
            .get_mut(framework.index())
            .filter(|wish| wish.joined)
        else {
            return false;
        };
        let grown = wish
            .demand
            .is_none_or(|old| demand.needs != old.needs || demand.count > old.count);
        wish.demand = Some(demand);
        grown && demand.count > 0
    }

    /// A launch takes one off the demand.
    pub(crate) fn launched(&mut self, framework: FrameworkId) {
        if let Some(Wish {
            demand: Some(demand),
            ..
        }) = self.wishes.get_mut(framework.index())
        {
            demand.count = demand.count.saturating_sub(1);
        }
    }

    /// What one task of `framework` takes, if it said so.
    pub(crate) fn needs(&self, framework: FrameworkId) -> Option<Resources> {
        let demand = self.wishes.get(framework.index())?.demand?;
        (!demand.needs.is_zero()).then_some(demand.needs)
    }

    /// Puts a framework where it belongs; whether it was not in the queue before, and may want what
    /// it was not offered.
    pub(crate) fn rank(
        &mut self,
        framework: FrameworkId,
        ledger: &Ledger,
        allocator: &dyn Allocator,
        offers: OfferSize,
    ) -> bool {
        let rank = self.rank_of(framework, ledger, allocator, offers);
        let Some(wish) = self.wishes.get_mut(framework.index()) else {
            return false;
        };
        if wish.rank == rank {
            return false;
        }
        let enters = wish.rank.is_none();
        if let Some(old) = wish.rank {
            self.queue.remove(&(old, framework));
        }
        if let Some(new) = rank {
            self.queue.insert((new, framework));
        }
        wish.rank = rank;
        enters
    }

    fn rank_of(
        &self,
        framework: FrameworkId,
        ledger: &Ledger,
        allocator: &dyn Allocator,
        offers: OfferSize,
    ) -> Option<Rank> {
        let wish = self.wishes.get(framework.index())?;
        let wants = match offers {
            OfferSize::Agent => true,
            OfferSize::Task => wish
                .demand
                .is_some_and(|d| d.count > ledger.open_offers(framework)),
        };
        (wish.joined && !wish.suppressed && wants).then(|| allocator.rank(ledger, framework))
    }

    /// Compares the queue with what the policy says.
    pub(crate) fn check(&self, ledger: &Ledger, allocator: &dyn Allocator, offers: OfferSize) {
        let expected: BTreeSet<_> = (0..self.known())
            .map(FrameworkId)
            .filter_map(|f| Some((self.rank_of(f, ledger, allocator, offers)?, f)))
            .collect();
        assert_eq!(self.queue, expected, "the order of turns");
    }
}
