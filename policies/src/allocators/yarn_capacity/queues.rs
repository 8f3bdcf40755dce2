//! The tree of roles as the queues of a capacity scheduler.

use std::collections::BTreeMap;

use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::resources::{Kind, Resources};
use crate::rules::yarn::amounts::Amounts;
use crate::rules::yarn::between::Queue;
use crate::share::Weight;

/// Memory first, as the rules count.
const ORDER: [Kind; Kind::COUNT] = [Kind::Mem, Kind::Cpus, Kind::Disk, Kind::Gpus];

pub(super) fn amounts(resources: Resources) -> Amounts {
    ORDER
        .map(|kind| i64::try_from(resources.of(kind)).unwrap_or(i64::MAX))
        .to_vec()
}

/// The leaf that a framework is in: its role, or beside the role's sub-roles that of its own frameworks.
pub(super) fn leaf(ledger: &Ledger, framework: FrameworkId) -> Node {
    let Some(role) = ledger.role(framework) else {
        return Node::Framework(framework);
    };
    let mut roles = ledger.roles();
    let divided = roles.any(|one| ledger.parent(one) == Some(Node::Role(role)));
    if divided {
        Node::Members(role)
    } else {
        Node::Role(role)
    }
}

/// The tree of roles as queues, the root first, with whoever stands at its top as queues of their own.
pub(super) fn queues(ledger: &Ledger) -> (Vec<Queue>, BTreeMap<Node, usize>) {
    let mut paths: Vec<Vec<Node>> = Vec::new();
    for framework in ledger.frameworks() {
        let up = |node: &Node| ledger.parent(*node);
        let start = leaf(ledger, framework);
        let mut path: Vec<Node> = std::iter::successors(Some(start), up).collect();
        path.reverse();
        paths.extend((1..=path.len()).map(|length| path[..length].to_vec()));
    }
    paths.sort_by_key(|path| (path.len(), path.clone()));
    paths.dedup();
    let total = ledger.total();
    let queue = |parent, guaranteed, max, held, waiting| Queue {
        parent,
        guaranteed,
        max,
        used: amounts(held),
        pending: amounts(waiting),
        reserved: vec![0; Kind::COUNT],
        priority: 0,
        disabled: false,
    };
    let whole = amounts(total);
    let mut all = vec![queue(
        None,
        whole.clone(),
        whole.clone(),
        Resources::ZERO,
        Resources::ZERO,
    )];
    let mut places = BTreeMap::new();
    for path in &paths {
        let node = path[path.len() - 1];
        let above = path
            .len()
            .checked_sub(2)
            .and_then(|above| places.get(&path[above]).copied())
            .unwrap_or(0);
        let beside = paths.iter().filter(|other| {
            other.len() == path.len() && other[..path.len() - 1] == path[..path.len() - 1]
        });
        let weights: i64 = beside
            .map(|other| thousandths(ledger.weight(other[other.len() - 1])))
            .sum();
        let part = |amount: &i64| {
            (i128::from(*amount) * i128::from(thousandths(ledger.weight(node)))
                / i128::from(weights)) as i64
        };
        let guaranteed: Amounts = all[above].guaranteed.iter().map(part).collect();
        let limit = |(most, kind): (&i64, Kind)| match node {
            Node::Role(role) => ledger.limit(role).of(kind).map_or(*most, |limit| {
                i64::try_from(limit).unwrap_or(i64::MAX).min(*most)
            }),
            Node::Framework(_) | Node::Members(_) => *most,
        };
        let max = whole.iter().zip(ORDER).map(limit).collect();
        places.insert(node, all.len());
        all.push(queue(
            Some(above),
            guaranteed,
            max,
            ledger.held(node),
            ledger.waiting_resources(node),
        ));
    }
    let held = ledger.frameworks().map(|one| ledger.held(one)).sum();
    all[0].used = amounts(held);
    moved(ledger, &mut all, &places);
    (all, places)
}

/// What is being taken back counts as gone, and as used by whom it is kept for.
fn moved(ledger: &Ledger, queues: &mut [Queue], places: &BTreeMap<Node, usize>) {
    let place = |framework| places.get(&leaf(ledger, framework)).copied();
    let mut count = |framework: FrameworkId, needs: Resources, sign: i64| {
        let mut at = place(framework);
        while let Some(queue) = at {
            let used = queues[queue].used.iter_mut().zip(amounts(needs));
            used.for_each(|(used, size)| *used += sign * size);
            at = queues[queue].parent;
        }
    };
    for agent in ledger.agents() {
        for one in ledger.started(agent).filter(|one| one.ending) {
            count(one.framework, one.needs, -1);
        }
    }
    for one in ledger.earmarks() {
        count(one.framework, one.needs, 1);
    }
    for one in ledger.earmarks() {
        if let Some(queue) = place(one.framework) {
            let pending = queues[queue].pending.iter_mut().zip(amounts(one.needs));
            pending.for_each(|(pending, kept)| *pending = (*pending - kept).max(0));
        }
    }
}

pub(super) fn thousandths(weight: Weight) -> i64 {
    weight.thousandths().into()
}
