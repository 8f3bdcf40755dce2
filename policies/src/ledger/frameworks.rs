//! The entries of frameworks: what each holds and runs, and how much it counts.

use super::Ledger;
use super::attributes::AskedAgents;
use super::tasks::TaskEntry;
use crate::demand::OpenDemand;
use crate::id_table::IdTable;
use crate::message::{AgentId, FrameworkId, RoleId, TaskId};
use crate::part::Capabilities;
use crate::resources::Resources;
use crate::share::Weight;

/// One framework's entry.
#[derive(Clone, Debug)]
pub(super) struct FrameworkEntry {
    pub(super) joined: bool,
    /// The role it is in, or was when it left.
    pub(super) role: Option<RoleId>,
    pub(super) weight: Weight,
    /// What its offers hold, and volumes that it shares with others.
    pub(super) offered: Resources,
    pub(super) running: Resources,
    /// What of both is reserved or may be taken back.
    pub(super) aside: Resources,
    pub(super) capabilities: Capabilities,
    /// What it asks of agents, if anything.
    pub(super) asked: Option<Box<AskedAgents>>,
    /// Offers ever made to it: Mesos' tie-break.
    pub(super) allocations: u64,
    pub(super) open_offers: u32,
    pub(super) demand: OpenDemand,
    /// Whether others made room in vain since it said what it wants.
    pub(super) wasted: bool,
    pub(super) tasks: IdTable<TaskEntry>,
}

/// What policies read.
impl Ledger {
    /// The frameworks that are joined, by ascending id.
    pub fn frameworks(&self) -> impl Iterator<Item = FrameworkId> {
        let joined = self.frameworks.iter().enumerate().filter(|(_, f)| f.joined);
        joined.map(|(i, _)| FrameworkId(i as u32))
    }

    /// Whether the framework is joined.
    pub fn is_joined(&self, framework: FrameworkId) -> bool {
        self.frameworks
            .get(framework.index())
            .is_some_and(|entry| entry.joined)
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

    /// What one task of `framework` uses and where, of a gang on its first agent; `None` when it does not run.
    pub fn task(&self, framework: FrameworkId, task: TaskId) -> Option<(AgentId, Resources)> {
        let running = self.entry(framework)?.tasks.get(task.0)?;
        Some((running.agent, running.needs))
    }

    /// How many offers `framework` has not answered.
    pub fn open_offers(&self, framework: FrameworkId) -> u32 {
        self.entry(framework).map_or(0, |entry| entry.open_offers)
    }

    pub(super) fn entry(&self, framework: FrameworkId) -> Option<&FrameworkEntry> {
        self.frameworks.get(framework.index())
    }
}

/// What the master writes.
impl Ledger {
    pub(crate) fn add_framework(
        &mut self,
        framework: FrameworkId,
        weight: Weight,
        role: Option<RoleId>,
    ) {
        if let Some(role) = role {
            self.name_role(role, None);
        }
        self.expect_framework(framework);
        // What it runs goes with it to another role.
        self.take_down(framework);
        let entry = &mut self.frameworks[framework.index()];
        entry.joined = true;
        entry.weight = weight;
        let left = std::mem::replace(&mut entry.role, role);
        if left != role {
            self.take_down(framework);
            let entry = &self.frameworks[framework.index()];
            let (held, aside) = (entry.offered + entry.running, entry.aside);
            self.change_roles(left, |holding| {
                holding.held -= held;
                holding.aside -= aside;
            });
            self.change_roles(role, |holding| {
                holding.held += held;
                holding.aside += aside;
            });
        }
    }

    /// What a framework knows how to handle, which may be said before it joins.
    pub(crate) fn set_capabilities(&mut self, framework: FrameworkId, capabilities: Capabilities) {
        self.expect_framework(framework);
        self.frameworks[framework.index()].capabilities = capabilities;
    }

    /// Makes entries for a framework and those before it.
    pub(super) fn expect_framework(&mut self, framework: FrameworkId) {
        while self.frameworks.len() <= framework.index() {
            self.frameworks.push(FrameworkEntry {
                joined: false,
                role: None,
                weight: Weight::ONE,
                offered: Resources::ZERO,
                running: Resources::ZERO,
                aside: Resources::ZERO,
                capabilities: Capabilities::NONE,
                asked: None,
                allocations: 0,
                open_offers: 0,
                demand: OpenDemand::new(),
                wasted: false,
                tasks: IdTable::new(),
            });
        }
    }

    pub(crate) fn remove_framework(&mut self, framework: FrameworkId) {
        let entry = &mut self.frameworks[framework.index()];
        entry.joined = false;
        entry.demand = OpenDemand::new();
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
}
