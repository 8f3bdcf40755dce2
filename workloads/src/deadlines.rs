//! When jobs are to be done, where a recipe says it: so many times as long after their submission as they run at the
//! soonest, drawn anew for every job.
//!
//! No public trace has any that jobs were held to; a uniform draw between two factors is the least that tells jobs apart.

use fairground_policies::job::JobSpec;
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::models::arrivals::assumption;
use crate::rng;
use crate::trace::{Assumption, Job, JobStream, Work, Workload};
use crate::units::{self, Thousandths};

/// How many times as long as it runs at the soonest a job may take: `deadline = [1.5, 3]` in a recipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeadlineSpec(
    #[serde(with = "units::decimal")] u32,
    #[serde(with = "units::decimal")] u32,
);

/// Draws the deadlines of one framework's jobs in order.
#[derive(Debug)]
pub(crate) struct Deadlines {
    spec: DeadlineSpec,
    draws: rng::Stream,
}

impl DeadlineSpec {
    /// The deadlines of a framework's jobs with a seed.
    pub(crate) fn draw(self, seed: u64, framework: &str) -> Deadlines {
        Deadlines {
            spec: self,
            draws: rng::stream(seed, &format!("deadlines/{framework}")),
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        if (1..=self.1).contains(&self.0) && self.1 <= 1_000_000 {
            Ok(())
        } else {
            Err(
                "expected the least and the most of how many times as long as it runs a job may take, above 0 and at \
                 most 1000, as in [1.5, 3]",
            )
        }
    }

    fn told(self) -> Assumption {
        let Self(low, high) = self;
        let (low, high) = (Thousandths(low.into()), Thousandths(high.into()));
        let model = format!(
            "drawn for every job between {low} and {high} times as long as it runs at the soonest, from its submission on"
        );
        assumption("deadlines", model)
    }
}

impl Deadlines {
    /// That of the next job.
    pub(crate) fn of(&mut self, job: &Job<'_>) -> Span {
        let DeadlineSpec(low, high) = self.spec;
        let times = self.draws.between(low.into(), high.into());
        soonest(job).scaled(times, 1000)
    }

    /// A workload whose jobs have them.
    pub(crate) fn given_to(mut self, workload: Workload) -> Workload {
        let mut assumptions = workload.assumptions;
        assumptions.push(self.spec.told());
        let work = match workload.work {
            Work::Batch(jobs) => Work::Batch(jobs.with_deadlines(&mut self)),
            Work::Executors {
                jobs,
                needs,
                max,
                idle,
            } => Work::Executors {
                jobs: jobs.with_deadlines(&mut self),
                needs,
                max,
                idle,
            },
            service @ Work::Service(_) => service,
        };
        Workload {
            work,
            assumptions,
            ..workload
        }
    }

    /// The same for jobs that come one by one.
    pub(crate) fn given_to_all(mut self, jobs: JobStream<'_>) -> JobStream<'_> {
        Box::new(jobs.map(move |job| Ok(job?.with_deadline(&mut self))))
    }
}

/// How long a job runs where there is room for all of it and each task has its data: its longest chain of stages.
fn soonest(job: &Job<'_>) -> Span {
    let JobSpec { stages, .. } = &**job.spec;
    let mut ends: Vec<Span> = Vec::with_capacity(stages.len());
    for (stage, runtimes) in job.stages() {
        let parents = stage.parents.iter().map(|parent| ends[*parent as usize]);
        ends.push(parents.max().unwrap_or_default() + runtimes.longest().unwrap_or_default());
    }
    ends.into_iter().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use fairground_policies::job::StageSpec;
    use fairground_policies::resources::Resources;
    use fairground_policies::time::Time;

    use super::*;
    use crate::trace::{Jobs, OneJob, Runtimes};

    /// Two stages of ten and five seconds, one behind the other.
    fn stages() -> Vec<(StageSpec, Runtimes)> {
        let stage = |secs: [u64; 2], parents: Vec<u32>| {
            let local = secs.map(Span::from_secs).to_vec();
            let spec = StageSpec {
                parents,
                ..StageSpec::new(Resources::cores(1, 1), 2)
            };
            (spec, Runtimes::Plain { local, away: 1000 })
        };
        vec![stage([10, 3], vec![]), stage([1, 5], vec![0])]
    }

    #[test]
    fn every_job_has_its_own() {
        let mut jobs = Jobs::default();
        for at in 0..50 {
            jobs.push("", Time::from_secs(at), false, stages());
        }
        let deadlines = |jobs: &Jobs| -> Vec<Option<Span>> {
            jobs.iter().map(|job| job.spec.deadline).collect()
        };
        let drawn =
            |low, high| deadlines(&jobs.with_deadlines(&mut DeadlineSpec(low, high).draw(1, "f")));
        assert_eq!(drawn(2000, 2000), vec![Some(Span::from_secs(30)); 50]);
        let between = drawn(1000, 3000);
        let within = |one: &Option<Span>| {
            one.is_some_and(|one| (Span::from_secs(15)..=Span::from_secs(45)).contains(&one))
        };
        assert!(
            between.iter().all(within) && between[0] != between[1],
            "{between:?}"
        );
        // One by one they are the same.
        let mut one_by_one = DeadlineSpec(1000, 3000).draw(1, "f");
        let ones = (0..50).map(|at| {
            let job = OneJob::new("", Time::from_secs(at), false, stages());
            job.with_deadline(&mut one_by_one).spec().deadline
        });
        assert_eq!(ones.collect::<Vec<_>>(), between);
        // What else is said of jobs leaves them.
        let said = jobs.with_deadlines(&mut DeadlineSpec(2000, 2000).draw(1, "f"));
        assert_eq!(deadlines(&said.apart()), drawn(2000, 2000));
    }

    #[test]
    fn factors_the_wrong_way_round_are_refused() {
        for (low, high, good) in [
            (0, 1, false),
            (2000, 1000, false),
            (1, 1_000_001, false),
            (500, 500, true),
        ] {
            assert_eq!(
                DeadlineSpec(low, high).check().is_ok(),
                good,
                "{low} {high}"
            );
        }
    }
}
