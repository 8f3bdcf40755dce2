//! The master under any sequence of facts: valid ones, late ones and absurd ones.

use fairground_policies::message::{
    AgentId, Demand, Event, FrameworkId, Node, OfferId, Outcome, RoleId, TaskId, TaskRequest,
};
use fairground_policies::part::{AgentPart, Capabilities};
use fairground_policies::resources::{Milligpus, QuotaLimit, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::described::{attributes, constraints, speeds};
use crate::gangs::{Gang, gangs};
use crate::observer::{Observer, master};
use crate::played::POLICIES;

/// What happens next; indexes choose among what there is when it happens.
#[derive(Clone, Debug)]
enum Move {
    Fact(Event),
    Answer(Answer),
    /// Gangs on all open offers of one framework.
    Gangs(Index, Vec<Gang>, Span),
    /// A task that runs ends, or another one is said to have ended.
    End(Index, Outcome),
    Kill(Index),
    /// Some of an open offer is another part from now on.
    Change(Index, AgentPart, AgentPart, Resources),
    /// Something happens to a disk of a role; whether it is shared in the end.
    Disk(RoleId, AgentId, bool),
    /// The master is woken when it wants to be.
    Wake,
    /// The first round from now on is due.
    Round,
}

/// An answer to an open offer, and what is wrong with it.
#[derive(Clone, Debug)]
struct Answer {
    offer: Index,
    fault: Fault,
    launch: Vec<Resources>,
    refuse: Span,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// All open offers of the framework on the agent are answered together: no fault.
    Together,
    OtherAgents,
    Repeated,
    Stale,
    Unknown,
    WrongFramework,
}

fn names() -> impl Strategy<Value = String> {
    let policies = select(POLICIES.to_vec());
    let offers = select(vec!["agent", "task"]);
    let round = select(vec!["0s", "1s", "700ms"]);
    let timeout = select(vec!["", ",timeout=2s", ",timeout=100ms"]);
    (policies, offers, round, timeout).prop_map(|(policy, offers, round, timeout)| {
        let params = format!("offers={offers},round={round}{timeout}]");
        match policy.strip_suffix(']') {
            Some(open) => format!("{open},{params}"),
            None => format!("{policy}[{params}"),
        }
    })
}

fn agents() -> impl Strategy<Value = AgentId> {
    (0..6_u32).prop_map(AgentId)
}

fn frameworks() -> impl Strategy<Value = FrameworkId> {
    (0..5_u32).prop_map(FrameworkId)
}

fn roles() -> impl Strategy<Value = RoleId> {
    (0..6_u32).prop_map(RoleId)
}

fn totals() -> impl Strategy<Value = Resources> {
    select(vec![
        Resources::ZERO,
        Resources::cores(2, 8),
        Resources::cores(4, 16),
        Resources::cores(4, 4),
        Resources::cores(4, 16).with_gpus(Milligpus(1500)),
    ])
}

pub(crate) fn needs() -> impl Strategy<Value = Resources> {
    select(vec![
        Resources::ZERO,
        Resources::cores(1, 1),
        Resources::cores(1, 4),
        Resources::cores(2, 2),
        Resources::cores(0, 3),
        Resources::cores(1000, 1),
    ])
}

fn spans() -> impl Strategy<Value = Span> {
    let millis = select(vec![0, 1, 300, 1000, 5000, 3_600_000]);
    prop_oneof![
        9 => millis.prop_map(Span::from_millis),
        1 => Just(Span::from_micros(u64::MAX)),
    ]
}

fn facts() -> impl Strategy<Value = Event> {
    let weight = (1..5000_u32).prop_map(|w| Weight::from_thousandths(w).unwrap());
    prop_oneof![
        6 => (agents(), totals()).prop_map(|(agent, total)| Event::AgentJoined { agent, total }),
        2 => agents().prop_map(|agent| Event::AgentLost { agent }),
        5 => (frameworks(), weight.clone(), prop::option::of(roles()))
            .prop_map(|(framework, weight, role)| Event::FrameworkJoined { framework, weight, role }),
        2 => (roles(), needs(), vec(prop::option::of(0..9000_u64), 4)).prop_map(
            |(role, guarantee, limit)| Event::QuotaSet {
                role,
                guarantee,
                limit: QuotaLimit::from_units([limit[0], limit[1].map(|mem| mem / 500), None, limit[3]]),
            }
        ),
        2 => (roles(), prop::option::of(roles()), weight)
            .prop_map(|(role, parent, weight)| Event::RoleSet { role, parent, weight }),
        3 => (agents(), parts(), parts(), needs()).prop_map(|(agent, from, to, amount)| Event::PartChanged {
            agent,
            offer: None,
            from,
            to,
            amount,
        }),
        1 => (agents(), needs())
            .prop_map(|(agent, amount)| Event::RevocableEstimated { agent, amount }),
        2 => (frameworks(), capabilities()).prop_map(|(framework, capabilities)| {
            Event::CapabilitiesSet { framework, capabilities }
        }),
        2 => (agents(), attributes())
            .prop_map(|(agent, attributes)| Event::AgentDescribed { agent, attributes }),
        2 => (frameworks(), constraints()).prop_map(|(framework, constraints)| {
            Event::ConstraintsSet { framework, constraints }
        }),
        2 => (frameworks(), speeds())
            .prop_map(|(framework, speeds)| Event::SpeedsSet { framework, speeds }),
        1 => frameworks().prop_map(|framework| Event::FrameworkLeft { framework }),
        6 => (frameworks(), demand())
            .prop_map(|(framework, demand)| Event::DemandDeclared { framework, demand: demand.into() }),
        6 => (frameworks(), demand())
            .prop_map(|(framework, more)| Event::DemandGrew { framework, more: more.into() }),
        2 => frameworks().prop_map(|framework| Event::Revived { framework }),
        1 => frameworks().prop_map(|framework| Event::Suppressed { framework }),
        1 => (frameworks(), 0..50_u64).prop_map(|(framework, task)| Event::KillRequested {
            framework,
            task: TaskId(task),
        }),
    ]
}

/// Nobody's, reserved for a role or a framework, plainly or with something to know.
fn parts() -> impl Strategy<Value = AgentPart> {
    let asks = select(vec![
        Capabilities::NONE,
        Capabilities::NONE,
        Capabilities::REFINED,
    ]);
    let reserved = prop_oneof![
        3 => roles().prop_map(Node::Role),
        1 => roles().prop_map(Node::Members),
        1 => frameworks().prop_map(Node::Framework),
    ];
    prop_oneof![
        4 => Just(AgentPart::PLAIN),
        4 => (reserved, asks).prop_map(|(reserved, asks)| AgentPart {
            asks,
            ..AgentPart::reserved_for(reserved)
        }),
        1 => (0..2_u32).prop_map(AgentPart::disk),
    ]
}

/// What becomes of a disk, one after the other: it is a role's, then shared, then not any more; and a framework of
/// that role that knows of it.
fn disk(role: RoleId, agent: AgentId, ends_shared: bool) -> Vec<Event> {
    let framework = FrameworkId(role.0 % 5);
    let mut events = vec![
        Event::CapabilitiesSet {
            framework,
            capabilities: Capabilities::ALL,
        },
        Event::FrameworkJoined {
            framework,
            weight: Weight::ONE,
            role: Some(role),
        },
    ];
    let volume = Some(u32::from(ends_shared));
    let part = AgentPart {
        volume,
        ..AgentPart::reserved_for(role)
    };
    let shared = AgentPart {
        asks: Capabilities::SHARED,
        ..part
    };
    let mut stages = vec![AgentPart::PLAIN, part, shared];
    if !ends_shared {
        stages.push(part);
    }
    let change = |pair: &[AgentPart]| Event::PartChanged {
        agent,
        offer: None,
        from: pair[0],
        to: pair[1],
        amount: Resources::cores(1, 1),
    };
    events.extend(stages.windows(2).map(change));
    events
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    select(vec![
        Capabilities::NONE,
        Capabilities::REFINED,
        Capabilities::REVOCABLE,
        Capabilities::ALL,
        Capabilities::ALL,
    ])
}

fn demand() -> impl Strategy<Value = Vec<Demand>> {
    let one = || (needs(), 0..6_u32).prop_map(|(needs, count)| Demand { needs, count });
    prop_oneof![3 => vec(one(), 1), 2 => vec(one(), 0..5)]
}

fn answers() -> impl Strategy<Value = Answer> {
    let fault = prop_oneof![
        6 => Just(Fault::None),
        2 => Just(Fault::Together),
        1 => Just(Fault::OtherAgents),
        1 => Just(Fault::Repeated),
        1 => Just(Fault::Stale),
        1 => Just(Fault::Unknown),
        1 => Just(Fault::WrongFramework),
    ];
    (any::<Index>(), fault, vec(needs(), 0..4), spans()).prop_map(
        |(offer, fault, launch, refuse)| Answer {
            offer,
            fault,
            launch,
            refuse,
        },
    )
}

fn moves() -> impl Strategy<Value = Vec<(Span, Move)>> {
    let outcome = select(vec![Outcome::Finished, Outcome::Failed, Outcome::Killed]);
    let one = prop_oneof![
        8 => facts().prop_map(Move::Fact),
        8 => answers().prop_map(Move::Answer),
        4 => (any::<Index>(), gangs(), spans())
            .prop_map(|(offer, gangs, refuse)| Move::Gangs(offer, gangs, refuse)),
        4 => (any::<Index>(), outcome).prop_map(|(index, outcome)| Move::End(index, outcome)),
        1 => any::<Index>().prop_map(Move::Kill),
        2 => (any::<Index>(), parts(), parts(), needs())
            .prop_map(|(index, from, to, amount)| Move::Change(index, from, to, amount)),
        1 => (roles(), agents(), any::<bool>())
            .prop_map(|(role, agent, ends_shared)| Move::Disk(role, agent, ends_shared)),
        4 => Just(Move::Wake),
        2 => Just(Move::Round),
    ];
    let gap = select(vec![0, 0, 0, 1, 250, 1000, 6000]).prop_map(Span::from_millis);
    vec((gap, one), 1..60)
}

/// Plays moves, numbering tasks as frameworks do.
pub(crate) struct Player {
    pub(crate) observer: Observer,
    pub(crate) next_task: [u64; 8],
}

impl Player {
    fn play(&mut self, gap: Span, chosen: Move) {
        let observer = &mut self.observer;
        let now = observer.now + gap;
        match chosen {
            Move::Fact(event) => observer.tell(now, event),
            Move::Answer(answer) => {
                let event = self.answer(&answer);
                self.observer.tell(now, event);
            }
            Move::Gangs(offer, gangs, refuse) => {
                let event = self.gangs(offer, gangs, refuse);
                self.observer.tell(now, event);
            }
            Move::End(index, outcome) => {
                let event = ended(observer, index, outcome);
                observer.tell(now, event);
            }
            Move::Kill(index) => {
                let mut running = observer.running.keys().copied();
                let count = running.len();
                if count > 0 {
                    let (framework, task) = running.nth(index.index(count)).unwrap();
                    observer.tell(now, Event::KillRequested { framework, task });
                }
            }
            Move::Change(index, from, to, amount) => {
                let count = observer.open.len();
                if count > 0 {
                    let offer = *observer.open.values().nth(index.index(count)).unwrap();
                    let changed = Event::PartChanged {
                        agent: offer.agent,
                        offer: Some(offer.id),
                        from,
                        to,
                        amount,
                    };
                    observer.tell(now, changed);
                }
            }
            Move::Disk(role, agent, ends_shared) => {
                for event in disk(role, agent, ends_shared) {
                    observer.tell(now, event);
                }
            }
            Move::Wake => {
                let wake = observer.master.wake_at().unwrap_or(now);
                // Not to the end of time, where filters of any length end.
                if wake < Time::from_secs(1_000_000) {
                    observer.tell(wake, Event::TimePassed);
                }
            }
            Move::Round => {
                let after = observer.now + Span::from_micros(1);
                let round = observer.config.round;
                observer.tell(after.round_up(round), Event::TimePassed);
                observer.check_nothing_wanted_is_idle();
            }
        }
        let observer = &mut self.observer;
        if observer.config.round.is_zero() {
            if observer.master.wake_at() == Some(observer.now) {
                observer.tell(observer.now, Event::TimePassed);
            }
            observer.check_nothing_wanted_is_idle();
        }
    }

    fn answer(&mut self, answer: &Answer) -> Event {
        let open = &self.observer.open;
        let mut framework = FrameworkId(0);
        let mut offers = vec![OfferId(self.observer.next_offer + 3)];
        if !open.is_empty() {
            let (id, offer) = open.iter().nth(answer.offer.index(open.len())).unwrap();
            framework = offer.framework;
            let mine = open.values().filter(|other| other.framework == framework);
            offers = match answer.fault {
                Fault::None | Fault::WrongFramework => vec![*id],
                Fault::Together => mine
                    .filter(|o| o.agent == offer.agent)
                    .map(|o| o.id)
                    .collect(),
                Fault::OtherAgents => mine.map(|o| o.id).collect(),
                Fault::Repeated => vec![*id, *id],
                Fault::Stale => vec![OfferId(id.0 / 2), *id],
                Fault::Unknown => vec![*id, OfferId(u64::MAX)],
            };
        }
        if let Fault::WrongFramework = answer.fault {
            framework = FrameworkId((framework.0 + 1) % 7);
        }
        let launch = answer.launch.iter().map(|needs| {
            let task = TaskId(self.next_task[framework.index()]);
            self.next_task[framework.index()] += 1;
            TaskRequest {
                task,
                needs: *needs,
            }
        });
        Event::OffersAnswered {
            framework,
            offers: offers.into(),
            launch: launch.collect(),
            refuse: answer.refuse,
        }
    }
}

/// A task that runs ended, one time in four on an agent it does not run on.
fn ended(observer: &Observer, index: Index, outcome: Outcome) -> Event {
    let count = observer.running.len();
    let chosen = observer.running.iter().nth(index.index(count + 1));
    let nobody = ((FrameworkId(9), TaskId(9)), AgentId(9));
    let ((framework, task), mut agent) = chosen.map_or(nobody, |(key, agent)| (*key, *agent));
    if index.index(4) == 0 {
        agent = AgentId(agent.0 + 1);
    }
    Event::TaskEnded {
        agent,
        framework,
        task,
        outcome,
    }
}

proptest! {
    #![proptest_config(crate::many())]

    /// Offers end once, tasks are reported once, books agree, nothing wanted is idle, and the
    /// same facts give the same orders.
    #[test]
    fn the_laws_hold(name in names(), moves in moves()) {
        let observer = Observer::new(&name);
        let mut player = Player { observer, next_task: [0; 8] };
        for (gap, chosen) in moves {
            player.play(gap, chosen);
        }
        let mut observer = player.observer;
        for agent in 0..6 {
            observer.tell(observer.now, Event::AgentLost { agent: AgentId(agent) });
        }
        prop_assert!(observer.open.is_empty(), "an offer did not end");
        prop_assert!(observer.running.is_empty(), "a task was not reported");
        let (_, mut again) = master(&name);
        for (told, event, actions) in observer.log {
            let mut repeated = Vec::new();
            again.step(told, event, &mut repeated);
            prop_assert_eq!(actions, repeated);
        }
    }

    /// A fact that is told late counts as the present: time does not run backwards.
    #[test]
    fn an_earlier_time_counts_as_now(name in names(), moves in moves(), back in 0..9_000_000_u64) {
        let observer = Observer::new(&name);
        let mut player = Player { observer, next_task: [0; 8] };
        for (gap, chosen) in moves {
            player.play(gap, chosen);
        }
        let (_, mut honest) = master(&name);
        let (_, mut late) = master(&name);
        let mut present = Time::ZERO;
        for (told, event, _) in player.observer.log {
            let earlier = if told <= present {
                Time::from_micros(present.as_micros().saturating_sub(back))
            } else {
                told
            };
            present = present.max(told);
            let (mut actions, mut repeated) = (Vec::new(), Vec::new());
            honest.step(present, event.clone(), &mut actions);
            late.step(earlier, event, &mut repeated);
            prop_assert_eq!(actions, repeated);
        }
    }
}
