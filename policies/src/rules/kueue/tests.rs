//! Worked answers, a line each.

use std::collections::BTreeMap;

use super::assign::{Offering, Pending, ResourceGroup};
use super::cycle::Cycle;
use super::*;
use crate::rules::ratio::Ratio;

fn pair(resource: u32) -> Pair {
    Pair {
        flavor: 0,
        resource,
    }
}

fn node(parent: Option<usize>, queue: Option<Preemption>, nominal: &[i64]) -> Node {
    let quota = |(resource, nominal): (usize, &i64)| {
        let quota = Quota {
            nominal: Amount(*nominal),
            ..Quota::default()
        };
        (pair(resource as u32), quota)
    };
    Node {
        parent: parent.map(NodeId),
        queue,
        weight: Ratio::ONE,
        quotas: nominal.iter().enumerate().map(quota).collect(),
    }
}

const ANY: Preemption = Preemption {
    within: Policy::LowerPriority,
    reclaim: Policy::Any,
    borrow: None,
};

/// A queue of `nominal` beside a lender, what it uses: its share, and of what.
fn share(nominal: [&[i64]; 2], used: &[i64], weight: i64, expected: (i128, Option<u32>)) {
    share_with(nominal, used, &[], weight, expected);
}

/// The same with what it asks for on top.
fn share_with(
    nominal: [&[i64]; 2],
    used: &[i64],
    asks: &[i64],
    weight: i64,
    expected: (i128, Option<u32>),
) {
    let mut nodes = vec![node(None, None, &[])];
    nodes.extend(nominal.map(|nominal| node(Some(0), Some(ANY), nominal)));
    nodes[1].weight = Ratio::from(weight);
    let mut tree = Tree::new(nodes).unwrap();
    for (resource, amount) in used.iter().enumerate() {
        tree.add(NodeId(1), pair(resource as u32), Amount(*amount));
    }
    let asks = (0..).zip(asks);
    let asks = asks.map(|(resource, amount)| (pair(resource), Amount(*amount)));
    let share = DominantShare::of(&tree, NodeId(1), &asks.collect());
    assert_eq!(
        (share.thousandths().unwrap(), share.dominant),
        expected,
        "{used:?}"
    );
}

#[test]
fn shares() {
    share([&[2000, 5], &[8000, 5]], &[3000, 7], 1, (200, Some(1)));
    share([&[2000, 5], &[8000, 5]], &[3000, 3], 1, (100, Some(0)));
    share([&[2000, 5], &[8000, 5]], &[2000, 5], 1, (0, None));
    let asked = (&[1000, 2], &[4000, 4]);
    share_with(
        [&[2000, 5], &[8000, 5]],
        asked.0,
        asked.1,
        1,
        (300, Some(0)),
    );
    share([&[500], &[1000]], &[501], 1, (1, Some(0)));
    share([&[500], &[1000]], &[800], 300, (1, Some(0)));
    share([&[0], &[10]], &[5], 2, (250, Some(0)));
}

fn admitted(queue: usize, amount: i64, uid: u64) -> Admitted {
    Admitted {
        queue: NodeId(queue),
        priority: 0,
        usage: BTreeMap::from([(pair(0), Amount(amount))]),
        created: None,
        reserved: 0,
        evicted: false,
        uid,
    }
}

/// Three queues of 3000 each with work of these sizes; `who` asks: the sizes that go, by queue.
fn preempt(
    algorithm: &Algorithm,
    work: [&[i64]; 3],
    who: usize,
    asks: i64,
    expected: &[(usize, i64)],
) {
    let queue = || node(Some(0), Some(ANY), &[3000]);
    let mut tree = Tree::new(vec![node(None, None, &[]), queue(), queue(), queue()]).unwrap();
    let mut all = Vec::new();
    for (queue, sizes) in work.iter().enumerate() {
        for size in *sizes {
            let one = admitted(queue + 1, *size, all.len() as u64);
            tree.add_all(one.queue, &one.usage);
            all.push(one);
        }
    }
    let newcomer = Newcomer {
        queue: NodeId(who + 1),
        priority: 0,
        created: None,
        request: BTreeMap::from([(pair(0), Amount(asks))]),
        contested: vec![pair(0)],
    };
    let found = algorithm.victims(&tree, &all, &newcomer);
    let of = |victim: &Victim| {
        (
            all[victim.index].queue.0 - 1,
            all[victim.index].usage[&pair(0)].0,
        )
    };
    let mut found: Vec<(usize, i64)> = found.iter().map(of).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{work:?}, {who} asks {asks}");
}

