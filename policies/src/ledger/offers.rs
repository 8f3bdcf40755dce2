//! Offers: what is held for a framework until it answers.

use super::part_entries::Bounds;
use super::{Givers, Ledger};
use crate::message::{AgentId, FrameworkId, Offer, OfferId};
use crate::part::{AgentPart, Portion};
use crate::resources::Resources;
use crate::time::Time;

/// An offer that has not been answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOffer {
    pub(crate) offer: Offer,
    /// When it was made, for the offer timeout.
    pub(crate) made: Time,
    pub(super) position: u32,
    /// Whether it is of what was taken back from others.
    pub(crate) reclaimed: bool,
}

/// What offers that ended held beside what is anybody's.
#[derive(Default, Debug)]
pub(crate) struct ReleasedParts {
    pub(crate) portions: Vec<Portion>,
    /// Shared volumes.
    pub(crate) along: Vec<AgentPart>,
    /// Who made room for them.
    pub(crate) givers: Givers,
}

/// What policies read.
impl Ledger {
    /// The offers nobody answered yet, oldest first.
    pub fn offers(&self) -> impl Iterator<Item = Offer> {
        self.offers.iter().map(|(_, open)| open.offer)
    }
}

/// What the master writes.
impl Ledger {
    /// Holds `resources` of `agent` for `framework`, which were taken back from others for it or not.
    pub(crate) fn offer(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        resources: Resources,
        reclaimed: Option<Givers>,
    ) -> Offer {
        self.take_down(framework);
        let id = OfferId(self.next_offer);
        self.next_offer += 1;
        let offer = Offer {
            id,
            framework,
            agent,
            resources,
        };
        let portions = if self.is_uniform(agent) {
            Vec::new()
        } else {
            self.compose(framework, agent, Bounds::total(resources)).1
        };
        let entry = &mut self.agents[agent.index()];
        entry.offered += resources;
        let position = entry.offers.len() as u32;
        entry.offers.push(id);
        let aside = self.take(agent, resources, &portions);
        self.parted.hold_offer(id, portions);
        self.share_with_offer(framework, agent, id);
        self.offers.insert(
            id.0,
            OpenOffer {
                offer,
                made: self.now,
                position,
                reclaimed: reclaimed.is_some(),
            },
        );
        if let Some(givers) = reclaimed {
            self.room_made.offers.insert(id, givers);
        }
        let entry = &mut self.frameworks[framework.index()];
        entry.offered += resources;
        if !aside.is_zero() {
            entry.aside += aside;
        }
        entry.allocations += 1;
        entry.open_offers += 1;
        let role = entry.role;
        self.change_roles(role, |holding| {
            holding.held += resources;
            holding.aside += aside;
            holding.allocations += 1;
        });
        self.changed(agent);
        offer
    }

    /// The open offer `id`, if it is `framework`'s.
    pub(crate) fn open_offer(&self, framework: FrameworkId, id: OfferId) -> Option<Offer> {
        let open = self.offers.get(id.0)?;
        (open.offer.framework == framework).then_some(open.offer)
    }

    /// The oldest offer nobody answered.
    pub(crate) fn oldest_offer(&self) -> Option<&OpenOffer> {
        self.offers.front()
    }

    /// Ends an open offer; what it held is free again. What it held of special parts, and what went along with
    /// it, is added to `held`.
    pub(crate) fn close_offer(&mut self, id: OfferId, held: &mut ReleasedParts) -> OpenOffer {
        let portions = self.parted.close_offer(id);
        let open = self.offers.remove(id.0).expect("an open offer");
        let OpenOffer {
            offer, position, ..
        } = open;
        self.take_down(offer.framework);
        let entry = &mut self.agents[offer.agent.index()];
        entry.offers.swap_remove(position as usize);
        if let Some(moved) = entry.offers.get(position as usize).copied() {
            self.offers
                .get_mut(moved.0)
                .expect("an open offer")
                .position = position;
        }
        let entry = &mut self.agents[offer.agent.index()];
        entry.offered -= offer.resources;
        let aside = self.give_back(offer.agent, offer.resources, &portions);
        held.portions.extend(portions);
        if open.reclaimed {
            let givers = self.room_made.offers.remove(&id).unwrap_or_default();
            held.givers.extend(givers);
        }
        for part in self.end_shared_offer(offer.framework, offer.agent, id) {
            if !held.along.contains(&part) {
                held.along.push(part);
            }
        }
        let entry = &mut self.frameworks[offer.framework.index()];
        entry.offered -= offer.resources;
        if !aside.is_zero() {
            entry.aside -= aside;
        }
        entry.open_offers -= 1;
        let role = entry.role;
        self.change_roles(role, |holding| {
            holding.held -= offer.resources;
            holding.aside -= aside;
        });
        self.changed(offer.agent);
        open
    }
}
