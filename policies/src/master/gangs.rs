//! Gangs: one task on several agents, launched on offers of all of them at once.

use std::collections::BTreeMap;

use super::Master;
use crate::ledger::{ReleasedParts, TaskPart};
use crate::message::{Action, AgentAnswer, AgentId, FrameworkId, GangRequest, Outcome};
use crate::part::draw;
use crate::resources::Resources;
use crate::time::Span;

/// What the offers of one agent held that are answered together.
#[derive(Default, Debug)]
struct Room {
    left: Resources,
    held: ReleasedParts,
    refuse: Span,
}

type Rooms = BTreeMap<AgentId, Room>;

impl Master {
    /// Answers offers of several agents together. As with one agent's, one bad offer spoils the whole answer.
    pub(super) fn gangs_placed(
        &mut self,
        framework: FrameworkId,
        answers: &[AgentAnswer],
        gangs: &[GangRequest],
        actions: &mut Vec<Action>,
    ) {
        let (mut rooms, mut spoilt, mut reclaimed) = (Rooms::new(), false, 0);
        for answer in answers {
            for id in &answer.offers {
                let Some(offer) = self.ledger.open_offer(framework, *id) else {
                    spoilt = true;
                    continue;
                };
                let room = rooms.entry(offer.agent).or_default();
                reclaimed += u32::from(self.close_offer(offer.id, &mut room.held).reclaimed);
                room.left += offer.resources;
                room.refuse = answer.refuse;
            }
        }
        if spoilt {
            for room in rooms.values_mut() {
                room.left = Resources::ZERO;
                room.held.portions.clear();
            }
        }
        let mut launched = 0;
        for gang in gangs {
            if !self.ledger.is_fresh(framework, gang.task) {
                continue;
            }
            let parts = take(gang, &mut rooms);
            if parts.is_empty() {
                self.ledger.refuse_task(framework, gang.task);
                actions.push(Action::Report {
                    framework,
                    task: gang.task,
                    outcome: Outcome::Lost,
                });
            } else {
                launched += 1;
                self.launch_gang(framework, gang, parts, &rooms, actions);
            }
            for place in &gang.places {
                let demand = self.ledger.demand_mut(framework);
                demand.launched(gang.needs, place.units);
            }
        }
        for one in 0..reclaimed {
            self.ledger.count_reclaimed(framework, one < launched);
        }
        for (agent, room) in rooms {
            if !room.left.is_zero() && !room.refuse.is_zero() {
                let free = self.ledger.free(agent);
                let until = self.now + room.refuse;
                self.filters.add(framework, agent, (room.left, free), until);
            }
            self.note_change(agent);
        }
        self.rank(framework);
    }

    fn launch_gang(
        &mut self,
        framework: FrameworkId,
        gang: &GangRequest,
        parts: Vec<TaskPart>,
        rooms: &Rooms,
        actions: &mut Vec<Action>,
    ) {
        for (i, part) in parts.into_iter().enumerate() {
            let agent = part.agent;
            if i == 0 {
                self.ledger.launch(framework, gang.task, part);
            } else {
                self.ledger.launch_elsewhere(framework, gang.task, part);
            }
            let along = &rooms[&agent].held.along;
            self.ledger
                .share_with_task(framework, agent, gang.task, along);
        }
        actions.push(match gang.places[..] {
            [place] if place.units == 1 => Action::Launch {
                agent: place.agent,
                framework,
                task: gang.task,
                needs: gang.needs,
            },
            _ => Action::LaunchGang {
                framework,
                gang: Box::new(gang.clone()),
            },
        });
    }
}

/// Takes what a gang needs of every agent, or nothing of any.
fn take(gang: &GangRequest, rooms: &mut Rooms) -> Vec<TaskPart> {
    let fits = |at: usize| {
        let place = gang.places[at];
        let again = gang.places[..at]
            .iter()
            .any(|other| other.agent == place.agent);
        let room = rooms.get(&place.agent);
        place.units > 0
            && !again
            && room.is_some_and(|room| {
                let most = gang.needs.times_in(room.left);
                most.is_some_and(|most| u64::from(place.units) <= most)
            })
    };
    if !(0..gang.places.len()).all(fits) {
        return Vec::new();
    }
    let mut parts = Vec::with_capacity(gang.places.len());
    let mut before = Vec::new();
    for place in &gang.places {
        let room = rooms.get_mut(&place.agent).expect("a room");
        let needs = gang.needs.times(place.units.into());
        before.push((place.agent, room.held.portions.clone()));
        let Some(portions) = draw(needs, room.left, &mut room.held.portions) else {
            // A disk of its own cannot be cut.
            for (agent, portions) in before {
                rooms.get_mut(&agent).expect("a room").held.portions = portions;
            }
            return Vec::new();
        };
        parts.push(TaskPart {
            agent: place.agent,
            needs,
            portions,
        });
    }
    for part in &parts {
        rooms.get_mut(&part.agent).expect("a room").left -= part.needs;
    }
    parts
}
