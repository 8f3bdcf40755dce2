//! What a trace looks like: arrivals, run times, demands, tails, tenants, and the load it offers to a
//! cluster; what is known of waits, estimates and ends, and what is not known.
//!
//! Passes over the jobs and one over the tasks. Spreads are kept in buckets ([`spread`]), tails by their
//! largest numbers ([`tail`]), times of arrival are sorted in runs on disk ([`arrivals`]): memory grows with
//! the number of tenants and with nothing else.

use std::collections::BTreeMap;

use super::store::Opened;
use super::tables::{Edge, Job, Load, Machine, Tasks, Tenant, Unknown};
use crate::error::ReadError;

pub mod arrivals;
pub mod jobs;
pub mod relation;
pub mod spread;
pub mod tail;

pub use arrivals::{ArrivalTimes, Local, Window};
pub use jobs::{Accuracy, Sizes};
pub use relation::Relation;
pub use spread::Spread;
pub use tail::{Largest, Tail};

/// Into how many parts the time of arrivals is cut.
pub const PARTS: usize = 120;
/// Different demands that are told apart; rarer ones that come later are counted together.
const MOST_DEMANDS: usize = 1 << 16;

/// Processors, memory and GPUs, in the trace's units.
pub const KINDS: [&str; 3] = ["cpus", "memory", "gpus"];
/// What is related of tasks: [`KINDS`] and the run time.
pub const RELATED: [&str; 4] = ["cpus", "memory", "gpus", "run"];
/// Pairs of [`RELATED`].
pub const PAIRS: [[usize; 2]; 6] = [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]];

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
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Profile {
    /// The first and the last arrival, in microseconds.
    pub span: Option<(u64, u64)>,
    /// When jobs arrive.
    pub submits: ArrivalTimes,
    /// When requests arrive that are told one by one.
    pub singles: ArrivalTimes,
    /// When requests arrive that are counted in steps: at the beginning of each.
    pub steps: ArrivalTimes,
    /// Jobs that arrive in each part of the time.
    pub arrivals: Vec<u64>,
    /// Requests that arrive in each part of the time.
    pub requests: Vec<u64>,
    /// What single requests read and write: tokens or bytes.
    pub tokens: [Spread; 2],
    /// Work that arrives in each part of the time, of each of [`KINDS`].
    pub work: Vec<[u128; 3]>,
    /// The work of what is there when the trace begins.
    pub standing: [u128; 3],
    /// Work that is done in each part of the time, of each of [`KINDS`], if jobs wait as long as the trace
    /// says, or not at all where it does not.
    pub done: Vec<[u128; 3]>,
    /// The run times of tasks, in microseconds.
    pub run: Spread,
    /// What tasks demand, of each of [`KINDS`].
    pub demand: [Spread; 3],
    /// How large jobs are, and what is known of their waits and ends.
    pub sizes: Sizes,
    /// The most frequent demands, of each of [`KINDS`], with how many tasks have them.
    pub demands: Vec<([Option<u64>; 3], u64)>,
    /// Whether there are more different demands than are told apart.
    pub demands_cut: bool,
    /// How what tasks demand goes together, of each of [`PAIRS`].
    pub relations: [Relation; 6],
    /// Tenants, the one with the most work first.
    pub tenants: Vec<Share>,
    /// Machines of the cluster; where none are listed, those that the source says there are.
    pub machines: u64,
    /// What they have together, of each of [`KINDS`].
    pub capacity: [u128; 3],
    /// Tasks that say how long they ran.
    pub known: u64,
    /// Tasks that do not say how long they run, nor why.
    pub endless: u64,
    /// Tasks of which it is not known how long they ran, by the reason.
    pub unknown: BTreeMap<Unknown, u64>,
}

