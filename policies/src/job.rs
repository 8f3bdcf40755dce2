//! What a framework is asked to run: jobs made of stages made of tasks.
//!
//! A job here says what its framework may know when it decides: shapes, counts, dependencies, where the
//! data lies, and what its user says of how long it runs. How long anything takes is known only to the
//! world that runs it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::attributes::{AgentAttributes, AttributeTest};
use crate::message::AgentId;
use crate::resources::Resources;
use crate::time::Span;

/// A job as submitted to its framework. Many jobs may be alike: what one of them is called is said
/// beside it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct JobSpec {
    /// Whether all tasks of a stage start together or not at all (MPI), whatever the scheduler.
    pub gang: bool,
    /// Its stages; parents come before their children.
    pub stages: Vec<StageSpec>,
    /// How long after its submission it is to be done, if anybody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Span>,
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
    /// How long its user says that one of its tasks runs; nothing is promised by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Span>,
    /// Whether its tasks start and end together, as those of a rigid parallel job do: to the cluster they are one
    /// task, a gang on as many agents as it takes, with one launch and one end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rigid: bool,
    /// What its tasks ask of an agent alone: they run where all of these pass, and anywhere if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Arc<[AttributeTest]>>,
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
            estimate: None,
            rigid: false,
            asks: None,
        }
    }

    /// Whether its tasks may run on an agent that is so described.
    pub fn may_run_on(&self, described: &AgentAttributes) -> bool {
        let asks = self.asks.as_ref();
        asks.is_none_or(|asks| asks.iter().all(|test| test.passes(described)))
    }

    /// How many of its tasks start as one.
    pub const fn at_once(&self) -> u32 {
        if self.rigid { self.tasks } else { 1 }
    }

    /// What starts as one takes.
    pub fn needs_at_once(&self) -> Resources {
        if self.rigid {
            self.needs.times(self.tasks.into())
        } else {
            self.needs
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
    /// A job without a deadline.
    pub const fn new(gang: bool, stages: Vec<StageSpec>) -> Self {
        Self {
            gang,
            stages,
            deadline: None,
        }
    }

    /// Whether any of its tasks asks anything of an agent.
    pub fn asks(&self) -> bool {
        self.stages.iter().any(|stage| stage.asks.is_some())
    }

    /// All its tasks, counted.
    pub fn tasks(&self) -> u64 {
        self.stages.iter().map(|stage| u64::from(stage.tasks)).sum()
    }

    /// How long its user says that it runs where there is room for all of it: its longest chain of stages.
    /// `None` when nothing is said of one of them.
    pub fn estimate(&self) -> Option<Span> {
        if let [stage] = &self.stages[..] {
            return stage.estimate;
        }
        let mut ends: Vec<Span> = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let parents = stage.parents.iter().map(|parent| ends[*parent as usize]);
            ends.push(parents.max().unwrap_or_default() + stage.estimate?);
        }
        ends.into_iter().max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of stages with their parents and what is said of them, in seconds.
    fn check(stages: &[(&[u32], Option<u64>)], expected: Option<u64>) {
        let stage = |(parents, estimate): &(&[u32], Option<u64>)| StageSpec {
            parents: parents.to_vec(),
            estimate: estimate.map(Span::from_secs),
            ..StageSpec::new(Resources::cores(1, 1), 3)
        };
        let stages = stages.iter().map(stage).collect();
        let job = JobSpec::new(false, stages);
        assert_eq!(job.estimate(), expected.map(Span::from_secs), "{job:?}");
    }

    #[test]
    fn a_job_is_as_long_as_its_longest_chain() {
        check(&[(&[], Some(7))], Some(7));
        check(&[(&[], None)], None);
        check(&[], None);
        check(&[(&[], Some(7)), (&[], Some(9))], Some(9));
        check(&[(&[], Some(7)), (&[0], Some(9))], Some(16));
        check(
            &[(&[], Some(7)), (&[], Some(2)), (&[0, 1], Some(1))],
            Some(8),
        );
        check(&[(&[], Some(7)), (&[0], None)], None);
    }
}
