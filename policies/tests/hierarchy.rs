//! H-DRF in trees under churn: a static filling cannot tell a wrong hierarchical policy from a right one.
//!
//! One task of a unit ends at a time, drawn by chance, and its place is offered again, 4000 times; what every leaf
//! holds is the mean over the second half. The answers are those of Bhattacharya et al., `SoCC` 2013 (T1, and the example of
//! a blocked leaf), and of Volcano's test of the three trees; those of fewer rules were worked out here.

use std::collections::BTreeMap;

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

/// The mean number of tasks of every leaf, rounded.
fn means(policy: &str, leaves: &[Leaf], units: u64) -> Vec<u64> {
    let setup = Setup {
        shares: Vec::new(),
        agents: 1,
        rng: ChaCha8Rng::seed_from_u64(7),
    };
    let name = format!("hdrf[offers=task,{policy}]").parse().unwrap();
    let (config, allocator) = Registry::default().allocator(&name, setup).unwrap();
    let mut churn = Churn {
        master: Master::new(config, allocator),
        running: Vec::new(),
        next: 0,
    };
    let amounts = |cpus: u64, gpus: u64| {
        Resources::new(Millicores(cpus), Mebibytes(0)).with_gpus(Milligpus(gpus))
    };
    let weight = Weight::ONE;
    for role in leaves
        .iter()
        .filter_map(|(role, ..)| *role)
        .collect::<std::collections::BTreeSet<_>>()
    {
        let role = RoleId(role);
        churn.tell(Event::RoleSet {
            role,
            parent: None,
            weight,
        });
    }
    for (leaf, (role, cpus, gpus)) in leaves.iter().enumerate() {
        let framework = FrameworkId(leaf as u32);
        churn.tell(Event::FrameworkJoined {
            framework,
            weight,
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
    let (agent, total) = (AgentId(0), amounts(units, units));
    churn.tell(Event::AgentJoined { agent, total });
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut sums: BTreeMap<usize, u64> = BTreeMap::new();
    for step in 0..CHURN {
        let drawn = (rng.next_u64() % churn.running.len() as u64) as usize;
        let (framework, task) = churn.running.swap_remove(drawn);
        churn.tell(Event::TaskEnded {
            agent,
            framework,
            task,
            outcome: Outcome::Finished,
        });
        if step >= CHURN / 2 {
            for leaf in 0..leaves.len() {
                let tasks = churn.master.ledger().tasks(FrameworkId(leaf as u32));
                *sums.entry(leaf).or_default() += tasks as u64;
            }
        }
    }
    let half = CHURN / 2;
    sums.into_values()
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