#[test]
fn fair_preemption() {
    let fair = &Algorithm::fair();
    preempt(
        fair,
        [&[1000; 3], &[1000; 5], &[1000]],
        2,
        1000,
        &[(1, 1000)],
    );
    preempt(
        fair,
        [&[1000; 3], &[1000; 5], &[1000]],
        0,
        1000,
        &[(1, 1000)],
    );
    preempt(fair, [&[1000; 3], &[1000; 3], &[1000; 3]], 2, 1000, &[]);
    preempt(fair, [&[1000; 3], &[1000; 5], &[]], 0, 2000, &[]);
    preempt(fair, [&[], &[9000], &[]], 0, 2000, &[(1, 9000)]);
    preempt(fair, [&[2000], &[7000], &[]], 0, 5000, &[]);
    preempt(fair, [&[1000; 3], &[1000; 6], &[]], 0, 2000, &[]);
    // From each of two that borrow the first that is small enough; and the first after which the other still has more.
    let halves = &[500, 500, 3000];
    preempt(fair, [halves, halves, &[]], 2, 2000, &[(0, 500), (1, 500)]);
    preempt(
        fair,
        [&[], &[2000, 1000, 2000], &[1000]],
        0,
        3500,
        &[(1, 1000)],
    );
    preempt(
        fair,
        [&[], &[2000, 2500], &[2000, 2500]],
        0,
        3500,
        &[(1, 2000), (2, 2000)],
    );
    // And it does not flap: what was taken is not taken back.
    preempt(fair, [&[3500], &[2500], &[2500]], 1, 2000, &[]);
}

#[test]
fn classical_preemption_takes_back_what_was_lent() {
    let classical = &Algorithm::Classical;
    preempt(
        classical,
        [&[], &[1000; 9], &[]],
        0,
        2000,
        &[(1, 1000), (1, 1000)],
    );
    preempt(classical, [&[1000; 3], &[1000; 6], &[]], 0, 1000, &[]);
    preempt(
        classical,
        [&[1000; 3], &[1000; 3], &[1000; 3]],
        0,
        1000,
        &[],
    );
}

/// Two flavors of 4000 for two queues that may borrow; who is admitted with which flavor.
fn cycle(algorithm: &Algorithm, pending: &[(usize, i64)], expected: &[(usize, u32)]) {
    let nominal = |flavor| {
        (
            Pair {
                flavor,
                resource: 0,
            },
            Amount(2000),
        )
    };
    let queue = || {
        let mut queue = node(Some(0), Some(ANY), &[]);
        queue.quotas = [0, 1]
            .map(nominal)
            .map(|(pair, nominal)| {
                let quota = Quota {
                    nominal,
                    ..Quota::default()
                };
                (pair, quota)
            })
            .into();
        queue
    };
    let tree = Tree::new(vec![node(None, None, &[]), queue(), queue()]).unwrap();
    let offering = Offering {
        groups: vec![ResourceGroup {
            resources: vec![0],
            flavors: vec![0, 1],
        }],
        ..Offering::default()
    };
    let offerings = [1, 2].map(|queue| (NodeId(queue), offering.clone())).into();
    let pending = pending.iter().map(|(queue, amount)| Pending {
        queue: NodeId(*queue),
        priority: 0,
        created: None,
        pod_sets: vec![BTreeMap::from([(0, Amount(*amount))])],
    });
    let decisions = Cycle {
        tree: &tree,
        offerings: &offerings,
        admitted: &[],
        pending: &pending.collect::<Vec<_>>(),
        algorithm,
        recomputes: true,
    }
    .run();
    let flavor =
        |(index, assignment): &(usize, assign::Assignment)| (*index, assignment.flavors[0][&0]);
    let found: Vec<(usize, u32)> = decisions.admitted.iter().map(flavor).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_cycle_admits_who_borrows_less_first() {
    for algorithm in [&Algorithm::fair(), &Algorithm::Classical] {
        cycle(algorithm, &[(1, 2000), (2, 2000)], &[(0, 0), (1, 0)]);
        cycle(algorithm, &[(1, 3000), (2, 2000)], &[(1, 0)]);
        cycle(algorithm, &[(1, 9000), (2, 2000)], &[(1, 0)]);
    }
    // The head of a queue is the older; borrowing the whole pool fits alone.
    cycle(&Algorithm::fair(), &[(1, 4000), (1, 1000)], &[(0, 0)]);
}
