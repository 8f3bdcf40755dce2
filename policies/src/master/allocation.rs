//! Allocation: when offers are made, on which agents, to whom and of what.

use std::cell::OnceCell;

use super::{Master, OfferSize};
use crate::agent_set::AgentSet;
use crate::allocators::Context;
use crate::ledger::{Bounds, Givers, Node};
use crate::message::{Action, AgentId, FrameworkId};
use crate::resources::Resources;
use crate::share::Share;
use crate::time::{Span, Time};

/// Who may want what stood free before: only they are asked about agents that did not change.
#[derive(Clone, Default, Debug)]
pub(super) struct Reconsider {
    some: Vec<FrameworkId>,
    /// Too many to ask one by one.
    all: bool,
}

/// Beyond this, asking everybody in order is cheaper than finding the next of those on the list.
const MOST_RECONSIDERED: usize = 8;

impl Reconsider {
    pub(super) fn add(&mut self, framework: FrameworkId) {
        if self.all || self.some.contains(&framework) {
            return;
        }
        if self.some.len() == MOST_RECONSIDERED {
            self.all = true;
        } else {
            self.some.push(framework);
        }
    }

    pub(super) fn add_all(&mut self) {
        self.some.clear();
        self.all = true;
    }

    pub(super) const fn is_nobody(&self) -> bool {
        self.some.is_empty() && !self.all
    }

    /// Adds all of `others`, who are nobody then.
    pub(super) fn take_in(&mut self, others: &mut Self) {
        for framework in others.some.drain(..) {
            self.add(framework);
        }
        self.all |= std::mem::take(&mut others.all);
    }

    fn clear(&mut self) {
        self.some.clear();
        self.all = false;
    }
}

impl Master {
    pub(super) fn next_overdue(&self) -> Option<Time> {
        let timeout = self.config.offer_timeout?;
        self.ledger.oldest_offer().map(|open| open.made + timeout)
    }

    pub(super) fn rescind_overdue(&mut self, actions: &mut Vec<Action>) {
        while self.next_overdue().is_some_and(|at| at <= self.now) {
            let oldest = self
                .ledger
                .oldest_offer()
                .expect("an overdue offer")
                .offer
                .id;
            self.rescind(oldest, actions);
        }
    }

    pub(super) fn end_filters(&mut self) {
        while let Some(agent) = self.filters.pop_ended(self.now) {
            self.note_change(agent);
        }
    }

    /// An agent may have something new to offer.
    pub(super) fn note_change(&mut self, agent: AgentId) {
        if !self.ledger.free(agent).is_zero() {
            self.changed.insert(agent);
        }
    }

    pub(super) fn has_changes(&self) -> bool {
        !self.reconsider.is_nobody() || !self.changed.is_empty()
    }

    /// Whether anybody waits for an offer: whoever others make room for may want nothing else.
    pub(super) fn has_takers(&self) -> bool {
        !self.sorter.is_empty() || !self.ledger.earmarks().is_empty()
    }

    /// When the next round may be: this instant unless there was one already.
    pub(super) fn due(&self) -> Time {
        let earliest = match self.last_round {
            Some(last) if !self.config.round.is_zero() => self.now.max(last + Span::from_micros(1)),
            _ => self.now,
        };
        earliest.round_up(self.config.round)
    }

    /// Looks at every agent with news, in order of id, and offers what is free there.
    ///
    /// At an agent that did not change since it was last looked at, whoever was not offered it then
    /// would not be offered it now, but for those to be reconsidered: only they are asked.
    pub(super) fn allocate(&mut self, actions: &mut Vec<Action>) {
        self.last_round = Some(self.now);
        let context = Context::order(self.now, &self.ledger);
        self.sorter.refresh(&context, self.allocator.as_ref());
        // Both are put back empty: they are only memory.
        let mut reconsider = std::mem::take(&mut self.reconsider);
        let mut changed = std::mem::take(&mut self.changed);
        let mut from = AgentId(0);
        while self.has_takers()
            && let Some(agent) = self.next_to_offer(from, &reconsider, &changed)
        {
            let some =
                (!reconsider.all && !changed.contains(agent)).then_some(reconsider.some.as_slice());
            self.offer_agent(agent, some, actions);
            from = AgentId(agent.0 + 1);
        }
        if self.config.reclaims {
            self.reclaim(actions);
        }
        reconsider.clear();
        self.reconsider = reconsider;
        changed.clear();
        self.changed = changed;
    }

