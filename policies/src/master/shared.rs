//! Shared offers: several are offered the same at once, nothing is held for them, and whose answer comes first has it
//! (Schwarzkopf et al., Omega, `EuroSys` 2013, section 3.4).
//!
//! An answer is a transaction on what its offers showed. What of that may still be the framework's is held for it first, by
//! the rules under which it would be offered now, quotas and the policy's bounds included; from there on it is an answer like
//! any other. What does not fit any more is reported lost without having started, as on an offer that is gone.

use super::{Commit, Conflict, Master, OfferSize};
use crate::allocators::Context;
use crate::ledger::Bounds;
use crate::message::{FrameworkId, Offer, TaskRequest};
use crate::resources::Resources;

impl Master {
    /// What an answered offer holds: of a shared one what of it may still be had, if anything is to be launched on it and
    /// is in no conflict.
    #[inline]
    pub(super) fn commit(&mut self, offer: Offer, launches: bool) -> Offer {
        if self.config.offers != OfferSize::Shared {
            return offer;
        }
        let conflicts = launches && self.ledger.has_changed_since(offer);
        let amount = if conflicts && self.config.conflict == Conflict::Sequence {
            Resources::ZERO
        } else {
            self.left_of(offer)
        };
        self.ledger.hold_optimistic(offer.id, amount)
    }

    /// What of a shared offer its framework could be offered now.
    fn left_of(&self, offer: Offer) -> Resources {
        let Offer {
            framework,
            agent,
            resources,
            ..
        } = offer;
        let context = Context {
            agent: Some(agent),
            ..Context::order(self.now, &self.ledger)
        };
        let of_policy = match self.allocator.bounds(&context) {
            Some(bounds) => Some(bounds(framework)),
            None => self.allocator.at_most(&context, framework),
        };
        let for_anybody = if self.ledger.has_quota() {
            self.ledger.headroom(framework)
        } else {
            Resources::UNBOUNDED
        };
        let all = resources
            .min(of_policy.unwrap_or(Resources::UNBOUNDED))
            .min(self.ledger.usable(framework, agent));
        let bounds = Bounds {
            all,
            for_anybody,
            disks: true,
        };
        self.ledger.offerable(framework, agent, bounds)
    }

    /// Whether what is left of an answered offer is other than its framework thought, as something was in conflict: then it
    /// did not refuse it.
    pub(super) fn is_unseen(&self, lost: bool) -> bool {
        lost && self.config.offers == OfferSize::Shared
    }

    /// Whether what is launched together on what is left may be, in conflict or not.
    pub(super) fn may_commit(
        &self,
        framework: FrameworkId,
        launch: &[TaskRequest],
        left: Resources,
    ) -> bool {
        if self.config.commit == Commit::Each {
            return true;
        }
        let fresh = launch
            .iter()
            .filter(|one| self.ledger.is_fresh(framework, one.task));
        let all: Resources = fresh.map(|one| one.needs).sum();
        all.fits_in(left)
    }
}
