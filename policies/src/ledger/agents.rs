//! The entries of agents: what each has, and what of it is free.

use super::Ledger;
use super::part_entries::PartEntry;
use crate::few::Few;
use crate::message::{AgentId, FrameworkId, Node, OfferId, TaskId};
use crate::part::{AgentPart, Portion};
use crate::resources::Resources;

/// How many tasks an agent's list has room for with its first one: it is not to be asked for again and again.
const FEW_TASKS: usize = 16;

/// One agent's entry.
#[derive(Clone, Default, Debug)]
pub(super) struct AgentEntry {
    pub(super) present: bool,
    /// What all of it is that is in none of its parts.
    pub(super) common: AgentPart,
    pub(super) total: Resources,
    pub(super) free: Resources,
    /// What of it was free when the indexes were last brought up to date.
    indexed: Resources,
    pub(super) offered: Resources,
    pub(super) running: Resources,
    /// How often anything started or ended there.
    pub(super) version: u64,
    /// What of it is different; in the order in which it is given.
    pub(super) parts: Vec<PartEntry>,
    pub(super) tasks: Vec<(FrameworkId, TaskId)>,
    pub(super) offers: Few<OfferId>,
}

impl AgentEntry {
    /// A task starts that takes so much.
    pub(super) fn start(&mut self, named: (FrameworkId, TaskId), needs: Resources) {
        self.version += 1;
        self.running += needs;
        if self.tasks.capacity() == 0 {
            self.tasks.reserve(FEW_TASKS);
        }
        self.tasks.push(named);
    }
}

/// What policies read.
impl Ledger {
    /// The agents present, by ascending id.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> {
        let present = self
            .agents
            .iter()
            .enumerate()
            .filter(|(_, agent)| agent.present);
        present.map(|(i, _)| AgentId(i as u32))
    }

    /// Whether the agent is present.
    pub fn is_present(&self, agent: AgentId) -> bool {
        self.agents
            .get(agent.index())
            .is_some_and(|entry| entry.present)
    }

    /// All that `agent` has; nothing for an agent that is not present.
    pub fn capacity(&self, agent: AgentId) -> Resources {
        self.agents
            .get(agent.index())
            .map_or(Resources::ZERO, |entry| entry.total)
    }

    /// What of `agent` nobody holds.
    pub fn free(&self, agent: AgentId) -> Resources {
        self.agents
            .get(agent.index())
            .map_or(Resources::ZERO, |entry| entry.free)
    }

    /// For whom all of `agent` is reserved that is in none of its parts.
    pub fn reserved(&self, agent: AgentId) -> Option<Node> {
        self.agents.get(agent.index())?.common.reserved
    }
}

/// What the master writes.
impl Ledger {
    pub(crate) fn add_agent(
        &mut self,
        agent: AgentId,
        total: Resources,
        owner: Option<FrameworkId>,
    ) {
        if self.agents.len() <= agent.index() {
            self.agents
                .resize_with(agent.index() + 1, AgentEntry::default);
        }
        let entry = &mut self.agents[agent.index()];
        assert!(!entry.present, "{agent} joined twice");
        *entry = AgentEntry {
            present: true,
            common: owner.map_or(AgentPart::PLAIN, AgentPart::reserved_for),
            total,
            free: total,
            indexed: entry.indexed,
            ..AgentEntry::default()
        };
        self.total += total;
        if self.has_quota && owner.is_none() {
            self.shared_free += total;
        }
        self.changed(agent);
    }

    /// Takes an agent out of the books, once nothing is offered or running there.
    pub(crate) fn remove_agent(&mut self, agent: AgentId) {
        let entry = &mut self.agents[agent.index()];
        assert!(
            entry.tasks.is_empty() && entry.offers.is_empty(),
            "{agent} is still in use"
        );
        self.total -= entry.total;
        if self.has_quota {
            self.shared_free -= entry.free_for_anybody();
        }
        let indexed = entry.indexed;
        let nothing = AgentEntry {
            indexed,
            ..AgentEntry::default()
        };
        let gone = std::mem::replace(entry, nothing);
        for one in gone.parts {
            self.unreserve(one.part, one.total);
        }
        self.forget_shared(agent);
        self.changed(agent);
    }

