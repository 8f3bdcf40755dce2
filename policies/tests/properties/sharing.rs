//! What DRF promises, with whole tasks: one pass over free agents, task-sized offers, frameworks
//! that could start any number of tasks of one size each.

use fairground_policies::message::{self, Action, AgentId, Event, FrameworkId, Offer};
use fairground_policies::resources::{Kind, Mebibytes, Millicores, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::Time;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::observer::master;

/// An agent has as much of both kinds, so amounts of either can be added up.
const AGENT: u64 = 64_000;

/// A framework: what a task takes, and its weight.
type Demand = (Resources, u32);

fn amounts(cpus: u64, mem: u64) -> Resources {
    Resources::new(Millicores(cpus), Mebibytes(mem))
}

fn demands(
    count: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Demand>> {
    let needs = (1..=32_u64, 1..=32_u64).prop_map(|(c, m)| amounts(c * 1000, m * 1000));
    vec((needs, 1..=4_u32), count)
}

/// Everybody joins, in the order given by `keys`, and then one round is allocated.
fn one_pass(demands: &[Demand], agents: u32, keys: &[u8]) -> Vec<Offer> {
    let mut events = Vec::new();
    for (i, (needs, weight)) in demands.iter().enumerate() {
        let framework = FrameworkId(i as u32);
        let weight = Weight::from_thousandths(weight * 1000).unwrap();
        let (needs, count) = (*needs, u32::MAX);
        let demand = vec![message::Demand { needs, count }].into();
        events.push(vec![
            Event::FrameworkJoined {
                framework,
                weight,
                role: None,
            },
            Event::DemandDeclared { framework, demand },
        ]);
    }
    for agent in 0..agents {
        let (agent, total) = (AgentId(agent), amounts(AGENT, AGENT));
        events.push(vec![Event::AgentJoined { agent, total }]);
    }
    let mut order: Vec<_> = (0..events.len()).collect();
    order.sort_by_key(|i| keys.get(*i));
    let (_, mut master) = master("drf[offers=task,round=1s]");
    let mut actions = Vec::new();
    for i in order {
        for event in &events[i] {
            master.step(Time::ZERO, event.clone(), &mut actions);
        }
    }
    master.step(Time::ZERO, Event::TimePassed, &mut actions);
    master.check();
    let offers = actions.into_iter().map(|action| match action {
        Action::Offer(offer) => offer,
        other => panic!("only offers follow, not {other:?}"),
    });
    offers.collect()
}

/// The units of the dominant resource: both kinds have the same total.
fn dominant(resources: Resources) -> u64 {
    resources.of(Kind::Cpus).max(resources.of(Kind::Mem))
}

fn held(offers: &[Offer], framework: usize) -> Resources {
    let mine = offers.iter().filter(|o| o.framework.index() == framework);
    mine.map(|offer| offer.resources).sum()
}

fn tasks(offers: &[Offer], framework: usize) -> usize {
    let mine = offers.iter().filter(|o| o.framework.index() == framework);
    mine.count()
}

/// The offers made while every framework's task still fitted on the only agent.
fn while_all_fit<'a>(offers: &'a [Offer], demands: &[Demand]) -> &'a [Offer] {
    let mut free = amounts(AGENT, AGENT);
    for (position, offer) in offers.iter().enumerate() {
        if !demands.iter().all(|(needs, _)| needs.fits_in(free)) {
            return &offers[..position];
        }
        free -= offer.resources;
    }
    offers
}

