//! The agents of a recipe.

use fairground_policies::resources::Resources;

use super::{Group, Recipe, Sources, weight};
use crate::models::machines::Built;

impl Recipe {
    /// The cluster of one seed: the recipe's groups, or the machines of a trace with what becomes of
    /// them.
    pub fn cluster(&self, sources: &Sources, seed: u64) -> Built {
        sources.machines.as_ref().map_or_else(
            || Built {
                agents: self.agents(),
                models: Vec::new(),
                faults: Vec::new(),
                assumptions: Vec::new(),
            },
            |machines| machines.build(self.duration, seed),
        )
    }

    /// How many times its cores each of `agents` agents offers, in thousandths; nothing if all offer what
    /// they have.
    pub fn overcommit(&self, agents: usize) -> Vec<u32> {
        let groups = self.cluster.iter();
        let groups =
            groups.flat_map(|one| std::iter::repeat_n(one.overcommit, one.agents as usize));
        let all: Vec<u32> = match &self.machines {
            Some(machines) => vec![machines.overcommit; agents],
            None => groups.collect(),
        };
        if all.iter().all(|times| *times == weight()) {
            return Vec::new();
        }
        all
    }

    /// What every agent of the cluster's groups has.
    pub fn agents(&self) -> Vec<Resources> {
        self.cluster.iter().flat_map(Group::sizes).collect()
    }
}
