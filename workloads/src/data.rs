//! Where the data of tasks lies: on which agents a task finds what it reads.

use std::sync::Arc;

use fairground_policies::message::{AgentId, JobId};
use fairground_policies::time::Span;

use crate::jobs::{Job, Jobs, OneJob, Stage};
use crate::rng::Stream;

/// Where the blocks of `tasks` tasks lie: each on `copies` different agents, or on all of them if
/// there are fewer, drawn uniformly (the Mesos paper's model of a distributed file system).
pub fn replicas(stream: &mut Stream, tasks: u32, copies: u32, agents: u32) -> Vec<AgentId> {
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

impl Jobs {
    /// The same jobs with the data of their tasks on as many of `agents` as it was on, or on all of
    /// them if there are fewer, drawn from `stream`. Jobs that read nothing draw nothing.
    pub fn with_data_on(&self, agents: &[AgentId], stream: &mut Stream) -> Self {
        if !self.iter().any(reads) {
            return self.clone();
        }
        let mut moved = Self::default();
        for job in self.iter() {
            let stages = stages_on(job, agents, stream);
            moved.push(job.label, job.submitted, job.spec.gang, stages);
            moved.measured(job.used);
        }
        match self.feedback() {
            None => moved,
            Some(feedback) => moved.with_feedback(Arc::clone(feedback)),
        }
    }
}

impl OneJob {
    /// The same for one job of a stream of them.
    pub fn with_data_on(&self, agents: &[AgentId], stream: &mut Stream) -> Self {
        let job = self.numbered(JobId(0));
        if !reads(job) {
            return self.clone();
        }
        let stages = stages_on(job, agents, stream);
        Self::new(job.label, job.submitted, job.spec.gang, stages).with_use(job.used)
    }
}

fn reads(job: Job<'_>) -> bool {
    let mut stages = job.spec.stages.iter();
    stages.any(|stage| !stage.preferred.is_empty())
}

fn stages_on(job: Job<'_>, agents: &[AgentId], stream: &mut Stream) -> Vec<Stage> {
    let moved = job.stages().map(|(stage, runtimes)| {
        let mut stage = stage.clone();
        let copies = stage.preferred.len() as u32 / stage.tasks.max(1);
        let drawn = replicas(stream, stage.tasks, copies, agents.len() as u32);
        stage.preferred = drawn.into_iter().map(|at| agents[at.index()]).collect();
        (stage, runtimes.map(<[Span]>::to_vec))
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use fairground_policies::job::StageSpec;
    use fairground_policies::resources::Resources;
    use fairground_policies::time::Time;

    use super::*;
    use crate::rng::stream;
    use crate::trace::Runtimes;

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

    /// A job whose 40 tasks read something that lies on three of nine agents.
    fn reading() -> Jobs {
        let mut stage = StageSpec::new(Resources::cores(1, 1), 40);
        stage.preferred = replicas(&mut stream(1, "replicas"), 40, 3, 9);
        let local = vec![Span::from_secs(9); 40];
        let away = 1500;
        let mut jobs = Jobs::default();
        let stages = vec![(stage, Runtimes::Plain { local, away })];
        jobs.push("job", Time::from_secs(5), false, stages);
        jobs
    }

    #[test]
    fn data_moves_to_the_agents_named_and_nothing_else_changes() {
        for (own, copies) in [(&[4, 7, 8, 2][..], 3), (&[4, 7], 2), (&[], 0)] {
            let own: Vec<AgentId> = own.iter().map(|agent| AgentId(*agent)).collect();
            let moved = reading().with_data_on(&own, &mut stream(1, "data"));
            let preferred = &moved.get(JobId(0)).spec.stages[0].preferred;
            assert_eq!(preferred.len(), 40 * copies);
            assert!(preferred.iter().all(|agent| own.contains(agent)));
            let before = reading();
            let (before, after) = (before.get(JobId(0)), moved.get(JobId(0)));
            assert_eq!(
                (before.label, before.submitted),
                (after.label, after.submitted)
            );
            assert_eq!(before.runtimes(0), after.runtimes(0));
        }
    }

    #[test]
    fn jobs_that_read_nothing_stay_as_they_are() {
        let mut jobs = Jobs::default();
        let local = vec![Span::from_secs(9)];
        let plain = Runtimes::Plain { local, away: 1000 };
        let stage = StageSpec::new(Resources::cores(1, 1), 1);
        jobs.push("job", Time::ZERO, false, vec![(stage, plain)]);
        let mut drawn = stream(1, "data");
        assert_eq!(jobs.with_data_on(&[AgentId(1)], &mut drawn), jobs);
        assert_eq!(drawn.below(1000), stream(1, "data").below(1000));
    }
}
