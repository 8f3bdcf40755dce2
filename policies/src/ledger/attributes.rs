//! What agents are described with, and who is to be offered nothing of which of them.
//!
//! Where no framework asks for anything, nothing is looked at. Who asks has the agents that do not pass as a set:
//! words are compared when something is said, and not at every offer.

use super::Ledger;
use crate::agent_set::AgentSet;
use crate::attributes::{AgentAttributes, OfferConstraints};
use crate::message::{AgentId, FrameworkId};

/// What one framework asks of agents.
#[derive(Clone, Debug)]
pub(super) struct AskedAgents {
    constraints: OfferConstraints,
    /// Agents of those that were ever seen or described that do not pass.
    excluded: AgentSet,
    /// Whether one of which nothing is said does not pass.
    excludes_unknown: bool,
}

/// What policies read.
impl Ledger {
    /// What `agent` is described with, present or not.
    pub fn attributes(&self, agent: AgentId) -> &AgentAttributes {
        const NOTHING: &AgentAttributes = &AgentAttributes::NONE;
        self.described.get(&agent).unwrap_or(NOTHING)
    }

    /// Whether `framework` asked for other agents than this one.
    pub fn is_excluded(&self, framework: FrameworkId, agent: AgentId) -> bool {
        self.has_constraints
            && self.entry(framework).is_some_and(|entry| {
                let asked = entry.asked.as_ref();
                asked
                    .is_some_and(|asked| asked.excludes(agent, self.described.contains_key(&agent)))
            })
    }
}

impl AskedAgents {
    fn excludes(&self, agent: AgentId, is_described: bool) -> bool {
        if is_described {
            self.excluded.contains(agent)
        } else {
            self.excludes_unknown
        }
    }
}

/// What the master writes.
impl Ledger {
    /// Whether anybody asks for anything.
    pub(crate) const fn has_constraints(&self) -> bool {
        self.has_constraints
    }

    /// Says what an agent is described with from now on, which may be said before it joins.
    pub(crate) fn describe(&mut self, agent: AgentId, attributes: AgentAttributes) {
        for entry in &mut self.frameworks {
            if let Some(asked) = &mut entry.asked {
                let passes = asked.constraints.admits(&attributes);
                asked.excluded.set(agent, !passes);
            }
        }
        self.described.insert(agent, attributes);
        self.sort_kinds();
    }

    /// Says what a framework asks of agents from now on, which may be said before it joins.
    pub(crate) fn constrain(&mut self, framework: FrameworkId, constraints: OfferConstraints) {
        self.expect_framework(framework);
        let asked = (!constraints.is_empty()).then(|| {
            let mut excluded = AgentSet::default();
            for (agent, attributes) in &self.described {
                excluded.set(*agent, !constraints.admits(attributes));
            }
            Box::new(AskedAgents {
                excludes_unknown: !constraints.admits(&AgentAttributes::NONE),
                constraints,
                excluded,
            })
        });
        self.frameworks[framework.index()].asked = asked;
        let mut all = self.frameworks.iter();
        self.has_constraints = all.any(|entry| entry.asked.is_some());
    }

    /// Compares every set with what is said.
    pub(super) fn check_constraints(&self) {
        let asked = || {
            self.frameworks
                .iter()
                .filter_map(|entry| entry.asked.as_ref())
        };
        assert_eq!(
            self.has_constraints,
            asked().next().is_some(),
            "constraints"
        );
        for asked in asked() {
            for (agent, attributes) in &self.described {
                let passes = asked.constraints.admits(attributes);
                assert_eq!(asked.excludes(*agent, true), !passes, "{agent} is excluded");
            }
        }
    }
}
