//! Dominant resource shares of what is borrowed (`pkg/cache/scheduler/fair_sharing.go`, keps/1714).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Amount, NodeId, Pair, Tree};
use crate::rules::ratio::Ratio;

/// How much a node borrows, of the resource of which it borrows most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DominantShare {
    /// Thousandths of what its parent could lend, before the weight.
    ratio: Ratio,
    weight: Ratio,
    /// The resource that gives it; the first of several. `None` where nothing is borrowed.
    pub dominant: Option<u32>,
    /// The pairs that are borrowed.
    pub borrowed: Vec<Pair>,
}

impl DominantShare {
    /// The share of a node, as if `extra` were used by it as well (not by those above it).
    pub fn of(tree: &Tree, id: NodeId, extra: &BTreeMap<Pair, Amount>) -> Self {
        let mut share = Self {
            ratio: Ratio::ZERO,
            weight: tree.node(id).weight,
            dominant: None,
            borrowed: Vec::new(),
        };
        let Some(parent) = tree.parent(id) else {
            return share;
        };
        let mut over: BTreeMap<u32, Amount> = BTreeMap::new();
        for (pair, quota) in tree.quotas(id) {
            let asked = extra.get(pair).copied().unwrap_or_default();
            let more = asked + tree.used(id, *pair) - *quota;
            if more > Amount::ZERO {
                let all = over.entry(pair.resource).or_default();
                *all = *all + more;
                share.borrowed.push(*pair);
            }
        }
        let root = tree.root(id);
        for (resource, more) in over {
            let pairs = tree.quotas(root).keys();
            let of = pairs.filter(|pair| pair.resource == resource);
            let lendable: Amount = of.map(|pair| tree.potential(parent, *pair)).sum();
            if lendable <= Amount::ZERO {
                continue;
            }
            let ratio = Ratio::whole(i128::from(more.0) * 1000) / Ratio::from(lendable.0);
            if ratio > share.ratio {
                share.ratio = ratio;
                share.dominant = Some(resource);
            }
        }
        share
    }

    /// The share of a node as it is.
    pub fn now(tree: &Tree, id: NodeId) -> Self {
        Self::of(tree, id, &BTreeMap::new())
    }

    /// Whether anything is borrowed, be it of what nobody could lend.
    pub fn borrows(&self) -> bool {
        !self.borrowed.is_empty()
    }

    /// Whether anything of the request is borrowed.
    pub fn borrows_of(&self, request: &BTreeMap<Pair, Amount>) -> bool {
        let asked = |pair| {
            request
                .get(pair)
                .is_some_and(|amount| *amount > Amount::ZERO)
        };
        self.borrowed.iter().any(asked)
    }

    fn is_infinite(&self) -> bool {
        self.weight.is_zero() && self.ratio.is_positive()
    }

    /// The weighted share in thousandths, rounded up; `None` is infinity, of who borrows with weight 0.
    pub fn thousandths(&self) -> Option<i128> {
        (!self.is_infinite()).then(|| (self.ratio / self.weight).ceil())
    }

    /// Which is larger. Of two that are infinite the one that borrows more.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) => self.ratio.cmp(&other.ratio),
            (false, false) => (self.ratio / self.weight).cmp(&(other.ratio / other.weight)),
            (one, two) => one.cmp(&two),
        }
    }
}
