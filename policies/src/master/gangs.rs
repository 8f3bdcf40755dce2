//! Gangs: one task on several agents, launched on offers of all of them at once.
//!
//! An answer to the offers of one agent (`offers_answered` in `facts.rs`) is the same for one agent. It stands apart
//! because it is in the path of every single task, which needs neither the map nor the second look at what fits.

use std::collections::BTreeMap;

use super::{Commit, Master};
use crate::ledger::{ReleasedParts, TaskPart};
use crate::message::{Action, AgentAnswer, AgentId, FrameworkId, GangRequest, Outcome};
use crate::part::draw;
use crate::resources::Resources;
use crate::time::Span;

/// What the offers of one agent held that are answered together.
#[derive(Clone, Default, Debug)]
struct ReleasedOffers {
    held_in_all: Resources,
    left: Resources,
    held: ReleasedParts,
    refuse: Span,
}

type Released = BTreeMap<AgentId, ReleasedOffers>;

impl Master {
    /// Answers offers of several agents together. As with one agent's, one bad offer spoils the whole answer.
    #[inline(never)]
    pub(super) fn gangs_placed(
        &mut self,
        framework: FrameworkId,
        answers: &[AgentAnswer],
        gangs: &[GangRequest],
        actions: &mut Vec<Action>,
    ) {
        let offers = answers.iter().flat_map(|answer| &answer.offers);
        let shown = self.commit(framework, offers, !gangs.is_empty());
        let (mut released, mut spoilt, mut reclaimed) = (Released::new(), false, 0);
        for answer in answers {
            for id in &answer.offers {
                let Some(offer) = self.ledger.open_offer(framework, *id) else {
                    spoilt = true;
                    continue;
                };
                let here = released.entry(offer.agent).or_default();
                reclaimed += u32::from(self.close_offer(offer.id, &mut here.held).reclaimed);
                here.held_in_all += offer.resources;
                here.left += offer.resources;
                here.refuse = answer.refuse;
            }
        }
        if !spoilt && self.config.commit == Commit::All {
            let fresh = |gang: &&GangRequest| self.ledger.is_fresh(framework, gang.task);
            let mut trial = released.clone();
            let mut starts = |gang| !take(gang, &mut trial).is_empty();
            spoilt = !gangs.iter().filter(fresh).all(&mut starts);
        }
        if spoilt {
            for here in released.values_mut() {
                here.left = Resources::ZERO;
                here.held.portions.clear();
            }
        }
        let (mut launched, mut lost) = (0, spoilt);
        for gang in gangs {
            if !self.ledger.is_fresh(framework, gang.task) {
                continue;
            }
            let parts = take(gang, &mut released);
            if parts.is_empty() {
                lost = true;
                self.ledger.refuse_task(framework, gang.task);
                actions.push(Action::Report {
                    framework,
                    task: gang.task,
                    outcome: Outcome::Lost,
                });
            } else {
                launched += 1;
                self.launch_gang(framework, gang, parts, &released, actions);
            }
            for place in &gang.places {
                let demand = self.ledger.demand_mut(framework);
                demand.launched(gang.needs, place.units);
            }
        }
        self.note_launches(framework, launched, reclaimed);
        for (agent, here) in released {
            let amounts = (here.held_in_all, here.left);
            if !here.refuse.is_zero()
                && let Some(refused) = self.refused(agent, amounts, &shown, lost)
            {
                let until = self.now + here.refuse;
                self.filters.add(framework, agent, refused, until);
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
        released: &Released,
        actions: &mut Vec<Action>,
    ) {
        let on = |part: &TaskPart| released[&part.agent].held.givers.iter().copied();
        let givers = parts.iter().flat_map(on).collect();
        for (i, part) in parts.into_iter().enumerate() {
            let agent = part.agent;
            if i == 0 {
                self.ledger.launch(framework, gang.task, part);
            } else {
                self.ledger.launch_elsewhere(framework, gang.task, part);
            }
            let along = &released[&agent].held.along;
            self.ledger
                .share_with_task(framework, agent, gang.task, along);
        }
        self.ledger.owe(framework, gang.task, &givers);
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
fn take(gang: &GangRequest, released: &mut Released) -> Vec<TaskPart> {
    let fits = |at: usize| {
        let place = gang.places[at];
        let again = gang.places[..at]
            .iter()
            .any(|other| other.agent == place.agent);
        let here = released.get(&place.agent);
        place.units > 0
            && !again
            && here.is_some_and(|here| {
                let most = gang.needs.times_in(here.left);
                most.is_some_and(|most| u64::from(place.units) <= most)
            })
    };
    if !(0..gang.places.len()).all(fits) {
        return Vec::new();
    }
    let mut parts = Vec::with_capacity(gang.places.len());
    let mut before = Vec::new();
    for place in &gang.places {
        let here = released.get_mut(&place.agent).expect("offers there");
        let needs = gang.needs.times(place.units.into());
        before.push((place.agent, here.held.portions.clone()));
        let Some(portions) = draw(needs, here.left, &mut here.held.portions) else {
            // A disk of its own cannot be cut.
            for (agent, portions) in before {
                released
                    .get_mut(&agent)
                    .expect("offers there")
                    .held
                    .portions = portions;
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
        released.get_mut(&part.agent).expect("offers there").left -= part.needs;
    }
    parts
}
