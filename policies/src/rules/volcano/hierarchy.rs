//! Dominant resource fairness in a tree of queues (`plugins/drf/drf.go`, docs/design/hdrf.md).
//!
//! The node's share is taken over all resources, as the original does; its design document says over those that are
//! demanded only (Bhattacharya et al., Hierarchical Scheduling for Diverse Datacenter Workloads, 2013, rule 3), without which a leaf can starve under churn.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Amounts;
use crate::rules::ratio::Ratio;

/// A node of the tree: a queue's part of the path, or a job.
#[derive(Clone, Debug)]
struct Node {
    weight: Ratio,
    children: BTreeMap<String, Self>,
    held: Amounts,
    request: Amounts,
    share: Ratio,
    saturated: bool,
}

/// A tree of queues with jobs as leaves.
#[derive(Clone, Debug)]
pub struct Tree(Node);

impl Node {
    fn new(weight: Ratio) -> Self {
        Self {
            weight: weight.max(Ratio::ONE),
            children: BTreeMap::new(),
            held: Amounts::default(),
            request: Amounts::default(),
            share: Ratio::ZERO,
            saturated: false,
        }
    }

    /// Shares from the leaves up. `full` are the dimensions of which all is held.
    fn update(&mut self, total: &Amounts, full: &[u32]) {
        if self.children.is_empty() {
            let used = |dimension: u32| self.held.has(dimension);
            let done = |dimension: u32| self.held.get(dimension) >= self.request.get(dimension);
            let satisfied = self
                .held
                .dimensions()
                .any(|dimension| used(dimension) && done(dimension));
            let blocked = full.iter().any(|dimension| self.request.has(*dimension));
            self.saturated = satisfied || blocked;
            self.share = self.held.dominant(total);
            return;
        }
        for child in self.children.values_mut() {
            child.update(total, full);
        }
        let open = self
            .children
            .values()
            .filter(|child| !child.saturated && !child.share.is_zero());
        let least = open.map(|child| child.share).fold(Ratio::ONE, Ratio::min);
        let mut held = Amounts::default();
        for child in self
            .children
            .values()
            .filter(|child| !child.share.is_zero())
        {
            let scale = if child.saturated {
                Ratio::ONE
            } else {
                least / child.share
            };
            held = held.plus(&child.held.times(scale));
        }
        self.saturated = self.children.values().all(|child| child.saturated);
        self.share = held.dominant(total);
        self.held = held;
    }
}

impl Tree {
    /// The tree of jobs: the path of each one's queue, its name, what it holds and what it holds and wants.
    pub fn new(
        total: &Amounts,
        jobs: impl Iterator<Item = (Vec<(String, Ratio)>, String, Amounts, Amounts)>,
    ) -> Self {
        let mut root = Node::new(Ratio::ONE);
        let mut all = Amounts::default();
        for (path, name, held, request) in jobs {
            let mut at = &mut root;
            for (step, weight) in path {
                at = at.children.entry(step).or_insert_with(|| Node::new(weight));
            }
            let leaf = at
                .children
                .entry(name)
                .or_insert_with(|| Node::new(Ratio::ONE));
            all = all.plus(&held);
            (leaf.held, leaf.request) = (held, request);
        }
        let full = total
            .dimensions()
            .filter(|one| total.has(*one) && all.get(*one) >= total.get(*one));
        let full: Vec<u32> = full.collect();
        root.update(total, &full);
        Self(root)
    }

    /// Which of two queues, by their paths, is served first.
    pub fn compare(&self, one: &[(String, Ratio)], two: &[(String, Ratio)]) -> Ordering {
        let (mut left, mut right) = (&self.0, &self.0);
        for ((one, _), (two, _)) in one.iter().zip(two) {
            let (Some(first), Some(second)) = (left.children.get(one), right.children.get(two))
            else {
                return Ordering::Equal;
            };
            let weighted = |node: &Node| node.share / node.weight;
            let order = first.saturated.cmp(&second.saturated);
            let order = order.then_with(|| weighted(first).cmp(&weighted(second)));
            if order.is_ne() {
                return order;
            }
            (left, right) = (first, second);
        }
        Ordering::Equal
    }
}
