//! Facts: what each one changes, and the orders that follow from it at once.

use super::{Master, OfferSize};
use crate::allocators::Context;
use crate::ledger::{Node, OpenOffer, ReleasedParts, TaskPart};
use crate::message::{
    Action, AgentId, Demand, FrameworkId, OfferId, Outcome, RoleId, TaskId, TaskRequest,
};
use crate::part::draw;
use crate::resources::{QuotaLimit, Resources};
use crate::share::Weight;
use crate::time::Span;

impl Master {
    #[cold]
    pub(super) fn agent_joined(
        &mut self,
        agent: AgentId,
        total: Resources,
        actions: &mut Vec<Action>,
    ) {
        self.agent_lost(agent, actions);
        self.ledger
            .add_agent(agent, total, self.allocator.owner(agent));
        self.changed.insert(agent);
        self.sorter.mark_all_stale();
    }

    #[cold]
    pub(super) fn agent_lost(&mut self, agent: AgentId, actions: &mut Vec<Action>) {
        if !self.ledger.is_present(agent) {
            return;
        }
        while let Some(&offer) = self.ledger.offers_on(agent).first() {
            self.rescind(offer, actions);
        }
        while let Some(&(framework, task)) = self.ledger.tasks_on(agent).first() {
            // A gang is over with any of its agents: what is left of it on others ends by itself.
            let first = self.ledger.task(framework, task).map(|(first, _)| first);
            let ended = self
                .ledger
                .end_task(framework, task, first.unwrap_or(agent))
                .expect("a task that runs");
            for other in first.into_iter().chain(ended.elsewhere) {
                self.changed.insert(other);
            }
            actions.push(Action::Report {
                framework,
                task,
                outcome: Outcome::Lost,
            });
        }
        self.release_earmarks(|_, one| one.agent == agent);
        self.ledger.remove_agent(agent);
        self.filters.forget_agent(agent);
        self.changed.remove(agent);
        self.sorter.mark_all_stale();
    }

    /// Whose order changes is offered in it from the next time on that something is offered: as in Mesos,
    /// a weight alone is no reason to offer anything.
    #[cold]
    pub(super) fn role_set(&mut self, role: RoleId, parent: Option<RoleId>, weight: Weight) {
        self.ledger.set_role(role, parent, weight);
        self.name_roles(Some(role));
        self.sorter.mark_all_stale();
    }

    /// Anybody may be offered more than before, or less.
    #[cold]
    pub(super) fn quota_set(&mut self, role: RoleId, guarantee: Resources, limit: QuotaLimit) {
        self.ledger.name_role(role, None);
        self.name_roles(Some(role));
        self.ledger.set_quota(role, guarantee, limit);
        self.sorter.mark_all_stale();
        self.reconsider.add_all();
    }

    #[cold]
    pub(super) fn framework_joined(
        &mut self,
        framework: FrameworkId,
        weight: Weight,
        role: Option<RoleId>,
    ) {
        let joined = self.ledger.is_joined(framework);
        if joined {
            self.release_earmarks(|_, one| one.framework == framework);
            self.dismiss(framework);
        }
        // What it still runs, and what of it waits, counts in its role and no longer where it was.
        if joined || !self.ledger.held(framework).is_zero() {
            self.sorter.mark_all_stale();
        }
        self.ledger.add_framework(framework, weight, role);
        self.name_roles(role);
        self.sorter.admit(framework, &self.ledger);
        self.revived(framework);
    }

    /// The sorter learns of a role and of all above it.
    pub(super) fn name_roles(&mut self, role: Option<RoleId>) {
        let mut next = role.map(Node::Role);
        while let Some(node @ Node::Role(role)) = next {
            self.sorter.name_role(role, &self.ledger);
            next = self.ledger.parent(node);
        }
    }

    fn dismiss(&mut self, framework: FrameworkId) {
        let context = Context::order(self.now, &self.ledger);
        let rank = |node| self.allocator.rank(&context, node);
        self.sorter.dismiss(framework, &rank);
    }

