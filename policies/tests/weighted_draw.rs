//! The random policy draws by weight, as Mesos' random sorter does (`sorter_tests.cpp`, case 16).

use fairground_policies::allocators::Setup;
use fairground_policies::master::Master;
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, Offer, RoleId};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const ROUNDS: u32 = 20_000;

struct Cluster {
    master: Master,
    now: Time,
}

impl Cluster {
    fn new() -> Self {
        let setup = Setup {
            shares: Vec::new(),
            agents: 1,
            rng: ChaCha8Rng::seed_from_u64(16),
        };
        let name = "random[round=1s]".parse().unwrap();
        let (config, allocator) = Registry::default().allocator(&name, setup).unwrap();
        let mut cluster = Self {
            master: Master::new(config, allocator),
            now: Time::ZERO,
        };
        let (agent, total) = (AgentId(0), Resources::cores(1, 1));
        cluster.tell(Event::AgentJoined { agent, total });
        cluster
    }

    fn tell(&mut self, event: Event) -> Option<Offer> {
        let mut actions = Vec::new();
        self.master.step(self.now, event, &mut actions);
        actions.into_iter().find_map(|action| match action {
            Action::Offer(offer) => Some(offer),
            _ => None,
        })
    }

    fn join(&mut self, framework: u32, weight: u32, role: Option<u32>) {
        self.tell(Event::FrameworkJoined {
            framework: FrameworkId(framework),
            weight: weights(weight),
            role: role.map(RoleId),
        });
    }

    fn role(&mut self, role: u32, parent: Option<u32>, weight: u32) {
        self.tell(Event::RoleSet {
            role: RoleId(role),
            parent: parent.map(RoleId),
            weight: weights(weight),
        });
    }

    /// Who is offered the agent in the next round, which it declines for long.
    fn draw(&mut self) -> usize {
        self.now += Span::from_secs(1);
        let offer = self.tell(Event::TimePassed).expect("somebody wants it");
        self.tell(Event::OffersAnswered {
            framework: offer.framework,
            offers: vec![offer.id].into(),
            launch: Vec::new().into(),
            refuse: Span::from_secs(1_000_000),
        });
        offer.framework.index()
    }

    fn revive(&mut self, frameworks: u32) {
        for framework in (0..frameworks).map(FrameworkId) {
            self.tell(Event::Revived { framework });
        }
    }
}

fn weights(weight: u32) -> Weight {
    Weight::from_thousandths(weight * 1000).unwrap()
}

/// Within five hundredths of what is expected.
fn check(what: &str, counted: u32, expected: f64) {
    let found = f64::from(counted) / f64::from(ROUNDS);
    assert!(
        (found - expected).abs() < 0.05,
        "{what}: {found} for {expected}"
    );
}

#[test]
fn weights_are_drawn_without_replacement() {
    let mut cluster = Cluster::new();
    for framework in 0..5 {
        cluster.join(framework, framework + 1, None);
    }
    let (mut first, mut second) = ([0; 5], [0; 5]);
    for _ in 0..ROUNDS {
        first[cluster.draw()] += 1;
        second[cluster.draw()] += 1;
        cluster.revive(5);
    }
    for i in 0..5_u32 {
        let weight = f64::from(i + 1);
        check("first", first[i as usize], weight / 15.0);
        let others = (1..=5).filter(|other| *other != i + 1).map(f64::from);
        let after: f64 = others
            .map(|other| other / 15.0 * weight / (15.0 - other))
            .sum();
        check("second", second[i as usize], after);
    }
}

/// Of a(1){., b(2)} and c(2){d(1), e(2)}.
#[test]
fn a_tree_is_drawn_from_the_top() {
    let mut cluster = Cluster::new();
    for (role, parent, weight) in [
        (0, None, 1),
        (1, Some(0), 2),
        (2, None, 2),
        (3, Some(2), 1),
        (4, Some(2), 2),
    ] {
        cluster.role(role, parent, weight);
    }
    for (framework, role) in [0, 1, 3, 4].into_iter().enumerate() {
        cluster.join(framework as u32, 1, Some(role));
    }
    let mut drawn = [0; 4];
    for _ in 0..ROUNDS {
        drawn[cluster.draw()] += 1;
        cluster.revive(4);
    }
    for (counted, expected) in drawn.into_iter().zip([1.0, 2.0, 2.0, 4.0]) {
        check("the tree", counted, expected / 9.0);
    }
}
