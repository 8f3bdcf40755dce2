//! Who takes from whom comes to an end, whatever the policy says: what others made room for is not taken back for them.
//!
//! The policy here takes anything from anybody as long as it is let, and every task that goes wants to start again at once:
//! without that law two of its frameworks take from each other for ever.

use fairground_policies::allocators::{Allocator, Context, Rank, Reclaim};
use fairground_policies::ledger::{LaunchedTask, Node};
use fairground_policies::master::{Config, Master, OfferSize};
use fairground_policies::message::{
    Action, AgentId, Demand, Event, FrameworkId, Outcome, TaskId, TaskRequest,
};
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::share::{Share, Weight};
use fairground_policies::time::{Span, Time};
use proptest::collection::vec;
use proptest::prelude::*;

struct Snatch;

impl Allocator for Snatch {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }

    fn reclaims(&self) -> bool {
        true
    }

    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let of_others = |agent| -> Vec<LaunchedTask> {
            let mut tasks: Vec<LaunchedTask> = ledger.started(agent).collect();
            tasks.retain(|one| one.framework != to);
            tasks.sort_by_key(|one| (one.framework, one.task));
            tasks
        };
        let on = |agent| Reclaim::enough(ledger, (to, needs), agent, &of_others(agent), Span::ZERO);
        ledger.agents().find_map(on)
    }
}

/// Carries out what the master orders until it orders nothing more; how often something was taken back, or `None` where
/// that did not come to an end.
fn taken(sizes: &[Resources], agents: &[Resources]) -> Option<u64> {
    let config = Config {
        offers: OfferSize::Task,
        declares: true,
        reclaims: true,
        ..Config::default()
    };
    let mut master = Master::new(config, Box::new(Snatch));
    // What frameworks and agents answer, before whoever comes next.
    let mut answered: Vec<Event> = Vec::new();
    let mut facts: Vec<Event> = Vec::new();
    for (id, total) in agents.iter().enumerate() {
        facts.push(Event::AgentJoined {
            agent: AgentId(id as u32),
            total: *total,
        });
    }
    for (id, needs) in sizes.iter().enumerate() {
        let framework = FrameworkId(id as u32);
        facts.push(Event::FrameworkJoined {
            framework,
            weight: Weight::ONE,
            role: None,
        });
        facts.push(demand(framework, *needs));
    }
    facts.reverse();
    let most = 50 * agents.iter().map(|one| one.of(Kind::Mem)).sum::<u64>();
    let mut next = 0;
    loop {
        let woken = master.wake_at() == Some(Time::ZERO);
        let passed = || woken.then_some(Event::TimePassed);
        let Some(event) = answered.pop().or_else(passed).or_else(|| facts.pop()) else {
            return Some(master.ledger().preemptions().made);
        };
        let mut orders = Vec::new();
        master.step(Time::ZERO, event, &mut orders);
        master.check();
        for order in orders {
            answered.extend(answers(&order, &mut next, sizes));
        }
        if master.ledger().preemptions().made > most {
            return None;
        }
    }
}

fn demand(framework: FrameworkId, needs: Resources) -> Event {
    let demand = vec![Demand { needs, count: 1000 }].into();
    Event::DemandDeclared { framework, demand }
}

fn answers(order: &Action, next: &mut u64, sizes: &[Resources]) -> Vec<Event> {
    match order {
        Action::Offer(offer) => {
            *next += 1;
            let needs = offer.resources;
            vec![Event::OffersAnswered {
                framework: offer.framework,
                offers: vec![offer.id].into(),
                launch: vec![TaskRequest {
                    task: TaskId(*next),
                    needs,
                }]
                .into(),
                refuse: Span::ZERO,
            }]
        }
        Action::Preempt {
            agent,
            framework,
            task,
            ..
        } => vec![
            demand(*framework, sizes[framework.index()]),
            Event::TaskEnded {
                agent: *agent,
                framework: *framework,
                task: *task,
                outcome: Outcome::Killed,
            },
        ],
        _ => Vec::new(),
    }
}

fn size() -> impl Strategy<Value = Resources> {
    (1_u64..=4, 1_u64..=4).prop_map(|(cpus, mem)| Resources::cores(cpus, mem))
}

proptest! {
    #[test]
    fn taking_comes_to_an_end(sizes in vec(size(), 1..5), agents in vec(size(), 1..4)) {
        let agents: Vec<Resources> = agents.iter().map(|one| one.times(2)).collect();
        prop_assert!(taken(&sizes, &agents).is_some());
    }
}

/// One is taken from the other and keeps what it has: the law allows that once.
#[test]
fn two_that_want_the_same_room_take_it_once() {
    let one = Resources::cores(1, 1);
    assert_eq!(taken(&[one, one], &[one]), Some(1));
    assert_eq!(taken(&[one, one, one], &[one]), Some(2));
}
