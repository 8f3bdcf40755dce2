//! The books: who has what.
//!
//! Kept once, changed only by the master, read by every policy. The law of conservation, for every
//! agent free + offered + running = total, is asserted at every change; [`Ledger::check`] counts
//! everything again from the single offers and tasks.

use crate::agent_set::AgentSet;
use crate::capacity_index::CapacityIndex;
use crate::id_table::IdTable;
use crate::message::{AgentId, FrameworkId, Offer, OfferId, TaskId};
use crate::resources::{Kind, Resources};
use crate::share::{Share, Weight};
use crate::time::Time;

/// Who has what.
#[derive(Clone, Debug)]
pub struct Ledger {
    agents: Vec<Agent>,
    frameworks: Vec<Framework>,
    offers: IdTable<OpenOffer>,
    next_offer: u64,
    total: Resources,
    /// Agents with something free: an index, checked against `agents`.
    open: AgentSet,
    /// Where there is room for a task: an index, checked against `agents`.
    capacity: CapacityIndex,
    /// The agent whose place in the indexes is behind: what changes there in one go is indexed once.
    behind: Option<AgentId>,
}

/// One agent's entry.
#[derive(Clone, Default, Debug)]
struct Agent {
    present: bool,
    owner: Option<FrameworkId>,
    total: Resources,
    free: Resources,
    offered: Resources,
    running: Resources,
    tasks: Vec<(FrameworkId, TaskId)>,
    offers: Vec<OfferId>,
}

/// One framework's entry.
#[derive(Clone, Debug)]
struct Framework {
    joined: bool,
    weight: Weight,
    offered: Resources,
    running: Resources,
    /// Offers ever made to it: Mesos' tie-break.
    allocations: u64,
    open_offers: u32,
    tasks: IdTable<RunningTask>,
}

#[derive(Clone, Copy, Debug)]
struct RunningTask {
    agent: AgentId,
    needs: Resources,
    /// Its position in the agent's list of tasks.
    position: u32,
}

/// An offer that has not been answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOffer {
    pub(crate) offer: Offer,
    /// When it was made, for the offer timeout.
    pub(crate) made: Time,
    position: u32,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            agents: Vec::new(),
            frameworks: Vec::new(),
            offers: IdTable::new(),
            next_offer: 0,
            total: Resources::ZERO,
            open: AgentSet::default(),
            capacity: CapacityIndex::default(),
            behind: None,
        }
    }
}

/// What policies read.
impl Ledger {
    /// All that the present agents have.
    pub const fn total(&self) -> Resources {
        self.total
    }

