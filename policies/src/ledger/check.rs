//! The books recounted.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use super::part_entries::PartEntry;
use super::parts::role_of;
use crate::message::{AgentId, FrameworkId, OfferId, RoleId, TaskId};
use crate::part::{AgentPart, Portion};
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
        let mut tasks = vec![0; self.agents.len()];
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
            let mut used = Resources::ZERO;
            for (id, task) in entry.tasks.iter() {
                let named = (FrameworkId(i as u32), TaskId(id));
                let elsewhere = self.elsewhere(named.0, named.1).iter();
                let elsewhere = elsewhere.map(|part| (part.agent, part.needs));
                for (agent, needs) in std::iter::once((task.agent, task.needs)).chain(elsewhere) {
                    used += needs;
                    running[agent.index()] += needs;
                    tasks[agent.index()] += 1;
                    let on_agent = &self.agents[agent.index()].tasks;
                    assert!(on_agent.contains(&named), "a task of its agent");
                }
            }
            assert_eq!(entry.running, used, "tasks of f{i}");
        }
        for (framework, task) in self.elsewhere.keys() {
            let runs = self.task(*framework, *task).is_some();
            assert!(runs, "what is left of {task} of {framework}");
        }
        self.check_parts(&shared);
        self.check_roles();
        self.check_preemptions();
        self.check_constraints();
        self.check_kinds();
        if self.has_quota {
            self.check_quota();
        }
        let mut shown = self.shown.clone();
        for (id, open) in self.offers.iter() {
            if open.optimistic.is_none() {
                offered[open.offer.agent.index()] += open.offer.resources;
            } else {
                let shown = shown.get_mut(&open.offer.framework);
                let known = shown.is_some_and(|shown| shown.remove(&OfferId(id)));
                assert!(known, "an offer that holds nothing");
            }
            offers[open.offer.agent.index()] += 1;
            let named = self.agents[open.offer.agent.index()].offers[open.position as usize];
            assert_eq!(named, OfferId(id), "position of an offer");
        }
        assert!(shown.values().all(BTreeSet::is_empty), "what is shown");
        for (i, entry) in self.agents.iter().enumerate() {
            assert_eq!(entry.offered, offered[i], "offers on a{i}");
            assert_eq!(entry.offers.len(), offers[i], "number of offers on a{i}");
            assert_eq!(entry.running, running[i], "tasks on a{i}");
            assert_eq!(entry.tasks.len(), tasks[i], "number of tasks on a{i}");
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

/// The laws of parts.
impl Ledger {
    /// Counts the parts again from single offers and tasks; `shared` is what each framework is counted for of
    /// shared volumes.
    fn check_parts(&self, shared: &[Resources]) {
        let mut used: BTreeMap<(AgentId, AgentPart), Resources> = BTreeMap::new();
        let mut aside = vec![Resources::ZERO; self.frameworks.len()];
        let mut count =
            |framework: FrameworkId, agent: AgentId, all: Resources, held: &[Portion]| {
                for one in held {
                    assert!(!one.amount.is_zero(), "an empty portion");
                    *used.entry((agent, one.part)).or_default() += one.amount;
                }
                let for_anybody = self.agents[agent.index()].for_anybody(all, held);
                aside[framework.index()] += all - for_anybody;
            };
        for offer in self.offers() {
            let held = self.portions(offer.id);
            count(offer.framework, offer.agent, offer.resources, held);
        }
        for (i, entry) in self.frameworks.iter().enumerate() {
            let framework = FrameworkId(i as u32);
            for (id, task) in entry.tasks.iter() {
                let held = self.portions_of(framework, TaskId(id), task.agent);
                count(framework, task.agent, task.needs, held);
                for part in self.elsewhere(framework, TaskId(id)) {
                    count(framework, part.agent, part.needs, &part.portions);
                }
            }
        }
        for (i, (entry, aside)) in self.frameworks.iter().zip(aside).enumerate() {
            assert_eq!(entry.aside, aside + shared[i], "what f{i} holds aside");
        }
        let mut reserved = vec![Resources::ZERO; self.roles.len()];
        for (i, entry) in self.agents.iter().enumerate() {
            let of_shared = self.shared(AgentId(i as u32));
            for (part, amount) in of_shared.map(|one| (one.part, one.amount)) {
                let up = |role: &RoleId| self.roles[role.index()].parent;
                for role in std::iter::successors(role_of(part), up) {
                    reserved[role.index()] += amount;
                }
            }
            for one in &entry.parts {
                let used = used.remove(&(AgentId(i as u32), one.part));
                let used = used.unwrap_or_default();
                assert_eq!(one.free + used, one.total, "{} of a{i}", one.part);
                assert!(
                    one.surplus.fits_in(used),
                    "{} of a{i} is too much",
                    one.part
                );
                let whole = one.part.volume.is_none() || one.free.is_zero() || used.is_zero();
                assert!(whole, "{} of a{i} is cut", one.part);
                let up = |role: &RoleId| self.roles[role.index()].parent;
                for role in std::iter::successors(role_of(one.part), up) {
                    reserved[role.index()] += one.total;
                }
            }
            assert!(
                entry.parts.is_sorted_by_key(PartEntry::order),
                "parts of a{i}"
            );
        }
        assert!(used.is_empty(), "held of no part: {used:?}");
        for (i, (entry, reserved)) in self.roles.iter().zip(reserved).enumerate() {
            assert_eq!(entry.quota.reserved, reserved, "reserved for r{i}");
        }
    }
}
