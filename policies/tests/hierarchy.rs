//! H-DRF in trees under churn: a static filling cannot tell a wrong hierarchical policy from a right one.
//!
//! One task of a unit ends at a time, drawn by chance, and its place is offered again, 4000 times; what every leaf
//! holds is the mean over the second half. The answers are those of Bhattacharya et al., `SoCC` 2013 (T1, and the example of
//! a blocked leaf), and of Volcano's test of the three trees; those of fewer rules were worked out here.

use std::collections::BTreeSet;

use fairground_policies::allocators::Setup;
use fairground_policies::master::Master;
use fairground_policies::message::{
    Action, AgentId, Demand, Event, FrameworkId, Outcome, RoleId, TaskId, TaskRequest,
};
use fairground_policies::registry::Registry;
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const CHURN: u64 = 4000;

/// A leaf: the role it is in, if any, and what a task takes of CPUs and GPUs.
type Leaf = (Option<u32>, u64, u64);

/// T1: one that wants GPUs beside a role of one that wants CPUs and one that wants GPUs. 10 of each.
const T1: &[Leaf] = &[(None, 0, 1), (Some(0), 1, 0), (Some(0), 0, 1)];
/// T2: two that want CPUs, a role of both kinds, one that wants GPUs. 30 of each.
const T2: &[Leaf] = &[
    (None, 1, 0),
    (None, 1, 0),
    (Some(0), 1, 0),
    (Some(0), 0, 1),
    (None, 0, 1),
];
/// The same, the role with a higher id than any framework.
const T2_LAST: &[Leaf] = &[
    (None, 1, 0),
    (None, 1, 0),
    (Some(9), 1, 0),
    (Some(9), 0, 1),
    (None, 0, 1),
];
/// T3: one that wants both, and a role of one for each.
const T3: &[Leaf] = &[(None, 1, 1), (Some(0), 1, 0), (Some(0), 0, 1)];

struct Churn {
    master: Master,
    running: Vec<(FrameworkId, TaskId)>,
    next: u64,
}

impl Churn {
    fn tell(&mut self, event: Event) {
        let mut waiting = vec![event];
        while let Some(event) = waiting.pop() {
            let mut actions = Vec::new();
            self.master.step(Time::ZERO, event, &mut actions);
            for action in actions {
                let Action::Offer(offer) = action else {
                    continue;
                };
                let task = TaskId(self.next);
                self.next += 1;
                self.running.push((offer.framework, task));
                let needs = offer.resources;
                waiting.push(Event::OffersAnswered {
                    framework: offer.framework,
                    offers: vec![offer.id].into(),
                    launch: vec![TaskRequest { task, needs }].into(),
                    refuse: Span::ZERO,
                });
            }
            if waiting.is_empty() && self.master.wake_at() == Some(Time::ZERO) {
                waiting.push(Event::TimePassed);
            }
        }
    }
}

/// Who divides a cluster.
#[derive(Debug)]
struct RoleTree {
    /// Each after its parent.
    roles: Vec<(u32, Option<u32>)>,
    leaves: Vec<Leaf>,
    /// Of leaves, in thousandths; 1 where nothing is said.
    weights: &'static [u32],
    /// How much of everything the cluster has.
    units: u64,
}

impl RoleTree {
    /// Leaves in roles at the top.
    fn flat(leaves: &[Leaf], units: u64) -> Self {
        let roles: BTreeSet<u32> = leaves.iter().filter_map(|(role, ..)| *role).collect();
        Self {
            roles: roles.into_iter().map(|role| (role, None)).collect(),
            leaves: leaves.to_vec(),
            weights: &[],
            units,
        }
    }

    /// The cluster under a policy, filled up.
    fn filled(&self, policy: &str) -> Churn {
        let setup = Setup {
            shares: Vec::new(),
            agents: 1,
            rng: ChaCha8Rng::seed_from_u64(7),
        };
        let name = policy.parse().unwrap();
        let (config, allocator) = Registry::default().allocator(&name, setup).unwrap();
        let mut churn = Churn {
            master: Master::new(config, allocator),
            running: Vec::new(),
            next: 0,
        };
        let amounts = |cpus: u64, gpus: u64| {
            Resources::new(Millicores(cpus), Mebibytes(0)).with_gpus(Milligpus(gpus))
        };
        for (role, parent) in &self.roles {
            churn.tell(Event::RoleSet {
                role: RoleId(*role),
                parent: parent.map(RoleId),
                weight: Weight::ONE,
            });
        }
        for (leaf, (role, cpus, gpus)) in self.leaves.iter().enumerate() {
            let framework = FrameworkId(leaf as u32);
            let weight = self.weights.get(leaf).copied().unwrap_or(1000);
            churn.tell(Event::FrameworkJoined {
                framework,
                weight: Weight::from_thousandths(weight).unwrap(),
                role: role.map(RoleId),
            });
            let demand = vec![Demand {
                needs: amounts(*cpus, *gpus),
                count: 1_000_000,
            }];
            churn.tell(Event::DemandDeclared {
                framework,
                demand: demand.into(),
            });
        }
        let (agent, total) = (AgentId(0), amounts(self.units, self.units));
        churn.tell(Event::AgentJoined { agent, total });
        churn
    }

    /// How many tasks each leaf runs, in all, over the second half of so many ends.
    fn sums(&self, policy: &str, ends: u64) -> Vec<u64> {
        let mut churn = self.filled(policy);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut sums = vec![0; self.leaves.len()];
        for step in 0..ends {
            churn.end_one(&mut rng);
            if step >= ends / 2 {
                let found = churn.tasks(self.leaves.len());
                sums.iter_mut()
                    .zip(found)
                    .for_each(|(sum, one)| *sum += one);
            }
        }
        sums
    }
}

