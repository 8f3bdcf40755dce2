//! The master: one fact in, any number of orders out.
//!
//! It owns the ledger and asks the allocator; it has no clock, no thread and no generator of its
//! own. Whoever drives it, a queue of simulated time or sockets and a wall clock, gets the same
//! orders for the same facts.

use crate::agent_set::AgentSet;
use crate::allocators::BoxedAllocator;
use crate::filters::Filters;
use crate::ledger::Ledger;
use crate::message::{
    Action, AgentId, Demand, Event, FrameworkId, Offer, OfferId, Outcome, TaskId, TaskRequest,
};
use crate::name::{BadName, Name, Param};
use crate::resources::Resources;
use crate::share::Weight;
use crate::sorter::Sorter;
use crate::time::{Span, Time};

/// How much of an agent one offer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OfferSize {
    /// Everything free on the agent, as Mesos does.
    #[default]
    Agent,
    /// What one task takes, as declared by the framework: the DRF paper's progressive filling.
    Task,
}

/// What of the master's behaviour is a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Offers are made at multiples of this (Mesos: one second); with zero at the end of every instant
    /// at which something happens.
    pub round: Span,
    /// How much one offer holds.
    pub offers: OfferSize,
    /// An offer not answered for so long is taken back; `None` waits for ever.
    pub offer_timeout: Option<Span>,
}

impl Config {
    /// The parameters every policy's name can have on top of its own.
    pub const PARAMS: [Param; 3] = [
        Param {
            key: "round",
            about: "offers at multiples of this; 0s when something happens (default 0s, Mesos 1s)",
        },
        Param {
            key: "offers",
            about: "agent: all that is free, as Mesos; task: what one task takes, as the DRF paper (default agent)",
        },
        Param {
            key: "timeout",
            about: "unanswered offers are taken back after this (default never)",
        },
    ];

    /// Takes the master's parameters out of a policy's name.
    ///
    /// # Errors
    /// When a value does not read.
    pub fn from_name(name: &mut Name) -> Result<Self, BadName> {
        let span = "a length of time, as in 1s";
        let offers = match name.take("offers").as_deref() {
            None | Some("agent") => OfferSize::Agent,
            Some("task") => OfferSize::Task,
            Some(other) => return Err(name.bad("offers", other, "agent or task")),
        };
        Ok(Self {
            round: name.take_as("round", span)?.unwrap_or(Span::ZERO),
            offers,
            offer_timeout: match name.take_as("timeout", span)? {
                Some(Span::ZERO) => return Err(name.bad("timeout", "0s", "more than no time")),
                timeout => timeout,
            },
        })
    }
}

/// The state machine at the centre of the cluster.
pub struct Master {
    now: Time,
    config: Config,
    allocator: BoxedAllocator,
    ledger: Ledger,
    filters: Filters,
    sorter: Sorter,
    /// Agents with something new to offer since they were last looked at.
    changed: AgentSet,
    /// Frameworks that may want what they were not offered before.
    reconsider: Reconsider,
    last_round: Option<Time>,
}

/// Who may want what stood free before: only they are asked about agents that did not change.
#[derive(Clone, Default, Debug)]
struct Reconsider {
    some: Vec<FrameworkId>,
    /// Too many to ask one by one.
    all: bool,
}

/// Beyond this, asking everybody in order is cheaper than finding the next of those on the list.
const MOST_RECONSIDERED: usize = 8;

impl Reconsider {
    fn add(&mut self, framework: FrameworkId) {
        if self.all || self.some.contains(&framework) {
            return;
        }
        if self.some.len() == MOST_RECONSIDERED {
            self.all = true;
        } else {
            self.some.push(framework);
        }
    }

    fn is_nobody(&self) -> bool {
        self.some.is_empty() && !self.all
    }

    fn clear(&mut self) {
        self.some.clear();
        self.all = false;
    }
}

impl Master {
    /// A master of an empty cluster.
    pub fn new(config: Config, allocator: BoxedAllocator) -> Self {
        Self {
            now: Time::ZERO,
            config,
            allocator,
            ledger: Ledger::default(),
            filters: Filters::default(),
            sorter: Sorter::default(),
            changed: AgentSet::default(),
            reconsider: Reconsider::default(),
            last_round: None,
        }
    }

