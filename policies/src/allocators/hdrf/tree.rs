//! What nodes of the tree have in the eyes of their siblings, by H-DRF's rules.

use std::collections::{BTreeMap, BTreeSet};

use super::Rules;
use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::resources::{Kind, Resources};
use crate::score::Score;

/// What a node has, as parts of the cluster.
type Shares = [Score; Kind::COUNT];

/// The tree as it stands when an agent is offered.
pub(super) struct Tree<'a> {
    ledger: &'a Ledger,
    rules: Rules,
    children: BTreeMap<Node, BTreeSet<Node>>,
    /// Nodes that are not blocked: somebody below them takes what is offered.
    open: BTreeSet<Node>,
    /// Kinds that are full: nobody who waits for some finds enough.
    full: [bool; Kind::COUNT],
}

impl<'a> Tree<'a> {
    pub(super) fn new(ledger: &'a Ledger, rules: Rules, candidates: &[FrameworkId]) -> Self {
        let mut children: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
        let mut held = Resources::ZERO;
        let mut least = [u64::MAX; Kind::COUNT];
        for framework in ledger.frameworks() {
            held += ledger.held(framework);
            for part in ledger.demand(framework) {
                let asked = part.needs.units().into_iter().zip(&mut least);
                asked
                    .filter(|(asked, _)| *asked > 0)
                    .for_each(|(asked, least)| *least = asked.min(*least));
            }
            let mut node = Node::Framework(framework);
            while let Some(parent) = ledger.parent(node) {
                children.entry(parent).or_default().insert(node);
                node = parent;
            }
        }
        let up = |node: &Node| ledger.parent(*node);
        let path = |one: &FrameworkId| std::iter::successors(Some(Node::Framework(*one)), up);
        let free = ledger.total().saturating_sub(held);
        let full = |kind: Kind| match least[kind as usize] {
            u64::MAX => free.of(kind) == 0,
            least => free.of(kind) < least,
        };
        Self {
            ledger,
            rules,
            children,
            open: candidates.iter().flat_map(path).collect(),
            full: Kind::ALL.map(full),
        }
    }

    fn dominant(&self, node: Node, shares: &Shares) -> Score {
        let leaf = matches!(node, Node::Framework(_)) || self.rules != Rules::All;
        let counted = Kind::ALL
            .iter()
            .filter(|kind| leaf || !self.full[**kind as usize]);
        counted
            .map(|kind| shares[*kind as usize])
            .fold(Score::ZERO, Score::max)
    }

    /// What a node has in the eyes of its siblings.
    fn shares(&self, node: Node) -> Shares {
        let (held, total) = (self.ledger.held(node), self.ledger.total());
        let plain = Kind::ALL.map(|kind| match total.of(kind) {
            0 => Score::ZERO,
            total => Score::ratio(held.of(kind).cast_signed(), total.cast_signed()),
        });
        let Some(children) = self
            .children
            .get(&node)
            .filter(|_| self.rules != Rules::Plain)
        else {
            return plain;
        };
        let counts = |child: &Node| self.rules == Rules::Scaled || self.open.contains(child);
        let seen: Vec<(Node, Shares)> = children
            .iter()
            .map(|child| (*child, self.shares(*child)))
            .collect();
        let weighted =
            |(child, shares): &(Node, Shares)| self.dominant(*child, shares) / self.weight(*child);
        let least = seen
            .iter()
            .filter(|(child, _)| counts(child))
            .map(weighted)
            .min();
        let mut sum = [Score::ZERO; Kind::COUNT];
        for (child, shares) in &seen {
            let own = self.dominant(*child, shares);
            let scaled = least
                .filter(|_| counts(child))
                .map(|least| least * self.weight(*child));
            for (sum, share) in sum.iter_mut().zip(shares) {
                *sum = *sum
                    + match scaled {
                        Some(_) if own == Score::ZERO => Score::ZERO,
                        Some(to) => *share * to / own,
                        None => *share,
                    };
            }
        }
        sum
    }

    fn weight(&self, node: Node) -> Score {
        Score::ratio(self.ledger.weight(node).thousandths().into(), 1000)
    }

    /// A node's share by its weight, to the nearest 2^-32: what only rounding tells apart is equal.
    pub(super) fn rank(&self, node: Node) -> i64 {
        let share = self.dominant(node, &self.shares(node)) / self.weight(node);
        (share * Score::new(1 << 32) + Score::ratio(1, 2)).floor()
    }
}
