//! What is known of the completion times of jobs under every policy, those that never finish
//! included.
//!
//! A run goes on until every job is over or nothing can happen any more, so a job that has not
//! finished then never will: it is not dropped, it counts as the bound. With one bound on both sides
//! the mean is the restricted mean survival time (Royston and Parmar, BMC Medical Research Methodology
//! 13:152, 2013), exact here because nothing is censored before the bound; where a job never finishes it
//! is a lower bound of the time that its framework would wait. Of a closed workload only those jobs count
//! that were submitted under every policy: what one policy did beyond that is throughput.

use fairground_policies::message::FrameworkId;
use fairground_policies::time::Span;

use super::stats;
use crate::run::{Comparison, Run};

/// The time of a job that never finishes.
const NEVER: u64 = u64::MAX;

/// A job got worse when it took longer than under the baseline by more than this, in thousandths.
pub const WORSE_THOUSANDTHS: u64 = 10;

/// The jobs of one seed that finished under at least one policy.
#[derive(Debug)]
pub struct Observed {
    /// What a job counts that never finishes, in microseconds: the longest time that any job took
    /// under any policy, or the length of the replay if that is longer.
    bound: u64,
    /// By framework and policy, then job: completion times in microseconds.
    times: Vec<Vec<Vec<u64>>>,
    /// By framework: jobs that finished under no policy.
    nobody: Vec<usize>,
    /// By policy: whether it was run with this seed.
    run: Vec<bool>,
}

impl Observed {
    /// What is known of every seed of the baseline.
    pub fn all(comparison: &Comparison) -> Vec<Self> {
        let baseline = comparison.policies.first();
        let seeds = baseline.into_iter().flat_map(|policy| &policy.runs);
        seeds.map(|run| Self::of(comparison, run.seed)).collect()
    }

    fn of(comparison: &Comparison, seed: u64) -> Self {
        let runs: Vec<Option<&Run>> = comparison
            .policies
            .iter()
            .map(|policy| policy.runs.iter().find(|run| run.seed == seed))
            .collect();
        let mut observed = Self {
            bound: comparison.horizon.as_micros(),
            times: Vec::new(),
            nobody: Vec::new(),
            run: runs.iter().map(Option::is_some).collect(),
        };
        for framework in 0..comparison.frameworks.len() as u32 {
            observed.add(FrameworkId(framework), &runs);
        }
        let known = observed.times.iter().flatten().flatten();
        let longest = known.filter(|time| **time != NEVER).max().copied();
        observed.bound = observed.bound.max(longest.unwrap_or(0));
        observed
    }

    fn add(&mut self, framework: FrameworkId, runs: &[Option<&Run>]) {
        let mut rows: Vec<(u32, usize, u64)> = Vec::new();
        for (policy, run) in runs.iter().enumerate() {
            let jobs = run.iter().flat_map(|run| run.jobs.of(framework));
            rows.extend(jobs.map(|job| {
                let time = job.completion().map_or(NEVER, Span::as_micros);
                (job.job.0, policy, time)
            }));
        }
        rows.sort_unstable();
        let (mut times, mut nobody) = (vec![Vec::new(); runs.len()], 0);
        // A closed system submits what the policy lets it: jobs are compared that all of them met.
        let run = runs.iter().flatten();
        let closed = run.clone().any(|run| run.jobs.users(framework).is_some());
        let met = if closed { run.count() } else { 0 };
        for job in rows.chunk_by(|one, other| one.0 == other.0) {
            if job.len() < met {
                continue;
            }
            if job.iter().all(|(_, _, time)| *time == NEVER) {
                nobody += 1;
                continue;
            }
            for (policy, times) in times.iter_mut().enumerate() {
                let of_it = job.iter().find(|(_, whose, _)| *whose == policy);
                times.push(of_it.map_or(NEVER, |(_, _, time)| *time));
            }
        }
        self.times.push(times);
        self.nobody.push(nobody);
    }