    /// The agents present, by ascending id.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> {
        let present = self
            .agents
            .iter()
            .enumerate()
            .filter(|(_, agent)| agent.present);
        present.map(|(i, _)| AgentId(i as u32))
    }

    /// The frameworks that are joined, by ascending id.
    pub fn frameworks(&self) -> impl Iterator<Item = FrameworkId> {
        let joined = self.frameworks.iter().enumerate().filter(|(_, f)| f.joined);
        joined.map(|(i, _)| FrameworkId(i as u32))
    }

    /// Whether the agent is present.
    pub fn is_present(&self, agent: AgentId) -> bool {
        self.agents
            .get(agent.index())
            .is_some_and(|entry| entry.present)
    }

    /// Whether the framework is joined.
    pub fn is_joined(&self, framework: FrameworkId) -> bool {
        self.frameworks
            .get(framework.index())
            .is_some_and(|entry| entry.joined)
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

    /// For whom `agent` is reserved, if for anybody.
    pub fn owner(&self, agent: AgentId) -> Option<FrameworkId> {
        self.agents.get(agent.index()).and_then(|entry| entry.owner)
    }

    /// What `framework` holds: running tasks and offers it has not answered.
    pub fn held(&self, framework: FrameworkId) -> Resources {
        self.entry(framework)
            .map_or(Resources::ZERO, |entry| entry.offered + entry.running)
    }

    /// What the tasks of `framework` use.
    pub fn running(&self, framework: FrameworkId) -> Resources {
        self.entry(framework)
            .map_or(Resources::ZERO, |entry| entry.running)
    }

    /// How many tasks of `framework` run.
    pub fn tasks(&self, framework: FrameworkId) -> usize {
        self.entry(framework).map_or(0, |entry| entry.tasks.len())
    }

    /// What one task of `framework` uses and where; `None` when it does not run.
    pub fn task(&self, framework: FrameworkId, task: TaskId) -> Option<(AgentId, Resources)> {
        let running = self.entry(framework)?.tasks.get(task.0)?;
        Some((running.agent, running.needs))
    }

    /// How much `framework` counts.
    pub fn weight(&self, framework: FrameworkId) -> Weight {
        self.entry(framework)
            .map_or(Weight::ONE, |entry| entry.weight)
    }

    /// How many offers `framework` was ever made.
    pub fn allocations(&self, framework: FrameworkId) -> u64 {
        self.entry(framework).map_or(0, |entry| entry.allocations)
    }

    /// How many offers `framework` has not answered.
    pub fn open_offers(&self, framework: FrameworkId) -> u32 {
        self.entry(framework).map_or(0, |entry| entry.open_offers)
    }

    /// The largest share of any kind that `framework` holds, seen through its weight.
    pub fn dominant_share(&self, framework: FrameworkId) -> Share {
        self.held(framework)
            .dominant_share(self.total)
            .weighted(self.weight(framework))
    }

    /// The share of `kind` that `framework` holds, seen through its weight.
    pub fn share(&self, framework: FrameworkId, kind: Kind) -> Share {
        self.held(framework)
            .share(kind, self.total)
            .weighted(self.weight(framework))
    }

    /// The offers nobody answered yet, oldest first.
    pub fn offers(&self) -> impl Iterator<Item = Offer> {
        self.offers.iter().map(|(_, open)| open.offer)
    }

    fn entry(&self, framework: FrameworkId) -> Option<&Framework> {
        self.frameworks.get(framework.index())
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
            self.agents.resize_with(agent.index() + 1, Agent::default);
        }
        let entry = &mut self.agents[agent.index()];
        assert!(!entry.present, "{agent} joined twice");
        *entry = Agent {
            present: true,
            owner,
            total,
            free: total,
            ..Agent::default()
        };
        self.total += total;
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
        *entry = Agent::default();
        self.changed(agent);
    }

    pub(crate) fn add_framework(&mut self, framework: FrameworkId, weight: Weight) {
        while self.frameworks.len() <= framework.index() {
            self.frameworks.push(Framework {
                joined: false,
                weight: Weight::ONE,
                offered: Resources::ZERO,
                running: Resources::ZERO,
                allocations: 0,
                open_offers: 0,
                tasks: IdTable::new(),
            });
        }
        let entry = &mut self.frameworks[framework.index()];
        entry.joined = true;
        entry.weight = weight;
    }

    pub(crate) fn remove_framework(&mut self, framework: FrameworkId) {
        self.frameworks[framework.index()].joined = false;
    }

    /// Holds `resources` of `agent` for `framework`.
    pub(crate) fn offer(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        resources: Resources,
        now: Time,
    ) -> Offer {
        let id = OfferId(self.next_offer);
        self.next_offer += 1;
        let offer = Offer {
            id,
            framework,
            agent,
            resources,
        };
        let entry = &mut self.agents[agent.index()];
        entry.free -= resources;
        entry.offered += resources;
        let position = entry.offers.len() as u32;
        entry.offers.push(id);
        self.offers.insert(
            id.0,
            OpenOffer {
                offer,
                made: now,
                position,
            },
        );
        let entry = &mut self.frameworks[framework.index()];
        entry.offered += resources;
        entry.allocations += 1;
        entry.open_offers += 1;
        self.changed(agent);
        offer
    }

    /// The open offer `id`, if it is `framework`'s.
    pub(crate) fn open_offer(&self, framework: FrameworkId, id: OfferId) -> Option<Offer> {
        let open = self.offers.get(id.0)?;
        (open.offer.framework == framework).then_some(open.offer)
    }

    /// The oldest offer nobody answered.
    pub(crate) fn oldest_offer(&self) -> Option<&OpenOffer> {
        self.offers.front()
    }

    /// Ends an open offer; what it held is free again.
    pub(crate) fn close_offer(&mut self, id: OfferId) -> Offer {
        let OpenOffer {
            offer, position, ..
        } = self.offers.remove(id.0).expect("an open offer");
        let entry = &mut self.agents[offer.agent.index()];
        entry.offers.swap_remove(position as usize);
        if let Some(moved) = entry.offers.get(position as usize).copied() {
            self.offers
                .get_mut(moved.0)
                .expect("an open offer")
                .position = position;
        }
        let entry = &mut self.agents[offer.agent.index()];
        entry.offered -= offer.resources;
        entry.free += offer.resources;
        let entry = &mut self.frameworks[offer.framework.index()];
        entry.offered -= offer.resources;
        entry.open_offers -= 1;
        self.changed(offer.agent);
        offer
    }

    /// Whether `task` was never used by `framework` before.
    pub(crate) fn is_fresh(&self, framework: FrameworkId, task: TaskId) -> bool {
        self.entry(framework)
            .is_some_and(|entry| entry.tasks.is_fresh(task.0))
    }

    /// Uses up the id of a task that is reported without ever running.
    pub(crate) fn refuse_task(&mut self, framework: FrameworkId, task: TaskId) {
        self.frameworks[framework.index()].tasks.retire(task.0);
    }

    /// Starts a task on free resources of `agent`.
    pub(crate) fn launch(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        task: TaskId,
        needs: Resources,
    ) {
        let entry = &mut self.agents[agent.index()];
        entry.free -= needs;
        entry.running += needs;
        let position = entry.tasks.len() as u32;
        entry.tasks.push((framework, task));
        let entry = &mut self.frameworks[framework.index()];
        entry.running += needs;
        entry.tasks.insert(
            task.0,
            RunningTask {
                agent,
                needs,
                position,
            },
        );
        self.changed(agent);
    }

    /// Ends a task; what it used is free again. `None` when it does not run on `agent`.
    pub(crate) fn end_task(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
    ) -> Option<Resources> {
        let entry = self.frameworks.get_mut(framework.index())?;
        if entry.tasks.get(task.0)?.agent != agent {
            return None;
        }
        let RunningTask {
            needs, position, ..
        } = entry.tasks.remove(task.0)?;
        entry.running -= needs;
        let entry = &mut self.agents[agent.index()];
        entry.running -= needs;
        entry.free += needs;
        entry.tasks.swap_remove(position as usize);
        if let Some((owner, moved)) = entry.tasks.get(position as usize).copied() {
            let moved = self.frameworks[owner.index()].tasks.get_mut(moved.0);
            moved.expect("a running task").position = position;
        }
        self.changed(agent);
        Some(needs)
    }

    pub(crate) fn tasks_on(&self, agent: AgentId) -> &[(FrameworkId, TaskId)] {
        &self.agents[agent.index()].tasks
    }

    pub(crate) fn offers_on(&self, agent: AgentId) -> &[OfferId] {
        &self.agents[agent.index()].offers
    }

    pub(crate) fn tasks_of(
        &self,
        framework: FrameworkId,
    ) -> impl Iterator<Item = (TaskId, AgentId)> {
        let tasks = self
            .entry(framework)
            .into_iter()
            .flat_map(|entry| entry.tasks.iter());
        tasks.map(|(id, task)| (TaskId(id), task.agent))
    }

    /// The first agent from `from` on that has something free.
    pub(crate) fn next_open(&mut self, from: AgentId) -> Option<AgentId> {
        self.catch_up();
        self.open.next(from)
    }

    /// The first agent from `from` on that has room for `needs`.
    pub(crate) fn next_room(&mut self, needs: Resources, from: AgentId) -> Option<AgentId> {
        self.catch_up();
        let free = self.agents.iter().map(|entry| entry.free);
        self.capacity.next(needs, from, free)
    }

    /// Asserts the law of conservation where something changed.
    fn changed(&mut self, agent: AgentId) {
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
    }

    /// Brings the indexes up to date.
    fn catch_up(&mut self) {
        if let Some(agent) = self.behind.take() {
            let free = self.free(agent);
            self.open.set(agent, !free.is_zero());
            self.capacity.update(agent, free);
        }
    }
}

