//! What the fair scheduler takes for an application that is starved (`FSPreemptionThread`, `FSLeafQueue`,
//! `FSAppAttempt`).

use super::amounts::{Amounts, Calculator, each_min, less, not_negative, sum};

/// An application that may have to give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payer {
    /// What it has.
    pub usage: Amounts,
    /// Its fair share, that of its queue divided among the applications in it.
    pub share: Amounts,
    /// Whether its queue and all above it may be preempted from.
    pub preemptable: bool,
}

/// What runs on a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// What nobody has.
    pub free: Amounts,
    /// Containers, in the order in which they started.
    pub containers: Vec<Running>,
}

/// A container on a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Running {
    /// Whose it is.
    pub payer: usize,
    /// How large.
    pub size: Amounts,
    /// Whether it is its application's master.
    pub master: bool,
}

/// What somebody with `usage` lacks of what it is due, as far as it asks for it.
pub fn starvation(usage: &[i64], due: &[i64], demand: &[i64]) -> Amounts {
    not_negative(&less(&each_min(due, demand), usage))
}

/// How many whole containers of `size` are in `amount`.
pub fn whole(amount: &[i64], size: &[i64]) -> i64 {
    let parts = amount.iter().zip(size).filter(|(_, size)| **size > 0);
    parts.map(|(amount, size)| amount / size).min().unwrap_or(0)
}

/// The node and the containers on it that go so that `request` finds room: those of the first node where no master
/// has to go, else where the fewest have to. Nobody falls below its fair share. `None` where no node has enough.
pub fn victims(
    by: Calculator,
    cluster: &[i64],
    request: &[i64],
    nodes: &[Node],
    payers: &[Payer],
) -> Option<(usize, Vec<usize>)> {
    let mut best: Option<(usize, Vec<usize>)> = None;
    let mut fewest = usize::MAX;
    for (at, node) in nodes.iter().enumerate() {
        let Some(found) = on_node(by, cluster, request, node, payers, fewest) else {
            continue;
        };
        fewest = masters(node, &found);
        best = Some((at, found));
        if fewest == 0 {
            break;
        }
    }
    best
}

fn masters(node: &Node, places: &[usize]) -> usize {
    places
        .iter()
        .filter(|one| node.containers[**one].master)
        .count()
}

/// Those of one node, fewer than `fewest` masters among them.
fn on_node(
    by: Calculator,
    cluster: &[i64],
    request: &[i64],
    node: &Node,
    payers: &[Payer],
    fewest: usize,
) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..node.containers.len()).collect();
    order.sort_by_key(|one| node.containers[*one].master);
    let mut room = node.free.clone();
    let mut given = vec![vec![0; cluster.len()]; payers.len()];
    let mut found = Vec::new();
    for one in order {
        if by.fits(request, &room) {
            return Some(found);
        }
        let Running { payer, size, .. } = &node.containers[one];
        let it = &payers[*payer];
        let after = less(&less(&it.usage, &given[*payer]), size);
        if !it.preemptable || by.compare(cluster, &after, &it.share).is_lt() {
            continue;
        }
        found.push(one);
        if masters(node, &found) >= fewest {
            return None;
        }
        given[*payer] = sum(&given[*payer], size);
        room = sum(&room, size);
    }
    by.fits(request, &room).then_some(found)
}
