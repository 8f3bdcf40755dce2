//! A log of rigid jobs on one pool of identical processors: what papers on backfilling measure.
//!
//! Frameworks, offers and agents are left out, so that logs of hundreds of thousands of jobs take no time.
//! [`Pool`] decides; here is its clock.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::path::Path;

use fairground_policies::job_order::RigidJob;
use fairground_policies::pool::{LastTwo, Pool, PoolPolicy, SameInstant};
use fairground_policies::time::{Span, Time};
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::swf::Record;
use fairground_workloads::ReadError;
use serde::Serialize;

/// A job of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogJob {
    /// What is known of it beforehand: its estimate is what its user requested, never less than it runs.
    pub rigid: RigidJob,
    /// How long it runs.
    pub run: Span,
    /// Whose it is.
    pub user: u64,
}

/// How long jobs are expected to run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, clap::ValueEnum)]
pub enum Estimates {
    /// What users requested
    #[default]
    Requested,
    /// How long they do run
    Exact,
    /// The mean of the user's last two when a job comes, as published of EASY++ (Gaussier et al., 2015)
    LastTwo,
    /// The same, anew while a job waits (Tsafrir et al., 2007)
    LastTwoRenewed,
}

impl Estimates {
    /// Whether they may be shorter than jobs run.
    pub const fn may_be_short(self) -> bool {
        matches!(self, Self::LastTwo | Self::LastTwoRenewed)
    }
}

/// The jobs of a log, and how many rows of it are none.
#[derive(Debug)]
pub struct RigidLog {
    /// In the order of the file.
    pub jobs: Vec<LogJob>,
    /// Rows that did not run, or do not say on how many processors or for how long at most.
    pub passed_over: u64,
}

impl RigidLog {
    /// Reads a log in the Standard Workload Format as the artefact of Gaussier et al. (SC 2015) does: jobs that ran,
    /// on as many processors as they asked for, or else got; those that want more than there are are left out, and
    /// whoever ran longer than requested ended when that was over. Where no time was requested, the job is left out,
    /// or `exact` takes how long it ran, as models of work have it.
    ///
    /// # Errors
    /// When a row cannot be read, or jobs are not in the order of their submission.
    pub fn read(path: &Path, processors: u32, exact: bool) -> Result<Self, ReadError> {
        let (mut jobs, mut passed_over) = (Vec::new(), 0);
        for row in Rows::<Record>::open(path)? {
            match job(&row?, processors, exact) {
                Some(job) => jobs.push(job),
                None => passed_over += 1,
            }
        }
        // A pool is told what happens in order; a log has a few rows that are out of it.
        jobs.sort_by_key(|job: &LogJob| job.rigid.submitted);
        Ok(Self { jobs, passed_over })
    }
}

impl RigidLog {
    /// How many processors the header of a log says that its machine has; nothing where it does not tell.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn header_processors(path: &Path) -> Result<Option<u32>, ReadError> {
        let mut rows = Rows::<Record>::open(path)?;
        // A header ends with the first job.
        rows.next().transpose()?;
        let said = rows.layout().number("MaxProcs");
        Ok(said.and_then(|said| u32::try_from(said).ok()))
    }
}

fn job(row: &Record, processors: u32, exact: bool) -> Option<LogJob> {
    let some = |number: Option<u64>| number.filter(|number| *number > 0);
    let (given, asked) = (some(row.processors), some(row.requested_processors));
    let width = asked.or(given)?;
    let run = some(row.run)?;
    let requested = some(row.requested_time).or(exact.then_some(run))?;
    if given.max(asked) > Some(processors.into()) {
        return None;
    }
    Some(LogJob {
        rigid: RigidJob::new(
            Time::from_micros(row.submit?),
            Span::from_micros(requested),
            u32::try_from(width).ok()?,
        ),
        run: Span::from_micros(run.min(requested)),
        user: row.user.unwrap_or(u64::MAX),
    })
}

/// What happens, in the order in which it does at one instant.
struct PoolClock<'a> {
    jobs: &'a [LogJob],
    estimates: Estimates,
    pool: Pool,
    instant: SameInstant,
    /// How many were submitted.
    submitted: usize,
    /// Ends, and what was expected and is over; those of one instant in the order of their starts.
    ends: BinaryHeap<Reverse<(Time, u32, u32)>>,
    over: BinaryHeap<Reverse<(Time, u32, u32)>>,
    started: u32,
    starts: Vec<Time>,
    learned: LastTwo,
    /// Jobs that wait, where estimates are made anew.
    waiting: BTreeSet<u32>,
    starting: Vec<u32>,
}

/// When each job starts on so many processors. Jobs are in order of their submission, and none is larger.
///
/// # Panics
/// When one is larger, or estimates that may be too short meet a policy that plans by them
/// ([`PoolPolicy::bears_short_estimates`]).
pub fn simulate(
    policy: PoolPolicy,
    processors: u32,
    jobs: &[LogJob],
    estimates: Estimates,
) -> Vec<Time> {
    assert!(
        !estimates.may_be_short() || policy.bears_short_estimates(),
        "starts are planned by estimates that hold"
    );
    let mut clock = PoolClock {
        jobs,
        estimates,
        pool: Pool::new(policy, processors),
        instant: policy.instant(),
        submitted: 0,
        ends: BinaryHeap::new(),
        over: BinaryHeap::new(),
        started: 0,
        starts: vec![Time::ZERO; jobs.len()],
        learned: LastTwo::default(),
        waiting: BTreeSet::new(),
        starting: Vec::new(),
    };
    while let Some(now) = clock.next() {
        clock.step(now);
    }
    clock.starts
}