proptest! {
    /// Sharing incentive, with the price of whole tasks. When framework i's task no longer fits on
    /// an agent, more than 1 - D of some resource there is used, D being the part of an agent a
    /// task of i takes. Nobody got more than one task beyond i's weighted share while i still
    /// fitted, so summed over agents: `W s / w + D + sum of others' d > 1` for its share s, its weight
    /// w of W, and d, the part of the cluster a task takes. D and d are the stated allowance.
    #[test]
    fn nobody_falls_behind_its_part(demands in demands(1..6), agents in 1..12_u32) {
        let offers = one_pass(&demands, agents, &[]);
        let cluster = u64::from(agents) * AGENT;
        let all: u64 = demands.iter().map(|(_, weight)| u64::from(*weight)).sum();
        for (i, (needs, weight)) in demands.iter().enumerate() {
            let others = demands.iter().enumerate().filter(|(j, _)| *j != i);
            let largest: u64 = others.map(|(_, (needs, _))| dominant(*needs)).sum();
            let allowance = u64::from(agents) * dominant(*needs) + largest;
            let share = dominant(held(&offers, i));
            let weight = u64::from(*weight);
            prop_assert!(all * share + weight * allowance > weight * cluster);
        }
    }

    /// Without packing losses the incentive is exact: tasks of one size that fill agents.
    #[test]
    fn equal_tasks_are_shared_like_partitions(
        frameworks in 1..6_usize,
        agents in 1..12_u32,
        size in prop::sample::select(vec![1, 2, 4, 8, 16, 32]),
    ) {
        let demands = vec![(amounts(size * 1000, size * 1000), 1); frameworks];
        let offers = one_pass(&demands, agents, &[]);
        let on_agent = (AGENT / 1000 / size) as usize;
        prop_assert_eq!(offers.len(), on_agent * agents as usize);
        for i in 0..frameworks {
            let part = on_agent * (agents as usize) / frameworks;
            prop_assert!([part, part + 1].contains(&tasks(&offers, i)));
        }
    }

    /// Pareto efficiency: when the pass ends, nobody's task fits anywhere.
    #[test]
    fn nothing_more_fits_anywhere(demands in demands(1..6), agents in 1..12_u32) {
        let offers = one_pass(&demands, agents, &[]);
        for agent in 0..agents {
            let here = offers.iter().filter(|offer| offer.agent == AgentId(agent));
            let used: Resources = here.map(|offer| offer.resources).sum();
            let free = amounts(AGENT, AGENT) - used;
            prop_assert!(demands.iter().all(|(needs, _)| !needs.fits_in(free)));
        }
    }

    /// On one agent, as long as all tasks fit, weighted dominant shares are never further apart
    /// than one task takes them.
    #[test]
    fn shares_stay_within_one_task(demands in demands(2..6)) {
        let offers = one_pass(&demands, 1, &[]);
        let even = while_all_fit(&offers, &demands);
        for made in 0..=even.len() {
            let now = &even[..made];
            for (i, (_, ahead)) in demands.iter().enumerate() {
                for (j, (_, behind)) in demands.iter().enumerate() {
                    let last = if tasks(now, i) > 0 { demands[i].0 } else { Resources::ZERO };
                    let before = dominant(held(now, i) - last);
                    let other = dominant(held(now, j));
                    let (ahead, behind) = (u64::from(*ahead), u64::from(*behind));
                    prop_assert!(before * behind <= other * ahead);
                }
            }
        }
    }

    /// Envy-freeness but for one task: as long as all tasks fit, nobody could run more tasks with
    /// what another of the same weight holds without its last task.
    #[test]
    fn nobody_envies_more_than_one_task(demands in demands(2..6)) {
        let equal: Vec<Demand> = demands.iter().map(|(needs, _)| (*needs, 1)).collect();
        let offers = one_pass(&equal, 1, &[]);
        let even = while_all_fit(&offers, &equal);
        for (i, (mine, _)) in equal.iter().enumerate() {
            for (j, (theirs, _)) in equal.iter().enumerate() {
                let Some(bundle) = held(even, j).checked_sub(*theirs) else { continue };
                prop_assert!(mine.times_in(bundle).unwrap() <= tasks(even, i) as u64);
            }
        }
    }

    /// Only the ratio of weights counts.
    #[test]
    fn weights_scale(demands in demands(1..6), agents in 1..8_u32, factor in 2..50_u32) {
        let scaled: Vec<Demand> = demands.iter().map(|(n, w)| (*n, w * factor)).collect();
        prop_assert_eq!(one_pass(&demands, agents, &[]), one_pass(&scaled, agents, &[]));
    }

    /// Who joined first, in one round, does not matter: order is by share and id.
    #[test]
    fn the_order_of_joining_does_not_matter(
        demands in demands(1..6),
        agents in 1..8_u32,
        keys in vec(any::<u8>(), 16),
    ) {
        prop_assert_eq!(one_pass(&demands, agents, &[]), one_pass(&demands, agents, &keys));
    }
}
