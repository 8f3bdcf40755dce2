//! A framework as the master's client: when it wants offers, and how it answers them.

use std::collections::BTreeMap;

use super::message::{FrameworkAction, OfferPolicy};
use crate::constraint::TaskSpread;
use crate::demand::OpenDemand;
use crate::few::Few;
use crate::job_queue::{LISTED, LISTED_ONCE};
use crate::master::OfferSize;
use crate::message::{
    AgentAnswer, AgentId, Demand, Event, FrameworkId, GangRequest, Offer, OfferId, TaskId,
    TaskRequest,
};
use crate::resources::Resources;
use crate::time::Span;

/// What is wanted, in two ways to say it.
pub(super) struct DemandToTell<A> {
    /// Writes all of it; whether it is all, and in its order to the end.
    pub(super) all: A,
    /// What came behind all that was said before, where nothing else has changed.
    pub(super) added: Option<Few<Demand>>,
}

/// Whether anything of an offer is left by what is launched on it.
fn is_left(offer: &Offer, launch: &[TaskRequest]) -> bool {
    let launched: Resources = launch.iter().map(|one| one.needs).sum();
    offer.resources != launched
}

/// One framework's side of the talk.
#[derive(Debug)]
pub(super) struct MasterClient {
    id: FrameworkId,
    offer_policy: OfferPolicy,
    next_task: u64,
    suppressed: bool,
    /// What the master believes of the demand.
    declared: OpenDemand,
    /// Where that is not all of it, or not in its order, how many tasks were launched since it was said.
    rough: Option<u32>,
    /// What is wanted now; kept to spare allocations.
    wanted: Vec<Demand>,
    /// Whether something was refused that later news could make welcome.
    refused: bool,
    /// Offers that were of no use at all since there was news.
    useless: BTreeMap<AgentId, Resources>,
    /// Where its tasks run, if it asks for anything there.
    pub(super) spread: Option<Box<TaskSpread>>,
    /// Whether the end of one makes welcome what was refused because of it.
    made_room: bool,
}

impl MasterClient {
    pub(super) const fn new(id: FrameworkId, offer_policy: OfferPolicy) -> Self {
        Self {
            id,
            offer_policy,
            next_task: 0,
            suppressed: false,
            declared: OpenDemand::new(),
            rough: None,
            wanted: Vec::new(),
            refused: false,
            useless: BTreeMap::new(),
            spread: None,
            made_room: false,
        }
    }

    /// A fresh id for one more attempt.
    pub(super) fn next_task(&mut self) -> TaskId {
        self.next_task += 1;
        TaskId(self.next_task - 1)
    }

    /// Whether one more of its tasks may run on an agent, when so many wait.
    pub(super) fn allows(&self, agent: AgentId, waiting: u64) -> bool {
        let spread = self.spread.as_ref();
        spread.is_none_or(|spread| spread.allows(agent, waiting))
    }

    /// A fresh id for one more attempt on an agent where it may run.
    pub(super) fn place_next(&mut self, agent: AgentId) -> TaskId {
        let task = self.next_task();
        if let Some(spread) = &mut self.spread {
            spread.place(agent);
            spread.launched(task, agent);
        }
        task
    }

    /// A task ended.
    pub(super) fn ended(&mut self, task: TaskId) {
        if let Some(spread) = &mut self.spread {
            spread.ended(task);
            self.made_room = true;
        }
    }

    /// Whether something was refused since all was asked for.
    pub(super) const fn has_refused(&self) -> bool {
        self.refused
    }

    /// Answers the offers `ids`, which together are `offer`. What is left of it is refused for `refuse`, or the usual time: an offer that
    /// was of no use comes once more, in case something was forgotten, and is then refused until there
    /// is news.
    pub(super) fn answer(
        &mut self,
        ids: Few<OfferId>,
        offer: &Offer,
        launch: Few<TaskRequest>,
        refuse: Option<Span>,
        actions: &mut Vec<FrameworkAction>,
    ) {
        for request in &launch {
            self.launched(request.needs, 1);
        }
        self.refused |= is_left(offer, &launch);
        let refuse = match refuse {
            Some(refuse) => refuse,
            None if launch.is_empty() && self.is_useless_again(offer) => Span::FOREVER,
            None => self.offer_policy.refuse,
        };
        actions.push(FrameworkAction::Tell(Event::OffersAnswered {
            framework: self.id,
            offers: ids,
            launch,
            refuse,
        }));
    }

    /// For how long what is left of an offer is refused on which something is launched.
    pub(super) fn refusal(&self, refuse: Option<Span>) -> Span {
        refuse.unwrap_or(self.offer_policy.refuse)
    }

