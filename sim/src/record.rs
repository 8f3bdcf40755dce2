//! Keeping the books of a run: rows as they happen, means over time steps.

mod counts;
mod steps;
mod tasks;
mod used;

use std::collections::BTreeMap;

use fairground_policies::id_table::IdTable;
use fairground_policies::message::{AgentId, FrameworkId, JobId, OfferId, TaskId};
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::ReadError;
use fairground_workloads::feedback::Feedback;
use fairground_workloads::sorted::Sorted;
use fairground_workloads::trace::{Job, Jobs, Trace};

use crate::digest::Digest;
use crate::run::{
    FrameworkRow, HostRow, JobLine, JobOutcome, JobRow, JobTable, Run, ServiceRow, Totals,
    UsageRow, agents_a_row, each_job,
};
use steps::Steps;

pub use tasks::{Attempts, Done, OnAgent};

/// The most time steps of the table of use, unless a quarter of them reach to the horizon: 28 times as
/// many as a recipe has that does not say.
const MOST_STEPS: u64 = 8192;
/// The same for the table of hosts, whose rows are as many times more as there are agents.
const MOST_HOST_STEPS: u64 = 4096;

/// A task that ended on its agent.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Whose task.
    pub framework: FrameworkId,
    /// Which one; a framework's tasks are counted in the order in which it launched them.
    pub task: TaskId,
    /// Where it ran.
    pub agent: AgentId,
    /// What it used.
    pub needs: Resources,
    /// How many tasks it is: more than one of a gang that ran as one.
    pub units: u32,
    /// When it started.
    pub started: Time,
    /// When it ended.
    pub ended: Time,
    /// Since when its work was for nothing, if it was.
    pub wasted: Option<Time>,
}

/// What is being recorded.
#[derive(Debug)]
pub struct Recorder {
    steps: Steps,
    host_steps: Option<Steps>,
    horizon: Time,
    agents: Vec<Resources>,
    frameworks: Vec<FrameworkRow>,
    jobs: JobTable,
    /// The rows of jobs that came one by one and are over.
    lines: Sorted<JobLine>,
    services: Vec<ServiceRow>,
    totals: Totals,
    /// Units times microseconds, by framework and step.
    running: Vec<Vec<Integral>>,
    offered: Vec<Vec<Integral>>,
    /// Units times microseconds before the horizon, by framework.
    used: Vec<Integral>,
    /// Parts of a million times microseconds, by step, first agent of a row and framework.
    hosts: BTreeMap<(u64, AgentId, FrameworkId), u128>,
    open_offers: IdTable<(FrameworkId, Resources, Time)>,
    /// Whether nobody else has what an offer shows.
    offers_hold: bool,
    /// What becomes of tasks, if rows of them are kept.
    attempts: Option<Attempts>,
    /// What tasks used of what they had, where that is followed.
    measured: Option<used::Used>,
}

/// Units of each kind times microseconds.
type Integral = [u128; Kind::COUNT];

impl Recorder {
    /// A recorder for one run of `trace`.
    pub fn new(trace: &Trace, step: Span, host_step: Option<Span>, tasks: bool) -> Self {
        let frameworks = trace.workloads.len();
        Self {
            steps: Steps::new(step, trace.horizon, MOST_STEPS),
            host_steps: host_step.map(|step| Steps::new(step, trace.horizon, MOST_HOST_STEPS)),
            horizon: trace.horizon,
            agents: trace.agents.clone(),
            frameworks: vec![FrameworkRow::default(); frameworks],
            jobs: JobTable::default(),
            lines: Sorted::by(JobLine::place),
            services: Vec::new(),
            totals: Totals::default(),
            running: vec![Vec::new(); frameworks],
            offered: vec![Vec::new(); frameworks],
            used: vec![Integral::default(); frameworks],
            hosts: BTreeMap::new(),
            open_offers: IdTable::new(),
            offers_hold: true,
            attempts: tasks.then(Attempts::default),
            measured: None,
        }
    }

    /// Offers show the same to several: none of them holds anything.
    pub fn offers_are_shared(&mut self) {
        self.offers_hold = false;
    }

    /// Keeps what tasks use on agents that offer so much; of each framework, whether that is known.
    pub fn follow_use(&mut self, offered: Vec<Resources>, known: impl Iterator<Item = bool>) {
        self.agents = offered;
        self.measured = Some(used::Used::new(self.horizon, known));
    }

    /// A task worked: it wants so many thousandths of a core and had this part of them. Nothing if it is
    /// not known what it wants.
    pub fn used(
        &mut self,
        framework: FrameworkId,
        uses: Option<(u64, (u64, u64))>,
        from: Time,
        to: Time,
    ) {
        self.reach(to);
        if let Some(measured) = &mut self.measured {
            measured.add(framework, uses, self.steps, (from, to));
        }
    }

    /// The totals of one framework.
    pub fn framework(&mut self, framework: FrameworkId) -> &mut FrameworkRow {
        &mut self.frameworks[framework.index()]
    }

