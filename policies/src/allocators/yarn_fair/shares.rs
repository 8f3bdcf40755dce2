//! Minimum, demand and fair share of every node of the tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::resources::{Kind, Resources};
use crate::rules::yarn::fair::{Schedulable, shares};

/// What a node should have at least: what is guaranteed to a role.
pub(super) fn min(ledger: &Ledger, node: Node, on: Kind) -> u64 {
    match node {
        Node::Role(role) => ledger.guarantee(role).of(on),
        Node::Framework(_) | Node::Members(_) => 0,
    }
}

/// What a node holds and waits for.
pub(super) fn demand(ledger: &Ledger, node: Node, on: Kind) -> u64 {
    let waiting = ledger.waiting_resources(node).of(on);
    ledger.held(node).of(on).saturating_add(waiting)
}

/// Every framework's fair share of the resource: the tree's shares, level by level, among those that hold or want
/// some.
pub(super) fn fair_shares(ledger: &Ledger, on: Kind) -> BTreeMap<Node, u64> {
    let mut children: BTreeMap<Option<Node>, BTreeSet<Node>> = BTreeMap::new();
    for framework in ledger.frameworks() {
        let mut node = Some(Node::Framework(framework));
        while let Some(one) = node {
            node = ledger.parent(one);
            children.entry(node).or_default().insert(one);
        }
    }
    let mut all = BTreeMap::new();
    let mut levels = vec![(None, ledger.total().of(on))];
    while let Some((parent, total)) = levels.pop() {
        let Some(below) = children.get(&parent) else {
            continue;
        };
        let whole = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let line = |node: &Node| Schedulable {
            min: whole(min(ledger, *node, on)),
            max: match node {
                Node::Role(role) => ledger.limit(*role).of(on).map_or(i64::MAX, whole),
                Node::Framework(_) | Node::Members(_) => i64::MAX,
            },
            weight: ledger.weight(*node).thousandths().into(),
            active: demand(ledger, *node, on) > 0,
        };
        let lines: Vec<Schedulable> = below.iter().map(line).collect();
        for (node, share) in below.iter().zip(shares(whole(total), &lines)) {
            levels.push((Some(*node), share as u64));
            all.insert(*node, share as u64);
        }
    }
    all
}

/// What of a framework is being taken back already.
pub(super) fn ending(ledger: &Ledger, framework: FrameworkId) -> Resources {
    let tasks = ledger.agents().flat_map(|agent| ledger.started(agent));
    let ending = tasks.filter(|one| one.ending && one.framework == framework);
    ending.map(|one| one.needs).sum()
}
