//! Collecting jobs: numbers them and keeps what every job must have.

use std::sync::Arc;

use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::message::{AgentId, JobId};
use fairground_policies::time::Time;

use crate::error::ReadError;
use crate::formats::tpch::MOST_TASKS;
use crate::rng::Stream;
use crate::trace::{Job, Runtimes};

/// More tasks than this in one workload are taken for a mistake in the recipe.
const MOST_TASKS_IN_ALL: u64 = 50_000_000;

/// Jobs in order of submission.
#[derive(Default)]
pub(crate) struct Jobs {
    jobs: Vec<Job>,
    tasks: u64,
}

/// A stage with the run times of its tasks.
pub(crate) type Stage = (StageSpec, Runtimes);

impl Jobs {
    /// Adds a job submitted not before the one added last.
    pub(crate) fn push(
        &mut self,
        label: &str,
        submitted: Time,
        gang: bool,
        stages: Vec<Stage>,
    ) -> Result<(), ReadError> {
        let (stages, runtimes): (Vec<_>, Vec<_>) = stages.into_iter().unzip();
        let last = self.jobs.last();
        debug_assert!(last.is_none_or(|last| last.submitted <= submitted));
        debug_assert!(stages.iter().zip(&runtimes).all(|(s, r)| fits(s, r)));
        let spec = JobSpec {
            id: JobId(u32::try_from(self.jobs.len()).unwrap_or(u32::MAX)),
            gang,
            stages,
        };
        self.tasks += spec.tasks();
        if self.tasks > MOST_TASKS_IN_ALL {
            let expected = format!("at most {MOST_TASKS_IN_ALL} tasks");
            let error = ReadError::expected(expected, "more");
            return Err(error.hint("shorten the horizon, limit the jobs or make them smaller"));
        }
        self.jobs.push(Job {
            label: label.to_owned(),
            submitted,
            spec: Arc::new(spec),
            runtimes,
        });
        Ok(())
    }

    pub(crate) fn finish(self) -> Vec<Job> {
        self.jobs
    }
}

/// Whether there is one run time a task.
fn fits(stage: &StageSpec, runtimes: &Runtimes) -> bool {
    let tasks = stage.tasks as usize;
    match runtimes {
        Runtimes::Plain { local, .. } => local.len() == tasks,
        Runtimes::Reduce { copy, work } => copy.len() == tasks && work.len() == tasks,
        Runtimes::Waves { fresh, first, rest } => [fresh, first, rest]
            .iter()
            .all(|times| times.len() == tasks),
    }
}

/// So many tasks, as long as that is a sane number for one stage.
pub(crate) fn task_count(tasks: u64) -> Result<u32, ReadError> {
    match u32::try_from(tasks) {
        Ok(tasks) if tasks <= MOST_TASKS => Ok(tasks),
        _ => {
            let expected = format!("at most {MOST_TASKS} tasks in a stage");
            Err(ReadError::expected(expected, tasks))
        }
    }
}

/// Where the blocks of `tasks` tasks lie: each on `copies` different agents, or on all of them if
/// there are fewer, drawn uniformly (the Mesos paper's model of a distributed file system).
pub(crate) fn replicas(stream: &mut Stream, tasks: u32, copies: u32, agents: u32) -> Vec<AgentId> {
    let copies = copies.min(agents) as usize;
    let mut preferred = Vec::with_capacity(copies * tasks as usize);
    for _ in 0..tasks {
        let start = preferred.len();
        while preferred.len() < start + copies {
            let agent = AgentId(stream.below(u64::from(agents)) as u32);
            if !preferred[start..].contains(&agent) {
                preferred.push(agent);
            }
        }
    }
    preferred
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn replicas_are_different_agents() {
        for (copies, agents, found) in [(3, 10, 3), (3, 3, 3), (3, 2, 2), (3, 0, 0), (0, 9, 0)] {
            let preferred = replicas(&mut stream(1, "replicas"), 50, copies, agents);
            assert_eq!(preferred.len(), 50 * found);
            for block in preferred.chunks(found.max(1)) {
                let mut block = block.to_vec();
                block.sort_unstable();
                block.dedup();
                assert_eq!(block.len(), found);
            }
        }
    }
}
