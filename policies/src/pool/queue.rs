//! Jobs that wait, in their order, and in the order in which those behind the first are looked through.

use crate::job_order::{RigidJob, ScoreOrder};
use crate::job_queue::JobTie;
use crate::message::JobId;
use crate::score::Score;
use crate::time::{Span, Time};

/// A job that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitingJob {
    score: Score,
    tie: u64,
    pub(super) id: u32,
    pub(super) job: RigidJob,
}

impl WaitingJob {
    fn new(order: &ScoreOrder, tie: JobTie, now: Time, id: u32, job: RigidJob) -> Self {
        Self {
            score: (order.score)(&job, now),
            tie: tie.of(JobId(id)),
            id,
            job,
        }
    }

    /// The least first, by the tie rule when equal.
    const fn key(&self) -> (Score, u64, u32) {
        (self.score, self.tie, self.id)
    }
}

/// The jobs that wait.
#[derive(Debug)]
pub(super) struct ScoredQueue {
    order: &'static ScoreOrder,
    tie: JobTie,
    jobs: Vec<WaitingJob>,
    /// The same jobs in another order, where those behind the first are looked through in one.
    among: Option<(&'static ScoreOrder, Vec<WaitingJob>)>,
}

impl ScoredQueue {
    pub(super) fn new(
        order: &'static ScoreOrder,
        among: Option<&'static ScoreOrder>,
        tie: JobTie,
    ) -> Self {
        Self {
            order,
            tie,
            jobs: Vec::new(),
            among: among.map(|order| (order, Vec::new())),
        }
    }

    pub(super) fn insert(&mut self, now: Time, id: u32, job: RigidJob) {
        let tie = self.tie;
        insert(
            &mut self.jobs,
            WaitingJob::new(self.order, tie, now, id, job),
        );
        if let Some((order, jobs)) = &mut self.among {
            insert(jobs, WaitingJob::new(order, tie, now, id, job));
        }
    }

    /// A job is now expected to run so long.
    pub(super) fn estimate(&mut self, now: Time, id: u32, estimate: Span) {
        let place = self.jobs.iter().position(|one| one.id == id);
        let before = self.jobs.remove(place.expect("a job that waits"));
        self.forget(&[before]);
        let RigidJob {
            submitted,
            processors,
            ..
        } = before.job;
        self.insert(now, id, RigidJob::new(submitted, estimate, processors));
    }

    /// Time has passed: where scores follow it, the order is made anew.
    pub(super) fn age(&mut self, now: Time) {
        if self.order.ages {
            for one in &mut self.jobs {
                one.score = (self.order.score)(&one.job, now);
            }
            self.jobs.sort_unstable_by_key(WaitingJob::key);
        }
    }

    pub(super) fn first(&self) -> Option<WaitingJob> {
        self.jobs.first().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn remove_first(&mut self) {
        let first = self.jobs.remove(0);
        self.forget(&[first]);
    }

    /// Those behind the first, as they are looked through; the first may be among them.
    pub(super) fn behind(&self) -> &[WaitingJob] {
        match &self.among {
            Some((_, jobs)) => jobs,
            None => &self.jobs,
        }
    }

    /// Takes out those for which this is so, looked through as [`ScoredQueue::behind`] has them.
    pub(super) fn take(
        &mut self,
        mut passes: impl FnMut(&WaitingJob) -> bool,
        taken: &mut Vec<WaitingJob>,
    ) {
        let (jobs, others) = match &mut self.among {
            Some((_, among)) => (among, Some(&mut self.jobs)),
            None => (&mut self.jobs, None),
        };
        jobs.retain(|one| {
            let passes = passes(one);
            if passes {
                taken.push(*one);
            }
            !passes
        });
        if let Some(others) = others.filter(|_| !taken.is_empty()) {
            others.retain(|one| taken.iter().all(|gone| gone.id != one.id));
        }
    }

    fn forget(&mut self, gone: &[WaitingJob]) {
        if let Some((order, jobs)) = &mut self.among {
            for one in gone {
                // An order beside that of the turns does not age, so that it is where it was put.
                let key = WaitingJob::new(order, self.tie, Time::ZERO, one.id, one.job).key();
                let place = jobs.partition_point(|other| other.key() < key);
                jobs.remove(place);
            }
        }
    }
}

fn insert(jobs: &mut Vec<WaitingJob>, one: WaitingJob) {
    let place = jobs.partition_point(|other| other.key() < one.key());
    jobs.insert(place, one);
}
