//! Preemption: what the policy takes back, and that it reaches whom it is for.

use std::collections::BTreeSet;

use super::{Master, OfferSize};
use crate::allocators::{Context, Reclaim};
use crate::ledger::{Bounds, Earmark};
use crate::message::{Action, AgentId, Demand, FrameworkId};
use crate::resources::Resources;

impl Master {
    /// Asks the policy, for everybody who wants what there is no room for, whether others make room.
    #[inline(never)]
    pub(super) fn reclaim(&mut self, actions: &mut Vec<Action>) {
        self.order_together();
        for framework in self
            .sorter
            .fitting(Resources::UNBOUNDED)
            .collect::<Vec<_>>()
        {
            // What is offered to it may be all that it wants.
            let thinks =
                self.config.offers == OfferSize::Agent && self.ledger.open_offers(framework) > 0;
            if thinks || self.ledger.has_wasted(framework) {
                continue;
            }
            let mut wanted = self.wanted(framework);
            for Demand { needs, count } in &mut wanted {
                while *count > 0 && self.make_room(framework, *needs, actions) {
                    *count -= 1;
                }
            }
            self.rank(framework);
        }
        // What is free may be too little for whom it is kept, and enough for somebody for whom room is made since. Until
        // those end who make it, that is no more than others' guarantees leave.
        let kept: BTreeSet<AgentId> = self.ledger.earmarks().iter().map(|one| one.agent).collect();
        for agent in kept {
            self.offer_reclaimed(agent, true, actions);
        }
    }

    /// What a framework wants and neither is offered nor has others make room for.
    fn wanted(&self, framework: FrameworkId) -> Vec<Demand> {
        let Some(demand) = self.ledger.open_demand(framework) else {
            return Vec::new();
        };
        if self.config.offers == OfferSize::Task {
            // What others make room for counts as offered there.
            return demand.unmet_parts();
        }
        let mut wanted = demand.clone();
        for one in self.ledger.earmarks() {
            if one.framework == framework {
                wanted.launched(one.needs, 1);
            }
        }
        wanted.waiting().collect()
    }

    /// Whether something is taken back so that a task can start.
    fn make_room(
        &mut self,
        framework: FrameworkId,
        needs: Resources,
        actions: &mut Vec<Action>,
    ) -> bool {
        let ledger = &self.ledger;
        let mine = ledger
            .earmarks()
            .iter()
            .filter(|one| one.framework == framework);
        let soon: Resources = mine.map(|one| one.needs).sum();
        let within = (soon + needs).fits_in(ledger.left_below_limits(framework));
        let has_room = |agent| needs.fits_in(ledger.usable(framework, agent));
        if !within || ledger.agents().any(has_room) {
            return false;
        }
        let context = Context::order(self.now, ledger);
        let Some(reclaim) = self.allocator.reclaim(&context, framework, needs) else {
            return false;
        };
        if !self.is_sound(&reclaim, framework, needs) {
            return false;
        }
        let Reclaim {
            agent,
            victims,
            grace,
        } = reclaim;
        let earmark = Earmark {
            agent,
            framework,
            needs,
        };
        self.ledger.earmark(earmark, &victims);
        if self.config.offers == OfferSize::Task {
            // As good as offered: it is not to be offered for the same task elsewhere.
            self.ledger.demand_mut(framework).offered(needs);
        }
        // A gang is told where it is spoken for.
        let first = |(framework, task)| {
            let on = self.ledger.task(framework, task);
            Action::Preempt {
                agent: on.map_or(agent, |(first, _)| first),
                framework,
                task,
                grace,
            }
        };
        actions.extend(victims.into_iter().map(first));
        true
    }

    /// Whether what the policy wants to take back runs there and makes room.
    fn is_sound(&self, reclaim: &Reclaim, to: FrameworkId, needs: Resources) -> bool {
        let Reclaim { agent, victims, .. } = reclaim;
        let mut room = self.ledger.usable(to, *agent);
        for (i, (framework, task)) in victims.iter().enumerate() {
            let Some(one) = self.ledger.started_task(*framework, *task, *agent) else {
                return false;
            };
            if !self.ledger.may_take(to, &one) || victims[..i].contains(&(*framework, *task)) {
                return false;
            }
            room += self.ledger.usable_of(to, *agent, (*framework, *task));
        }
        !victims.is_empty() && needs.fits_in(room)
    }

    /// Offers what was taken back to whom it was taken back for, as soon as it is free; before anybody has ended for it, of
    /// what was free before.
    #[inline(never)]
    pub(super) fn offer_reclaimed(
        &mut self,
        agent: AgentId,
        early: bool,
        actions: &mut Vec<Action>,
    ) {
        let early = early && self.ledger.has_quota();
        loop {
            let free = Bounds::total(self.ledger.free(agent));
            let ripe = |one: &Earmark| {
                let mut bounds = free;
                if early {
                    bounds.for_anybody = self.ledger.headroom(one.framework);
                }
                let here = one.agent == agent;
                here && one
                    .needs
                    .fits_in(self.ledger.offerable(one.framework, agent, bounds))
            };
            let mut earmarks = self.ledger.earmarks().iter();
            let Some(position) = earmarks.position(ripe) else {
                return;
            };
            let (one, givers) = self.ledger.take_earmark(position);
            let Earmark {
                framework, needs, ..
            } = one;
            let for_anybody = self.ledger.left_below_limits(framework);
            let within = |all| Bounds {
                for_anybody,
                ..Bounds::total(all)
            };
            let most = within(self.ledger.free(agent));
            if !needs.fits_in(self.ledger.offerable(framework, agent, most)) {
                self.for_nobody(framework, needs);
                continue;
            }
            let resources = match self.config.offers {
                OfferSize::Task => needs,
                OfferSize::Agent | OfferSize::Shared => {
                    let more = within(self.ledger.unkept(agent));
                    let more = self.ledger.offerable(framework, agent, more);
                    more.max(needs)
                }
            };
            self.make_offer(framework, agent, resources, Some(givers), actions);
            self.rank(framework);
        }
    }

    /// What is being taken back is for nobody any more where it `is_over`.
    pub(super) fn release_earmarks(&mut self, is_over: impl Fn(&Self, &Earmark) -> bool) {
        let mut position = 0;
        while let Some(one) = self.ledger.earmarks().get(position).copied() {
            if is_over(self, &one) {
                self.ledger.take_earmark(position);
                self.for_nobody(one.framework, one.needs);
                self.note_change(one.agent);
            } else {
                position += 1;
            }
        }
    }

    /// What a framework was to have it wants again, if it still wants it.
    fn for_nobody(&mut self, framework: FrameworkId, needs: Resources) {
        self.ledger.count_reclaimed(framework, false);
        if self.config.offers == OfferSize::Task {
            self.ledger.demand_mut(framework).closed(needs);
            self.rank(framework);
        }
    }
}
