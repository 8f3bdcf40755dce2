//! The tree of cohorts with cluster queues as leaves: what is lent, borrowed and available
//! (`pkg/cache/scheduler/resource_node.go`).

use std::collections::BTreeMap;

use super::{Amount, Preemption};
use crate::rules::ratio::Ratio;

/// One resource of one flavor; ids are in the order of the names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pair {
    /// Which kind of machine.
    pub flavor: u32,
    /// Which resource.
    pub resource: u32,
}

/// A node's number in its tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub usize);

/// What a node has of a pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// Its own.
    pub nominal: Amount,
    /// The most that may be used above it; none is no limit.
    pub borrowing_limit: Option<Amount>,
    /// The most of it that others may use; none is all.
    pub lending_limit: Option<Amount>,
}

/// A cohort, or a cluster queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// The cohort it is in.
    pub parent: Option<NodeId>,
    /// The policies of a cluster queue; a cohort has none.
    pub queue: Option<Preemption>,
    /// Its weight in fair sharing; zero never has a right to borrow.
    pub weight: Ratio,
    /// What it has.
    pub quotas: BTreeMap<Pair, Quota>,
}

/// Cohorts and queues with what is used. There may be several trees in it, and queues that stand alone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    children: Vec<Vec<NodeId>>,
    /// By node: quota of the node and what is lent to it from below.
    subtree: Vec<BTreeMap<Pair, Amount>>,
    usage: Vec<BTreeMap<Pair, Amount>>,
}

impl Tree {
    /// The tree of these nodes, nothing used; `None` where a parent is no cohort among them, or its own ancestor.
    pub fn new(nodes: Vec<Node>) -> Option<Self> {
        let count = nodes.len();
        let mut children = vec![Vec::new(); count];
        for (id, node) in nodes.iter().enumerate() {
            let Some(parent) = node.parent else { continue };
            if nodes.get(parent.0)?.queue.is_some() {
                return None;
            }
            children[parent.0].push(NodeId(id));
        }
        let mut tree = Self {
            nodes,
            children,
            subtree: vec![BTreeMap::new(); count],
            usage: vec![BTreeMap::new(); count],
        };
        // Children before parents, from every root down and back.
        let mut order: Vec<NodeId> = tree.ids().filter(|id| tree.parent(*id).is_none()).collect();
        let mut next = 0;
        while let Some(id) = order.get(next) {
            order.extend(tree.children[id.0].clone());
            next += 1;
        }
        if order.len() != count {
            return None;
        }
        for id in order.into_iter().rev() {
            let own = tree.nodes[id.0].quotas.iter();
            let mut sum: BTreeMap<Pair, Amount> =
                own.map(|(pair, quota)| (*pair, quota.nominal)).collect();
            for child in &tree.children[id.0] {
                for (pair, quota) in &tree.subtree[child.0] {
                    let all = sum.entry(*pair).or_default();
                    *all = *all + (*quota - tree.local(*child, *pair));
                }
            }
            tree.subtree[id.0] = sum;
        }
        Some(tree)
    }

    /// All nodes.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// What was said of a node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The policies of a cluster queue; those of a cohort preempt nothing.
    pub fn preemption(&self, id: NodeId) -> Preemption {
        self.nodes[id.0].queue.unwrap_or_default()
    }

    /// Whether the node is a cluster queue.
    pub fn is_queue(&self, id: NodeId) -> bool {
        self.nodes[id.0].queue.is_some()
    }

