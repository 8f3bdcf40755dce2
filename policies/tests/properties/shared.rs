//! Shared offers: who is offered what, what is in conflict, and that nobody has what another has, counted again.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::master::{Commit, Conflict};
use fairground_policies::message::{
    Action, AgentId, Event, FrameworkId, Offer, OfferId, Outcome, TaskId, TaskRequest,
};
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::master::needs;
use crate::observer::master;

#[derive(Clone, Debug)]
enum Move {
    Agent(u32, u64),
    Lose(u32),
    Join(u32),
    Leave(u32),
    Suppress(u32),
    /// An open offer is answered, alone or with all others of its agent: what is launched on it, and whether the rest is
    /// refused.
    Answer(Index, bool, Vec<Resources>, bool),
    End(Index),
    Later(u64),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => (0..4_u32, 1..5_u64).prop_map(|(agent, cores)| Move::Agent(agent, cores)),
        1 => (0..4_u32).prop_map(Move::Lose),
        3 => (0..4_u32).prop_map(Move::Join),
        1 => (0..4_u32).prop_map(Move::Leave),
        1 => (0..4_u32).prop_map(Move::Suppress),
        8 => (any::<Index>(), any::<bool>(), vec(needs(), 0..4), any::<bool>())
            .prop_map(|(offer, all, launch, refuses)| Move::Answer(offer, all, launch, refuses)),
        4 => any::<Index>().prop_map(Move::End),
        2 => (0..3000_u64).prop_map(Move::Later),
    ]
}

fn names() -> impl Strategy<Value = String> {
    let policies = select(vec![
        "drf", "fair", "fifo", "random", "lottery", "asset", "choosy",
    ]);
    let conflict = select(vec!["fit", "sequence"]);
    let commit = select(vec!["each", "all"]);
    let round = select(vec!["0s", "1s"]);
    (policies, conflict, commit, round).prop_map(|(policy, conflict, commit, round)| {
        format!("{policy}[offers=shared,conflict={conflict},commit={commit},round={round}]")
    })
}

/// What of an agent was seen: what is free there, and how often anything started or ended.
#[derive(Default)]
struct Seen {
    free: Resources,
    changes: u64,
}

#[derive(Default)]
struct Books {
    agents: BTreeMap<AgentId, Seen>,
    /// Open offers, and how often anything had changed on their agents when they were made.
    open: BTreeMap<OfferId, (Offer, u64)>,
    tasks: BTreeMap<(FrameworkId, TaskId), (AgentId, Resources)>,
    next_task: u64,
}

impl Books {
    /// What becomes of each task that is launched on offers of one agent, by the rules.
    fn starts(
        &self,
        shown: &[(Offer, u64)],
        launch: &[TaskRequest],
        (conflict, commit): (Conflict, Commit),
    ) -> Vec<bool> {
        let agent = &self.agents[&shown[0].0.agent];
        let resources: Resources = shown.iter().map(|(offer, _)| offer.resources).sum();
        let newest = shown.iter().map(|(_, changes)| *changes).max();
        let mut left = resources.min(agent.free);
        let all: Resources = launch.iter().map(|one| one.needs).sum();
        let stale = conflict == Conflict::Sequence && Some(agent.changes) != newest;
        if stale || (commit == Commit::All && !all.fits_in(left)) {
            left = Resources::ZERO;
        }
        let mut starts = |one: &TaskRequest| {
            let fits = !one.needs.is_zero() && one.needs.fits_in(left);
            if fits {
                left -= one.needs;
            }
            fits
        };
        launch.iter().map(&mut starts).collect()
    }

    /// What open offers of an agent show a framework.
    fn seen(&self, framework: FrameworkId, agent: AgentId) -> Resources {
        let open = self.open.values();
        let mine = open.filter(|(one, _)| (one.framework, one.agent) == (framework, agent));
        mine.map(|(one, _)| one.resources).sum()
    }

    fn follow(&mut self, actions: &[Action]) {
        for action in actions {
            match *action {
                Action::Offer(offer) => {
                    let agent = &self.agents[&offer.agent];
                    let seen = self.seen(offer.framework, offer.agent);
                    let new = agent.free.saturating_sub(seen);
                    assert_eq!(
                        offer.resources, new,
                        "all that is free and not seen is offered"
                    );
                    self.open.insert(offer.id, (offer, agent.changes));
                }
                Action::Rescind { offer, .. } => {
                    self.open.remove(&offer).expect("an open offer");
                }
                Action::Launch {
                    agent,
                    framework,
                    task,
                    needs,
                } => {
                    let seen = self.agents.get_mut(&agent).expect("an agent");
                    seen.free = seen.free.checked_sub(needs).expect("free");
                    seen.changes += 1;
                    self.tasks.insert((framework, task), (agent, needs));
                }
                Action::Report {
                    framework,
                    task,
                    outcome,
                } => {
                    if let Some((agent, needs)) = self.tasks.remove(&(framework, task))
                        && outcome != Outcome::Lost
                    {
                        let seen = self.agents.get_mut(&agent).expect("an agent");
                        seen.free += needs;
                        seen.changes += 1;
                    }
                }
                Action::Kill { .. } => {}
                ref other => panic!("ordered {other:?}"),
            }
        }
    }
}

