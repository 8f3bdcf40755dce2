//! The frameworks of a world: made of their work, and what the master is told before they join.

use std::sync::Arc;

use fairground_policies::attributes::AgentAttributes;
use fairground_policies::constraint::TaskSpread;
use fairground_policies::frameworks::{Framework, OfferPolicy};
use fairground_policies::master::Config;
use fairground_policies::message::{AgentId, Event, FrameworkId, RoleId};
use fairground_policies::name::BadName;
use fairground_workloads::recipe::{described, speeds};
use fairground_workloads::rng;
use fairground_workloads::trace::Work;

use super::Scenario;

/// A framework that does such work, as its behaviour says.
pub(super) fn framework(
    id: FrameworkId,
    work: &Work,
    scenario: &Scenario<'_>,
    (config, described): (Config, &Arc<[AgentAttributes]>),
) -> Result<Framework, BadName> {
    let behaviour = &scenario.frameworks[id.index()];
    let offer_policy = OfferPolicy::under(config, behaviour.refuse);
    let kind = work.kind();
    let (registry, policy) = (scenario.registry, scenario.policy);
    let purpose = format!("scheduler/{}", id.0);
    let mut rng = rng::stream(scenario.seed, &purpose).into_generator();
    let scheduler = registry.scheduler_under(policy, &behaviour.scheduler, kind, &mut rng)?;
    let framework = Framework::new(id, kind, offer_policy, scheduler);
    let framework = framework.with_spread(scenario.spread(id));
    Ok(framework.on_agents(Arc::clone(described)))
}

impl Scenario<'_> {
    /// What the master is told before anything else: of roles, of what agents are described with, who asks for it and who is
    /// how fast there.
    pub(super) fn settings(&self) -> Vec<Event> {
        let roles = self.roles.iter().zip((0..).map(RoleId));
        let roles = roles.flat_map(|(role, id)| role.events(id));
        let asked = self.frameworks.iter();
        let asked = asked.map(|framework| framework.constraints.as_slice());
        roles
            .chain(described(&self.trace.described, asked))
            .chain(speeds(self.frameworks.iter().map(|one| &one.speeds)))
            .collect()
    }

    /// Where the tasks of a framework run, if it asks for anything there.
    fn spread(&self, framework: FrameworkId) -> Option<Box<TaskSpread>> {
        let asked = &self.frameworks[framework.index()].constraints;
        let agents = self.trace.described.iter().cloned().zip((0..).map(AgentId));
        TaskSpread::new(asked, agents.map(|(words, agent)| (agent, words)).collect())
    }
}
