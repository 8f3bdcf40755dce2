//! Conservative backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2).

use super::steps::FreeSteps;
use super::{Pool, RigidJob};
use crate::time::Time;

/// When each job that waits is to start.
#[derive(Debug)]
pub(super) struct StartPlan {
    /// What is free beside what runs and what is planned.
    free: FreeSteps,
    /// In order of submission.
    waiting: Vec<PlannedStart>,
    /// Came at this instant, and have no place yet.
    new: Vec<(u32, RigidJob)>,
    /// Whether something ended earlier than it might have.
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct PlannedStart {
    id: u32,
    job: RigidJob,
    start: Time,
}

impl StartPlan {
    pub(super) fn new(processors: u32) -> Self {
        Self {
            free: FreeSteps::new(processors),
            waiting: Vec::new(),
            new: Vec::new(),
            ended: false,
        }
    }

    /// A job came that is planned once all of the instant has happened.
    pub(super) fn submit(&mut self, id: u32, job: RigidJob) {
        self.new.push((id, job));
    }

    /// Plans a job beside all others.
    pub(super) fn plan(&mut self, now: Time, id: u32, job: RigidJob) {
        self.free.forget(now);
        let start = self.free.earliest(job.processors, job.estimate, now);
        let planned = PlannedStart { id, job, start };
        self.reserve(planned, -1);
        self.waiting.push(planned);
    }

    pub(super) fn end(&mut self, now: Time, expected: Time, processors: u32) {
        self.free.forget(now);
        self.free.change(now, expected, processors.into());
        self.ended = true;
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        self.waiting.iter().map(|one| one.start).min()
    }

    fn reserve(&mut self, one: PlannedStart, sign: i64) {
        let end = one.start + one.job.estimate;
        self.free
            .change(one.start, end, sign * i64::from(one.job.processors));
    }

    /// After an end every job, in order of submission, is planned anew beside all others: never later than before.
    fn compress(&mut self, now: Time) {
        for place in 0..self.waiting.len() {
            let one = self.waiting[place];
            if one.start <= now {
                continue;
            }
            self.reserve(one, 1);
            let start = self
                .free
                .earliest(one.job.processors, one.job.estimate, now);
            let moved = PlannedStart { start, ..one };
            self.reserve(moved, -1);
            self.waiting[place] = moved;
        }
    }
}

impl Pool {
    /// Starts those whose time has come.
    pub(super) fn start_planned(&mut self, now: Time, starts: &mut Vec<u32>) {
        if std::mem::take(&mut self.plan.ended) {
            self.plan.compress(now);
        }
        for (id, job) in std::mem::take(&mut self.plan.new) {
            self.plan.plan(now, id, job);
        }
        let due = |one: &PlannedStart| one.start <= now;
        let mut rest = Vec::with_capacity(self.plan.waiting.len());
        for one in std::mem::take(&mut self.plan.waiting) {
            if !due(&one) {
                rest.push(one);
                continue;
            }
            self.free -= i64::from(one.job.processors);
            let end = now + one.job.estimate;
            self.running.start(one.id, one.job.processors, end);
            starts.push(one.id);
        }
        self.plan.waiting = rest;
    }
}
