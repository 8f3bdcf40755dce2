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
    let mut usable = vec![Vec::<Usable>::new(); trace.workloads.len()];
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
        let owner = owner(agent);
        let words = AgentAttributes::of(&trace.described, agent).without(HOSTNAME);
        for (framework, sizes) in usable.iter_mut().enumerate() {
            let is_others = owner.is_some_and(|owner| owner.index() != framework);
            if is_others || !scenario.admits(framework, agent) {
                continue;
            }
            let size = match owner {
                None => total.saturating_sub(reserved(scenario, framework, agent)),
                Some(_) => total,
            };
            let alike =
                |one: &&mut Usable| (one.size, one.until) == (size, until) && one.words == words;
            match sizes.iter_mut().find(alike) {
                Some(one) => one.count += 1,
                None => sizes.push(Usable {
                    size,
                    count: 1,
                    until,
                    words: words.clone(),
                }),
            }
        }
    }
    usable
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
    pub(super) fn joined(&self, agent: AgentId, total: Resources) -> Vec<Event> {
        let reserved = self.reservations.iter();
        let reserved = reserved.filter_map(|one| one.event(agent));
        let joined = Event::AgentJoined { agent, total };
        std::iter::once(joined).chain(reserved).collect()
    }
}