    #[cold]
    pub(super) fn framework_left(&mut self, framework: FrameworkId, actions: &mut Vec<Action>) {
        if !self.ledger.is_joined(framework) {
            return;
        }
        for offer in self.ledger.offers_to(framework) {
            self.rescind(offer, actions);
        }
        self.release_earmarks(|_, one| one.framework == framework);
        for (task, agent) in self.ledger.tasks_of(framework) {
            actions.push(Action::Kill {
                agent,
                framework,
                task,
            });
        }
        self.ledger.remove_framework(framework);
        self.dismiss(framework);
        self.filters.forget(framework);
    }

    pub(super) fn demand_declared(&mut self, framework: FrameworkId, demand: &[Demand]) {
        if self.ledger.declare(framework, demand) {
            self.reconsider.add(framework);
        }
        self.release_unwanted(framework);
        self.rank(framework);
    }

    pub(super) fn demand_grew(&mut self, framework: FrameworkId, more: &[Demand]) {
        if self.ledger.declare_more(framework, more) {
            self.reconsider.add(framework);
            self.rank(framework);
        }
    }

    /// So many tasks were launched on offers of which so many were of what was taken back. Where offers are made for tasks,
    /// whoever wants nothing any more says nothing: what it launched is off its demand.
    pub(super) fn note_launches(&mut self, framework: FrameworkId, launched: u32, reclaimed: u32) {
        for one in 0..reclaimed {
            self.ledger.count_reclaimed(framework, one < launched);
        }
        if self.config.offers == OfferSize::Task {
            self.release_unwanted(framework);
        }
    }

    /// What is taken back for a framework that it does not want any more is for nobody.
    fn release_unwanted(&mut self, framework: FrameworkId) {
        self.release_earmarks(|master, one| {
            let mut wanted = master.ledger.demand(framework);
            one.framework == framework && !wanted.any(|part| part.needs == one.needs)
        });
    }

    pub(super) fn offers_answered(
        &mut self,
        framework: FrameworkId,
        offers: &[OfferId],
        launch: &[TaskRequest],
        refuse: Span,
        actions: &mut Vec<Action>,
    ) {
        if let ([offer], [request]) = (offers, launch)
            && self.accepted(framework, *offer, *request, refuse, actions)
        {
            return;
        }
        let shown = self.commit(framework, offers.iter(), !launch.is_empty());
        let (mut agent, mut left, mut spoilt) = (None, Resources::ZERO, false);
        let (mut reclaimed, mut held) = (0, ReleasedParts::default());
        for id in offers {
            let Some(offer) = self.ledger.open_offer(framework, *id) else {
                spoilt = true;
                continue;
            };
            reclaimed += u32::from(self.close_offer(offer.id, &mut held).reclaimed);
            left += offer.resources;
            if *agent.get_or_insert(offer.agent) != offer.agent {
                spoilt = true;
                self.note_change(offer.agent);
            }
        }
        // One bad offer in an answer spoils it all, as in Mesos: the framework's picture of what it
        // holds was wrong.
        if spoilt || !self.may_commit(framework, launch, left) {
            left = Resources::ZERO;
            held.portions.clear();
        }
        let all = left;
        let (mut launched, mut lost) = (0, spoilt);
        for request in launch {
            let TaskRequest { task, needs } = *request;
            if !self.ledger.is_fresh(framework, task) {
                continue;
            }
            let fits = !needs.is_zero() && needs.fits_in(left);
            let drawn = fits
                .then(|| draw(needs, left, &mut held.portions))
                .flatten();
            if let (Some(agent), Some(drawn)) = (agent, drawn) {
                left -= needs;
                launched += 1;
                let part = TaskPart {
                    agent,
                    needs,
                    portions: drawn,
                };
                self.ledger.launch(framework, task, part);
                self.ledger
                    .share_with_task(framework, agent, task, &held.along);
                self.ledger.owe(framework, task, &held.givers);
                actions.push(Action::Launch {
                    agent,
                    framework,
                    task,
                    needs,
                });
            } else {
                lost = true;
                self.ledger.refuse_task(framework, task);
                actions.push(Action::Report {
                    framework,
                    task,
                    outcome: Outcome::Lost,
                });
            }
            self.ledger.demand_mut(framework).launched(needs, 1);
        }
        self.note_launches(framework, launched, reclaimed);
        if let Some(agent) = agent
            && !refuse.is_zero()
            && let Some(refused) = self.refused(agent, (all, left), &shown, lost)
        {
            let until = self.now + refuse;
            self.filters.add(framework, agent, refused, until);
        }
        if let Some(agent) = agent {
            self.note_change(agent);
        }
        self.rank(framework);
    }

