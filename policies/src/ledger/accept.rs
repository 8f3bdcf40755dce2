//! An offer becomes a task: what mostly becomes of it.

use super::Ledger;
use super::tasks::TaskEntry;
use crate::message::{FrameworkId, Offer, OfferId, TaskRequest};

/// What the master writes.
impl Ledger {
    /// Makes a task of an open offer and gives back what is left of it: one change, where closing it and launching on it
    /// are two. Nothing is done where any of it is special, or where the request does not hold.
    pub(crate) fn accept(
        &mut self,
        framework: FrameworkId,
        id: OfferId,
        request: TaskRequest,
    ) -> Option<Offer> {
        let TaskRequest { task, needs } = request;
        let open = self.offers.get(id.0)?;
        let offer = open.offer;
        let holds = !needs.is_zero() && needs.fits_in(offer.resources);
        let is_plain = open.is_plain() && self.has_only_plain(offer.agent);
        if !holds || !is_plain || offer.framework != framework || !self.is_fresh(framework, task) {
            return None;
        }
        self.take_down(framework);
        self.forget_offer(id);
        let left = offer.resources - needs;
        let entry = &mut self.agents[offer.agent.index()];
        entry.offered -= offer.resources;
        entry.free += left;
        entry.start((framework, task), needs);
        if self.has_quota {
            self.shared_free += left;
        }
        let entry = &mut self.frameworks[framework.index()];
        entry.offered -= offer.resources;
        entry.running += needs;
        entry.open_offers -= 1;
        let running = TaskEntry {
            agent: offer.agent,
            needs,
            since: self.now,
            ending: false,
        };
        entry.tasks.insert(task.0, running);
        let role = entry.role;
        self.change_roles(role, |holding| holding.held -= left);
        self.changed(offer.agent);
        self.of_kind(framework, offer.agent, |held| *held -= left);
        Some(offer)
    }
}
