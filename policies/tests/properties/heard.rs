//! What the onlooker notes of facts: who is there, who wants what, and what is said of agents and roles.

use fairground_policies::message::{Event, FrameworkId};

use crate::observer::Observer;

impl Observer {
    pub(crate) fn heard(&mut self, event: &Event) {
        match event {
            Event::FrameworkJoined { framework, .. } => {
                // Ids are counted from zero: this one says that the lower ones exist.
                self.known.extend((0..=framework.0).map(FrameworkId));
                let wants = self.wanted.entry(*framework).or_default();
                wants.joined = true;
                wants.suppressed = false;
                self.filters.retain(|f| f.framework != *framework);
            }
            Event::FrameworkLeft { framework } => {
                self.wanted.remove(framework);
            }
            Event::Revived { framework } => {
                if let Some(wants) = self.wanted.get_mut(framework) {
                    wants.suppressed = false;
                }
                self.filters.retain(|f| f.framework != *framework);
            }
            Event::Suppressed { framework } => {
                if let Some(wants) = self.wanted.get_mut(framework) {
                    wants.suppressed = true;
                }
            }
            Event::DemandDeclared { framework, demand } => {
                if let Some(wants) = self.wanted.get_mut(framework) {
                    wants.demand = demand.to_vec();
                    wants.demand.retain(|one| !one.needs.is_zero());
                }
            }
            Event::DemandGrew { framework, more } => {
                if let Some(wants) = self.wanted.get_mut(framework) {
                    let some = more.iter().filter(|one| !one.needs.is_zero());
                    wants.demand.extend(some);
                }
            }
            Event::AgentLost { agent } | Event::AgentJoined { agent, .. } => {
                self.filters.retain(|f| f.agent != *agent);
            }
            Event::QuotaSet {
                role,
                guarantee,
                limit,
            } => {
                self.quotas.of.insert(*role, (*guarantee, *limit));
            }
            Event::CapabilitiesSet {
                framework,
                capabilities,
            } => {
                self.known.extend((0..=framework.0).map(FrameworkId));
                self.knows.insert(*framework, *capabilities);
            }
            Event::AgentDescribed { agent, attributes } => {
                let before = self.described.insert(*agent, attributes.clone());
                if before.unwrap_or_default() != *attributes {
                    self.filters.retain(|f| f.agent != *agent);
                }
            }
            Event::ConstraintsSet {
                framework,
                constraints,
            } => {
                self.known.extend((0..=framework.0).map(FrameworkId));
                self.asked.insert(*framework, constraints.clone());
            }
            Event::SpeedsSet { framework, .. } => {
                self.known.extend((0..=framework.0).map(FrameworkId));
            }
            _ => {}
        }
    }
}
