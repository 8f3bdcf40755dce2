//! The books recounted.

use super::Ledger;
use crate::message::{AgentId, FrameworkId, OfferId, TaskId};
use crate::resources::Resources;

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
        let shared = self.check_shared();
        for (i, entry) in self.frameworks.iter().enumerate() {
            let mine = || self.offers().filter(|offer| offer.framework.index() == i);
            let held: Resources = mine().map(|offer| offer.resources).sum();
            assert_eq!(entry.offered, held + shared[i], "offers of f{i}");
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
        self.check_parts();
        self.check_roles();
        self.check_preemptions();
        if self.has_quota {
            self.check_quota();
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
        assert_eq!(
            self.shared_free(),
            self.count_shared(),
            "what is free for anybody"
        );
        let total: Resources = self.agents.iter().map(|entry| entry.total).sum();
        assert_eq!(self.total, total + self.all_shared(), "the cluster's total");
    }
}