    pub(crate) fn tasks_on(&self, agent: AgentId) -> &[(FrameworkId, TaskId)] {
        &self.agents[agent.index()].tasks
    }

    pub(crate) fn offers_on(&self, agent: AgentId) -> &[OfferId] {
        &self.agents[agent.index()].offers
    }

    /// The first agent from `from` on that has something free.
    pub(crate) fn next_open(&mut self, from: AgentId) -> Option<AgentId> {
        self.catch_up();
        self.open.next(from)
    }

    /// The first agent from `from` on that has room for a size of which `framework` wants more than it
    /// was offered.
    pub(crate) fn next_room(&mut self, framework: FrameworkId, from: AgentId) -> Option<AgentId> {
        self.catch_up();
        let Self {
            agents,
            frameworks,
            capacity,
            ..
        } = self;
        let demand = &mut frameworks.get_mut(framework.index())?.demand;
        demand.first_of_unmet(|needs, known| {
            let free = agents.iter().map(|entry| entry.free);
            capacity.next((needs, known), from, free)
        })
    }

    /// Takes of what is free on an agent; how much of it was not for anybody.
    pub(super) fn take(
        &mut self,
        agent: AgentId,
        amount: Resources,
        portions: &[Portion],
    ) -> Resources {
        let entry = &mut self.agents[agent.index()];
        entry.free -= amount;
        if portions.is_empty() && entry.common.is_for_anybody() {
            if self.has_quota {
                self.shared_free -= amount;
            }
            return Resources::ZERO;
        }
        for one in portions {
            entry.part_mut(one.part).free -= one.amount;
        }
        let for_anybody = entry.for_anybody(amount, portions);
        if self.has_quota {
            self.shared_free -= for_anybody;
        }
        amount - for_anybody
    }

    /// Gives back to an agent; how much of it was not for anybody.
    pub(super) fn give_back(
        &mut self,
        agent: AgentId,
        amount: Resources,
        portions: &[Portion],
    ) -> Resources {
        let entry = &mut self.agents[agent.index()];
        if portions.is_empty() && entry.common.is_for_anybody() {
            entry.free += amount;
            if self.has_quota {
                self.shared_free += amount;
            }
            return Resources::ZERO;
        }
        let mut gone = Resources::ZERO;
        for one in portions {
            gone += entry.part_mut(one.part).give_back(one.amount);
        }
        entry.free += amount - gone;
        if !gone.is_zero() {
            entry.total -= gone;
            self.total -= gone;
            self.has_shrunk = true;
            entry.parts.retain(|one| !one.total.is_zero());
        }
        let for_anybody = entry.for_anybody(amount, portions);
        if self.has_quota {
            self.shared_free += for_anybody;
        }
        amount - for_anybody
    }

    /// Asserts the law of conservation where something changed.
    pub(super) fn changed(&mut self, agent: AgentId) {
        let entry = &self.agents[agent.index()];
        assert_eq!(
            entry.free + entry.offered + entry.running,
            entry.total,
            "conservation on {agent}"
        );
        if self.behind != Some(agent) {
            self.catch_up();
            self.behind = Some(agent);
        }
        if self.kinds.is_some() {
            self.count_kind(agent);
        }
    }

    /// Brings the indexes up to date.
    pub(super) fn catch_up(&mut self) {
        if let Some(agent) = self.behind.take() {
            let AgentEntry { free, indexed, .. } = &mut self.agents[agent.index()];
            // An offer that is taken whole changes nothing.
            if free != indexed {
                *indexed = *free;
                self.open.set(agent, !free.is_zero());
                self.capacity.update(agent, *free);
            }
        }
    }
}
