//! Rigid jobs on one pool of identical processors: the model in which backfilling is written about.
//!
//! A machine like the others: it is told what was submitted, what ended and what is expected now, and says who
//! starts. Its scale is logs of hundreds of thousands of jobs; where frameworks share agents, the same rules are
//! [schedulers](crate::schedulers).
//!
//! Longer than a policy's file: it is what all policies of a pool have in common.

mod conservative;
mod easy;
mod pick;
mod policy;
mod predictor;
mod queue;
mod steps;

use self::conservative::StartPlan;
use self::pick::Picked;
use self::policy::Rule;
pub(crate) use self::policy::{AMONG, among};
pub use self::policy::{ENTRIES, PoolEntry, PoolPolicy, SameInstant};
pub use self::predictor::LastTwo;
use self::queue::{ScoredQueue, WaitingJob};
use crate::job_order::RigidJob;
use crate::time::{Span, Time};

/// Jobs that wait for a pool and run on it.
#[derive(Debug)]
pub struct Pool {
    policy: PoolPolicy,
    /// Processors that nobody has; below zero within an instant in which processors count as free whose job is
    /// about to end.
    free: i64,
    queue: ScoredQueue,
    running: RunningJobs,
    plan: StartPlan,
    picked: Option<Picked>,
}

/// What runs, by when it is expected to end.
#[derive(Debug, Default)]
struct RunningJobs {
    /// Expected end, job, processors; the earliest first.
    by_end: Vec<(Time, u32, u32)>,
    /// The expected end of each job that started.
    ends: Vec<Time>,
}

impl RunningJobs {
    fn start(&mut self, job: u32, processors: u32, end: Time) {
        let known = self.ends.len().max(job as usize + 1);
        self.ends.resize(known, Time::ZERO);
        self.ends[job as usize] = end;
        let place = self.by_end.partition_point(|one| *one < (end, job, 0));
        self.by_end.insert(place, (end, job, processors));
    }

    /// The expected end and the processors of a job that runs no longer.
    fn end(&mut self, job: u32) -> (Time, u32) {
        let end = self.ends[job as usize];
        let place = self.by_end.partition_point(|one| *one < (end, job, 0));
        let (end, _, processors) = self.by_end.remove(place);
        (end, processors)
    }
}

impl Pool {
    /// A pool of so many processors on which nothing runs.
    pub fn new(policy: PoolPolicy, processors: u32) -> Self {
        Self {
            policy,
            free: processors.into(),
            queue: ScoredQueue::new(policy.order, policy.among(), policy.tie),
            running: RunningJobs::default(),
            plan: StartPlan::new(processors),
            picked: None,
        }
    }

    /// A job came. Jobs are numbered in the order of submission.
    pub fn submit(&mut self, now: Time, id: u32, job: RigidJob) {
        match (self.policy.rule, self.policy.instant) {
            (Rule::Conservative, SameInstant::Each) => self.plan.plan(now, id, job),
            (Rule::Conservative, SameInstant::Together) => self.plan.submit(id, job),
            _ => self.queue.insert(now, id, job),
        }
    }

    /// A job that waits is now expected to run so long, which starts are not planned by.
    pub fn estimate(&mut self, now: Time, job: u32, estimate: Span) {
        self.queue.estimate(now, job, estimate);
    }

    /// Whether a newcomer on so many processors is a reason to look who starts: in the original of EASY only if it
    /// fits.
    pub fn looks_at(&self, now: Time, processors: u32) -> bool {
        !matches!(self.policy.rule, Rule::Easy { .. }) || self.usable(now) >= processors.into()
    }

    /// When a job that started is expected to end.
    pub fn expected_end(&self, job: u32) -> Time {
        self.running.ends[job as usize]
    }

    /// A job that runs is now expected to end then, because what was expected before has passed.
    pub fn expect(&mut self, job: u32, end: Time) {
        let (_, processors) = self.running.end(job);
        self.running.start(job, processors, end);
    }

    /// A job ended.
    pub fn end(&mut self, now: Time, job: u32) {
        let (expected, processors) = self.running.end(job);
        self.free += i64::from(processors);
        if self.policy.rule == Rule::Conservative {
            self.plan.end(now, expected, processors);
        }
    }

    /// When it has to be asked although nothing has happened: where starts are planned.
    pub fn wake_at(&self) -> Option<Time> {
        self.plan.wake_at()
    }

    /// How many processors may be used now.
    fn usable(&self, now: Time) -> i64 {
        if self.policy.instant == SameInstant::Together || self.picks() {
            return self.free;
        }
        let leaving = self.running.by_end.iter();
        let leaving = leaving.take_while(|(end, ..)| *end <= now);
        self.free + leaving.map(|(.., width)| i64::from(*width)).sum::<i64>()
    }

    /// Appends the jobs that start now.
    pub fn decide(&mut self, now: Time, starts: &mut Vec<u32>) {
        self.queue.age(now);
        match self.policy.rule {
            Rule::List => {
                self.start_in_order(now, starts);
            }
            Rule::Easy { .. } => {
                let usable = self.start_in_order(now, starts);
                self.pass(now, usable, starts);
            }
            Rule::Conservative => self.start_planned(now, starts),
            Rule::Pick { backfill } => self.pick(now, backfill, starts),
        }
    }

    const fn picks(&self) -> bool {
        matches!(self.policy.rule, Rule::Pick { .. })
    }

    /// Starts jobs in order while they fit; what is usable then.
    fn start_in_order(&mut self, now: Time, starts: &mut Vec<u32>) -> i64 {
        let mut usable = self.usable(now);
        while let Some(first) = self.queue.first()
            && i64::from(first.job.processors) <= usable
        {
            self.queue.remove_first();
            usable -= i64::from(first.job.processors);
            self.start(now, first, starts);
        }
        usable
    }

    fn start(&mut self, now: Time, one: WaitingJob, starts: &mut Vec<u32>) {
        let RigidJob {
            estimate,
            processors,
            ..
        } = one.job;
        self.free -= i64::from(processors);
        self.running.start(one.id, processors, now + estimate);
        starts.push(one.id);
    }
}