    /// One offer is taken for one task, as most are: whether there is nothing special about it, so that it is done.
    fn accepted(
        &mut self,
        framework: FrameworkId,
        offer: OfferId,
        request: TaskRequest,
        refuse: Span,
        actions: &mut Vec<Action>,
    ) -> bool {
        let TaskRequest { task, needs } = request;
        let Some(offer) = self.ledger.accept(framework, offer, request) else {
            return false;
        };
        let agent = offer.agent;
        actions.push(Action::Launch {
            agent,
            framework,
            task,
            needs,
        });
        let demand = self.ledger.demand_mut(framework);
        if self.config.offers == OfferSize::Task {
            demand.accepted(offer.resources, needs);
        } else {
            demand.launched(needs, 1);
        }
        self.note_launches(framework, 1, 0);
        let left = offer.resources - needs;
        if !left.is_zero() && !refuse.is_zero() {
            let refused = (left, self.ledger.free(agent));
            self.filters
                .add(framework, agent, refused, self.now + refuse);
        }
        self.note_change(agent);
        self.rank(framework);
        true
    }

    pub(super) fn revived(&mut self, framework: FrameworkId) {
        self.filters.forget(framework);
        self.sorter.suppress(framework, false);
        self.reconsider.add(framework);
        self.rank(framework);
    }

    pub(super) fn suppressed(&mut self, framework: FrameworkId) {
        self.sorter.suppress(framework, true);
        self.release_earmarks(|_, one| one.framework == framework);
        self.rank(framework);
    }

    #[inline(never)]
    pub(super) fn kill_requested(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        actions: &mut Vec<Action>,
    ) {
        if let Some((agent, _)) = self.ledger.task(framework, task) {
            actions.push(Action::Kill {
                agent,
                framework,
                task,
            });
        }
    }

    /// A task that is not in the books was reported before, when its agent was lost.
    pub(super) fn task_ended(
        &mut self,
        agent: AgentId,
        framework: FrameworkId,
        task: TaskId,
        outcome: Outcome,
        actions: &mut Vec<Action>,
    ) {
        if let Some(ended) = self.ledger.end_task(framework, task, agent) {
            // Whoever carried the order out need not know whom it was for.
            let outcome = match outcome {
                Outcome::Killed if ended.ending => Outcome::Preempted,
                other => other,
            };
            self.changed.insert(agent);
            for other in ended.elsewhere {
                self.changed.insert(other);
            }
            self.sorter.mark_stale(framework);
            actions.push(Action::Report {
                framework,
                task,
                outcome,
            });
        }
    }

    /// Ends an open offer; what it held is free again, which of special parts is added to `held`.
    pub(super) fn close_offer(&mut self, offer: OfferId, held: &mut ReleasedParts) -> OpenOffer {
        let open = self.ledger.close_offer(offer, held);
        if self.config.offers == OfferSize::Task {
            let demand = self.ledger.demand_mut(open.offer.framework);
            demand.closed(open.offer.resources);
        }
        open
    }

    #[inline(never)]
    pub(super) fn rescind(&mut self, offer: OfferId, actions: &mut Vec<Action>) {
        let OpenOffer {
            offer, reclaimed, ..
        } = self.close_offer(offer, &mut ReleasedParts::default());
        if reclaimed {
            self.ledger.count_reclaimed(offer.framework, false);
        }
        self.changed.insert(offer.agent);
        self.rank(offer.framework);
        actions.push(Action::Rescind {
            framework: offer.framework,
            offer: offer.id,
        });
    }
}
