//! What a trace looks like: arrivals, run times, demands, tails, tenants, and the load it offers to a
//! cluster.
//!
//! Two passes over the jobs and one over the tasks. Spreads are kept in buckets of a thirty-second of
//! an octave, so memory does not grow with the trace; a quantile is the mean of its bucket, at most
//! 2 % off, while smallest, largest, count and sum are exact.

use std::collections::BTreeMap;

use super::store::Opened;
use super::tables::{Job, Load, Machine, Tasks, Tenant, Unknown};
use crate::error::ReadError;

/// Into how many parts the time of arrivals is cut.
pub const PARTS: usize = 120;
/// Buckets of an octave, as a power of two.
const FINE: u32 = 5;
/// Different demands that are told apart; rarer ones that come later are counted together.
const MOST_DEMANDS: usize = 1 << 16;

/// Processors, memory and GPUs, in the trace's units.
pub const KINDS: [&str; 3] = ["cpus", "memory", "gpus"];

/// How numbers are spread.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Spread {
    /// How many there are.
    pub n: u64,
    /// The smallest.
    pub min: u128,
    /// The largest.
    pub max: u128,
    /// All together.
    pub sum: u128,
    buckets: BTreeMap<u32, (u64, u128)>,
}

impl Spread {
    fn add(&mut self, value: u128, count: u64) {
        if count == 0 {
            return;
        }
        self.min = if self.n == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.max = self.max.max(value);
        self.n = self.n.saturating_add(count);
        let sum = value.saturating_mul(u128::from(count));
        self.sum = self.sum.saturating_add(sum);
        let bucket = self.buckets.entry(bucket(value)).or_default();
        bucket.0 = bucket.0.saturating_add(count);
        bucket.1 = bucket.1.saturating_add(sum);
    }

    /// The mean of each bucket with how many are in it, from the smallest on.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (u128, u64)> {
        let buckets = self.buckets.values();
        buckets.map(|(count, sum)| (sum / u128::from(*count), *count))
    }

    /// The number that `thousandths` of all do not exceed, by nearest rank; zero if there is none.
    pub fn quantile(&self, thousandths: u64) -> u128 {
        let rank = u128::from(self.n) * u128::from(thousandths);
        let rank = rank.div_ceil(1000).max(1) as u64;
        let mut seen = 0;
        let found = self.steps().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map_or(self.max, |(mean, _)| mean.clamp(self.min, self.max))
    }

    /// Points of the curve that tells which part of the sum the largest have: from nothing to all.
    pub fn largest(&self) -> Vec<(f64, f64)> {
        let (mut count, mut sum) = (0, 0_u128);
        let mut points = vec![(0.0, 0.0)];
        points.extend(self.buckets.values().rev().map(|(n, of_them)| {
            count += n;
            sum += of_them;
            (
                count as f64 / self.n as f64,
                sum as f64 / self.sum.max(1) as f64,
            )
        }));
        points
    }

    /// Which part of the sum the largest `part` of all have.
    pub fn share_of_largest(&self, part: f64) -> f64 {
        let points = self.largest();
        let behind = points.iter().position(|(count, _)| *count >= part);
        match behind {
            None => 1.0,
            Some(0) => 0.0,
            Some(behind) => {
                let ((from, low), (to, high)) = (points[behind - 1], points[behind]);
                low + (high - low) * (part - from) / (to - from)
            }
        }
    }
}

/// The bucket of a number: its highest bits, with how many follow them.
fn bucket(value: u128) -> u32 {
    let bits = 128 - value.leading_zeros();
    if bits <= FINE + 1 {
        return value as u32;
    }
    let shift = bits - FINE - 1;
    (shift << FINE) + (value >> shift) as u32
}

/// What one tenant brings.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Share {
    /// Its name; empty for nobody.
    pub name: String,
    /// Its jobs.
    pub jobs: u64,
    /// Their tasks.
    pub tasks: u64,
    /// Amount times run time in microseconds, of each of [`KINDS`].
    pub work: [u128; 3],
}