/// The laws.
impl Ledger {
    /// Counts everything again from single offers and tasks.
    ///
    /// # Panics
    /// When the books do not agree: a defect in the core, never the fault of an input.
    pub fn check(&self) {
        let mut indexed = self.clone();
        indexed.catch_up();
        let mut offered = vec![Resources::ZERO; self.agents.len()];
        let mut running = vec![Resources::ZERO; self.agents.len()];
        let mut offers = vec![0; self.agents.len()];
        for (i, entry) in self.frameworks.iter().enumerate() {
            let mine = || self.offers().filter(|offer| offer.framework.index() == i);
            let held: Resources = mine().map(|offer| offer.resources).sum();
            assert_eq!(entry.offered, held, "offers of f{i}");
            assert_eq!(
                entry.open_offers as usize,
                mine().count(),
                "number of offers of f{i}"
            );
            let used: Resources = entry.tasks.iter().map(|(_, task)| task.needs).sum();
            assert_eq!(entry.running, used, "tasks of f{i}");
            for (id, task) in entry.tasks.iter() {
                running[task.agent.index()] += task.needs;
                let named = self.agents[task.agent.index()].tasks[task.position as usize];
                assert_eq!(
                    named,
                    (FrameworkId(i as u32), TaskId(id)),
                    "position of a task"
                );
            }
        }
        for (id, open) in self.offers.iter() {
            offered[open.offer.agent.index()] += open.offer.resources;
            offers[open.offer.agent.index()] += 1;
            let named = self.agents[open.offer.agent.index()].offers[open.position as usize];
            assert_eq!(named, OfferId(id), "position of an offer");
        }
        for (i, entry) in self.agents.iter().enumerate() {
            assert_eq!(entry.offered, offered[i], "offers on a{i}");
            assert_eq!(entry.offers.len(), offers[i], "number of offers on a{i}");
            assert_eq!(entry.running, running[i], "tasks on a{i}");
            assert_eq!(
                entry.free + entry.offered + entry.running,
                entry.total,
                "conservation on a{i}"
            );
            assert_eq!(
                indexed.open.contains(AgentId(i as u32)),
                !entry.free.is_zero(),
                "index of a{i}"
            );
            assert!(
                entry.present || entry.total.is_zero(),
                "a{i} is gone and has something"
            );
        }
        let free = self.agents.iter().map(|entry| entry.free);
        indexed.capacity.check(free);
        let total: Resources = self.agents.iter().map(|entry| entry.total).sum();
        assert_eq!(self.total, total, "the cluster's total");
    }
}