    /// A task that prefers some agents was placed, on one of them or not.
    pub fn placed(&mut self, framework: FrameworkId, local: bool) {
        let page = self.framework(framework);
        page.choosy += 1;
        page.local += u64::from(local);
    }

    /// A task ended on its agent.
    pub fn ended(&mut self, task: &Ended) {
        let framework = task.framework.index();
        self.reach(task.ended);
        spread(
            &mut self.running[framework],
            self.steps,
            task.needs,
            task.started,
            task.ended,
        );
        let until = task.ended.min(self.horizon);
        add(&mut self.used[framework], task.needs, until - task.started);
        if let Some(since) = task.wasted {
            let each = task.ended - since;
            self.frameworks[framework].work_lost += each.scaled(task.units.into(), 1);
        }
        if let Some(steps) = self.host_steps {
            let share = task.needs.dominant_share(self.agents[task.agent.index()]);
            let share = u128::from(share.parts_per_million());
            let group = agents_a_row(self.agents.len()) as u32;
            let first = AgentId(task.agent.0 / group * group);
            for (index, span) in steps.of(task.started, task.ended) {
                *self
                    .hosts
                    .entry((index, first, task.framework))
                    .or_default() += share * u128::from(span.as_micros());
            }
        }
    }

    /// Makes the steps of both tables so long that they reach to `end`.
    fn reach(&mut self, end: Time) {
        for _ in 0..self.steps.reach(end) {
            let tables = self.running.iter_mut().chain(&mut self.offered);
            tables.for_each(in_pairs);
            self.measured.iter_mut().for_each(used::Used::in_pairs);
        }
        let doubled = self.host_steps.as_mut().map_or(0, |steps| steps.reach(end));
        if doubled > 0 {
            let mut hosts = BTreeMap::new();
            for ((index, agent, framework), sum) in std::mem::take(&mut self.hosts) {
                *hosts
                    .entry((index >> doubled, agent, framework))
                    .or_default() += sum;
            }
            self.hosts = hosts;
        }
    }

    /// The attempts at tasks, if rows of them are kept.
    pub const fn attempts(&mut self) -> Option<&mut Attempts> {
        self.attempts.as_mut()
    }

    /// How many jobs of a framework could never run.
    pub fn impossible(&mut self, framework: FrameworkId, jobs: u64) {
        self.framework(framework).impossible = jobs;
    }

    /// The jobs of the next framework, done or not.
    pub fn jobs(&mut self, framework: FrameworkId, jobs: Jobs, outcomes: Vec<JobOutcome>) {
        let page = self.framework(framework);
        page.jobs += jobs.len() as u64;
        page.finished += outcomes
            .iter()
            .filter(|outcome| outcome.is_finished())
            .count() as u64;
        self.jobs.push(jobs, outcomes);
    }

    /// The same for jobs of which some wait for others: when each was submitted, if it was, and in which
    /// order. Whatever is said of them is said by their numbers in the trace.
    pub fn jobs_in_their_order(
        &mut self,
        framework: FrameworkId,
        jobs: Jobs,
        outcomes: Vec<JobOutcome>,
        submitted: Vec<Option<Time>>,
        order: &[JobId],
    ) {
        if let Some(attempts) = &mut self.attempts {
            attempts.renumber(framework, order);
        }
        let page = self.framework(framework);
        page.finished += outcomes
            .iter()
            .filter(|outcome| outcome.is_finished())
            .count() as u64;
        page.jobs += order.len() as u64;
        // Of a closed system only what was submitted is a job: users would have done no more.
        if let Some(Feedback::Preceding(_)) = jobs.feedback().map(AsRef::as_ref) {
            page.unsubmitted += (jobs.len() - order.len()) as u64;
        }
        self.jobs.push_submitted(jobs, outcomes, submitted);
    }

    /// A job of a stream, done or not.
    ///
    /// # Errors
    /// When its row cannot be put aside.
    pub fn job(
        &mut self,
        framework: FrameworkId,
        job: &Job<'_>,
        outcome: &JobOutcome,
    ) -> Result<(), ReadError> {
        let page = self.framework(framework);
        page.jobs += 1;
        page.finished += u64::from(outcome.is_finished());
        self.lines
            .push(JobLine::of(JobRow::new(framework, job, outcome)), 1)
    }

    /// A step of a service.
    pub fn service(&mut self, row: ServiceRow) {
        self.services.push(row);
    }

