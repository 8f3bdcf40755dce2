//! Collecting jobs: numbers them and keeps what every job must have.

use fairground_policies::message::AgentId;
use fairground_policies::time::Time;

use crate::error::ReadError;
use crate::formats::tpch::MOST_TASKS;
use crate::rng::Stream;
use crate::trace;
pub(crate) use crate::trace::Stage;

/// More tasks than this in one workload are taken for a mistake in the recipe.
const MOST_TASKS_IN_ALL: u64 = 50_000_000;

/// Jobs in order of submission.
#[derive(Default)]
pub(crate) struct Jobs {
    jobs: trace::Jobs,
    tasks: u64,
}

impl Jobs {
    /// Adds a job submitted not before the one added last.
    pub(crate) fn push(
        &mut self,
        label: &str,
        submitted: Time,
        gang: bool,
        stages: Vec<Stage>,
    ) -> Result<(), ReadError> {
        let tasks = stages.iter().map(|(stage, _)| u64::from(stage.tasks));
        self.tasks += tasks.sum::<u64>();
        if self.tasks > MOST_TASKS_IN_ALL {
            let expected = format!("at most {MOST_TASKS_IN_ALL} tasks");
            let error = ReadError::expected(expected, "more");
            return Err(error.hint("shorten the horizon, limit the jobs or make them smaller"));
        }
        self.jobs.push(label, submitted, gang, stages);
        Ok(())
    }

    pub(crate) fn finish(self) -> trace::Jobs {
        self.jobs
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
