//! Roles and frameworks as a tree of queues: what policies of batch systems are said over.
//!
//! Every node is a queue, a framework one without others below it. What a queue is entitled to is its parent's by
//! weight among its siblings, rounded down to whole units.

use std::collections::BTreeMap;

use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::{AgentId, FrameworkId};
use crate::resources::{Kind, Resources};

/// The tree, parents before their children.
pub(super) struct QueueTree {
    pub(super) nodes: Vec<Node>,
    pub(super) parents: Vec<Option<usize>>,
    places: BTreeMap<Node, usize>,
}

impl QueueTree {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut below: BTreeMap<Option<Node>, Vec<Node>> = BTreeMap::new();
        let mut add = |node: Node| {
            let siblings = below.entry(ledger.parent(node)).or_default();
            if !siblings.contains(&node) {
                siblings.push(node);
            }
        };
        ledger.roles().for_each(|role| add(Node::Role(role)));
        for framework in ledger.frameworks() {
            if let Some(members) = ledger.parent(framework) {
                add(members);
            }
            add(framework.into());
        }
        let mut tree = Self {
            nodes: Vec::new(),
            parents: Vec::new(),
            places: BTreeMap::new(),
        };
        let mut next = vec![(None, None)];
        while let Some((parent, place)) = next.pop() {
            for node in below.remove(&parent).unwrap_or_default() {
                let id = tree.nodes.len();
                tree.nodes.push(node);
                tree.parents.push(place);
                tree.places.insert(node, id);
                next.push((Some(node), Some(id)));
            }
        }
        tree
    }

    pub(super) fn place(&self, node: impl Into<Node>) -> Option<usize> {
        self.places.get(&node.into()).copied()
    }

    /// The places of the queues beside one, itself included.
    pub(super) fn siblings(&self, of: usize) -> impl Iterator<Item = usize> {
        let parent = self.parents[of];
        (0..self.nodes.len()).filter(move |id| self.parents[*id] == parent)
    }

    /// What each queue is entitled to of `all`.
    pub(super) fn entitled(&self, ledger: &Ledger, all: Resources) -> Vec<Resources> {
        let weight = |id: usize| u128::from(ledger.weight(self.nodes[id]).thousandths());
        let mut sums: BTreeMap<Option<usize>, u128> = BTreeMap::new();
        for (id, parent) in self.parents.iter().enumerate() {
            *sums.entry(*parent).or_default() += weight(id);
        }
        let mut entitled: Vec<Resources> = Vec::new();
        for (id, parent) in self.parents.iter().enumerate() {
            let whole = parent.map_or(all, |parent| entitled[parent]);
            let part = |units: u64| (u128::from(units) * weight(id) / sums[parent]) as u64;
            entitled.push(Resources::from_units(whole.units().map(part)));
        }
        entitled
    }
}

/// What the next task of a framework takes; nothing where none waits.
pub(super) fn next_task(ledger: &Ledger, node: Node) -> Resources {
    let mut below = ledger.below(node);
    let head = below.find_map(|framework| ledger.demand(framework).next());
    head.map_or(Resources::ZERO, |head| head.needs)
}

/// What a framework will hold once all that is being taken back is where it is to be, and what it wants in all: what of
/// its tasks runs on, and what waits, be it offered already.
#[derive(Clone, Copy, Default)]
pub(super) struct Soon {
    pub(super) held: Resources,
    pub(super) wanted: Resources,
}

/// The same of all frameworks.
pub(super) fn soon(ledger: &Ledger) -> BTreeMap<FrameworkId, Soon> {
    let mut ending: BTreeMap<FrameworkId, Resources> = BTreeMap::new();
    if !ledger.earmarks().is_empty() {
        let agents = ledger.agents().flat_map(|agent| ledger.started(agent));
        for one in agents.filter(|one| one.ending) {
            *ending.entry(one.framework).or_default() += one.needs;
        }
    }
    let of = |framework| {
        let gone = ending.get(&framework).copied().unwrap_or_default();
        let kept = ledger
            .earmarks()
            .iter()
            .filter(|one| one.framework == framework);
        let kept: Resources = kept.map(|one| one.needs).sum();
        let held = ledger.held(framework).saturating_sub(gone) + kept;
        let stays = ledger.running(framework).saturating_sub(gone);
        let waits = ledger.waiting_resources(framework);
        let wanted = stays.units().into_iter().zip(waits.units());
        let mut sums = wanted.map(|(stays, waits)| stays.saturating_add(waits));
        let wanted =
            Resources::from_units(std::array::from_fn(|_| sums.next().unwrap_or_default()));
        let wanted = wanted.max(held);
        (framework, Soon { held, wanted })
    };
    ledger.frameworks().map(of).collect()
}

/// The tasks of an agent that may be taken back for a framework, the youngest last.
pub(super) fn takeable(ledger: &Ledger, to: FrameworkId, agent: AgentId) -> Vec<LaunchedTask> {
    let started = ledger.started(agent);
    let mut tasks: Vec<LaunchedTask> = started.filter(|one| ledger.may_take(to, one)).collect();
    tasks.sort_by_key(|one| (one.since, one.framework, one.task));
    tasks
}

/// The amounts of the kinds that are asked for.
pub(super) fn asked(needs: Resources) -> impl Iterator<Item = (Kind, u64)> {
    let amounts = Kind::ALL.into_iter().zip(needs.units());
    amounts.filter(|(_, amount)| *amount > 0)
}