    /// The first agent from `from` on that has something free and may be of interest to somebody.
    fn next_to_offer(
        &mut self,
        from: AgentId,
        reconsider: &Reconsider,
        changed: &AgentSet,
    ) -> Option<AgentId> {
        if reconsider.all {
            return self.ledger.next_open(from);
        }
        let mut next = changed.next(from);
        for framework in &reconsider.some {
            let better = match self.config.offers {
                OfferSize::Agent | OfferSize::Shared => self.ledger.next_open(from),
                OfferSize::Task => self.ledger.next_room(*framework, from),
            };
            next = [next, better].into_iter().flatten().min();
        }
        next
    }

    /// Offers what is free on an agent, to whom it may concern or only to those of `some`: first to those
    /// who lack what they are guaranteed, and no more of it than that; then in the policy's order.
    fn offer_agent(
        &mut self,
        agent: AgentId,
        some: Option<&[FrameworkId]>,
        actions: &mut Vec<Action>,
    ) {
        if self.config.reclaims {
            self.offer_reclaimed(agent, false, actions);
        }
        // Where nothing is held, what is kept for who lacks it is kept when it is launched on.
        let shared = self.config.offers == OfferSize::Shared;
        let mut lacking_first = self.ledger.has_quota() && !shared;
        while !self.sorter.is_empty() && !self.ledger.unkept(agent).is_zero() {
            self.order_together();
            let chosen = self.choose(agent, some, lacking_first);
            let Some((framework, resources)) = chosen else {
                if std::mem::take(&mut lacking_first) {
                    continue;
                }
                return;
            };
            if self.config.offers == OfferSize::Shared {
                let offer = self.ledger.offer_optimistic(framework, agent, resources);
                actions.push(Action::Offer(offer));
            } else {
                self.make_offer(framework, agent, resources, None, actions);
            }
            if self.config.offers == OfferSize::Task {
                self.ledger.demand_mut(framework).offered(resources);
            }
            self.rank(framework);
        }
    }

    /// Offers some of an agent, which was taken back from others for the framework or not.
    pub(super) fn make_offer(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        resources: Resources,
        reclaimed: Option<Givers>,
        actions: &mut Vec<Action>,
    ) {
        let offer = self.ledger.offer(framework, agent, resources, reclaimed);
        let portions = self.ledger.described(agent, offer.id);
        if !portions.is_empty() {
            let offer = offer.id;
            actions.push(Action::Parts { offer, portions });
        }
        actions.push(Action::Offer(offer));
    }

