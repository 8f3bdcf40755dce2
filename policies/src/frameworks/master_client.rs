//! A framework as the master's client: when it wants offers, and how it answers them.

use std::collections::BTreeMap;

use super::message::{FrameworkAction, OfferPolicy};
use crate::constraint::TaskSpread;
use crate::demand::{take_one, take_some};
use crate::message::{
    AgentAnswer, AgentId, Demand, Event, FrameworkId, GangRequest, Offer, OfferId, TaskId,
    TaskRequest,
};
use crate::resources::Resources;
use crate::time::Span;

/// One framework's side of the talk.
#[derive(Debug)]
pub(super) struct MasterClient {
    id: FrameworkId,
    offer_policy: OfferPolicy,
    next_task: u64,
    suppressed: bool,
    /// What the master believes of the demand.
    declared: Vec<Demand>,
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
            declared: Vec::new(),
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
        ids: Vec<OfferId>,
        offer: &Offer,
        launch: Vec<TaskRequest>,
        refuse: Option<Span>,
        actions: &mut Vec<FrameworkAction>,
    ) {
        for request in &launch {
            take_one(&mut self.declared, request.needs);
        }
        self.refused = true;
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

    /// Answers offers of several agents together: gangs are launched on them.
    pub(super) fn answer_together(
        &mut self,
        answers: Vec<AgentAnswer>,
        gangs: Vec<GangRequest>,
        actions: &mut Vec<FrameworkAction>,
    ) {
        for gang in &gangs {
            for place in &gang.places {
                let mut left = place.units;
                while left > 0
                    && let Some(some) = take_some(&mut self.declared, gang.needs, left)
                {
                    left -= some.count;
                }
            }
        }
        self.refused = true;
        actions.push(FrameworkAction::Tell(Event::GangsPlaced {
            framework: self.id,
            answers,
            gangs,
        }));
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

    /// Says what is wanted: as many tasks as `waiting`, those of `demand`. `new_work` tells whether there is
    /// work that earlier refusals did not know of.
    pub(super) fn want(
        &mut self,
        waiting: u64,
        new_work: bool,
        demand: impl FnOnce(&mut Vec<Demand>),
        actions: &mut Vec<FrameworkAction>,
    ) {
        let framework = self.id;
        let new_work = new_work | std::mem::take(&mut self.made_room);
        if waiting == 0 {
            if !self.suppressed {
                self.suppressed = true;
                actions.push(FrameworkAction::Tell(Event::Suppressed { framework }));
            }
            return;
        }
        if self.offer_policy.declares {
            demand(&mut self.wanted);
            let believed = self.declared.iter().filter(|one| one.count > 0);
            if !believed.eq(&self.wanted) {
                self.declared.clone_from(&self.wanted);
                let demand = self.wanted.clone();
                actions.push(FrameworkAction::Tell(Event::DemandDeclared {
                    framework,
                    demand,
                }));
            }
        }
        if self.suppressed || (new_work && self.refused) {
            self.suppressed = false;
            self.refused = false;
            self.useless.clear();
            actions.push(FrameworkAction::Tell(Event::Revived { framework }));
        }
    }

    /// As [`Self::want`], for one size.
    pub(super) fn want_one_size(
        &mut self,
        needs: Resources,
        count: u32,
        new_work: bool,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let demand = |demand: &mut Vec<Demand>| {
            demand.clear();
            demand.push(Demand { needs, count });
        };
        self.want(count.into(), new_work, demand, actions);
    }
}
