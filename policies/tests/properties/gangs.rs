//! Gangs among the moves of the master's properties, and what the onlooker makes of them.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::message::{
    Action, AgentAnswer, AgentId, Event, FrameworkId, GangPlace, GangRequest, OfferId, TaskId,
    TaskRequest,
};
use fairground_policies::resources::Resources;
use fairground_policies::time::Span;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::master::{Player, needs};
use crate::observer::Observer;

/// What one of a gang takes, how many of it are to be where, and whether that is nonsense.
pub(crate) type Gang = (Resources, Vec<u32>, bool);

pub(crate) fn gangs() -> impl Strategy<Value = Vec<Gang>> {
    let gang = (needs(), vec(0..3_u32, 1..4), prop::bool::weighted(0.1));
    vec(gang, 1..3)
}

/// The single tasks that a gang is, to its demand.
pub(crate) fn units(gang: &GangRequest) -> impl Iterator<Item = TaskRequest> {
    let (task, needs) = (gang.task, gang.needs);
    let units = gang.places.iter().map(|place| place.units).sum();
    (0..units).map(move |_| TaskRequest { task, needs })
}

impl Player {
    /// Gangs on all that a framework is offered: a gang that would be nowhere is on one agent.
    pub(crate) fn gangs(&mut self, offer: Index, gangs: Vec<Gang>, refuse: Span) -> Event {
        let open = &self.observer.open;
        let chosen = open.values().nth(offer.index(open.len().max(1)));
        let framework = chosen.map_or(FrameworkId(0), |offer| offer.framework);
        let mut answers: BTreeMap<AgentId, AgentAnswer> = BTreeMap::new();
        for offer in open.values().filter(|open| open.framework == framework) {
            let answer = answers.entry(offer.agent).or_insert_with(|| AgentAnswer {
                offers: Vec::new(),
                refuse,
            });
            answer.offers.push(offer.id);
        }
        let agents: Vec<AgentId> = answers.keys().copied().collect();
        let request = |(needs, units, nonsense): Gang| {
            let task = TaskId(self.next_task[framework.index()]);
            self.next_task[framework.index()] += 1;
            let place = |(at, units): (usize, &u32)| GangPlace {
                agent: match agents.get(at) {
                    Some(agent) if !nonsense => *agent,
                    _ => AgentId(at as u32 / 2),
                },
                units: *units,
            };
            let mut places: Vec<_> = units.iter().enumerate().map(place).collect();
            places.retain(|place| nonsense || place.units > 0);
            GangRequest {
                task,
                needs,
                places,
            }
        };
        Event::GangsPlaced {
            framework,
            gangs: gangs.into_iter().map(request).collect(),
            answers: answers.into_values().collect(),
        }
    }
}

impl Observer {
    pub(crate) fn take_off(&mut self, framework: FrameworkId, launch: &[TaskRequest]) {
        if let Some(wants) = self.wanted.get_mut(&framework) {
            for request in launch {
                wants.take_off(request.needs);
            }
        }
    }

    /// Offers of several agents are answered together; what is asked for is to be launched or reported.
    pub(crate) fn follow_gangs(
        &mut self,
        event: &Event,
        actions: &[Action],
        asked: &mut BTreeSet<(FrameworkId, TaskId)>,
    ) {
        if let Event::GangsPlaced {
            framework,
            answers,
            gangs,
        } = event
        {
            self.placed(*framework, answers, gangs, actions);
            if self.known.contains(framework) {
                asked.extend(gangs.iter().map(|gang| (*framework, gang.task)));
                for request in gangs.iter().flat_map(units) {
                    self.take_off(*framework, &[request]);
                }
            }
        }
    }

    pub(crate) fn launched_gang(
        &mut self,
        action: &Action,
        asked: &mut BTreeSet<(FrameworkId, TaskId)>,
    ) {
        let Action::LaunchGang { framework, gang } = action else {
            return;
        };
        let (framework, places) = (*framework, &gang.places);
        let (task, needs) = (gang.task, gang.needs);

        assert!(asked.remove(&(framework, task)), "launched unasked");
        self.running.insert((framework, task), places[0].agent);
        let held = places
            .iter()
            .map(|place| (place.agent, needs.times(place.units.into())));
        self.gangs.insert((framework, task), held.collect());
    }

    /// Offers of several agents end, and what is left of each is refused.
    pub(crate) fn placed(
        &mut self,
        framework: FrameworkId,
        answers: &[AgentAnswer],
        gangs: &[GangRequest],
        actions: &[Action],
    ) {
        for answer in answers {
            let mine = |id: &&OfferId| self.open.contains_key(id);
            assert!(answer.offers.iter().all(|id| mine(&id)), "all are open");
            let agent = self.open[&answer.offers[0]].agent;
            // Those that are launched, as what a single agent's answer launches there.
            let launched = actions.iter().filter_map(|action| match action {
                Action::Launch { task, .. } => Some(*task),
                Action::LaunchGang { gang, .. } => Some(gang.task),
                _ => None,
            });
            let launched: Vec<TaskId> = launched.collect();
            let here = |gang: &GangRequest| {
                let place = gang.places.iter().find(|place| place.agent == agent)?;
                let needs = gang.needs.times(place.units.into());
                Some(Action::Launch {
                    agent,
                    framework,
                    task: gang.task,
                    needs,
                })
            };
            let gangs = gangs.iter().filter(|gang| launched.contains(&gang.task));
            let taken_back = actions
                .iter()
                .filter(|action| matches!(action, Action::Rescind { .. }));
            let alone: Vec<Action> = gangs.filter_map(here).chain(taken_back.cloned()).collect();
            self.answered(framework, &answer.offers, &alone, answer.refuse);
        }
    }

    /// The ledger has what gangs hold where it was launched.
    pub(crate) fn compare_gangs(&self) {
        let ledger = self.master.ledger();
        for (&(framework, task), places) in &self.gangs {
            for (agent, held) in places {
                let booked = ledger.held_on(framework, task, *agent);
                assert_eq!(booked, Some(*held), "{framework} {task} on {agent}");
            }
        }
    }
}