    /// Who is next to be offered something of an agent, and how much.
    fn choose(
        &mut self,
        agent: AgentId,
        some: Option<&[FrameworkId]>,
        lacking_first: bool,
    ) -> Option<(FrameworkId, Resources)> {
        let (all, free) = (self.ledger.free(agent), self.ledger.unkept(agent));
        let context = Context {
            agent: Some(agent),
            ..Context::order(self.now, &self.ledger)
        };
        let size = |framework, most: Resources| {
            let wanted = |amount: Resources| {
                let offered = (amount, all);
                !self.filters.hides(framework, agent, offered, self.now)
            };
            match self.config.offers {
                OfferSize::Agent | OfferSize::Shared => {
                    Some(most).filter(|most| !most.is_zero() && wanted(*most))
                }
                OfferSize::Task => {
                    let demand = self.ledger.open_demand(framework)?;
                    demand.next(|needs| needs.fits_in(most) && wanted(needs))
                }
            }
        };
        let quota = self.ledger.has_quota();
        // What each is shown of the agent already is not shown again, but what came free since.
        let shared = (self.config.offers == OfferSize::Shared).then(|| self.ledger.shown_of(agent));
        let unseen = |framework, amount: Resources| {
            let seen = shared.as_ref().and_then(|shown| shown.get(&framework));
            seen.map_or(amount, |seen| amount.saturating_sub(*seen))
        };
        let uniform = self.ledger.is_uniform(agent);
        let constrained = self.ledger.has_constraints();
        let ordinary = uniform && self.ledger.reserved(agent).is_none() && !constrained;
        let within = |framework, most: Resources, for_anybody| {
            if ordinary {
                return free.min(most).min(for_anybody);
            }
            let free = if uniform {
                free
            } else {
                self.ledger.usable(framework, agent)
            };
            let bounds = Bounds {
                all: most.min(free),
                for_anybody,
                disks: self.config.offers != OfferSize::Task,
            };
            self.ledger.offerable(framework, agent, bounds)
        };
        // Only what would be offered is worth the question how much of it may be.
        let bounds = OnceCell::new();
        let of_policy = |framework| match bounds.get_or_init(|| self.allocator.bounds(&context)) {
            Some(bounds) => Some(bounds(framework)),
            None => self.allocator.at_most(&context, framework),
        };
        let mut bounded = |framework| {
            let mut for_anybody = Resources::UNBOUNDED;
            if lacking_first {
                for_anybody = self.ledger.before_others(framework)?;
            }
            let unbounded = if ordinary && !lacking_first {
                free
            } else {
                within(framework, Resources::UNBOUNDED, for_anybody)
            };
            let amount = size(framework, unseen(framework, unbounded))?;
            let of_policy = of_policy(framework);
            if of_policy.is_none() && !quota {
                return Some(amount);
            }
            if quota {
                for_anybody = for_anybody.min(self.ledger.headroom(framework));
            }
            let mut most = of_policy.unwrap_or(Resources::UNBOUNDED);
            if shared.is_some() {
                // What it may have of all agents together is not shown of each of them.
                let (all, of_anybody) = self.ledger.shown_beside(framework, agent);
                if !self.allocator.bounds_agents() {
                    most = most.saturating_sub(all);
                }
                for_anybody = for_anybody.saturating_sub(of_anybody);
            }
            let most = unseen(framework, within(framework, most, for_anybody));
            if amount.fits_in(most) {
                return Some(amount);
            }
            self.held_back.add(framework);
            size(framework, most)
        };
        // Whoever is picked was mostly asked last.
        let mut last = None;
        let takes = |framework: &FrameworkId| {
            last = bounded(*framework).map(|amount| (*framework, amount));
            last.is_some()
        };
        let picked = match some {
            None => {
                let mut candidates = self.sorter.fitting(free).filter(takes);
                self.allocator.pick(&context, &mut candidates)
            }
            Some(some) => {
                let mut candidates = self.sorter.in_order(some).filter(takes);
                self.allocator.pick(&context, &mut candidates)
            }
        }?;
        let asked = last.filter(|(framework, _)| *framework == picked);
        asked.or_else(|| Some((picked, bounded(picked)?)))
    }

    /// Puts a framework where it belongs, or out of the queue.
    pub(super) fn rank(&mut self, framework: FrameworkId) {
        let reopened = self.ledger.take_reopened(framework);
        let context = Context::order(self.now, &self.ledger);
        let offers = self.config.offers;
        // Where everybody's rank is another afterwards, this one would be worked out for nothing.
        let rank = |node: Node| {
            if self.together {
                Share::ZERO.into()
            } else {
                self.allocator.rank(&context, node)
            }
        };
        if self
            .sorter
            .rank(framework, &self.ledger, &rank, offers, reopened)
        {
            self.reconsider.add(framework);
        }
        if self.together {
            self.sorter.mark_all_stale();
        }
    }

    /// Brings the order up to date where everybody's rank follows from what all have.
    pub(super) fn order_together(&mut self) {
        if self.together {
            let context = Context::order(self.now, &self.ledger);
            self.sorter.refresh(&context, self.allocator.as_ref());
        }
    }
}
