//! Which agents the tasks of a framework may run on, now or later: what fits on none can never run.

use fairground_policies::attributes::AgentAttributes;
use fairground_policies::constraint::HOSTNAME;
use fairground_policies::message::{AgentId, Event, FrameworkId, RoleId};
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;
use fairground_workloads::recipe::offer_constraints;

use super::Scenario;

/// Agents of a size that are described alike.
#[derive(Clone, Debug)]
pub(super) struct Usable {
    pub(super) size: Resources,
    /// How many of them there are.
    pub(super) count: u64,
    /// Until when, if they change.
    pub(super) until: Option<Time>,
    /// What they are described with, beside their names: no job asks for those.
    pub(super) words: AgentAttributes,
}

/// The sizes of agents each framework may use, now or later.
pub(super) fn usable_agents(
    scenario: &Scenario<'_>,
    owner: impl Fn(AgentId) -> Option<FrameworkId>,
) -> Vec<Vec<Usable>> {
    let trace = scenario.trace;
    let count = trace.workloads.len();
    let alike: Vec<usize> = (0..count).map(|one| first_alike(scenario, one)).collect();
    let firsts: Vec<usize> = (0..count).filter(|one| alike[*one] == *one).collect();
    // What is anybody's is counted once for all that may use the same of it.
    let mut shared = vec![Vec::<Usable>::new(); count];
    let mut own = vec![Vec::<Usable>::new(); count];
    let first = trace.agents.iter().enumerate();
    let first = first.map(|(i, total)| (AgentId(i as u32), *total, None));
    let mut all: Vec<(AgentId, Resources, Option<Time>)> = first.collect();
    let mut last: Vec<usize> = (0..all.len()).collect();
    // What an agent becomes may be the only one that is large enough, or no longer be.
    for fault in &trace.faults {
        if let Some(total) = fault.total {
            let last = &mut last[fault.agent.index()];
            all[*last].2 = Some(fault.at);
            *last = all.len();
            all.push((fault.agent, total, None));
        }
    }
    for (agent, total, until) in all {
        let total = scenario.offered(agent, total);
        let words = AgentAttributes::of(&trace.described, agent).without(HOSTNAME);
        let one = |size| Usable {
            size,
            count: 1,
            until,
            words: words.clone(),
        };
        if let Some(owner) = owner(agent) {
            if owner.index() < count && scenario.admits(owner.index(), agent) {
                add(&mut own[owner.index()], one(total));
            }
            continue;
        }
        for framework in firsts.iter().copied() {
            if scenario.admits(framework, agent) {
                let left = total.saturating_sub(reserved(scenario, framework, agent));
                add(&mut shared[framework], one(left));
            }
        }
    }
    for (own, alike) in own.iter_mut().zip(alike) {
        shared[alike].iter().for_each(|one| add(own, one.clone()));
    }
    own
}

fn add(sizes: &mut Vec<Usable>, new: Usable) {
    let alike = |one: &&mut Usable| {
        (one.size, one.until) == (new.size, new.until) && one.words == new.words
    };
    match sizes.iter_mut().find(alike) {
        Some(one) => one.count += new.count,
        None => sizes.push(new),
    }
}

/// The first framework that may use the same of what is anybody's.
fn first_alike(scenario: &Scenario<'_>, framework: usize) -> usize {
    let may = |one: usize| {
        let behaviour = &scenario.frameworks[one];
        (behaviour.role, &behaviour.constraints)
    };
    (0..framework)
        .find(|one| may(*one) == may(framework))
        .unwrap_or(framework)
}

/// What of an agent is reserved for others: for roles that a framework is not in.
fn reserved(scenario: &Scenario<'_>, framework: usize, agent: AgentId) -> Resources {
    let above = |role: &RoleId| scenario.roles[role.index()].parent;
    let others = scenario.reservations.iter().filter(|one| {
        let mut mine = std::iter::successors(scenario.frameworks[framework].role, above);
        one.agents.contains(&agent.0) && !mine.any(|role| role == one.role)
    });
    others.map(|one| one.amount).sum()
}

impl Scenario<'_> {
    /// Whether an agent is as a framework asks.
    fn admits(&self, framework: usize, agent: AgentId) -> bool {
        let asked = &self.frameworks[framework].constraints;
        let described = self.trace.described.get(agent.index());
        asked.is_empty() || described.is_none_or(|words| offer_constraints(asked).admits(words))
    }

    /// What the master is told of all agents at the beginning.
    pub(super) fn all_joined(&self) -> Vec<Event> {
        let all = self.all_offered().into_iter().zip((0..).map(AgentId));
        all.flat_map(|(total, agent)| self.joined(agent, total))
            .collect()
    }

    /// What the master is told of an agent that joins: what it has, and what of it is reserved.
    pub(super) fn joined(
        &self,
        agent: AgentId,
        total: Resources,
    ) -> impl Iterator<Item = Event> + use<'_> {
        let reserved = self.reservations.iter();
        let reserved = reserved.filter_map(move |one| one.event(agent));
        let joined = Event::AgentJoined { agent, total };
        std::iter::once(joined).chain(reserved)
    }
}
