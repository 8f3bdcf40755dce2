//! What agents are described with, and where frameworks' tasks may run.

use std::collections::BTreeMap;

use fairground_policies::attributes::{
    AgentAttributes, AttributeTest, Expected, GPU_MODEL, OfferConstraints,
};
use fairground_policies::constraint::{Constraint, HOSTNAME};
use fairground_policies::message::{AgentId, Event, FrameworkId};

use super::{FrameworkSpec, Recipe};
use crate::spec::WorkloadSpec;

/// Attributes with an `@` that a recipe may give.
const GIVEN: [&str; 2] = ["@region", "@zone"];

impl FrameworkSpec {
    /// What its constraints ask of an agent alone, which the master keeps to.
    pub fn offer_constraints(&self) -> OfferConstraints {
        offer_constraints(&self.constraints)
    }
}

/// What constraints ask of an agent alone.
pub fn offer_constraints(constraints: &[Constraint]) -> OfferConstraints {
    OfferConstraints::all(constraints.iter().map(Constraint::test).collect())
}

/// What a master is told of agents that are so described, and of frameworks with such constraints; nothing where
/// there are none.
pub fn described<'a>(
    agents: &[AgentAttributes],
    constraints: impl Iterator<Item = &'a [Constraint]>,
) -> Vec<Event> {
    let agents = agents.iter().cloned().zip((0..).map(AgentId));
    let agents = agents.map(|(attributes, agent)| Event::AgentDescribed { agent, attributes });
    let asks = constraints.zip((0..).map(FrameworkId));
    let asks = asks.filter(|(constraints, _)| !constraints.is_empty());
    let asks = asks.map(|(constraints, framework)| Event::ConstraintsSet {
        framework,
        constraints: offer_constraints(constraints),
    });
    agents.chain(asks).collect()
}

impl FrameworkSpec {
    /// Whether its jobs ask for models of GPU.
    pub fn asks_models(&self) -> bool {
        matches!(&self.workload, WorkloadSpec::Trace(spec) if spec.gpu_models)
    }

    /// Whether it, or any of its jobs, asks what agents are described with.
    fn asks(&self) -> bool {
        !self.constraints.is_empty() || self.asks_models() || !self.speeds.is_empty()
    }
}

impl Recipe {
    /// What each of so many agents is described with: its group's words or the model of its GPUs, and its name.
    /// Nothing where nobody asks.
    pub(super) fn attributes(
        &self,
        agents: usize,
        models: &[Option<String>],
    ) -> Vec<AgentAttributes> {
        if !self.framework.iter().any(FrameworkSpec::asks) {
            return Vec::new();
        }
        let models = models.iter().map(Option::as_ref);
        let models = models.chain(std::iter::repeat(None));
        let none = BTreeMap::new();
        let groups = self.cluster.iter();
        let words =
            groups.flat_map(|group| std::iter::repeat_n(&group.attributes, group.agents as usize));
        let words = words
            .chain(std::iter::repeat(&none))
            .zip((0..agents as u32).map(AgentId))
            .zip(models);
        let described = words.map(|((words, agent), model)| {
            let words = words.iter();
            let words = words.map(|(name, word)| (name.clone(), word.clone()));
            let model = model.map(|model| (GPU_MODEL.to_owned(), model.clone()));
            let words = words.chain(model);
            AgentAttributes::new(words.chain([(HOSTNAME.to_owned(), agent.to_string())]))
        });
        described.collect()
    }

    /// What is wrong with attributes or constraints: their key, and why.
    pub(super) fn check_constraints(&self) -> Result<(), (String, String)> {
        let asks = self.framework.iter().any(FrameworkSpec::asks);
        for (i, group) in self.cluster.iter().enumerate() {
            let bad = |why: String| Err((format!("cluster[{i}].attributes"), why));
            if !group.attributes.is_empty() && !asks {
                return bad(
                    "no framework has `constraints`, `speeds` or `gpu_models`, so nobody would look at them"
                        .to_owned(),
                );
            }
            for (name, word) in &group.attributes {
                let reserved = name.starts_with('@') && !GIVEN.contains(&name.as_str());
                if name.is_empty() || word.is_empty() || reserved {
                    let given = GIVEN.join(" and ");
                    return bad(format!(
                        "expected words by name, as in {{ zone = \"a\" }}, of names with @ only {given}: found \
                         `{name} = \"{word}\"`"
                    ));
                }
            }
        }
        // The machines of a trace are not known yet: they have a name each, and perhaps a model of GPUs.
        let described = match self.machines {
            None => self.attributes(self.agents().len(), &[]),
            Some(_) => self.attributes(1, &[]),
        };
        let says_model = |words: &AgentAttributes| words.get(GPU_MODEL).is_some();
        for framework in &self.framework {
            let key = format!("framework.{}.constraints", framework.name);
            check(framework, &described, self.machines.is_some()).map_err(|why| (key, why))?;
            let said = self.machines.is_some() || described.iter().any(says_model);
            if framework.asks_models() && !said {
                let key = format!("framework.{}.trace.gpu_models", framework.name);
                let why = format!(
                    "no agent says which model its GPUs are\n  hint: say it of groups of agents, as in \
                     attributes = {{ {GPU_MODEL} = \"v100\" }}, in the trace's own words"
                );
                return Err((key, why));
            }
        }
        self.check_speeds(&described)
    }
}

/// What is wrong with the constraints of a framework on agents that are so described, or `may_say` their models, too.
fn check(
    framework: &FrameworkSpec,
    agents: &[AgentAttributes],
    may_say: bool,
) -> Result<(), String> {
    let models = |one: &&Constraint| may_say && one.attribute == GPU_MODEL;
    for one in framework.constraints.iter().filter(|one| !models(one)) {
        let AttributeTest { attribute, expects } = one.test();
        let known = |described: &AgentAttributes| described.get(&attribute).is_some();
        if !matches!(expects, Expected::NoneOf(_)) && !agents.iter().any(known) {
            let mut names: Vec<&str> = agents
                .iter()
                .flat_map(AgentAttributes::iter)
                .map(|(name, _)| name)
                .collect();
            names.sort_unstable();
            names.dedup();
            return Err(format!(
                "`{one}`: no agent has the attribute `{attribute}`\n  hint: there is {}",
                names.join(", ")
            ));
        }
    }
    let asked = framework.offer_constraints();
    if framework.constraints.is_empty()
        || framework.constraints.iter().any(|one| models(&one))
        || agents.iter().any(|agent| asked.admits(agent))
    {
        return Ok(());
    }
    let asked: Vec<String> = framework
        .constraints
        .iter()
        .map(Constraint::to_string)
        .collect();
    Err(format!(
        "no agent is as asked, so nothing of it could ever run: {}",
        asked.join(", ")
    ))
}
