//! The master: one fact in, any number of orders out.
//!
//! It owns the ledger and asks the allocator; it has no clock, no thread and no generator of its
//! own. Whoever drives it, a queue of simulated time or sockets and a wall clock, gets the same
//! orders for the same facts.

mod allocation;
pub(crate) mod config;
mod facts;
mod gangs;
mod parts;
mod preemption;
mod shared;

use self::allocation::Reconsider;
use crate::agent_set::AgentSet;
use crate::allocators::{BoxedAllocator, Context};
use crate::filters::Filters;
use crate::ledger::Ledger;
use crate::message::{Action, Event, FrameworkId};
use crate::resources::{Kind, Resources};
use crate::sorter::Sorter;
use crate::time::Time;

pub use self::config::{Commit, Config, Conflict, OfferSize};

/// The state machine at the centre of the cluster.
pub struct Master {
    now: Time,
    config: Config,
    allocator: BoxedAllocator,
    /// Whether the policy ranks everybody by what all have.
    together: bool,
    ledger: Ledger,
    filters: Filters,
    sorter: Sorter,
    /// Agents with something new to offer since they were last looked at.
    changed: AgentSet,
    /// Frameworks that may want what they were not offered before.
    reconsider: Reconsider,
    /// Frameworks that the policy's bound kept from what stood free when it was last looked at.
    held_back: Reconsider,
    /// When the policy's order changes by itself.
    changes_at: Option<Time>,
    last_round: Option<Time>,
}

impl Master {
    /// A master of an empty cluster.
    pub fn new(config: Config, allocator: BoxedAllocator) -> Self {
        let mut ledger = Ledger::default();
        if let Some(memory) = allocator.memory() {
            ledger.remember(memory);
        }
        Self {
            now: Time::ZERO,
            config,
            together: allocator.ranks_together(),
            allocator,
            ledger,
            filters: Filters::default(),
            sorter: Sorter::default(),
            changed: AgentSet::default(),
            reconsider: Reconsider::default(),
            held_back: Reconsider::default(),
            changes_at: None,
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

    /// The frameworks that want offers, in the order in which they would be asked now about an agent with
    /// room for anything.
    pub fn order(&mut self) -> Vec<FrameworkId> {
        let context = Context::order(self.now, &self.ledger);
        self.sorter.refresh(&context, self.allocator.as_ref());
        let everything = Resources::from_units([u64::MAX; Kind::COUNT]);
        self.sorter.fitting(everything).collect()
    }

    /// Takes in one fact and appends the orders that follow from it.
    ///
    /// Offers are made only when time has passed ([`Self::wake_at`]): all that happened at one instant,
    /// or between two rounds, counts before anybody is offered anything.
    ///
    /// Facts about agents, frameworks, offers or tasks that are gone are answered or ignored, never
    /// an error: with messages under way they are ordinary. Time runs forward; an earlier `now`
    /// counts as the present.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "most who tell it have no more use of it"
    )]
    pub fn step(&mut self, now: Time, event: Event, actions: &mut Vec<Action>) {
        self.hear(now, &event, actions);
    }

    /// As [`Self::step`], for whoever keeps the fact.
    pub fn hear(&mut self, now: Time, event: &Event, actions: &mut Vec<Action>) {
        self.now = self.now.max(now);
        if self.ledger.pass(self.now) {
            self.sorter.mark_all_stale();
        }
        let woken = matches!(event, Event::TimePassed);
        if self.changes_at.is_some_and(|at| at <= self.now) {
            self.reconsider.add_all();
        }
        self.apply(event, actions);
        self.rescind_overdue(actions);
        self.end_filters();
        if self.ledger.take_shrunk() || self.together {
            self.sorter.mark_all_stale();
        }
        // A bound follows from the books, and only facts and what is taken back change those before the next
        // offers: whoever was held back is asked again then, and no sooner.
        if !self.held_back.is_nobody() && (!woken || self.has_changes()) {
            self.reconsider.take_in(&mut self.held_back);
        }
        if woken && self.has_changes() && self.due() <= self.now {
            self.allocate(actions);
        }
        if self.ledger.next_aging().is_some() {
            let context = Context::order(self.now, &self.ledger);
            self.changes_at = self.allocator.changes_at(&context);
        }
    }

    /// When the master wants to be told that time has passed: after everything that happens until then.
    /// Without rounds, that is the present as soon as there is something to offer.
    pub fn wake_at(&self) -> Option<Time> {
        let overdue = self.next_overdue();
        let round = if !self.has_takers() {
            None
        } else if self.has_changes() {
            Some(self.due())
        } else {
            let next = earlier(self.filters.next_end(), self.changes_at);
            next.map(|at| at.round_up(self.config.round))
        };
        earlier(overdue, round).map(|at| at.max(self.now))
    }

    /// Recounts everything; see [`Ledger::check`].
    ///
    /// # Panics
    /// When the books or the sorter are wrong: a defect in the core.
    pub fn check(&self) {
        self.ledger.check();
        let context = Context::order(self.now, &self.ledger);
        self.sorter
            .check(&context, self.allocator.as_ref(), self.config.offers);
    }

    fn apply(&mut self, event: &Event, actions: &mut Vec<Action>) {
        match *event {
            Event::AgentJoined { agent, total } => self.agent_joined(agent, total, actions),
            Event::AgentLost { agent } => self.agent_lost(agent, actions),
            Event::FrameworkJoined {
                framework,
                weight,
                role,
            } => self.framework_joined(framework, weight, role),
            Event::FrameworkLeft { framework } => self.framework_left(framework, actions),
            Event::DemandDeclared {
                framework,
                ref demand,
            } => self.demand_declared(framework, demand),
            Event::DemandGrew {
                framework,
                ref more,
            } => self.demand_grew(framework, more),
            Event::OffersAnswered {
                framework,
                ref offers,
                ref launch,
                refuse,
            } => self.offers_answered(framework, offers, launch, refuse, actions),
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
            Event::RoleSet {
                role,
                parent,
                weight,
            } => self.role_set(role, parent, weight),
            Event::QuotaSet {
                role,
                guarantee,
                limit,
            } => self.quota_set(role, guarantee, limit),
            Event::PartChanged {
                agent,
                offer,
                from,
                to,
                amount,
            } => self.part_changed((agent, offer), (from, to), amount, actions),
            Event::RevocableEstimated { agent, amount } => {
                self.revocable_estimated(agent, amount, actions);
            }
            Event::CapabilitiesSet {
                framework,
                capabilities,
            } => self.capabilities_set(framework, capabilities),
            Event::AgentDescribed {
                agent,
                ref attributes,
            } => self.agent_described(agent, attributes.clone()),
            Event::ConstraintsSet {
                framework,
                ref constraints,
            } => self.constraints_set(framework, constraints.clone()),
            Event::SpeedsSet {
                framework,
                ref speeds,
            } => self.speeds_set(framework, speeds.clone()),
            Event::GangsPlaced {
                framework,
                ref answers,
                ref gangs,
            } => self.gangs_placed(framework, answers, gangs, actions),
        }
    }
}

/// The earlier of two times, if there is any.
fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