    fn frameworks(&self, framework: Option<usize>) -> impl Iterator<Item = usize> {
        let all = 0..self.times.len();
        all.filter(move |id| framework.is_none_or(|framework| framework == *id))
    }

    fn times(&self, policy: usize, framework: Option<usize>) -> Vec<u64> {
        let of = |id: usize| self.times[id][policy].iter().copied();
        self.frameworks(framework).flat_map(of).collect()
    }

    /// Whether `policy` was run with this seed.
    pub fn has(&self, policy: usize) -> bool {
        self.run.get(policy).copied().unwrap_or(false)
    }

    /// How many jobs there are, of one framework or of all.
    pub fn jobs(&self, framework: Option<usize>) -> usize {
        let of = |id: usize| self.times[id].first().map_or(0, Vec::len);
        self.frameworks(framework).map(of).sum()
    }

    /// How many more finished under no policy.
    pub fn nobody(&self, framework: Option<usize>) -> usize {
        self.frameworks(framework).map(|id| self.nobody[id]).sum()
    }

    /// How many of the jobs never finish under `policy`.
    pub fn never(&self, policy: usize, framework: Option<usize>) -> usize {
        let times = self.times(policy, framework).into_iter();
        times.filter(|time| *time == NEVER).count()
    }

    /// How many take longer than under the baseline by more than a hundredth, or never finish
    /// although they do there.
    pub fn worse(&self, policy: usize, framework: usize) -> usize {
        let base = self.times[framework][0].iter();
        let pairs = base.zip(&self.times[framework][policy]);
        let worse = |(base, other): &(&u64, &u64)| {
            let limit = u128::from(**base) * u128::from(1000 + WORSE_THOUSANDTHS);
            u128::from(**other) * 1000 > limit
        };
        pairs.filter(worse).count()
    }

    /// The mean in microseconds, restricted to the bound; `None` without jobs.
    pub fn mean(&self, policy: usize, framework: Option<usize>) -> Option<u64> {
        let times = self.times(policy, framework);
        let bounded: Vec<u64> = times.iter().map(|time| self.bounded(*time)).collect();
        stats::mean_whole(&bounded).filter(|_| self.has(policy))
    }

    /// The nearest-rank percentile in microseconds; the bound where it is a job that never finishes.
    pub fn percentile(
        &self,
        policy: usize,
        framework: Option<usize>,
        thousandths: usize,
    ) -> Option<u64> {
        let mut times = self.times(policy, framework);
        times.sort_unstable();
        let found = stats::percentile(&times, thousandths).filter(|_| self.has(policy));
        found.map(|time| self.bounded(time))
    }

    /// The ratio of the median job: that of its time under `policy` to its time under the baseline,
    /// in the middle of all jobs' ratios.
    pub fn median_ratio(&self, policy: usize) -> Option<f64> {
        if !self.has(0) || !self.has(policy) {
            return None;
        }
        let pairs = self
            .times(0, None)
            .into_iter()
            .zip(self.times(policy, None));
        // A time of nothing is one that the clock of microseconds cannot tell.
        let of = |time: u64| self.bounded(time).max(1) as f64;
        let mut ratios: Vec<f64> = pairs.map(|(base, other)| of(other) / of(base)).collect();
        ratios.sort_by(f64::total_cmp);
        let (middle, even) = (ratios.len() / 2, ratios.len().is_multiple_of(2));
        let upper = *ratios.get(middle)?;
        Some(if even {
            // Between two ratios lies their geometric mean.
            libm::sqrt(ratios[middle - 1] * upper)
        } else {
            upper
        })
    }

    fn bounded(&self, time: u64) -> u64 {
        time.min(self.bound)
    }
}

/// Completion times of a framework's finished jobs in microseconds, sorted.
pub fn completions(run: &Run, framework: usize) -> Vec<u64> {
    let jobs = run.jobs.of(FrameworkId(framework as u32));
    let mut times: Vec<u64> = jobs
        .filter_map(|job| Some(job.completion()?.as_micros()))
        .collect();
    times.sort_unstable();
    times
}