    /// The cohort that a node is in.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id.0].parent
    }

    /// The nodes in a cohort.
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        &self.children[id.0]
    }

    /// The cohorts above a node, the nearest first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |above| self.parent(*above))
    }

    /// The top of the tree that a node is in.
    pub fn root(&self, id: NodeId) -> NodeId {
        self.ancestors(id).last().unwrap_or(id)
    }

    /// The lowest cohort that holds both, and the children of it on the ways to them; `None` in different trees.
    pub fn fork(&self, one: NodeId, two: NodeId) -> Option<(NodeId, NodeId, NodeId)> {
        let mut left = one;
        for above in self.ancestors(one) {
            let mut right = two;
            for other in self.ancestors(two) {
                if other == above {
                    return Some((above, left, right));
                }
                right = other;
            }
            left = above;
        }
        None
    }

    /// How many cohorts are below one, itself counted, on the longest way: 0 for a queue.
    pub fn height(&self, id: NodeId) -> u32 {
        let below = self.children[id.0]
            .iter()
            .map(|child| 1 + self.height(*child));
        below.max().unwrap_or(0)
    }

    /// The pairs of which the node or anything below it has quota, and how much of it is the subtree's.
    pub fn quotas(&self, id: NodeId) -> &BTreeMap<Pair, Amount> {
        &self.subtree[id.0]
    }

    /// The quota of the subtree; nothing where it has none.
    pub fn quota(&self, id: NodeId, pair: Pair) -> Amount {
        self.subtree[id.0].get(&pair).copied().unwrap_or_default()
    }

    /// What is used below the node, less what its children use of what they never lend.
    pub fn used(&self, id: NodeId, pair: Pair) -> Amount {
        self.usage[id.0].get(&pair).copied().unwrap_or_default()
    }

    fn limits(&self, id: NodeId, pair: Pair) -> Quota {
        self.nodes[id.0]
            .quotas
            .get(&pair)
            .copied()
            .unwrap_or_default()
    }

    /// What is never lent upwards: what is above the lending limit.
    fn local(&self, id: NodeId, pair: Pair) -> Amount {
        match self.limits(id, pair).lending_limit {
            Some(limit) => (self.quota(id, pair) - limit).at_least_zero(),
            None => Amount::ZERO,
        }
    }

    /// What is free of what is never lent.
    pub fn local_free(&self, id: NodeId, pair: Pair) -> Amount {
        (self.local(id, pair) - self.used(id, pair)).at_least_zero()
    }

    /// Adds to what is used.
    pub fn add(&mut self, id: NodeId, pair: Pair, amount: Amount) {
        let free = self.local_free(id, pair);
        let used = self.usage[id.0].entry(pair).or_default();
        *used = *used + amount;
        if let Some(parent) = self.parent(id).filter(|_| amount > free) {
            self.add(parent, pair, amount - free);
        }
    }

    /// Takes back what was added.
    pub fn remove(&mut self, id: NodeId, pair: Pair, amount: Amount) {
        let lent = self.used(id, pair) - self.local(id, pair);
        let used = self.usage[id.0].entry(pair).or_default();
        *used = *used - amount;
        if let Some(parent) = self.parent(id).filter(|_| lent > Amount::ZERO) {
            self.remove(parent, pair, amount.min(lent));
        }
    }

    /// [`Self::add`] for several pairs.
    pub fn add_all(&mut self, id: NodeId, amounts: &BTreeMap<Pair, Amount>) {
        for (pair, amount) in amounts {
            self.add(id, *pair, *amount);
        }
    }

    /// [`Self::remove`] for several pairs.
    pub fn remove_all(&mut self, id: NodeId, amounts: &BTreeMap<Pair, Amount>) {
        for (pair, amount) in amounts {
            self.remove(id, *pair, *amount);
        }
    }

    /// What the node could use now; below nothing where more is used than there is.
    pub fn available(&self, id: NodeId, pair: Pair) -> Amount {
        let (quota, used) = (self.quota(id, pair), self.used(id, pair));
        let Some(parent) = self.parent(id) else {
            return quota - used;
        };
        let mut above = self.available(parent, pair);
        if let Some(limit) = self.limits(id, pair).borrowing_limit {
            let local = self.local(id, pair);
            let stored = (quota - local) - (used - local).at_least_zero();
            above = above.min(stored + limit);
        }
        self.local_free(id, pair) + above
    }

    /// What the node could use were nothing used.
    pub fn potential(&self, id: NodeId, pair: Pair) -> Amount {
        let quota = self.quota(id, pair);
        let Some(parent) = self.parent(id) else {
            return quota;
        };
        let all = self.local(id, pair) + self.potential(parent, pair);
        match self.limits(id, pair).borrowing_limit {
            Some(limit) => all.min(quota + limit),
            None => all,
        }
    }

    /// Whether it would use more than it has, with `amount` more.
    pub fn borrows(&self, id: NodeId, pair: Pair, amount: Amount) -> bool {
        self.quota(id, pair) < self.used(id, pair) + amount
    }

    /// The most that may be used in all, by the node's own borrowing limit; `None` where it has none.
    pub fn most(&self, id: NodeId, pair: Pair) -> Option<Amount> {
        let limits = self.limits(id, pair);
        Some(limits.nominal + limits.borrowing_limit?)
    }

    /// Whether it uses at most what it has of all of these.
    pub fn within_nominal(&self, id: NodeId, pairs: &[Pair]) -> bool {
        pairs
            .iter()
            .all(|pair| !self.borrows(id, *pair, Amount::ZERO))
    }

    /// Whether a queue can take the request now.
    pub fn fits(&self, id: NodeId, request: &BTreeMap<Pair, Amount>, may_borrow: bool) -> bool {
        let mut asked = request.iter().filter(|(_, amount)| **amount > Amount::ZERO);
        asked.all(|(pair, amount)| {
            *amount <= self.available(id, *pair).at_least_zero()
                && (may_borrow || !self.borrows(id, *pair, *amount))
        })
    }
}
