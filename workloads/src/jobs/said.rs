//! The same jobs, of which something else is said.

use std::sync::Arc;

use fairground_policies::job::JobSpec;
use fairground_policies::message::{AgentId, JobId};
use fairground_policies::time::Span;

use super::{Job, Jobs, OneJob};
use crate::deadlines::Deadlines;
use crate::estimates::EstimateSpec;

impl Jobs {
    /// The same jobs, of which something else is said.
    #[must_use]
    pub(crate) fn with_estimates(&self, spec: EstimateSpec) -> Self {
        self.said(|job| {
            let stages = job.stages().map(|stage| spec.stage(stage)).collect();
            JobSpec {
                stages,
                ..JobSpec::clone(job.spec)
            }
        })
    }

    /// The same jobs with other deadlines.
    #[must_use]
    pub(crate) fn with_deadlines(&self, deadlines: &mut Deadlines) -> Self {
        self.said(|job| JobSpec {
            deadline: Some(deadlines.of(job)),
            ..JobSpec::clone(job.spec)
        })
    }

    /// The same jobs, whose data lies on other agents: where it lay on one, it lies on what `to` makes of it.
    #[must_use]
    pub fn with_data_moved(&self, to: impl Fn(AgentId) -> AgentId) -> Self {
        self.said(|job| {
            let mut spec = JobSpec::clone(job.spec);
            let preferred = spec.stages.iter_mut().flat_map(|one| &mut one.preferred);
            preferred.for_each(|agent| *agent = to(*agent));
            spec
        })
    }

    /// The same jobs under other numbers: `order` names each of them once, and is still one by submission. Who waits
    /// for whom is not kept, which goes by numbers.
    #[must_use]
    pub fn renumbered(&self, order: &[JobId]) -> Self {
        let mut all = Self::default();
        for job in order.iter().map(|id| self.get(*id)) {
            let stages = job.stages();
            let stages = stages.map(|(spec, times)| (spec.clone(), times.map(<[Span]>::to_vec)));
            all.push(job.label, job.submitted, job.spec.gang, stages.collect());
            all.due(job.spec.deadline);
            all.measured(job.used);
        }
        all
    }

    /// The same jobs, of each of which this is said; it has the same tasks as before.
    fn said(&self, mut spec: impl FnMut(&Job<'_>) -> JobSpec) -> Self {
        let mut all = self.clone();
        let columns = Arc::make_mut(&mut all.0);
        columns.shapes.clear();
        columns.known.clear();
        for job in self.iter() {
            let lists = job.lists.iter().map(|list| list.map(|_| ()));
            let shape = all.shape_of(spec(&job), lists);
            Arc::make_mut(&mut all.0).rows[job.id.index()].shape = shape;
        }
        all
    }

    /// Says how long after its submission the job added last is to be done.
    pub(super) fn due(&mut self, deadline: Option<Span>) {
        let Some(last) = self.0.rows.last().copied().filter(|_| deadline.is_some()) else {
            return;
        };
        let shape = self.0.shapes[last.shape.0 as usize].clone();
        let spec = JobSpec {
            deadline,
            ..JobSpec::clone(&shape.spec)
        };
        let lists = shape.lists.iter().map(|list| list.map(|_| ()));
        let shape = self.shape_of(spec, lists);
        if let Some(last) = Arc::make_mut(&mut self.0).rows.last_mut() {
            last.shape = shape;
        }
    }
}

impl OneJob {
    /// The same job, of which something else is said.
    #[must_use]
    pub(crate) fn with_estimates(&self, spec: EstimateSpec) -> Self {
        Self(self.0.with_estimates(spec))
    }

    /// The same job with a deadline.
    #[must_use]
    pub(crate) fn with_deadline(&self, deadlines: &mut Deadlines) -> Self {
        Self(self.0.with_deadlines(deadlines))
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::job::StageSpec;
    use fairground_policies::resources::Resources;
    use fairground_policies::time::Time;

    use super::*;
    use crate::trace::Runtimes;

    fn three() -> Jobs {
        let mut jobs = Jobs::default();
        for (label, at, agent) in [("a", 0, 0), ("b", 5, 1), ("c", 5, 2)] {
            let stage = StageSpec {
                preferred: vec![AgentId(agent)],
                ..StageSpec::new(Resources::cores(1, 1), 1)
            };
            let local = vec![Span::from_secs(u64::from(agent) + 1)];
            let times = Runtimes::Plain { local, away: 1000 };
            jobs.push(label, Time::from_secs(at), false, vec![(stage, times)]);
            jobs.measured((label == "b").then_some(7));
            jobs.due((label == "c").then_some(Span::from_secs(9)));
        }
        jobs
    }

    #[test]
    fn other_numbers_are_the_same_jobs() {
        let (jobs, ids) = (three(), |ids: [u32; 3]| ids.map(JobId));
        let other = jobs.renumbered(&ids([0, 2, 1]));
        let labels: Vec<&str> = other.iter().map(|job| job.label).collect();
        assert_eq!(labels, ["a", "c", "b"]);
        assert_eq!(other.get(JobId(1)).spec.deadline, Some(Span::from_secs(9)));
        assert_eq!(other.get(JobId(2)).used, Some(7));
        assert_eq!(other.renumbered(&ids([0, 2, 1])), jobs);
    }

    #[test]
    fn data_moves_with_its_agents() {
        let moved = three().with_data_moved(|agent| AgentId(2 - agent.0));
        let places = moved.iter().map(|job| job.spec.stages[0].preferred[0].0);
        assert_eq!(places.collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(moved.with_data_moved(|agent| AgentId(2 - agent.0)), three());
    }
}