impl Churn {
    /// A task that is drawn ends.
    fn end_one(&mut self, rng: &mut ChaCha8Rng) {
        let drawn = (rng.next_u64() % self.running.len() as u64) as usize;
        let (framework, task) = self.running.swap_remove(drawn);
        self.tell(Event::TaskEnded {
            agent: AgentId(0),
            framework,
            task,
            outcome: Outcome::Finished,
        });
    }

    fn tasks(&self, leaves: usize) -> Vec<u64> {
        let tasks = |leaf| self.master.ledger().tasks(FrameworkId(leaf as u32)) as u64;
        (0..leaves).map(tasks).collect()
    }
}

/// The mean number of tasks of every leaf, rounded.
fn means(rules: &str, leaves: &[Leaf], units: u64) -> Vec<u64> {
    let half = CHURN / 2;
    let policy = format!("hdrf[offers=task,{rules}]");
    let sums = RoleTree::flat(leaves, units).sums(&policy, CHURN);
    sums.into_iter()
        .map(|sum| (sum + half / 2) / half)
        .collect()
}

#[test]
fn all_three_rules_starve_nobody() {
    assert_eq!(means("rules=all", T1, 10), [5, 10, 5]);
    assert_eq!(means("rules=all", T2, 30), [10, 10, 10, 15, 15]);
    assert_eq!(means("rules=all", T3, 10), [5, 5, 5]);
}

#[test]
fn without_full_resources_left_out_a_leaf_starves() {
    assert_eq!(means("rules=unblocked", T1, 10), [10, 10, 0]);
    assert_eq!(means("rules=unblocked", T2, 30), [15, 15, 0, 15, 15]);
    assert_eq!(means("rules=unblocked", T3, 10), [5, 5, 5]);
}

#[test]
fn with_blocked_ones_scaled_a_leaf_has_too_much() {
    assert_eq!(means("rules=scaled", T1, 10), [5, 10, 5]);
    assert_eq!(means("rules=scaled", T3, 10), [5, 5, 5]);
    // All are equal at 10, 10, 10, 20, 10, two thirds of the GPUs and one. Whose turn it is when a task of n3,2 ends there is
    // a tie of n3 and n4: n4 holds one more where it goes first, as the framework that it is, and not where n3 does.
    let means = [
        means("rules=scaled", T2, 30),
        means("rules=scaled,tie=last", T2_LAST, 30),
    ];
    assert_eq!(means, [[10, 10, 10, 19, 11], [10, 10, 10, 20, 10]]);
}

#[test]
fn drf_from_the_root_down_starves_a_leaf() {
    assert_eq!(means("rules=none", T1, 10), [10, 10, 0]);
    assert_eq!(means("rules=none", T2, 30), [15, 15, 0, 15, 15]);
}

/// Filled up once, a tree without the third rule stands as it should: only churn shows the leaf that starves.
#[test]
fn a_static_filling_cannot_tell() {
    let filled = |leaves: &[Leaf], units| {
        let churn = RoleTree::flat(leaves, units).filled("hdrf[offers=task,rules=unblocked]");
        churn.tasks(leaves.len())
    };
    assert_eq!(filled(T1, 10), [5, 10, 5]);
    assert_eq!(filled(T2, 30), [10, 10, 10, 15, 15]);
}

/// T3 without its role, whose half goes to its two in equal parts: a half, a quarter and a quarter. They get 8, 4 and 4 of
/// 12, where the tree gives 6 each.
#[test]
fn weights_are_no_tree() {
    let leaves = [(None, 1, 1), (None, 1, 0), (None, 0, 1)];
    let collapsed = RoleTree {
        weights: &[500, 250, 250],
        ..RoleTree::flat(&leaves, 12)
    };
    assert_eq!(collapsed.filled("drf[offers=task]").tasks(3), [8, 4, 4]);
    let sums = collapsed.sums("drf[offers=task]", CHURN);
    let rounded = sums.iter().map(|sum| (sum + CHURN / 4) / (CHURN / 2));
    assert_eq!(rounded.collect::<Vec<_>>(), [8, 4, 4]);
    assert_eq!(means("rules=all", T3, 12), [6, 6, 6]);
}

/// Roles down to the third level, two or three children each, of which some are leaves that want CPUs, GPUs or both.
fn random_tree(rng: &mut ChaCha8Rng) -> RoleTree {
    let mut draw = |below: u64| rng.next_u64() % below;
    let (mut roles, mut leaves) = (Vec::new(), Vec::new());
    let mut open = vec![(None, 0)];
    while let Some((role, depth)) = open.pop() {
        for _ in 0..2 + draw(2) {
            if depth < 2 && draw(3) == 0 {
                let id = roles.len() as u32;
                roles.push((id, role));
                open.push((Some(id), depth + 1));
            } else {
                let (cpus, gpus) = [(1, 0), (0, 1), (1, 1)][draw(3) as usize];
                leaves.push((role, cpus, gpus));
            }
        }
    }
    RoleTree {
        roles,
        leaves,
        weights: &[],
        units: 40,
    }
}

#[test]
fn no_leaf_of_a_random_tree_starves() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..1000 {
        let tree = random_tree(&mut rng);
        let sums = tree.sums("hdrf[offers=task]", 400);
        assert!(!sums.contains(&0), "{tree:?}: {sums:?}");
    }
}
