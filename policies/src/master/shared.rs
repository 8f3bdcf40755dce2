//! Shared offers: several are offered the same at once, nothing is held for them, and whose answer comes first has it
//! (Schwarzkopf et al., Omega, `EuroSys` 2013, section 3.4).
//!
//! An answer is a transaction on what its offers showed. What of that may still be the framework's is held for it first, one
//! offer after the other, by the rules under which it would be offered now, quotas and the policy's bounds included; from
//! there on it is an answer like any other. What does not fit any more is reported lost without having started, as on an offer
//! that is gone.

use std::collections::BTreeMap;

use super::{Commit, Conflict, Master, OfferSize};
use crate::allocators::Context;
use crate::ledger::Bounds;
use crate::message::{AgentId, FrameworkId, Offer, OfferId, TaskRequest};
use crate::resources::Resources;

/// What the offers of an answer showed, by agent; nothing where what is shown is held.
pub(super) type Shown = BTreeMap<AgentId, Resources>;

impl Master {
    /// Has offers that are answered hold what of them may still be had, if anything is to be launched on them and is in no
    /// conflict. All of them before any is closed: what one holds bounds the next.
    pub(super) fn commit<'a>(
        &mut self,
        framework: FrameworkId,
        offers: impl Iterator<Item = &'a OfferId> + Clone,
        launches: bool,
    ) -> Shown {
        let mut shown = Shown::new();
        if self.config.offers != OfferSize::Shared {
            return shown;
        }
        let open = |master: &Self, id: OfferId| {
            let version = master.ledger.version_shown(id)?;
            Some((master.ledger.open_offer(framework, id)?, version))
        };
        // What came free on an agent is a later offer of it: its framework has seen what the last of them shows.
        let mut versions = BTreeMap::<AgentId, u64>::new();
        for (offer, version) in offers.clone().filter_map(|id| open(self, *id)) {
            let newest = versions.entry(offer.agent).or_default();
            *newest = version.max(*newest);
        }
        for id in offers {
            let Some((offer, _)) = open(self, *id) else {
                continue;
            };
            *shown.entry(offer.agent).or_default() += offer.resources;
            let conflicts = launches && versions[&offer.agent] != self.ledger.version(offer.agent);
            let amount = if conflicts && self.config.conflict == Conflict::Sequence {
                Resources::ZERO
            } else {
                self.left_of(offer)
            };
            self.ledger.hold_optimistic(offer.id, amount);
        }
        shown
    }

    /// What of a shared offer its framework could be offered now.
    #[inline(never)]
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

    /// What an answer refuses of an agent, and what was free there: of what it held, the rest. Of what was only shown it
    /// is what of that was not launched, whatever of it others took meanwhile; and nothing where anything was in conflict, as
    /// what is left then is not what its framework saw.
    pub(super) fn refused(
        &self,
        agent: AgentId,
        (held, left): (Resources, Resources),
        shown: &Shown,
        lost: bool,
    ) -> Option<(Resources, Resources)> {
        let free = self.ledger.free(agent);
        let refused = match shown.get(&agent) {
            None => (left, free),
            Some(_) if lost => return None,
            Some(shown) => (shown.saturating_sub(held - left), free.max(*shown)),
        };
        (!refused.0.is_zero()).then_some(refused)
    }
}
