//! How fast a framework's work is on which agents: `speeds = { gpu_model = { v100 = 2.0, k80 = 0.5 } }`.

use std::collections::BTreeMap;

use fairground_policies::attributes::{AgentAttributes, AgentSpeeds, GPU_MODEL, SpeedOf};
use fairground_policies::message::{Event, FrameworkId};
use serde::{Deserialize, Serialize};

use super::{FrameworkSpec, Recipe};
use crate::models::arrivals::assumption;
use crate::spec::WorkloadSpec;
use crate::trace::Assumption;
use crate::units;

/// Speeds by an attribute's name and word.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpeedSpec(BTreeMap<String, BTreeMap<String, SpeedFactor>>);

/// How many times as fast as where nothing is said, in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct SpeedFactor(#[serde(with = "units::decimal")] u32);

impl SpeedSpec {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In words, for the report.
    pub(super) fn told(&self) -> Assumption {
        let said = self.0.iter().flat_map(|(attribute, words)| {
            words.iter().map(move |(word, speed)| {
                let times = units::Thousandths(speed.0.into());
                format!("{times} where {attribute} = {word}")
            })
        });
        let said: Vec<String> = said.collect();
        let model = format!(
            "times as fast as the workload says: {}; 1 elsewhere",
            said.join(", ")
        );
        assumption("speeds of agents", model)
    }

    /// As the core has it.
    pub fn speeds(&self) -> AgentSpeeds {
        let said = self.0.iter().flat_map(|(attribute, words)| {
            words.iter().map(|(word, speed)| SpeedOf {
                attribute: attribute.clone(),
                word: word.clone(),
                thousandths: speed.0,
            })
        });
        AgentSpeeds::new(said.collect())
    }
}

/// What a master is told of how fast frameworks are where; nothing of those that are alike everywhere.
pub fn speeds<'a>(
    frameworks: impl Iterator<Item = &'a AgentSpeeds>,
) -> impl Iterator<Item = Event> {
    let said = frameworks.zip((0..).map(FrameworkId));
    let said = said.filter(|(speeds, _)| !speeds.is_empty());
    said.map(|(speeds, framework)| Event::SpeedsSet {
        framework,
        speeds: speeds.clone(),
    })
}

impl Recipe {
    /// What is wrong with the speeds of frameworks on agents that are so described: their key, and why.
    pub(super) fn check_speeds(
        &self,
        described: &[AgentAttributes],
    ) -> Result<(), (String, String)> {
        for framework in self.framework.iter().filter(|one| !one.speeds.is_empty()) {
            let may_say = self.machines.is_some();
            check(framework, described, may_say).map_err(|why| {
                let key = format!("framework.{}.speeds", framework.name);
                (key, why)
            })?;
        }
        Ok(())
    }
}

fn check(
    framework: &FrameworkSpec,
    agents: &[AgentAttributes],
    may_say: bool,
) -> Result<(), String> {
    let kind = &framework.workload;
    if matches!(kind, WorkloadSpec::Rails(_) | WorkloadSpec::Requests(_)) {
        return Err(format!(
            "a `{}` workload has instances and no tasks that end",
            kind.name()
        ));
    }
    for (attribute, words) in &framework.speeds.0 {
        // The models of a trace's machines are not known yet.
        let unknown = may_say && attribute == GPU_MODEL;
        for (word, speed) in words {
            if !(1..=1_000_000).contains(&speed.0) {
                return Err(format!(
                    "`{attribute}.{word}`: expected how many times as fast it is there, above 0 and up to 1000"
                ));
            }
            let there = agents
                .iter()
                .any(|agent| agent.get(attribute) == Some(word));
            if !there && !unknown {
                let said = agents.iter().flat_map(AgentAttributes::iter);
                let mut said: Vec<String> = said
                    .filter(|(name, _)| !name.starts_with('@'))
                    .map(|(name, word)| format!("{name} = {word}"))
                    .collect();
                said.sort();
                said.dedup();
                let hint = if said.is_empty() {
                    format!(
                        "describe agents, as in attributes = {{ {attribute} = \"{word}\" }} of a group"
                    )
                } else {
                    format!("there is {}", said.join(", "))
                };
                return Err(format!("no agent has {attribute} = {word}\n  hint: {hint}"));
            }
        }
    }
    Ok(())
}
