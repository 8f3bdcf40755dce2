//! What becomes of agents and their parts: words, reservations, disks, what is lent; and who may use which.

use super::Master;
use crate::attributes::{AgentAttributes, AgentSpeeds, OfferConstraints};
use crate::message::{Action, AgentId, FrameworkId, Node, OfferId};
use crate::part::{AgentPart, Capabilities};
use crate::resources::Resources;

impl Master {
    /// Anybody may be offered more than before, or less: what is reserved counts for quotas.
    #[cold]
    pub(super) fn part_changed(
        &mut self,
        (agent, offer): (AgentId, Option<OfferId>),
        (from, to): (AgentPart, AgentPart),
        amount: Resources,
        actions: &mut Vec<Action>,
    ) {
        // What is lent is of an estimate, and of a disk there is no half.
        let lent = from.is_revocable() || to.is_revocable();
        if !self.ledger.is_present(agent) || amount.is_zero() || from == to || lent {
            return;
        }
        for part in [from, to] {
            if let Some(Node::Role(role) | Node::Members(role)) = part.reserved {
                self.ledger.name_role(role, None);
                self.name_roles(Some(role));
            }
        }
        let has = match offer {
            // A volume is shared, or no more, while nobody holds it.
            _ if from.is_shared() || to.is_shared() => {
                self.is_shareable(agent, (from, to), amount) && offer.is_none()
            }
            Some(offer) => self.has_offered(agent, offer, (from, to), amount),
            None => self.has_free(agent, from, amount, actions),
        };
        let cut = from.volume.is_some() && self.ledger.part(agent, from) != amount;
        let again = to.volume.is_some() && !self.ledger.part(agent, to).is_zero();
        if !has || cut || again {
            return;
        }
        self.release_earmarks(|_, one| one.agent == agent);
        match offer {
            _ if from.is_shared() || to.is_shared() => {
                self.ledger.change_shared(agent, (from, to), amount);
            }
            Some(offer) => self.ledger.change_offered(offer, from, to, amount),
            None => self.ledger.change_part(agent, from, to, amount),
        }
        self.note_change(agent);
        self.reconsider.add_all();
    }

    /// Whether one is a volume that is reserved for a role, and the other the same, shared.
    fn is_shareable(
        &self,
        agent: AgentId,
        (from, to): (AgentPart, AgentPart),
        amount: Resources,
    ) -> bool {
        let plain = |part: AgentPart| AgentPart {
            asks: part.asks.without(Capabilities::SHARED),
            ..part
        };
        let same = plain(from) == plain(to) && from.volume.is_some();
        let of_role = matches!(from.reserved, Some(Node::Role(_)));
        let unused = from.is_shared() || self.ledger.free_of(agent, from) == amount;
        same && of_role && unused
    }

    /// Whether an offer holds so much of a part, and whoever holds it may go on with what it becomes.
    fn has_offered(
        &self,
        agent: AgentId,
        offer: OfferId,
        (from, to): (AgentPart, AgentPart),
        amount: Resources,
    ) -> bool {
        let open = self.ledger.offers().find(|open| open.id == offer);
        let holds = amount.fits_in(self.ledger.offered_of(offer, from));
        open.is_some_and(|open| {
            open.agent == agent && holds && self.ledger.may_use(open.framework, to)
        })
    }

    /// Whether so much of a part is free; if not, offers are taken back, the oldest first, where that helps.
    fn has_free(
        &mut self,
        agent: AgentId,
        part: AgentPart,
        amount: Resources,
        actions: &mut Vec<Action>,
    ) -> bool {
        let mut offers = self.ledger.offers_on(agent).to_vec();
        offers.sort_unstable();
        let offered = offers
            .iter()
            .map(|offer| self.ledger.offered_of(*offer, part));
        let all = self.ledger.free_of(agent, part) + offered.sum();
        if !amount.fits_in(all) {
            return false;
        }
        for offer in offers {
            if amount.fits_in(self.ledger.free_of(agent, part)) {
                break;
            }
            if !self.ledger.offered_of(offer, part).is_zero() {
                self.rescind(offer, actions);
            }
        }
        true
    }

    /// As in Mesos, what is offered of what was lent is taken back: it may be what is not there any more.
    #[cold]
    pub(super) fn revocable_estimated(
        &mut self,
        agent: AgentId,
        amount: Resources,
        actions: &mut Vec<Action>,
    ) {
        if !self.ledger.is_present(agent) {
            return;
        }
        let mut offers = self.ledger.offers_on(agent).to_vec();
        offers.sort_unstable();
        for offer in offers {
            if !self
                .ledger
                .offered_of(offer, AgentPart::REVOCABLE)
                .is_zero()
            {
                self.rescind(offer, actions);
            }
        }
        self.release_earmarks(|_, one| one.agent == agent);
        self.ledger.lend(agent, amount);
        self.note_change(agent);
        self.sorter.mark_all_stale();
    }

    #[cold]
    pub(super) fn capabilities_set(&mut self, framework: FrameworkId, capabilities: Capabilities) {
        self.release_earmarks(|_, one| one.framework == framework);
        self.ledger.set_capabilities(framework, capabilities);
        self.reconsider.add(framework);
    }

    /// As in Mesos, who refused the agent as it was is asked again.
    #[cold]
    pub(super) fn agent_described(&mut self, agent: AgentId, attributes: AgentAttributes) {
        if *self.ledger.attributes(agent) == attributes {
            return;
        }
        self.release_earmarks(|_, one| one.agent == agent);
        self.ledger.describe(agent, attributes);
        self.filters.forget_agent(agent);
        self.note_change(agent);
    }

    /// Who goes first may be another now.
    pub(super) fn speeds_set(&mut self, framework: FrameworkId, speeds: AgentSpeeds) {
        self.ledger.set_speeds(framework, speeds);
        self.reconsider.add(framework);
    }

    /// Offers that were made before stand.
    #[cold]
    pub(super) fn constraints_set(
        &mut self,
        framework: FrameworkId,
        constraints: OfferConstraints,
    ) {
        self.release_earmarks(|_, one| one.framework == framework);
        self.ledger.constrain(framework, constraints);
        self.reconsider.add(framework);
    }
}