fn one_of<K: Copy, V: Copy>(map: &BTreeMap<K, V>, index: Index) -> Option<(K, V)> {
    let all: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
    (!all.is_empty()).then(|| *index.get(&all))
}

proptest! {
    #[test]
    fn shared_offers_hold_nothing_and_conflicts_are_what_the_rules_say(
        name in names(),
        moves in vec(moves(), 1..80),
    ) {
        let (config, mut core) = master(&name);
        let mut books = Books::default();
        let mut now = Time::ZERO;
        // Who wants no offers, and who ever refused any of an agent.
        let (mut suppressed, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for one in moves {
            let mut starts = Vec::new();
            let event = match one {
                Move::Agent(agent, cores) => {
                    let agent = AgentId(agent);
                    if books.agents.contains_key(&agent) {
                        continue;
                    }
                    let total = Resources::cores(cores, 2 * cores);
                    books.agents.insert(agent, Seen { free: total, changes: 0 });
                    Event::AgentJoined { agent, total }
                }
                Move::Lose(agent) => Event::AgentLost { agent: AgentId(agent) },
                Move::Join(framework) if core.ledger().is_joined(FrameworkId(framework)) => continue,
                Move::Join(framework) => {
                    suppressed.remove(&FrameworkId(framework));
                    Event::FrameworkJoined {
                        framework: FrameworkId(framework),
                        weight: Weight::ONE,
                        role: None,
                    }
                }
                Move::Leave(framework) => Event::FrameworkLeft { framework: FrameworkId(framework) },
                Move::Suppress(framework) => {
                    suppressed.insert(FrameworkId(framework));
                    Event::Suppressed { framework: FrameworkId(framework) }
                }
                Move::Answer(index, together, launch, refuses) => {
                    let Some((id, one)) = one_of(&books.open, index) else { continue };
                    let (framework, agent) = (one.0.framework, one.0.agent);
                    let is_one = |other: &OfferId, (offer, _): &mut (Offer, u64)| {
                        *other == id || (together && (offer.framework, offer.agent) == (framework, agent))
                    };
                    let answered: Vec<_> = books.open.extract_if(.., is_one).collect();
                    let (ids, shown): (Vec<_>, Vec<_>) = answered.into_iter().unzip();
                    let request = |needs| {
                        books.next_task += 1;
                        TaskRequest { task: TaskId(books.next_task), needs }
                    };
                    let launch: Vec<_> = launch.into_iter().map(request).collect();
                    starts = books.starts(&shown, &launch, (config.conflict, config.commit));
                    if refuses {
                        refused.insert((framework, agent));
                    }
                    Event::OffersAnswered {
                        framework,
                        offers: ids.into(),
                        launch: launch.into(),
                        refuse: if refuses { Span::from_secs(1) } else { Span::ZERO },
                    }
                }
                Move::End(index) => {
                    let Some(((framework, task), (agent, _))) = one_of(&books.tasks, index) else { continue };
                    Event::TaskEnded { agent, framework, task, outcome: Outcome::Finished }
                }
                Move::Later(millis) => {
                    now += Span::from_millis(millis);
                    Event::TimePassed
                }
            };
            let lost = match event {
                Event::AgentLost { agent } => Some(agent),
                _ => None,
            };
            let mut actions = Vec::new();
            core.step(now, event, &mut actions);
            core.check();
            let told = actions.iter().filter_map(|action| match action {
                Action::Launch { .. } => Some(true),
                Action::Report { outcome: Outcome::Lost, .. } => Some(false),
                _ => None,
            });
            if lost.is_none() {
                let told: Vec<bool> = told.collect();
                prop_assert_eq!(told, starts, "{}", name);
            }
            books.follow(&actions);
            if let Some(agent) = lost {
                books.agents.remove(&agent);
            }
            // Woken as often as it wants to be by now, it leaves nobody without an offer who wants one.
            while core.wake_at().is_some_and(|at| at <= now) {
                let mut actions = Vec::new();
                core.step(now, Event::TimePassed, &mut actions);
                core.check();
                books.follow(&actions);
            }
            prop_assert!(core.ledger().offers().next().is_none(), "an offer holds something");
            for (agent, seen) in &books.agents {
                prop_assert_eq!(core.ledger().free(*agent), seen.free);
                for framework in core.ledger().frameworks() {
                    let quiet = suppressed.contains(&framework) || refused.contains(&(framework, *agent));
                    let offered = seen.free.fits_in(books.seen(framework, *agent));
                    let waits = config.round != Span::ZERO || quiet || seen.free.is_zero();
                    prop_assert!(offered || waits, "{} is not shown all of {}", framework, agent);
                }
            }
        }
    }
}
