//! Kinds of agents: those on which every framework is as fast as on the others of the kind.
//!
//! Only where somebody says how fast its work is somewhere. What each kind has and who holds what of it is kept as it
//! changes; who belongs where is sorted anew when something is said, which is rare.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use crate::attributes::{AgentAttributes, AgentSpeeds};
use crate::message::{AgentId, FrameworkId};
use crate::resources::Resources;

/// All kinds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct AgentKinds {
    /// What each framework says, by its number.
    said: Vec<AgentSpeeds>,
    /// By how fast frameworks are there.
    kinds: Vec<KindEntry>,
    /// Of each agent its kind, and what of it is counted there.
    agents: Vec<(usize, Resources)>,
}

#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct KindEntry {
    /// By the number of the framework.
    speeds: Vec<u32>,
    total: Resources,
    held: BTreeMap<FrameworkId, Resources>,
}

/// What policies read. Kinds are numbered from zero; where nobody says anything there is one.
impl Ledger {
    /// How many kinds of agents there are.
    pub fn kinds(&self) -> usize {
        self.kinds.as_ref().map_or(1, |all| all.kinds.len())
    }

    /// The kind of an agent.
    pub fn kind(&self, agent: AgentId) -> usize {
        let known = self
            .kinds
            .as_ref()
            .and_then(|all| all.agents.get(agent.index()));
        known.map_or(0, |(kind, _)| *kind)
    }

    /// All that the present agents of a kind have.
    pub fn total_of_kind(&self, kind: usize) -> Resources {
        self.kinds
            .as_ref()
            .map_or(self.total, |all| all.kinds[kind].total)
    }

    /// How fast a framework's work is on a kind of agents, in thousandths.
    pub fn speed(&self, framework: FrameworkId, kind: usize) -> u32 {
        let all = self.kinds.as_ref();
        let said = all.and_then(|all| all.kinds[kind].speeds.get(framework.index()));
        said.copied().unwrap_or(AgentSpeeds::PLAIN)
    }

    /// What offers and tasks of a framework hold of a kind of agents.
    pub fn held_of_kind(&self, framework: FrameworkId, kind: usize) -> Resources {
        let Some(all) = &self.kinds else {
            return self.held(framework);
        };
        let held = all.kinds[kind].held.get(&framework);
        held.copied().unwrap_or_default()
    }
}

/// What the master writes.
impl Ledger {
    /// Says how fast a framework is from now on, which may be said before it joins.
    pub(crate) fn set_speeds(&mut self, framework: FrameworkId, speeds: AgentSpeeds) {
        self.expect_framework(framework);
        let all = self.kinds.get_or_insert_default();
        if all.said.len() <= framework.index() {
            all.said
                .resize_with(framework.index() + 1, AgentSpeeds::default);
        }
        all.said[framework.index()] = speeds;
        if all.said.iter().all(AgentSpeeds::is_empty) {
            self.kinds = None;
        }
        self.sort_kinds();
    }

    /// What of an agent's kind a framework holds changes.
    pub(super) fn of_kind(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        change: impl FnOnce(&mut Resources),
    ) {
        if let Some(all) = &mut self.kinds {
            let (kind, _) = all.agents[agent.index()];
            change(all.kinds[kind].held.entry(framework).or_default());
        }
    }

    /// An agent has more or less than was counted.
    pub(super) fn count_kind(&mut self, agent: AgentId) {
        let now = self.capacity(agent);
        let Some(all) = &mut self.kinds else {
            return;
        };
        let Some((kind, counted)) = all.agents.get_mut(agent.index()) else {
            self.sort_kinds();
            return;
        };
        if *counted != now {
            let entry = &mut all.kinds[*kind];
            entry.total -= *counted;
            entry.total += now;
            *counted = now;
        }
    }

    /// Sorts agents into kinds anew, if anybody says anything.
    pub(super) fn sort_kinds(&mut self) {
        if let Some(all) = self.kinds.take() {
            self.kinds = Some(Box::new(self.sorted_kinds(all.said)));
        }
    }

    fn sorted_kinds(&self, said: Vec<AgentSpeeds>) -> AgentKinds {
        let speeds = |described: &AgentAttributes| -> Vec<u32> {
            said.iter().map(|speeds| speeds.on(described)).collect()
        };
        let described = self.described.last_key_value();
        let count = described
            .map_or(0, |(agent, _)| agent.index() + 1)
            .max(self.agents.len());
        let agents: Vec<AgentId> = (0..count as u32).map(AgentId).collect();
        let by_agent: Vec<_> = agents
            .iter()
            .map(|agent| speeds(self.attributes(*agent)))
            .collect();
        let distinct: BTreeSet<_> = by_agent.iter().cloned().collect();
        // One kind there is without any agent.
        let distinct = if distinct.is_empty() {
            BTreeSet::from([speeds(&AgentAttributes::NONE)])
        } else {
            distinct
        };
        let places: BTreeMap<_, _> = distinct.iter().zip(0..).collect();
        let of: Vec<usize> = by_agent.iter().map(|speeds| places[speeds]).collect();
        let mut kinds: Vec<KindEntry> = distinct
            .iter()
            .map(|speeds| KindEntry {
                speeds: speeds.clone(),
                ..KindEntry::default()
            })
            .collect();
        let agents = of.iter().zip(&agents).map(|(kind, agent)| {
            let total = self.capacity(*agent);
            kinds[*kind].total += total;
            (*kind, total)
        });
        let agents = agents.collect();
        let mut hold = |framework: FrameworkId, agent: AgentId, some: Resources| {
            *kinds[of[agent.index()]].held.entry(framework).or_default() += some;
        };
        for offer in self.offers() {
            hold(offer.framework, offer.agent, offer.resources);
        }
        for (entry, framework) in self.frameworks.iter().zip((0..).map(FrameworkId)) {
            for (_, task) in entry.tasks.iter() {
                hold(framework, task.agent, task.needs);
            }
        }
        for ((framework, _), parts) in &self.elsewhere {
            for part in parts {
                hold(*framework, part.agent, part.needs);
            }
        }
        AgentKinds {
            said,
            kinds,
            agents,
        }
    }

    /// Sorts and counts all anew.
    pub(super) fn check_kinds(&self) {
        let Some(all) = &self.kinds else {
            return;
        };
        let mut now = self.sorted_kinds(all.said.clone());
        let mut kept = AgentKinds::clone(all);
        for one in now.kinds.iter_mut().chain(&mut kept.kinds) {
            one.held.retain(|_, held| !held.is_zero());
        }
        assert_eq!(kept, now, "kinds of agents");
    }
}
