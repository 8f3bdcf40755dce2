//! A set of nodes under one policy.

use rand_chacha::ChaCha8Rng;

use super::policy::{NodeTie, PlacementPolicy};
use super::{NodeState, TaskShape};
use crate::allocators::below;
use crate::resources::Resources;
use crate::score::Score;

/// Where a task runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// The position of the node.
    pub node: usize,
    /// The positions of its GPUs that the task has or shares.
    pub devices: Vec<usize>,
}

/// Nodes, and the policy that chooses among them.
#[derive(Debug)]
pub struct Placer {
    policy: PlacementPolicy,
    rng: ChaCha8Rng,
    nodes: Vec<NodeState>,
    largest: Resources,
    /// How often each node has changed.
    changes: Vec<u32>,
    /// What each shape scored on each node, and after how many changes: few nodes change from task to task, and
    /// tasks have few shapes.
    known: Vec<(TaskShape, Vec<KnownScore>)>,
}

/// A score and GPUs after so many changes of a node; none where the task did not fit.
type KnownScore = (u32, Option<(Score, Vec<usize>)>);

impl Placer {
    /// Nodes, and the policy's own stream of random numbers.
    pub fn new(policy: PlacementPolicy, nodes: Vec<NodeState>, rng: ChaCha8Rng) -> Self {
        let totals = nodes.iter().map(|node| node.total);
        Self {
            policy,
            rng,
            largest: totals.fold(Resources::ZERO, Resources::max),
            changes: vec![1; nodes.len()],
            nodes,
            known: Vec::new(),
        }
    }

    /// So many tasks of a shape belong to what is to be expected.
    pub fn learn(&mut self, shape: &TaskShape, count: u64) {
        self.policy.learn(shape, count);
        self.known.clear();
    }

    /// The nodes as they are.
    pub fn nodes(&self) -> &[NodeState] {
        &self.nodes
    }

    /// What is free now, by node; nothing of those that are not named. A node that nobody knew has what is free of it,
    /// and one has at least as much as that: for who is told by offers what there is.
    pub(crate) fn set_free(&mut self, free: impl Iterator<Item = (usize, Resources)>) {
        let mut now = vec![Resources::ZERO; self.nodes.len()];
        for (node, free) in free {
            if node >= self.nodes.len() {
                let nobody = NodeState::new(Resources::ZERO, TaskShape::ANY);
                self.nodes.resize(node + 1, nobody);
                now.resize(node + 1, Resources::ZERO);
                self.changes.resize(node + 1, 1);
                self.known.clear();
            }
            now[node] = free;
            if !free.fits_in(self.nodes[node].total) {
                self.nodes[node].grow(free);
                self.largest = self.largest.max(self.nodes[node].total);
                self.known.clear();
            }
        }
        let nodes = self.nodes.iter_mut().zip(&mut self.changes);
        for ((node, changes), free) in nodes.zip(now) {
            if node.free != free {
                node.free = free;
                *changes += 1;
            }
        }
    }

    /// Starts a task where the policy wants it; `None` if it fits nowhere.
    pub fn place(&mut self, shape: &TaskShape) -> Option<Placed> {
        self.place_among(shape, |_| true)
    }

    /// The same, on one of those nodes on which it may run.
    pub(crate) fn place_among(
        &mut self,
        shape: &TaskShape,
        may: impl Fn(usize) -> bool,
    ) -> Option<Placed> {
        let place = self.known.iter().position(|(known, _)| known == shape);
        let place = place.unwrap_or_else(|| {
            self.known.push((*shape, vec![(0, None); self.nodes.len()]));
            self.known.len() - 1
        });
        let known = &mut self.known[place].1;
        for (position, (node, known)) in self.nodes.iter().zip(known.iter_mut()).enumerate() {
            if known.0 != self.changes[position] {
                let fits = node.fits(shape);
                let score = fits.then(|| self.policy.score(node, shape, self.largest));
                *known = (self.changes[position], score);
            }
        }
        let scored = || {
            let known = known.iter().enumerate();
            known.map(|(node, (_, best))| {
                let best = best.as_ref().filter(|_| may(node));
                best.map(|(score, _)| *score)
            })
        };
        let highest = scored().flatten().max()?;
        let mut equals = scored().enumerate();
        let mut equal = equals.by_ref().filter(|(_, score)| *score == Some(highest));
        let node = match self.policy.tie() {
            NodeTie::First => equal.next(),
            NodeTie::Last => equal.last(),
            NodeTie::Random => {
                let equal: Vec<_> = equal.collect();
                Some(equal[below(&mut self.rng, equal.len() as u64) as usize])
            }
        };
        let (node, _) = node?;
        let best = known[node]
            .1
            .clone()
            .map_or_else(Vec::new, |(_, devices)| devices);
        let rule = self.policy.devices();
        let devices = rule.choose(&self.nodes[node], shape, best, &mut self.rng);
        self.nodes[node].take(shape, &devices);
        self.changes[node] += 1;
        Some(Placed { node, devices })
    }

    /// A task ended.
    pub fn end(&mut self, shape: &TaskShape, placed: &Placed) {
        self.nodes[placed.node].give(shape, &placed.devices);
        self.changes[placed.node] += 1;
    }
}