/// What a trace looks like.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Profile {
    /// The first and the last arrival, in microseconds.
    pub span: Option<(u64, u64)>,
    /// Jobs that arrive in each part of the time.
    pub arrivals: Vec<u64>,
    /// Requests that arrive in each part of the time.
    pub requests: Vec<u64>,
    /// Work that arrives in each part of the time, of each of [`KINDS`].
    pub work: Vec<[u128; 3]>,
    /// The run times of tasks, in microseconds.
    pub run: Spread,
    /// What tasks demand, of each of [`KINDS`].
    pub demand: [Spread; 3],
    /// The work of jobs: of processors, or of GPUs where no task says how many processors.
    pub jobs: Spread,
    /// The most frequent demands, of each of [`KINDS`], with how many tasks have them.
    pub demands: Vec<([Option<u64>; 3], u64)>,
    /// Tenants, the one with the most work first.
    pub tenants: Vec<Share>,
    /// Machines of the cluster; where none are listed, those that the source says there are.
    pub machines: u64,
    /// What they have together, of each of [`KINDS`].
    pub capacity: [u128; 3],
    /// Tasks that do not say how long they run, nor why.
    pub endless: u64,
    /// Tasks of which it is not known how long they ran, by the reason.
    pub unknown: BTreeMap<Unknown, u64>,
}

