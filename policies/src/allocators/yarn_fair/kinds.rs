//! What counts of resources: one kind, or of each holder the kind of which it has the largest part
//! (`DominantResourceFairnessPolicy`).

use super::shares::{fair_shares, min};
use crate::allocators::queue_tree::QueueTree;
use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::name::{BadName, Name};
use crate::resources::{Kind, Resources};
use crate::rules::yarn::fair::{Compared, drf};
use crate::share::Share;

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KindsCompared {
    One(Kind),
    Dominant,
}

impl KindsCompared {
    /// What parameter `on` says; memory if nothing is said.
    pub(super) fn from_name(name: &mut Name) -> Result<Self, BadName> {
        let Some(text) = name.take("on") else {
            return Ok(Self::One(Kind::Mem));
        };
        if text == "dominant" {
            return Ok(Self::Dominant);
        }
        let kind = Kind::by_name(&text).map(Self::One);
        kind.ok_or_else(|| name.bad("on", &text, "cpus, mem, disk, gpus or dominant"))
    }

    /// The part of the cluster that some resources are.
    pub(super) fn part(self, ledger: &Ledger, some: Resources) -> Share {
        match self {
            Self::One(kind) => some.share(kind, ledger.total()),
            Self::Dominant => some.dominant_share(ledger.total()),
        }
    }

    /// Every framework's fair share, of each kind that counts apart.
    pub(super) fn shares(self, ledger: &Ledger) -> impl Fn(FrameworkId) -> Resources {
        let of = |kind: Kind| match self {
            Self::One(only) if only != kind => None,
            _ => Some(fair_shares(ledger, kind)),
        };
        let all = Kind::ALL.map(of);
        move |framework| {
            let units = |kind: Kind| {
                let shares = all[kind as usize].as_ref();
                let own = shares.and_then(|shares| shares.get(&Node::Framework(framework)));
                own.copied().unwrap_or(0)
            };
            Resources::from_units(Kind::ALL.map(units))
        }
    }
}

/// How many siblings of each node are served before it by dominant resource fairness.
pub(super) fn before(ledger: &Ledger) -> impl Fn(Node) -> u64 {
    let tree = QueueTree::of(ledger);
    let whole = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
    // A kind that the cluster has nothing of would count as without bound.
    let total = ledger.total();
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| total.of(*kind) > 0)
        .collect();
    let compared = |node: &Node| Compared {
        usage: kinds
            .iter()
            .map(|kind| whole(ledger.held(*node).of(*kind)))
            .collect(),
        min: kinds
            .iter()
            .map(|kind| whole(min(ledger, *node, *kind)))
            .collect(),
        weight: ledger.weight(*node).thousandths().into(),
        // Equals are told apart by the tie rule.
        start: 0,
        name: String::new(),
    };
    let all: Vec<Compared> = tree.nodes.iter().map(compared).collect();
    let cluster: Vec<i64> = kinds.iter().map(|kind| whole(total.of(*kind))).collect();
    move |node| {
        let Some(own) = tree.place(node).filter(|_| !cluster.is_empty()) else {
            return 0;
        };
        let first = |id: &usize| drf(&all[*id], &all[own], &cluster).is_lt();
        tree.siblings(own).filter(first).count() as u64
    }
}
