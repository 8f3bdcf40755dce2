//! Jobs whose tasks go to queues at workers: what papers on distributed schedulers measure.
//!
//! [`Sampling`] decides; here are its clock and its network, on which every message takes the same time, and the work
//! that Sparrow's own simulator offers it.

use fairground_policies::sampling::{QueueMessage, Sampling, SamplingOrder, SamplingPolicy};
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng;
use serde::Serialize;

use crate::queue::Queue;

/// A job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SampledJob {
    /// When it comes.
    pub submitted: Time,
    /// How long each of its tasks runs; at least one.
    pub runs: Vec<Span>,
}

/// Where jobs run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workers {
    /// How many.
    pub count: u32,
    /// How many tasks each runs at a time.
    pub slots: u32,
    /// How long a message is on its way.
    pub delay: Span,
}

/// Work with one length for all tasks of a job, drawn from an exponential distribution, and Poisson arrivals
/// (`EXP_JOBS` of Sparrow's simulator).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DrawnJobs {
    /// How many.
    pub jobs: u32,
    /// How many tasks each has.
    pub tasks: u32,
    /// How long tasks run in the mean.
    pub mean: Span,
    /// Which part of all slots they keep busy.
    pub load: f64,
}

impl DrawnJobs {
    /// The jobs that come to these workers with a seed. Loads have the same tasks, closer together.
    pub fn draw(&self, workers: &Workers, seed: u64) -> Vec<SampledJob> {
        /// A mean that leaves twelve digits.
        const LONG: Span = Span::from_micros(1_000_000_000_000);
        let mut gaps = rng::stream(seed, "sampling/arrivals");
        let mut lengths = rng::stream(seed, "sampling/lengths");
        let slots = f64::from(workers.count) * f64::from(workers.slots);
        let work = f64::from(self.tasks) * self.mean.as_micros() as f64;
        let between = work / (slots * self.load);
        let mut now = 0.0;
        let jobs = (0..self.jobs).map(|_| {
            now += gaps.exponential(LONG).as_micros() as f64 / LONG.as_micros() as f64 * between;
            let run = lengths.exponential(self.mean).max(Span::from_micros(1));
            SampledJob {
                submitted: Time::from_micros(now as u64),
                runs: vec![run; self.tasks as usize],
            }
        });
        jobs.collect()
    }
}

/// What became of jobs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sampled {
    /// When the tasks of each job started.
    pub starts: Vec<Vec<Time>>,
    /// How many messages were sent.
    pub messages: u64,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum SamplingItem {
    Arrives(QueueMessage),
    Ends(u32),
}

/// When each task starts. Jobs are in order of their submission.
pub fn simulate(
    policy: SamplingPolicy,
    workers: &Workers,
    jobs: &[SampledJob],
    seed: u64,
) -> Sampled {
    let draws = rng::stream(seed, "sampling/probes").into_generator();
    let mut sampling = Sampling::new(policy, workers.count, workers.slots, draws);
    let starts = jobs.iter().map(|job| vec![Time::ZERO; job.runs.len()]);
    let mut sampled = Sampled {
        starts: starts.collect(),
        messages: 0,
    };
    let (mut queue, mut orders, mut coming) = (Queue::default(), Vec::new(), jobs.iter());
    loop {
        let next = coming.as_slice().first().map(|job| job.submitted);
        // Of one instant, who comes is first.
        let now = match (next, queue.next_time()) {
            (Some(submitted), item) if item.is_none_or(|item| submitted <= item) => {
                queue.advance(submitted);
                if let Some(job) = coming.next() {
                    sampling.submit(job.runs.len() as u32, &mut orders);
                }
                submitted
            }
            _ => match queue.pop() {
                Some((now, SamplingItem::Arrives(message))) => {
                    sampling.receive(message, &mut orders);
                    now
                }
                Some((now, SamplingItem::Ends(worker))) => {
                    sampling.end(worker, &mut orders);
                    now
                }
                None => return sampled,
            },
        };
        for order in orders.drain(..) {
            match order {
                SamplingOrder::Send(message) => {
                    sampled.messages += 1;
                    queue.push(now + workers.delay, SamplingItem::Arrives(message));
                }
                SamplingOrder::Start(worker, started) => {
                    let (job, task) = (started.job as usize, started.task as usize);
                    sampled.starts[job][task] = now;
                    queue.push(now + jobs[job].runs[task], SamplingItem::Ends(worker));
                }
            }
        }
    }
}

/// What papers report of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SampledMeasures {
    /// How many jobs are counted.
    pub jobs: usize,
    /// Mean time from a job's coming to the end of its last task, in milliseconds.
    pub mean_response_ms: f64,
    /// The response that half of the jobs do not exceed, the lower of two in the middle.
    pub median_response_ms: f64,
    /// The response that 99 % of the jobs do not exceed.
    pub p99_response_ms: f64,
    /// Mean time that a task waits behind others, messages that nobody can do without left out.
    pub mean_wait_ms: f64,
    /// Part of the jobs none of whose tasks waits.
    pub without_wait: f64,
    /// Messages a task, of all jobs.
    pub messages_per_task: f64,
}

impl SampledMeasures {
    /// Of all jobs but the first `skip`, which met empty queues.
    pub fn new(
        policy: SamplingPolicy,
        workers: &Workers,
        jobs: &[SampledJob],
        sampled: &Sampled,
        skip: usize,
    ) -> Self {
        let soonest = workers.delay.scaled(policy.messages_to_start(), 1);
        let ms = |span: Span| span.as_micros() as f64 / 1e3;
        let (mut responses, mut waited, mut tasks, mut unhindered) = (Vec::new(), 0_u128, 0, 0);
        for (job, starts) in jobs.iter().zip(&sampled.starts).skip(skip) {
            let ends = job
                .runs
                .iter()
                .zip(starts)
                .map(|(run, start)| *start + *run);
            let end = ends.max().unwrap_or(job.submitted);
            responses.push(end.since(job.submitted));
            let waits = starts.iter().map(|start| {
                let wait = start.since(job.submitted);
                wait.as_micros().saturating_sub(soonest.as_micros())
            });
            let waits: u128 = waits.map(u128::from).sum();
            waited += waits;
            tasks += starts.len();
            unhindered += usize::from(waits == 0);
        }
        responses.sort_unstable();
        let count = responses.len();
        let at = |part: usize| {
            let rank = (count * part).div_ceil(100).max(1) - 1;
            responses.get(rank).map_or(0.0, |span| ms(*span))
        };
        let all: usize = jobs.iter().map(|job| job.runs.len()).sum();
        let sum: u128 = responses
            .iter()
            .map(|span| u128::from(span.as_micros()))
            .sum();
        Self {
            jobs: count,
            mean_response_ms: sum as f64 / 1e3 / count.max(1) as f64,
            median_response_ms: at(50),
            p99_response_ms: at(99),
            mean_wait_ms: waited as f64 / 1e3 / tasks.max(1) as f64,
            without_wait: unhindered as f64 / count.max(1) as f64,
            messages_per_task: sampled.messages as f64 / all.max(1) as f64,
        }
    }
}