/// The first of a heap, if it is due.
fn due(heap: &mut BinaryHeap<Reverse<(Time, u32, u32)>>, now: Time) -> Option<u32> {
    let Reverse((time, _, job)) = heap.peek()?;
    let job = *job;
    (*time <= now).then(|| {
        heap.pop();
        job
    })
}

impl PoolClock<'_> {
    fn next(&self) -> Option<Time> {
        let submitted = self.jobs.get(self.submitted);
        let times = [
            submitted.map(|job| job.rigid.submitted),
            self.ends.peek().map(|Reverse((time, ..))| *time),
            self.over.peek().map(|Reverse((time, ..))| *time),
            self.pool.wake_at(),
        ];
        times.into_iter().flatten().min()
    }

    fn step(&mut self, now: Time) {
        let each = self.instant == SameInstant::Each;
        while let Some(job) = due(&mut self.over, now) {
            let end = self.starts[job as usize] + self.jobs[job as usize].rigid.estimate;
            self.pool.expect(job, end);
        }
        let mut decided = false;
        while let Some(job) = self
            .jobs
            .get(self.submitted)
            .filter(|job| job.rigid.submitted <= now)
        {
            let id = self.submitted as u32;
            let estimate = match self.estimates {
                Estimates::Requested => job.rigid.estimate,
                Estimates::Exact => job.run,
                Estimates::LastTwo | Estimates::LastTwoRenewed => {
                    self.learned.expect(job.user, job.rigid.estimate)
                }
            };
            let processors = job.rigid.processors;
            let rigid = RigidJob::new(job.rigid.submitted, estimate, processors);
            self.pool.submit(now, id, rigid);
            self.submitted += 1;
            if self.estimates == Estimates::LastTwoRenewed {
                self.waiting.insert(id);
            }
            // EASY++ always looks.
            if each && (self.estimates.may_be_short() || self.pool.looks_at(now, processors)) {
                self.decide(now);
                decided = true;
            }
        }
        while let Some(job) = due(&mut self.ends, now) {
            self.pool.end(now, job);
            if self.estimates.may_be_short() {
                self.learn(now, &self.jobs[job as usize]);
            }
            if each {
                self.decide(now);
                decided = true;
            }
        }
        let planned = self.pool.wake_at().is_some_and(|at| at <= now);
        if !decided && (!each || planned) {
            self.decide(now);
        }
    }

    /// A job ended: what is expected of its user's others follows from it.
    fn learn(&mut self, now: Time, ended: &LogJob) {
        self.learned.learn(ended.user, ended.run);
        for id in &self.waiting {
            let LogJob { rigid, user, .. } = &self.jobs[*id as usize];
            if *user == ended.user {
                let estimate = self.learned.expect(*user, rigid.estimate);
                self.pool.estimate(now, *id, estimate);
            }
        }
    }

    fn decide(&mut self, now: Time) {
        self.pool.decide(now, &mut self.starting);
        for id in self.starting.drain(..) {
            let job = &self.jobs[id as usize];
            self.starts[id as usize] = now;
            self.ends.push(Reverse((now + job.run, self.started, id)));
            self.waiting.remove(&id);
            if self.estimates.may_be_short() {
                let expected = self.pool.expected_end(id);
                if expected < now + job.run {
                    self.over.push(Reverse((expected, self.started, id)));
                }
            }
            self.started += 1;
        }
    }
}

/// What papers report of a schedule.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Measures {
    /// How many jobs.
    pub jobs: usize,
    /// Mean of max(1, (wait + run) / max(10 s, run)).
    pub mean_bounded_slowdown: f64,
    /// The largest of these.
    pub largest_bounded_slowdown: f64,
    /// Mean wait in seconds.
    pub mean_wait_s: f64,
    /// Mean time from submission to end in seconds.
    pub mean_flow_s: f64,
    /// The longest of these.
    pub largest_flow_s: f64,
    /// From the first submission to the last end in seconds.
    pub makespan_s: f64,
    /// Part of the processors' time from the first submission to the last end that was used.
    pub utilization: f64,
}

impl Measures {
    /// Of jobs and when they started on so many processors.
    pub fn new(jobs: &[LogJob], starts: &[Time], processors: u32) -> Self {
        let seconds = |span: Span| span.as_micros() as f64 / 1e6;
        let (mut slowdowns, mut largest) = (0.0, 1.0_f64);
        let (mut waits, mut flows, mut longest, mut work) = (0_u128, 0_u128, Span::ZERO, 0_u128);
        let mut end = Time::ZERO;
        for (job, start) in jobs.iter().zip(starts) {
            let wait = start.since(job.rigid.submitted);
            let flow = wait + job.run;
            let slowdown = seconds(flow) / seconds(job.run).max(10.0);
            slowdowns += slowdown.max(1.0);
            largest = largest.max(slowdown);
            waits += u128::from(wait.as_micros());
            flows += u128::from(flow.as_micros());
            longest = longest.max(flow);
            work += u128::from(job.run.as_micros()) * u128::from(job.rigid.processors);
            end = end.max(*start + job.run);
        }
        let count = jobs.len().max(1) as f64;
        let first = jobs.first().map_or(Time::ZERO, |job| job.rigid.submitted);
        let makespan = end.since(first);
        let capacity = u128::from(makespan.as_micros()) * u128::from(processors);
        Self {
            jobs: jobs.len(),
            mean_bounded_slowdown: slowdowns / count,
            largest_bounded_slowdown: largest,
            mean_wait_s: waits as f64 / 1e6 / count,
            mean_flow_s: flows as f64 / 1e6 / count,
            largest_flow_s: seconds(longest),
            makespan_s: seconds(makespan),
            utilization: work as f64 / capacity.max(1) as f64,
        }
    }
}