impl Profile {
    /// The profile of `trace`, whose load is offered to the machines of `cluster`.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn of(trace: &Opened, cluster: &Opened) -> Result<Self, ReadError> {
        let mut profile = Self::default();
        for machine in cluster.rows::<Machine>()? {
            let machine = machine?;
            profile.machines += 1;
            let has = [machine.cpus, machine.memory, machine.gpus];
            for (sum, amount) in profile.capacity.iter_mut().zip(has) {
                *sum += u128::from(amount.unwrap_or(0));
            }
        }
        if let Some(size) = cluster.manifest.machine.filter(|_| profile.machines == 0) {
            for (count, processors) in size.agents() {
                profile.machines += count;
                let amount = u128::from(count) * u128::from(processors);
                profile.capacity[0] += amount * u128::from(cluster.manifest.units.cpus_whole);
            }
        }
        let mut see = |time: u64| {
            let (first, last) = profile.span.unwrap_or((time, time));
            profile.span = Some((first.min(time), last.max(time)));
        };
        for job in trace.rows::<Job>()? {
            job?.submit.into_iter().for_each(&mut see);
        }
        for load in trace.rows::<Load>()? {
            see(load?.start);
        }
        profile.arrivals = vec![0; PARTS];
        profile.requests = vec![0; PARTS];
        profile.work = vec![[0; 3]; PARTS];
        for load in trace.rows::<Load>()? {
            let load = load?;
            let part = profile.part(load.start);
            profile.requests[part] = profile.requests[part].saturating_add(load.requests);
        }
        profile.read_jobs(trace)?;
        Ok(profile)
    }

    /// How long a part of the time is, in microseconds.
    pub fn part_length(&self) -> u64 {
        let (first, last) = self.span.unwrap_or_default();
        ((last - first) / PARTS as u64 + 1).max(1)
    }

    fn part(&self, time: u64) -> usize {
        let first = self.span.map_or(0, |(first, _)| first);
        (((time - first) / self.part_length()) as usize).min(PARTS - 1)
    }

    /// The kind whose work stands for a job's: the first that any task demands.
    pub fn main_kind(&self) -> usize {
        if self.demand[0].sum == 0 && self.demand[2].sum > 0 {
            2
        } else {
            0
        }
    }

    /// The load that is offered: arriving work to what the machines can do, of each of [`KINDS`], over
    /// all of the time and in each part of it. Nothing where there are no machines, or no time passes.
    pub fn offered(&self, kind: usize) -> Option<(f64, Vec<f64>)> {
        let (first, last) = self.span?;
        if self.capacity[kind] == 0 || first == last || self.demand[kind].sum == 0 {
            return None;
        }
        let room = self.capacity[kind] as f64;
        let all: u128 = self.work.iter().map(|work| work[kind]).sum();
        let parts = self.work.iter().map(|work| work[kind] as f64 / room);
        let parts = parts.map(|work| work / self.part_length() as f64);
        Some((all as f64 / room / (last - first) as f64, parts.collect()))
    }

    /// Jobs and their tasks, side by side: both tables are sorted by the job.
    fn read_jobs(&mut self, trace: &Opened) -> Result<(), ReadError> {
        let mut names = BTreeMap::new();
        for tenant in trace.rows::<Tenant>()? {
            let tenant = tenant?;
            names.insert(tenant.id, tenant.name);
        }
        let mut shares: BTreeMap<Option<u64>, Share> = BTreeMap::new();
        let mut demands: BTreeMap<[Option<u64>; 3], u64> = BTreeMap::new();
        let mut each = [Spread::default(), Spread::default()];
        let mut tasks = trace.rows::<Tasks>()?.peekable();
        for job in trace.rows::<Job>()? {
            let job = job?;
            let share = shares.entry(job.tenant).or_default();
            share.jobs += 1;
            let mut work = [0_u128; 3];
            while let Some(row) =
                tasks.next_if(|row| row.as_ref().map_or(true, |r| r.job <= job.id))
            {
                let row = row?;
                share.tasks = share.tasks.saturating_add(row.count);
                self.see_tasks(&row, &mut work, &mut demands);
            }
            for (sum, work) in share.work.iter_mut().zip(work) {
                *sum = sum.saturating_add(work);
            }
            each[0].add(work[0], 1);
            each[1].add(work[2], 1);
            if let Some(submit) = job.submit {
                let part = self.part(submit);
                self.arrivals[part] += 1;
                for (sum, work) in self.work[part].iter_mut().zip(work) {
                    *sum = sum.saturating_add(work);
                }
            }
        }
        let [by_cpus, on_gpus] = each;
        self.jobs = if self.main_kind() == 2 {
            on_gpus
        } else {
            by_cpus
        };
        self.demands = demands.into_iter().collect();
        self.demands
            .sort_by_key(|(demand, count)| (std::cmp::Reverse(*count), *demand));
        let with_name = |(id, share): (Option<u64>, Share)| Share {
            name: id
                .and_then(|id| names.get(&id).cloned())
                .unwrap_or_default(),
            ..share
        };
        self.tenants = shares.into_iter().map(with_name).collect();
        let kind = self.main_kind();
        self.tenants
            .sort_by_key(|share| std::cmp::Reverse((share.work[kind], share.jobs)));
        Ok(())
    }

    fn see_tasks(
        &mut self,
        row: &Tasks,
        work: &mut [u128; 3],
        demands: &mut BTreeMap<[Option<u64>; 3], u64>,
    ) {
        let wants = [row.cpus, row.memory, row.gpus];
        if let Some(why) = row.unknown {
            let count = self.unknown.entry(why).or_default();
            *count = count.saturating_add(row.count);
            if why == Unknown::Unstarted {
                // It took nothing of the cluster, however much it asked for.
                return;
            }
        }
        for (kind, amount) in wants.into_iter().enumerate() {
            if let Some(amount) = amount {
                self.demand[kind].add(amount.into(), row.count);
                let time = u128::from(row.run.unwrap_or(0)) * u128::from(row.count);
                work[kind] = work[kind].saturating_add(u128::from(amount).saturating_mul(time));
            }
        }
        match (row.unknown, row.run) {
            (Some(_), _) => {}
            (None, Some(run)) => self.run.add(run.into(), row.count),
            (None, None) => self.endless = self.endless.saturating_add(row.count),
        }
        let known = demands.len();
        match demands.get_mut(&wants) {
            Some(count) => *count = count.saturating_add(row.count),
            None if known < MOST_DEMANDS => drop(demands.insert(wants, row.count)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close_and_ends_exact() {
        let mut spread = Spread::default();
        (1..=10_000_u128).for_each(|value| spread.add(value * 1000, 1));
        assert_eq!(
            (spread.min, spread.max, spread.n),
            (1000, 10_000_000, 10_000)
        );
        for (thousandths, exact) in [(500, 5_000_000.0), (950, 9_500_000.0), (1, 10_000.0)] {
            let off = spread.quantile(thousandths) as f64 / exact - 1.0;
            assert!(off.abs() < 0.02, "{thousandths}: {off}");
        }
        let top = spread.share_of_largest(0.1);
        assert!((top - 0.19).abs() < 0.002, "{top}");
        assert_eq!(Spread::default().quantile(500), 0);
    }

    #[test]
    fn one_giant_has_nearly_everything() {
        let mut spread = Spread::default();
        spread.add(1, 999);
        spread.add(1_000_000, 1);
        assert!(spread.share_of_largest(0.001) > 0.99);
        assert_eq!(spread.quantile(500), 1);
        assert_eq!(spread.quantile(1000), 1_000_000);
    }

    #[test]
    fn buckets_never_go_back() {
        let mut last = 0;
        for shift in 0..120 {
            for low in 0..64_u128 {
                let bucket = bucket((64 + low) << shift);
                assert!(bucket >= last);
                last = bucket;
            }
        }
    }
}