impl Profile {
    /// The profile of `trace`, whose load is offered to the machines of `cluster`; `local` tells what clocks
    /// show at a time of the trace.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn of(
        trace: &Opened,
        cluster: &Opened,
        local: Option<Local<'_>>,
    ) -> Result<Self, ReadError> {
        let mut profile = Self::default();
        profile.read_machines(cluster)?;
        let mut see = |time: u64| {
            let (first, last) = profile.span.unwrap_or((time, time));
            profile.span = Some((first.min(time), last.max(time)));
        };
        let mut submits = arrivals::none();
        for job in trace.rows::<Job>()? {
            if let Some(submit) = job?.submit {
                see(submit);
                submits.push((submit, 1), 1)?;
            }
        }
        for load in trace.rows::<Load>()? {
            see(load?.start);
        }
        profile.submits = ArrivalTimes::of(submits, None, local)?;
        profile.arrivals = vec![0; PARTS];
        profile.requests = vec![0; PARTS];
        profile.work = vec![[0; 3]; PARTS];
        profile.done = vec![[0; 3]; PARTS];
        profile.read_loads(trace, local)?;
        profile.read_jobs(trace)?;
        Ok(profile)
    }

    fn read_machines(&mut self, cluster: &Opened) -> Result<(), ReadError> {
        for machine in cluster.rows::<Machine>()? {
            let machine = machine?;
            self.machines += 1;
            let has = [machine.cpus, machine.memory, machine.gpus];
            for (sum, amount) in self.capacity.iter_mut().zip(has) {
                *sum += u128::from(amount.unwrap_or(0));
            }
        }
        if let Some(size) = cluster.manifest.machine.filter(|_| self.machines == 0) {
            for (count, processors) in size.agents() {
                self.machines += count;
                let amount = u128::from(count) * u128::from(processors);
                self.capacity[0] += amount * u128::from(cluster.manifest.units.cpus_whole);
            }
        }
        Ok(())
    }

    fn read_loads(&mut self, trace: &Opened, local: Option<Local<'_>>) -> Result<(), ReadError> {
        let (mut singles, mut steps) = (arrivals::none(), arrivals::none());
        let mut longest = 0;
        for load in trace.rows::<Load>()? {
            let load = load?;
            let part = self.part(load.start);
            self.requests[part] = self.requests[part].saturating_add(load.requests);
            if load.length <= 1 && load.requests == 1 {
                singles.push((load.start, 1), 1)?;
                for (spread, size) in self.tokens.iter_mut().zip([load.read, load.write]) {
                    if let Some(size) = size {
                        spread.add(size.into(), 1);
                    }
                }
            } else {
                longest = longest.max(load.length);
                steps.push((load.start, load.requests), 1)?;
            }
        }
        self.steps = ArrivalTimes::of(steps, Some(longest), local)?;
        self.singles = ArrivalTimes::of(singles, None, local)?;
        Ok(())
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
        self.against(kind, &self.work, self.standing[kind])
    }

    /// What is in use of the machines, as [`Profile::offered`]: work that is done, and when.
    pub fn occupied(&self, kind: usize) -> Option<(f64, Vec<f64>)> {
        self.against(kind, &self.done, 0)
    }

    fn against(&self, kind: usize, work: &[[u128; 3]], more: u128) -> Option<(f64, Vec<f64>)> {
        let (first, last) = self.span?;
        if self.capacity[kind] == 0 || first == last || self.demand[kind].sum == 0 {
            return None;
        }
        let room = self.capacity[kind] as f64;
        let all = work.iter().map(|work| work[kind]).sum::<u128>() + more;
        let parts = work.iter().map(|work| work[kind] as f64 / room);
        let parts = parts.map(|work| work / self.part_length() as f64);
        Some((all as f64 / room / (last - first) as f64, parts.collect()))
    }

    /// What is in use on average in each part of the time, of each of [`KINDS`], in the trace's units.
    pub fn in_use(&self, kind: usize) -> Vec<f64> {
        let length = self.part_length() as f64;
        let parts = self.done.iter().map(|work| work[kind] as f64 / length);
        parts.collect()
    }

    /// The work of `amount` from `start` on for `run` is done in the parts of the time that it covers; what is
    /// done after the last arrival is not seen.
    fn occupy(&mut self, start: u64, run: u64, amounts: [u128; 3]) {
        let Some((first, _)) = self.span else { return };
        let length = self.part_length();
        let (mut at, end) = (start.max(first), start.saturating_add(run));
        while at < end && at - first < length * PARTS as u64 {
            let part = (at - first) / length;
            let until = end.min(first + (part + 1) * length);
            for (sum, amount) in self.done[part as usize].iter_mut().zip(amounts) {
                *sum = sum.saturating_add(amount.saturating_mul((until - at).into()));
            }
            at = until;
        }
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
        let mut tasks = trace.rows::<Tasks>()?.peekable();
        let mut edges = trace.rows::<Edge>()?.peekable();
        for job in trace.rows::<Job>()? {
            let job = job?;
            let share = shares.entry(job.tenant).or_default();
            share.jobs += 1;
            let mut size = jobs::JobSize::default();
            while let Some(row) =
                tasks.next_if(|row| row.as_ref().map_or(true, |r| r.job <= job.id))
            {
                let row = row?;
                share.tasks = share.tasks.saturating_add(row.count);
                size.add(&row);
                self.see_tasks(&row, job.submit, job.wait, &mut demands);
            }
            while let Some(edge) =
                edges.next_if(|edge| edge.as_ref().map_or(true, |e| e.job <= job.id))
            {
                edge?;
                size.staged = true;
            }
            for (sum, work) in share.work.iter_mut().zip(size.work) {
                *sum = sum.saturating_add(work);
            }
            if let Some(submit) = job.submit {
                let before = self.submits.standing > 0 && self.span.is_some_and(|s| s.0 == submit);
                let part = self.part(submit);
                self.arrivals[part] += u64::from(!before);
                let work = if before {
                    &mut self.standing
                } else {
                    &mut self.work[part]
                };
                for (sum, work) in work.iter_mut().zip(size.work) {
                    *sum = sum.saturating_add(work);
                }
            }
            self.sizes.add(&job, &size);
        }
        self.relate(&demands);
        self.demands_cut = demands.len() >= MOST_DEMANDS;
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
        submit: Option<u64>,
        wait: Option<u64>,
        demands: &mut BTreeMap<[Option<u64>; 3], u64>,
    ) {
        self.sizes.see_tasks(row);
        let wants = [row.cpus, row.memory, row.gpus];
        if let Some(why) = row.unknown {
            let count = self.unknown.entry(why).or_default();
            *count = count.saturating_add(row.count);
            if why == Unknown::Unstarted {
                // It took nothing of the cluster, however much it asked for.
                return;
            }
        }
        for (spread, amount) in self.demand.iter_mut().zip(wants) {
            if let Some(amount) = amount {
                spread.add(amount.into(), row.count);
            }
        }
        let run = row.run.filter(|_| row.unknown.is_none());
        match (row.unknown, row.run) {
            (Some(_), _) => {}
            (None, Some(run)) => {
                self.run.add(run.into(), row.count);
                self.known = self.known.saturating_add(row.count);
            }
            (None, None) => self.endless = self.endless.saturating_add(row.count),
        }
        let both = [row.cpus, row.memory, row.gpus, run];
        let logs = both.map(|number| libm::log(number.unwrap_or(0).max(1) as f64));
        for (relation, [one, other]) in self.relations.iter_mut().zip(PAIRS) {
            if let (Some(x), Some(y)) = (both[one], both[other]) {
                relation.add([x, y], [logs[one], logs[other]], row.count);
            }
        }
        if let (Some(submit), Some(run)) = (submit, row.run) {
            let each = wants.map(|amount| u128::from(amount.unwrap_or(0)) * u128::from(row.count));
            let wait = row.wait.or(wait).unwrap_or(0);
            self.occupy(submit.saturating_add(wait), run, each);
        }
        let known = demands.len();
        match demands.get_mut(&wants) {
            Some(count) => *count = count.saturating_add(row.count),
            None if known < MOST_DEMANDS => drop(demands.insert(wants, row.count)),
            None => {}
        }
    }

    /// Ranks of demands, where all of them are told apart.
    fn relate(&mut self, demands: &BTreeMap<[Option<u64>; 3], u64>) {
        if demands.len() >= MOST_DEMANDS {
            return;
        }
        for (relation, [one, other]) in self.relations.iter_mut().zip(PAIRS).take(3) {
            let mut pairs = BTreeMap::new();
            for (demand, count) in demands {
                if let (Some(x), Some(y)) = (demand[one], demand[other]) {
                    *pairs.entry([x, y]).or_default() += count;
                }
            }
            relation.ranks = relation::ranks(&pairs);
        }
    }
}