    /// Closes the books; `digest` holds the history so far. Beside the run are the rows of streams.
    ///
    /// # Errors
    /// When those cannot be read again.
    pub fn finish(
        mut self,
        seed: u64,
        end: Time,
        stalled: bool,
        mut digest: Digest,
    ) -> Result<(Run, Sorted<JobLine>), ReadError> {
        self.totals.end = end;
        self.totals.stalled = stalled;
        let length = self.horizon.as_micros().max(1);
        for (page, used) in self.frameworks.iter_mut().zip(&self.used) {
            page.mean_usage = mean(used, length);
        }
        for (i, page) in self.frameworks.iter_mut().enumerate() {
            let measured = self.measured.as_ref();
            page.mean_used = measured.and_then(|used| used.mean(i, length));
        }
        let attempts = self.attempts.take().unwrap_or_default();
        let tasks = attempts.rows(&self.jobs);
        let usage = self.usage_rows();
        let hosts = self.host_rows();
        self.lines.finish()?;
        each_job(&self.jobs, &self.lines, |row| {
            digest.add(&(row.framework, row.job, row.label));
            digest.add(&(
                row.submitted,
                row.started,
                row.finished,
                row.tasks,
                row.lost,
            ));
            Ok::<_, ReadError>(())
        })?;
        for row in &usage {
            digest.add(&(row.start, row.framework, row.running, row.offered));
            if let Some(used) = row.used {
                digest.add(&used);
            }
        }
        for row in &self.services {
            digest.add(&(
                row.start,
                row.framework,
                row.requests,
                row.instances,
                row.backlog,
            ));
            digest.add(&(
                row.missed,
                row.latency_p50,
                row.latency_p95,
                row.latency_p99,
            ));
        }
        let run = Run {
            seed,
            digest: digest.finish(),
            step: self.steps.length(),
            host_step: self.host_steps.map_or(Span::ZERO, |steps| steps.length()),
            frameworks: self.frameworks,
            jobs: self.jobs,
            usage,
            services: self.services,
            tasks,
            hosts,
            totals: self.totals,
        };
        Ok((run, self.lines))
    }

    fn usage_rows(&self) -> Vec<UsageRow> {
        let last = self
            .running
            .iter()
            .chain(&self.offered)
            .map(Vec::len)
            .max()
            .unwrap_or(0);
        let step = self.steps.length();
        let at = |table: &[Integral], index: usize| {
            table
                .get(index)
                .map_or(Resources::ZERO, |integral| mean(integral, step.as_micros()))
        };
        let mut rows = Vec::new();
        for index in 0..last {
            for framework in 0..self.frameworks.len() {
                rows.push(UsageRow {
                    start: Time::ZERO + step.scaled(index as u64, 1),
                    framework: FrameworkId(framework as u32),
                    running: at(&self.running[framework], index),
                    offered: at(&self.offered[framework], index),
                    used: self
                        .measured
                        .as_ref()
                        .and_then(|used| used.at(framework, index, step.as_micros())),
                });
            }
        }
        rows
    }

    fn host_rows(&self) -> Vec<HostRow> {
        let step = self.host_steps.map_or(Span::ZERO, |steps| steps.length());
        let length = u128::from(step.as_micros().max(1));
        let rows = self.hosts.iter().map(|((index, agent, framework), sum)| {
            let group = agents_a_row(self.agents.len());
            let group = group.min(self.agents.len() - agent.index()) as u128;
            HostRow {
                start: Time::ZERO + step.scaled(*index, 1),
                agent: *agent,
                framework: *framework,
                share: (sum / length / group).min(1_000_000) as u32,
            }
        });
        rows.collect()
    }

    /// An offer is over; whether it was still open.
    fn offer_ended(&mut self, offer: OfferId, now: Time) -> bool {
        let Some((framework, resources, made)) = self.open_offers.remove(offer.0) else {
            return false;
        };
        if made < now {
            self.reach(now);
            let table = &mut self.offered[framework.index()];
            spread(table, self.steps, resources, made, now);
        }
        true
    }
}

/// Adds `amount` held from `from` to `to` to every step it touches.
fn spread(table: &mut Vec<Integral>, steps: Steps, amount: Resources, from: Time, to: Time) {
    for (index, span) in steps.of(from, to) {
        let index = index as usize;
        if table.len() <= index {
            table.resize(index + 1, Integral::default());
        }
        add(&mut table[index], amount, span);
    }
}

/// Makes one step of two.
fn in_pairs(table: &mut Vec<Integral>) {
    let sum = |pair: &[Integral]| {
        let mut sum = pair[0];
        let other = pair.get(1).into_iter().flatten();
        sum.iter_mut()
            .zip(other)
            .for_each(|(sum, other)| *sum += other);
        sum
    };
    *table = table.chunks(2).map(sum).collect();
}

fn add(integral: &mut Integral, amount: Resources, span: Span) {
    for (sum, units) in integral.iter_mut().zip(amount.units()) {
        *sum += u128::from(units) * u128::from(span.as_micros());
    }
}

fn mean(integral: &Integral, length: u64) -> Resources {
    let mut units = [0; Kind::COUNT];
    for (mean, sum) in units.iter_mut().zip(integral) {
        *mean = u64::try_from(sum / u128::from(length)).unwrap_or(u64::MAX);
    }
    Resources::from_units(units)
}
