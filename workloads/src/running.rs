//! How work runs, simulated and for real: the kind of framework that does it, how long its tasks take, and which
//! of a job's stages are not done.

use fairground_policies::framework_kind::{Autoscaler, CacheState, FrameworkKind};
use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::time::Span;

use crate::jobs::Runtimes;
use crate::trace::Work;

impl Work {
    /// The kind of framework that does this work.
    pub const fn kind(&self) -> FrameworkKind {
        match self {
            Self::Batch(_) => FrameworkKind::Batch,
            Self::Executors {
                needs, max, idle, ..
            } => FrameworkKind::Executors {
                needs: *needs,
                max: *max,
                idle: *idle,
            },
            Self::Service(service) => FrameworkKind::Service {
                needs: service.needs,
                autoscaler: Autoscaler {
                    workers: service.workers,
                    target: service.autoscaler.target,
                    window: service.autoscaler.window,
                    min: service.autoscaler.min,
                    max: service.autoscaler.max,
                },
            },
        }
    }
}

impl Runtimes<&[Span]> {
    /// How long task `index` takes that runs on the cluster itself, where its data is or not. A reduce task copies
    /// first, and no shorter than until its parents are done.
    pub fn alone(&self, index: u32, is_local: bool) -> Span {
        let index = index as usize;
        match self {
            Self::Plain { local, .. } if is_local => local[index],
            Self::Plain { local, away } => local[index].scaled(u64::from(*away), 1000),
            Self::Reduce { copy, work } => copy[index] + work[index],
            Self::Waves { fresh, .. } => fresh[index],
        }
    }

    /// How long the longest task takes that has its data, in an executor that ran nothing before.
    /// `None` of no tasks.
    pub fn longest(&self) -> Option<Span> {
        match self {
            Self::Plain { local: list, .. } | Self::Waves { fresh: list, .. } => {
                list.iter().max().copied()
            }
            Self::Reduce { copy, work } => {
                let both = copy.iter().zip(*work);
                both.map(|(copy, work)| *copy + *work).max()
            }
        }
    }

    /// How long task `index` takes inside an executor.
    pub fn inside(&self, index: u32, cache: CacheState) -> Span {
        match (self, cache) {
            (Self::Waves { first, .. }, CacheState::First) => first[index as usize],
            (Self::Waves { rest, .. }, CacheState::Rest) => rest[index as usize],
            (other, _) => other.alone(index, true),
        }
    }
}

/// How many tasks of each stage of a job are not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StagesLeft(Vec<u32>);

/// What follows from the end of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeftAfter {
    /// Others of its stage are not done.
    Nothing,
    /// Its stage is done, the job is not.
    StageOver,
    /// The job is done.
    JobOver,
}

impl StagesLeft {
    /// Of a job of which nothing is done.
    pub fn of(job: &JobSpec) -> Self {
        Self(job.stages.iter().map(|stage| stage.tasks).collect())
    }

    /// So many tasks of a stage are done.
    ///
    /// # Panics
    /// When the stage had fewer left.
    pub fn done(&mut self, stage: u32, tasks: u32) -> LeftAfter {
        let left = &mut self.0[stage as usize];
        *left -= tasks;
        if *left > 0 {
            LeftAfter::Nothing
        } else if self.0.iter().any(|left| *left > 0) {
            LeftAfter::StageOver
        } else {
            LeftAfter::JobOver
        }
    }

    /// Whether nothing is left of the stages that a stage of the job waits for.
    pub fn parents_done(&self, stage: &StageSpec) -> bool {
        let mut parents = stage.parents.iter();
        parents.all(|parent| self.0[*parent as usize] == 0)
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::resources::Resources;

    use super::*;

    #[test]
    fn run_times_follow_from_where_and_in_what_a_task_runs() {
        let secs = |secs: u64| [Span::from_secs(secs)];
        let (a, b, c) = (secs(10), secs(20), secs(30));
        let plain = Runtimes::Plain {
            local: &a[..],
            away: 1500,
        };
        assert_eq!(plain.alone(0, true), Span::from_secs(10));
        assert_eq!(plain.alone(0, false), Span::from_secs(15));
        assert_eq!(plain.inside(0, CacheState::Rest), Span::from_secs(10));
        let reduce = Runtimes::Reduce {
            copy: &a[..],
            work: &b[..],
        };
        assert_eq!(reduce.alone(0, false), Span::from_secs(30));
        let waves = Runtimes::Waves {
            fresh: &c[..],
            first: &b[..],
            rest: &a[..],
        };
        let of = |cache| waves.inside(0, cache).as_micros() / 1_000_000;
        let all = [CacheState::Fresh, CacheState::First, CacheState::Rest];
        assert_eq!(all.map(of), [30, 20, 10]);
    }

    #[test]
    fn a_stage_and_a_job_are_over_with_their_last_tasks() {
        let mut reduce = StageSpec::new(Resources::cores(1, 1), 1);
        reduce.parents = vec![0];
        let job = JobSpec::new(
            false,
            vec![StageSpec::new(Resources::cores(1, 1), 2), reduce],
        );
        let mut left = StagesLeft::of(&job);
        assert_eq!(left.done(0, 1), LeftAfter::Nothing);
        assert!(!left.parents_done(&job.stages[1]));
        assert_eq!(left.done(0, 1), LeftAfter::StageOver);
        assert!(left.parents_done(&job.stages[1]));
        assert_eq!(left.done(1, 1), LeftAfter::JobOver);
    }
}
