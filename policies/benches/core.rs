//! What the core costs: the ledger's changes, the comparison of shares, one decision, one pass.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use fairground_policies::allocators::Setup;
use fairground_policies::master::Master;
use fairground_policies::message::{
    Action, AgentId, Demand, Event, FrameworkId, Offer, Outcome, TaskId, TaskRequest,
};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const AGENT: Resources = Resources::cores(16, 65_536);
const TASK: Resources = Resources::cores(1, 4096);
/// The time of the first round after the one at the start.
const ROUND: Time = Time::from_secs(1);

fn master(policy: &str) -> Master {
    let setup = Setup {
        shares: vec![1, 1],
        agents: 0,
        rng: ChaCha8Rng::seed_from_u64(0),
    };
    let name = policy.parse().expect("a name");
    let (config, allocator) = Registry::default()
        .allocator(&name, setup)
        .expect("a policy");
    Master::new(config, allocator)
}

fn tell(master: &mut Master, now: Time, event: Event) -> Vec<Action> {
    let mut actions = Vec::new();
    master.step(now, event, &mut actions);
    actions
}

/// What follows from a fact by the end of its instant.
fn settle(master: &mut Master, now: Time, event: Event) -> Vec<Action> {
    let mut actions = tell(master, now, event);
    actions.extend(tell(master, now, Event::TimePassed));
    actions
}

/// A cluster in which nothing was offered yet: the first round is due.
fn cluster(policy: &str, agents: u32, frameworks: u32) -> Master {
    let mut master = master(policy);
    for framework in (0..frameworks).map(FrameworkId) {
        let weight = Weight::ONE;
        let joined = Event::FrameworkJoined {
            framework,
            weight,
            role: None,
        };
        tell(&mut master, Time::ZERO, joined);
    }
    for agent in (0..agents).map(AgentId) {
        let total = AGENT;
        tell(&mut master, Time::ZERO, Event::AgentJoined { agent, total });
    }
    master
}

fn answer(offer: &Offer, launch: Vec<TaskRequest>) -> Event {
    Event::OffersAnswered {
        framework: offer.framework,
        offers: vec![offer.id].into(),
        launch: launch.into(),
        refuse: Span::ZERO,
    }
}

/// The offer that answers an answer: the same agent comes back at once.
fn next(actions: &[Action]) -> Offer {
    let Some(Action::Offer(offer)) = actions.last() else {
        panic!("an offer follows")
    };
    *offer
}

fn ledger(c: &mut Criterion) {
    let mut master = cluster("drf", 1, 1);
    tell(&mut master, Time::ZERO, Event::TimePassed);
    let mut offer = master.ledger().offers().next().expect("an offer");
    c.bench_function("close and open an offer", |b| {
        b.iter(|| {
            let actions = settle(&mut master, Time::ZERO, answer(&offer, Vec::new()));
            offer = next(&actions);
        });
    });
    let mut task = 0;
    c.bench_function("launch and end a task", |b| {
        b.iter(|| {
            let framework = offer.framework;
            let request = TaskRequest {
                task: TaskId(task),
                needs: AGENT,
            };
            tell(&mut master, Time::ZERO, answer(&offer, vec![request]));
            let ended = Event::TaskEnded {
                agent: offer.agent,
                framework,
                task: TaskId(task),
                outcome: Outcome::Finished,
            };
            offer = next(&settle(&mut master, Time::ZERO, ended));
            task += 1;
        });
    });
}

fn pass(c: &mut Criterion) {
    let mut group = c.benchmark_group("one pass over 10 000 free agents, 50 frameworks");
    group.sample_size(20);
    for policy in ["drf[round=1s]", "fifo[round=1s]", "random[round=1s]"] {
        group.bench_function(policy, |b| {
            b.iter_batched(
                || cluster(policy, 10_000, 50),
                |mut master| {
                    let actions = tell(&mut master, ROUND, Event::TimePassed);
                    assert_eq!(actions.len(), 10_000);
                    master
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn decision(c: &mut Criterion) {
    for tasks in ["agent", "task"] {
        let policy = format!("drf[offers={tasks}]");
        let mut master = cluster(&policy, 100, 1000);
        for framework in (0..1000).map(FrameworkId) {
            let (needs, count) = (TASK, 1000);
            let demand = vec![Demand { needs, count }].into();
            let declared = Event::DemandDeclared { framework, demand };
            tell(&mut master, Time::ZERO, declared);
        }
        tell(&mut master, Time::ZERO, Event::TimePassed);
        let mut offer = master.ledger().offers().next().expect("an offer");
        c.bench_function(&format!("one decision of 1000 frameworks, {policy}"), |b| {
            b.iter(|| {
                let actions = settle(&mut master, Time::ZERO, answer(&offer, Vec::new()));
                offer = next(&actions);
            });
        });
    }
}

fn shares(c: &mut Criterion) {
    let total = Resources::cores(160_000, 655_360_000);
    let weight = Weight::from_thousandths(1500).expect("a weight");
    c.bench_function("compare two weighted dominant shares", |b| {
        b.iter(|| {
            let [one, other] = black_box([AGENT, TASK]);
            let left = one.dominant_share(total).weighted(weight);
            let right = other.dominant_share(total).weighted(weight);
            black_box(left < right)
        });
    });
}

criterion_group!(benches, ledger, pass, decision, shares);
criterion_main!(benches);
