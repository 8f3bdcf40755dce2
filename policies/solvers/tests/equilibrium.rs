//! The policy in a master: the running example of DRF's paper, ten times as large so that tasks are small.

use fairground_policies::allocators::Setup;
use fairground_policies::master::Master;
use fairground_policies::message::{AgentId, Demand, Event, FrameworkId};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::Time;
use fairground_solvers::with_solvers;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// 90 CPUs and 180 GB, tasks of A take 1 and 4, of B 3 and 1: 450/11 and 180/11 tasks; DRF would give 30 and 20.
#[test]
fn offers_follow_the_equilibrium() {
    let setup = Setup {
        shares: Vec::new(),
        agents: 1,
        rng: ChaCha8Rng::seed_from_u64(0),
    };
    let name = "ceei[offers=task]".parse().unwrap();
    let registry = with_solvers(Registry::default());
    let (config, allocator) = registry.allocator(&name, setup).unwrap();
    let mut master = Master::new(config, allocator);
    let mut tell = |event| master.step(Time::ZERO, event, &mut Vec::new());
    for (id, needs) in [(0, Resources::cores(1, 4)), (1, Resources::cores(3, 1))] {
        let framework = FrameworkId(id);
        let (weight, role) = (Weight::ONE, None);
        tell(Event::FrameworkJoined {
            framework,
            weight,
            role,
        });
        let demand = vec![Demand { needs, count: 1000 }];
        tell(Event::DemandDeclared {
            framework,
            demand: demand.into(),
        });
    }
    let (agent, total) = (AgentId(0), Resources::cores(90, 180));
    tell(Event::AgentJoined { agent, total });
    tell(Event::TimePassed);
    let offers = |id| master.ledger().open_offers(FrameworkId(id));
    let (a, b) = (offers(0), offers(1));
    assert!(
        (40..=41).contains(&a) && (16..=17).contains(&b),
        "{a} and {b}"
    );
}
