//! Offers: what is held for a framework until it answers.

use std::collections::BTreeMap;

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
    /// Of an offer that holds nothing, as others were offered the same: the version of the agent that it is of.
    pub(crate) optimistic: Option<u64>,
}

impl OpenOffer {
    /// Whether it holds what it shows, and took nothing from others.
    pub(super) const fn is_plain(&self) -> bool {
        !self.reclaimed && self.optimistic.is_none()
    }
}

/// What offers that ended held beside what is anybody's.
#[derive(Clone, Default, Debug)]
pub(crate) struct ReleasedParts {
    pub(crate) portions: Vec<Portion>,
    /// Shared volumes.
    pub(crate) along: Vec<AgentPart>,
    /// Who made room for them.
    pub(crate) givers: Givers,
}

/// What policies read.
impl Ledger {
    /// The offers nobody answered yet, oldest first; those that hold nothing, as others were offered the same, are not among
    /// them.
    pub fn offers(&self) -> impl Iterator<Item = Offer> {
        let held = self
            .offers
            .iter()
            .filter(|(_, open)| open.optimistic.is_none());
        held.map(|(_, open)| open.offer)
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
        let offer = self.name_offer(framework, agent, resources);
        self.open_offer_as(offer, None, reclaimed.is_some());
        if let Some(givers) = reclaimed {
            self.room_made.offers.insert(offer.id, givers);
        }
        self.hold_offer(offer);
        offer
    }

    /// Offers `resources` of `agent` to `framework`, and holds nothing for it.
    pub(crate) fn offer_optimistic(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        resources: Resources,
    ) -> Offer {
        let offer = self.name_offer(framework, agent, resources);
        let version = self.agents[agent.index()].version;
        self.open_offer_as(offer, Some(version), false);
        self.shown.entry(framework).or_default().insert(offer.id);
        offer
    }

    /// What the offers of an agent that hold nothing show, by framework.
    pub(crate) fn shown_of(&self, agent: AgentId) -> BTreeMap<FrameworkId, Resources> {
        let mut shown = BTreeMap::<_, Resources>::new();
        for id in &self.agents[agent.index()].offers {
            if let Some(open) = self.optimistic(*id) {
                *shown.entry(open.offer.framework).or_default() += open.offer.resources;
            }
        }
        shown
    }

    /// What `framework` could still get of what offers of all agents but one show it that hold nothing, and what of it is for
    /// anybody.
    pub(crate) fn shown_beside(
        &self,
        framework: FrameworkId,
        agent: AgentId,
    ) -> (Resources, Resources) {
        let mut agents = BTreeMap::<AgentId, Resources>::new();
        for id in self.shown.get(&framework).into_iter().flatten() {
            let offer = self.optimistic(*id).expect("an open offer").offer;
            *agents.entry(offer.agent).or_default() += offer.resources;
        }
        agents.remove(&agent);
        let entries = agents
            .iter()
            .map(|(agent, shown)| (&self.agents[agent.index()], *shown));
        entries.fold(
            (Resources::ZERO, Resources::ZERO),
            |(all, for_anybody), (entry, shown)| {
                let free = entry.free_for_anybody();
                (all + shown.min(entry.free), for_anybody + shown.min(free))
            },
        )
    }

    /// The version of its agent that an offer is of that holds nothing.
    pub(crate) fn version_shown(&self, id: OfferId) -> Option<u64> {
        self.optimistic(id)?.optimistic
    }

    /// How often anything started or ended on an agent.
    pub(crate) fn version(&self, agent: AgentId) -> u64 {
        self.agents[agent.index()].version
    }

    fn optimistic(&self, id: OfferId) -> Option<&OpenOffer> {
        let open = self.offers.get(id.0)?;
        open.optimistic.is_some().then_some(open)
    }

    /// Has an offer that held nothing hold so much of its agent, which is free.
    pub(crate) fn hold_optimistic(&mut self, id: OfferId, resources: Resources) {
        let open = self.offers.get_mut(id.0).expect("an open offer");
        open.optimistic = None;
        open.offer.resources = resources;
        let offer = open.offer;
        self.shown_no_more(offer);
        self.hold_offer(offer);
    }

    fn shown_no_more(&mut self, offer: Offer) {
        let shown = self.shown.get_mut(&offer.framework);
        shown.expect("an optimistic offer").remove(&offer.id);
    }

    fn name_offer(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        resources: Resources,
    ) -> Offer {
        let id = OfferId(self.next_offer);
        self.next_offer += 1;
        Offer {
            id,
            framework,
            agent,
            resources,
        }
    }

    fn open_offer_as(&mut self, offer: Offer, optimistic: Option<u64>, reclaimed: bool) {
        let entry = &mut self.agents[offer.agent.index()];
        let position = entry.offers.len() as u32;
        entry.offers.push(offer.id);
        let made = self.now;
        let open = OpenOffer {
            offer,
            made,
            position,
            reclaimed,
            optimistic,
        };
        self.offers.insert(offer.id.0, open);
        let entry = &mut self.frameworks[offer.framework.index()];
        entry.allocations += 1;
        let role = entry.role;
        self.change_roles(role, |holding| holding.allocations += 1);
    }

    /// Takes what an offer holds.
    fn hold_offer(&mut self, offer: Offer) {
        let Offer {
            id,
            framework,
            agent,
            resources,
        } = offer;
        self.take_down(framework);
        let portions = if self.is_uniform(agent) {
            Vec::new()
        } else {
            self.compose(framework, agent, Bounds::total(resources)).1
        };
        self.agents[agent.index()].offered += resources;
        let aside = self.take(agent, resources, &portions);
        self.parted.hold_offer(id, portions);
        self.share_with_offer(framework, agent, id);
        let entry = &mut self.frameworks[framework.index()];
        entry.offered += resources;
        if !aside.is_zero() {
            entry.aside += aside;
        }
        entry.open_offers += 1;
        let role = entry.role;
        self.change_roles(role, |holding| {
            holding.held += resources;
            holding.aside += aside;
        });
        self.changed(agent);
        self.of_kind(framework, agent, |held| *held += resources);
    }

    /// All offers that `framework` did not answer, those that hold nothing, too.
    pub(crate) fn offers_to(&self, framework: FrameworkId) -> Vec<OfferId> {
        let all = self.offers.iter().map(|(_, open)| open.offer);
        let mine = all.filter(|offer| offer.framework == framework);
        mine.map(|offer| offer.id).collect()
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
        let open = self.forget_offer(id);
        let offer = open.offer;
        if open.optimistic.is_some() {
            self.shown_no_more(offer);
            return open;
        }
        let portions = self.parted.close_offer(id);
        self.take_down(offer.framework);
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
        self.of_kind(offer.framework, offer.agent, |held| {
            *held -= offer.resources;
        });
        open
    }
    /// Takes an open offer out of the lists.
    pub(super) fn forget_offer(&mut self, id: OfferId) -> OpenOffer {
        let open = self.offers.remove(id.0).expect("an open offer");
        let position = open.position as usize;
        let offers = &mut self.agents[open.offer.agent.index()].offers;
        offers.swap_remove(position);
        if let Some(moved) = offers.get(position) {
            let moved = self.offers.get_mut(moved.0);
            moved.expect("an open offer").position = open.position;
        }
        open
    }
}