    /// Answers offers of several agents together: gangs are launched on them, and something of them is left or not.
    pub(super) fn answer_together(
        &mut self,
        (answers, is_left): (Vec<AgentAnswer>, bool),
        gangs: Vec<GangRequest>,
        actions: &mut Vec<FrameworkAction>,
    ) {
        for gang in &gangs {
            for place in &gang.places {
                self.launched(gang.needs, place.units);
            }
        }
        self.refused |= is_left;
        actions.push(FrameworkAction::Tell(Event::GangsPlaced {
            framework: self.id,
            answers,
            gangs,
        }));
    }

    /// How many jobs a demand is to name one by one, when only what came last may be added to it, or not.
    pub(super) const fn listed(&self, in_order: bool) -> usize {
        if in_order && self.offer_policy.adds {
            LISTED_ONCE
        } else {
            LISTED
        }
    }

    /// What the master takes off the demand for launches.
    fn launched(&mut self, needs: Resources, count: u32) {
        if !self.declared.launched(needs, count) {
            // It knew of no such task, or of too few.
            self.rough = Some(u32::MAX);
        } else if let Some(since) = &mut self.rough {
            *since = since.saturating_add(count);
        }
    }

    /// Whether as much of the agent was of no use before.
    fn is_useless_again(&mut self, offer: &Offer) -> bool {
        let before = self.useless.insert(offer.agent, offer.resources);
        before.is_some_and(|before| offer.resources.fits_in(before))
    }

    pub(super) fn kill(&self, task: TaskId, actions: &mut Vec<FrameworkAction>) {
        actions.push(FrameworkAction::Tell(Event::KillRequested {
            framework: self.id,
            task,
        }));
    }

    /// Says what is wanted: as many tasks as `waiting`. `new_work` tells whether there is work that earlier refusals did
    /// not know of.
    pub(super) fn want(
        &mut self,
        waiting: u64,
        new_work: bool,
        wanted: DemandToTell<impl FnOnce(&mut Vec<Demand>) -> bool>,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let framework = self.id;
        let new_work = new_work | std::mem::take(&mut self.made_room);
        if waiting == 0 {
            match self.offer_policy.offers {
                OfferSize::Agent | OfferSize::Shared if !self.suppressed => {
                    self.suppressed = true;
                    actions.push(FrameworkAction::Tell(Event::Suppressed { framework }));
                }
                // What was launched is off the demand: mostly there is nothing to be said.
                OfferSize::Task if !self.declared.is_empty() => self.declare(&[], true, actions),
                OfferSize::Agent | OfferSize::Shared | OfferSize::Task => {}
            }
            return;
        }
        if self.offer_policy.declares {
            match wanted.added {
                Some(more) if self.offer_policy.adds && !self.is_too_rough() => {
                    self.add(more, actions);
                    let told = self.declared.by_size().map(|(_, tasks)| tasks);
                    debug_assert!(
                        self.rough.is_some() || told.sum::<u64>() == waiting,
                        "what waits is not what the master was told"
                    );
                }
                _ => {
                    let mut demand = std::mem::take(&mut self.wanted);
                    let exact = (wanted.all)(&mut demand);
                    if self.is_too_rough() || !self.declared.waiting().eq(demand.iter().copied()) {
                        self.declare(&demand, exact, actions);
                    }
                    self.wanted = demand;
                }
            }
        }
        if self.suppressed || (new_work && self.refused) {
            self.suppressed = false;
            self.refused = false;
            self.useless.clear();
            actions.push(FrameworkAction::Tell(Event::Revived { framework }));
        }
    }

    /// Whether so much was served of a demand whose order is not said to its end that it is to be said anew.
    const fn is_too_rough(&self) -> bool {
        match self.rough {
            // No more than half of those that it names, so that what is served next is always said.
            Some(launched) => launched as usize > LISTED_ONCE / 2 || self.declared.is_empty(),
            None => false,
        }
    }

    fn declare(&mut self, demand: &[Demand], exact: bool, actions: &mut Vec<FrameworkAction>) {
        self.declared.declare(demand);
        self.rough = (!exact).then_some(0);
        actions.push(FrameworkAction::Tell(Event::DemandDeclared {
            framework: self.id,
            demand: demand.iter().copied().collect(),
        }));
    }

    fn add(&mut self, more: Few<Demand>, actions: &mut Vec<FrameworkAction>) {
        if more.is_empty() {
            return;
        }
        if !self.declared.grow(&more) {
            self.rough.get_or_insert(0);
        }
        let framework = self.id;
        actions.push(FrameworkAction::Tell(Event::DemandGrew { framework, more }));
    }

    /// As [`Self::want`], for one size.
    pub(super) fn want_one_size(
        &mut self,
        needs: Resources,
        count: u32,
        new_work: bool,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let all = |demand: &mut Vec<Demand>| {
            demand.clear();
            demand.push(Demand { needs, count });
            true
        };
        let wanted = DemandToTell { all, added: None };
        self.want(count.into(), new_work, wanted, actions);
    }
}
