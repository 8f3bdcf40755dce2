//! Jobs whose tasks start and end as one, and the same as single tasks.

use std::sync::Arc;

use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::time::Span;

use super::{Jobs, OneJob, Runtimes, Stage};

/// How many run times a stage has in every list.
pub(super) fn times_of(stage: &StageSpec) -> u32 {
    if stage.rigid {
        stage.tasks.min(1)
    } else {
        stage.tasks
    }
}

/// A stage whose tasks start and end one by one, those of a rigid one all alike.
fn apart((stage, runtimes): (&StageSpec, Runtimes<&[Span]>)) -> Stage {
    let all = |list: &[Span]| match list {
        [one] if stage.rigid => vec![*one; stage.tasks as usize],
        list => list.to_vec(),
    };
    let spec = StageSpec {
        rigid: false,
        ..stage.clone()
    };
    (spec, runtimes.map(all))
}

fn is_rigid(spec: &JobSpec) -> bool {
    spec.stages.iter().any(|stage| stage.rigid)
}

impl Jobs {
    /// The same jobs for who starts and ends tasks one by one: rigid ones become gangs of single tasks.
    #[must_use]
    pub fn apart(&self) -> Self {
        if !self.0.shapes.iter().any(|shape| is_rigid(&shape.spec)) {
            return self.clone();
        }
        let mut all = Self::default();
        for job in self.iter() {
            let stages = job.stages().map(apart).collect();
            all.push(job.label, job.submitted, job.spec.gang, stages);
            all.due(job.spec.deadline);
            all.measured(job.used);
        }
        if let Some(feedback) = self.feedback() {
            return all.with_feedback(Arc::clone(feedback));
        }
        all
    }
}

impl OneJob {
    /// As [`Jobs::apart`].
    #[must_use]
    pub fn apart(&self) -> Self {
        Self(self.0.apart())
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::resources::Resources;
    use fairground_policies::time::Time;

    use super::*;

    #[test]
    fn a_rigid_stage_has_one_time_and_is_single_tasks_apart() {
        let stage = |rigid, tasks: u32| {
            let spec = StageSpec {
                rigid,
                ..StageSpec::new(Resources::cores(1, 1), tasks)
            };
            let times = if rigid { 1 } else { tasks };
            let local = vec![Span::from_secs(7); times as usize];
            (spec, Runtimes::Plain { local, away: 1000 })
        };
        let jobs = |rigid| {
            let mut jobs = Jobs::default();
            jobs.push(
                "wide",
                Time::ZERO,
                true,
                vec![stage(rigid, 4), stage(false, 2)],
            );
            jobs.measured(Some(5));
            jobs.push("thin", Time::from_secs(1), true, vec![stage(rigid, 1)]);
            jobs
        };
        assert_eq!(jobs(true).0.times.len(), 4);
        assert_eq!(jobs(true).apart(), jobs(false));
        assert_eq!(jobs(false).apart(), jobs(false));
    }
}
