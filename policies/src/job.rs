//! What a framework is asked to run: jobs made of stages made of tasks.
//!
//! A job here says what its framework may know when it decides: shapes, counts, dependencies and
//! where the data lies. How long anything takes is known only to the world that runs it.

use serde::{Deserialize, Serialize};

use crate::message::AgentId;
use crate::resources::Resources;

/// A job as submitted to its framework. Many jobs may be alike: what one of them is called is said
/// beside it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct JobSpec {
    /// Whether all tasks of a stage start together or not at all (MPI), whatever the scheduler.
    pub gang: bool,
    /// Its stages; parents come before their children.
    pub stages: Vec<StageSpec>,
}

/// Tasks of one size that may start together.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct StageSpec {
    /// What one task takes.
    pub needs: Resources,
    /// How many tasks there are; at least one.
    pub tasks: u32,
    /// Positions of the stages this one waits for, each smaller than its own.
    pub parents: Vec<u32>,
    /// How many thousandths of its parents' tasks must be done before this stage may start:
    /// 1000 for a barrier, less for Hadoop's slow-start of reducers.
    pub start_after: u16,
    /// Where the tasks' data lies: the same number of agents for every task, task after task.
    /// Empty when it does not matter where they run.
    pub preferred: Vec<AgentId>,
}

impl StageSpec {
    /// A stage of `tasks` tasks that starts at once and may run anywhere.
    pub fn new(needs: Resources, tasks: u32) -> Self {
        Self {
            needs,
            tasks,
            parents: Vec::new(),
            start_after: 1000,
            preferred: Vec::new(),
        }
    }

    /// The agents that hold the data of task `index`; empty when it does not matter.
    pub fn preferred(&self, index: u32) -> &[AgentId] {
        let copies = self.preferred.len() / (self.tasks.max(1) as usize);
        let start = index as usize * copies;
        self.preferred.get(start..start + copies).unwrap_or(&[])
    }

    /// Whether task `index` finds its data on `agent`, or does not care.
    pub fn is_local(&self, index: u32, agent: AgentId) -> bool {
        let preferred = self.preferred(index);
        preferred.is_empty() || preferred.contains(&agent)
    }
}

impl JobSpec {
    /// All its tasks, counted.
    pub fn tasks(&self) -> u64 {
        self.stages.iter().map(|stage| u64::from(stage.tasks)).sum()
    }
}