    /// Who has what.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many refusals of a framework still hold.
    pub fn refusals(&self, framework: FrameworkId) -> usize {
        self.filters.active(framework, self.now)
    }

    /// Takes in one fact and appends the orders that follow from it.
    ///
    /// Offers are made only when time has passed ([`Self::wake_at`]): all that happened at one instant,
    /// or between two rounds, counts before anybody is offered anything.
    ///
    /// Facts about agents, frameworks, offers or tasks that are gone are answered or ignored, never
    /// an error: with messages under way they are ordinary. Time runs forward; an earlier `now`
    /// counts as the present.
    pub fn step(&mut self, now: Time, event: Event, actions: &mut Vec<Action>) {
        self.now = self.now.max(now);
        let woken = event == Event::TimePassed;
        self.apply(event, actions);
        self.rescind_overdue(actions);
        self.end_filters();
        if woken && self.has_changes() && self.due() <= self.now {
            self.allocate(actions);
        }
    }

    /// When the master wants to be told that time has passed: after everything that happens until then.
    /// Without rounds, that is the present as soon as there is something to offer.
    pub fn wake_at(&self) -> Option<Time> {
        let overdue = self.next_overdue();
        let round = if self.sorter.is_empty() {
            None
        } else if self.has_changes() {
            Some(self.due())
        } else {
            self.filters
                .next_end()
                .map(|end| end.round_up(self.config.round))
        };
        [overdue, round]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.max(self.now))
    }

    /// Recounts everything; see [`Ledger::check`].
    ///
    /// # Panics
    /// When the books or the sorter are wrong: a defect in the core.
    pub fn check(&self) {
        self.ledger.check();
        self.sorter
            .check(&self.ledger, self.allocator.as_ref(), self.config.offers);
    }

    fn apply(&mut self, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::AgentJoined { agent, total } => self.agent_joined(agent, total, actions),
            Event::AgentLost { agent } => self.agent_lost(agent, actions),
            Event::FrameworkJoined { framework, weight } => {
                self.framework_joined(framework, weight);
            }
            Event::FrameworkLeft { framework } => self.framework_left(framework, actions),
            Event::DemandDeclared { framework, demand } => {
                self.demand_declared(framework, &demand);
            }
            Event::OffersAnswered {
                framework,
                offers,
                launch,
                refuse,
            } => {
                self.offers_answered(framework, &offers, &launch, refuse, actions);
            }
            Event::Revived { framework } => self.revived(framework),
            Event::Suppressed { framework } => self.suppressed(framework),
            Event::KillRequested { framework, task } => {
                self.kill_requested(framework, task, actions);
            }
            Event::TaskEnded {
                agent,
                framework,
                task,
                outcome,
            } => {
                self.task_ended(agent, framework, task, outcome, actions);
            }
            Event::TimePassed => {}
        }
    }

    fn agent_joined(&mut self, agent: AgentId, total: Resources, actions: &mut Vec<Action>) {
        self.agent_lost(agent, actions);
        self.ledger
            .add_agent(agent, total, self.allocator.owner(agent));
        self.changed.insert(agent);
        self.sorter.mark_all_stale();
    }

    fn agent_lost(&mut self, agent: AgentId, actions: &mut Vec<Action>) {
        if !self.ledger.is_present(agent) {
            return;
        }
        while let Some(&offer) = self.ledger.offers_on(agent).first() {
            self.rescind(offer, actions);
        }
        while let Some(&(framework, task)) = self.ledger.tasks_on(agent).first() {
            self.ledger.end_task(framework, task, agent);
            actions.push(Action::Report {
                framework,
                task,
                outcome: Outcome::Lost,
            });
        }
        self.ledger.remove_agent(agent);
        self.filters.forget_agent(agent);
        self.changed.remove(agent);
        self.sorter.mark_all_stale();
    }

    fn framework_joined(&mut self, framework: FrameworkId, weight: Weight) {
        self.ledger.add_framework(framework, weight);
        self.sorter.admit(framework);
        self.revived(framework);
    }

    fn framework_left(&mut self, framework: FrameworkId, actions: &mut Vec<Action>) {
        if !self.ledger.is_joined(framework) {
            return;
        }
        let offers: Vec<OfferId> = self
            .ledger
            .offers()
            .filter(|o| o.framework == framework)
            .map(|o| o.id)
            .collect();
        for offer in offers {
            self.rescind(offer, actions);
        }
        for (task, agent) in self.ledger.tasks_of(framework) {
            actions.push(Action::Kill {
                agent,
                framework,
                task,
            });
        }
        self.ledger.remove_framework(framework);
        self.sorter.dismiss(framework);
        self.filters.forget(framework);
    }

    fn demand_declared(&mut self, framework: FrameworkId, demand: &[Demand]) {
        if self.sorter.declare(framework, demand) {
            self.reconsider.add(framework);
        }
        self.rank(framework);
    }

    fn offers_answered(
        &mut self,
        framework: FrameworkId,
        offers: &[OfferId],
        launch: &[TaskRequest],
        refuse: Span,
        actions: &mut Vec<Action>,
    ) {
        let (mut agent, mut left, mut spoilt) = (None, Resources::ZERO, false);
        for id in offers {
            let Some(offer) = self.ledger.open_offer(framework, *id) else {
                spoilt = true;
                continue;
            };
            self.close_offer(offer.id);
            left += offer.resources;
            if *agent.get_or_insert(offer.agent) != offer.agent {
                spoilt = true;
                self.note_change(offer.agent);
            }
        }
        // One bad offer in an answer spoils it all, as in Mesos: the framework's picture of what it
        // holds was wrong.
        if spoilt {
            left = Resources::ZERO;
        }
        for request in launch {
            let TaskRequest { task, needs } = *request;
            if !self.ledger.is_fresh(framework, task) {
                continue;
            }
            match (agent, left.checked_sub(needs)) {
                (Some(agent), Some(rest)) if !needs.is_zero() => {
                    left = rest;
                    self.ledger.launch(framework, agent, task, needs);
                    actions.push(Action::Launch {
                        agent,
                        framework,
                        task,
                        needs,
                    });
                }
                _ => {
                    self.ledger.refuse_task(framework, task);
                    actions.push(Action::Report {
                        framework,
                        task,
                        outcome: Outcome::Lost,
                    });
                }
            }
            self.sorter.launched(framework, needs);
        }
        if let Some(agent) = agent
            && !left.is_zero()
            && !refuse.is_zero()
        {
            let free = self.ledger.free(agent);
            let until = self.now + refuse;
            self.filters.add(framework, agent, (left, free), until);
        }
        if let Some(agent) = agent {
            self.note_change(agent);
        }
        self.rank(framework);
    }

    fn revived(&mut self, framework: FrameworkId) {
        self.filters.forget(framework);
        self.sorter.suppress(framework, false);
        self.reconsider.add(framework);
        self.rank(framework);
    }

    fn suppressed(&mut self, framework: FrameworkId) {
        self.sorter.suppress(framework, true);
        self.rank(framework);
    }

    fn kill_requested(&mut self, framework: FrameworkId, task: TaskId, actions: &mut Vec<Action>) {
        if let Some((agent, _)) = self.ledger.task(framework, task) {
            actions.push(Action::Kill {
                agent,
                framework,
                task,
            });
        }
    }

    /// A task that is not in the books was reported before, when its agent was lost.
    fn task_ended(
        &mut self,
        agent: AgentId,
        framework: FrameworkId,
        task: TaskId,
        outcome: Outcome,
        actions: &mut Vec<Action>,
    ) {
        if self.ledger.end_task(framework, task, agent).is_some() {
            self.changed.insert(agent);
            self.sorter.mark_stale(framework);
            actions.push(Action::Report {
                framework,
                task,
                outcome,
            });
        }
    }

    /// Ends an open offer; what it held is free again.
    fn close_offer(&mut self, offer: OfferId) -> Offer {
        let offer = self.ledger.close_offer(offer);
        if self.config.offers == OfferSize::Task {
            self.sorter.closed(&offer);
        }
        offer
    }

    fn rescind(&mut self, offer: OfferId, actions: &mut Vec<Action>) {
        let offer = self.close_offer(offer);
        self.changed.insert(offer.agent);
        self.rank(offer.framework);
        actions.push(Action::Rescind {
            framework: offer.framework,
            offer: offer.id,
        });
    }

    fn next_overdue(&self) -> Option<Time> {
        let timeout = self.config.offer_timeout?;
        self.ledger.oldest_offer().map(|open| open.made + timeout)
    }

    fn rescind_overdue(&mut self, actions: &mut Vec<Action>) {
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

    fn end_filters(&mut self) {
        while let Some(agent) = self.filters.pop_ended(self.now) {
            self.note_change(agent);
        }
    }

    /// An agent may have something new to offer.
    fn note_change(&mut self, agent: AgentId) {
        if !self.ledger.free(agent).is_zero() {
            self.changed.insert(agent);
        }
    }

    fn has_changes(&self) -> bool {
        !self.reconsider.is_nobody() || !self.changed.is_empty()
    }

    /// When the next round may be: this instant unless there was one already.
    fn due(&self) -> Time {
        let earliest = match self.last_round {
            Some(last) if !self.config.round.is_zero() => self.now.max(last + Span::from_micros(1)),
            _ => self.now,
        };
        earliest.round_up(self.config.round)
    }

    /// Looks at every agent with news, in order of id, and offers what is free there.
    ///
    /// At an agent that did not change since it was last looked at, whoever was not offered it then
    /// would not be offered it now: only those are asked.
    fn allocate(&mut self, actions: &mut Vec<Action>) {
        self.last_round = Some(self.now);
        self.sorter.refresh(&self.ledger, self.allocator.as_ref());
        // Both are put back empty: they are only memory.
        let mut reconsider = std::mem::take(&mut self.reconsider);
        let mut changed = std::mem::take(&mut self.changed);
        let mut from = AgentId(0);
        while !self.sorter.is_empty()
            && let Some(agent) = self.next_to_offer(from, &reconsider, &changed)
        {
            let some =
                (!reconsider.all && !changed.contains(agent)).then_some(reconsider.some.as_slice());
            self.offer_agent(agent, some, actions);
            from = AgentId(agent.0 + 1);
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
                OfferSize::Agent => self.ledger.next_open(from),
                OfferSize::Task => {
                    let rooms = self.sorter.unmet(*framework);
                    let rooms = rooms.filter_map(|needs| self.ledger.next_room(needs, from));
                    rooms.min()
                }
            };
            next = [next, better].into_iter().flatten().min();
        }
        next
    }

    /// Offers what is free on an agent, to whom it may concern or only to those of `some`.
    fn offer_agent(
        &mut self,
        agent: AgentId,
        some: Option<&[FrameworkId]>,
        actions: &mut Vec<Action>,
    ) {
        loop {
            let free = self.ledger.free(agent);
            if free.is_zero() {
                return;
            }
            let owner = self.ledger.owner(agent);
            let size = |framework| {
                let wanted = |amount: Resources| {
                    let offered = (amount, free);
                    !self.filters.hides(framework, agent, offered, self.now)
                };
                match self.config.offers {
                    OfferSize::Agent => Some(free).filter(|free| wanted(*free)),
                    OfferSize::Task => self
                        .sorter
                        .next_size(framework, |needs| needs.fits_in(free) && wanted(needs)),
                }
            };
            let takes = |framework: &FrameworkId| {
                owner.is_none_or(|owner| owner == *framework) && size(*framework).is_some()
            };
            let picked = match some {
                None => {
                    let mut candidates = self.sorter.fitting(free).filter(takes);
                    self.allocator.pick(&mut candidates)
                }
                Some(some) => self
                    .allocator
                    .pick(&mut self.sorter.in_order(some).filter(takes)),
            };
            let Some(framework) = picked else { return };
            let resources = size(framework).expect("the pick is a candidate");
            let offer = self.ledger.offer(framework, agent, resources, self.now);
            if self.config.offers == OfferSize::Task {
                self.sorter.offered(&offer);
            }
            actions.push(Action::Offer(offer));
            self.rank(framework);
        }
    }

    /// Puts a framework where it belongs, or out of the queue.
    fn rank(&mut self, framework: FrameworkId) {
        let allocator = self.allocator.as_ref();
        if self
            .sorter
            .rank(framework, &self.ledger, allocator, self.config.offers)
        {
            self.reconsider.add(framework);
        }
    }
}
