//! What simulations produced: rows for one run, runs for a comparison.
//!
//! Whole numbers throughout (microseconds, millicores, MiB, parts of a million), so that a row is
//! the same on every machine.

mod jobs;

use std::collections::BTreeMap;

use fairground_policies::message::{AgentId, FrameworkId, JobId, Outcome, TaskId};
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::trace::{Assumption, Input};

use crate::measured::Measured;

pub use jobs::{JobLine, JobOutcome, JobRow, JobTable, each_job};

/// Everything one policy did with one trace.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// The seed of the trace.
    pub seed: u64,
    /// BLAKE3 over every event and action of the master and every row below, in hexadecimal.
    pub digest: String,
    /// The length of the time steps in `usage`: that asked for, doubled as often as it takes for a run
    /// that goes on long after the horizon to have no more than some thousands of them.
    pub step: Span,
    /// The same of those in `hosts`; nothing where they were not asked for.
    pub host_step: Span,
    /// Totals of each framework, by id.
    pub frameworks: Vec<FrameworkRow>,
    /// One row a job, by framework and job.
    pub jobs: JobTable,
    /// One row a framework and time step.
    pub usage: Vec<UsageRow>,
    /// One row a service and time step.
    pub services: Vec<ServiceRow>,
    /// One row an agent, time step and framework that ran something there; only when asked for.
    pub hosts: Vec<HostRow>,
    /// One row an attempt at a task; only when asked for.
    pub tasks: Vec<TaskRow>,
    /// Totals of the whole cluster.
    pub totals: Totals,
}

impl Run {
    /// Makes the time steps of its tables as long as those of another run of the same recipe, which are
    /// its own or longer. A mean of means is rounded down once more.
    pub fn coarsen(&mut self, step: Span, host_step: Span) {
        if step > self.step {
            let times = step.as_micros() / self.step.as_micros().max(1);
            let mut sums: BTreeMap<(Time, FrameworkId), ([Resources; 2], Option<u64>)> =
                BTreeMap::new();
            for row in self.usage.drain(..) {
                let sum = sums.entry((begin(row.start, step), row.framework));
                let ([running, offered], used) = sum.or_insert(([Resources::ZERO; 2], Some(0)));
                *running += row.running;
                *offered += row.offered;
                *used = used.zip(row.used).map(|(sum, used)| sum + used);
            }
            let mean = |sum: Resources| Resources::from_units(sum.units().map(|sum| sum / times));
            let rows = sums.into_iter();
            let rows = rows.map(
                |((start, framework), ([running, offered], used))| UsageRow {
                    start,
                    framework,
                    running: mean(running),
                    offered: mean(offered),
                    used: used.map(|sum| sum / times),
                },
            );
            self.usage = rows.collect();
            self.step = step;
        }
        if host_step > self.host_step && !self.host_step.is_zero() {
            let times = host_step.as_micros() / self.host_step.as_micros();
            let mut sums: BTreeMap<(Time, AgentId, FrameworkId), u64> = BTreeMap::new();
            for row in self.hosts.drain(..) {
                let key = (begin(row.start, host_step), row.agent, row.framework);
                *sums.entry(key).or_default() += u64::from(row.share);
            }
            let rows = sums.into_iter();
            let rows = rows.map(|((start, agent, framework), sum)| HostRow {
                start,
                agent,
                framework,
                share: (sum / times) as u32,
            });
            self.hosts = rows.collect();
            self.host_step = host_step;
        }
    }
}

/// When the step begins that `at` is in.
const fn begin(at: Time, step: Span) -> Time {
    Time::from_micros(at.as_micros() / step.as_micros() * step.as_micros())
}

/// Totals of one framework in one run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FrameworkRow {
    /// Jobs submitted.
    pub jobs: u64,
    /// Jobs that were never submitted, as the job that they wait for never ended.
    pub unsubmitted: u64,
    /// Jobs with all their tasks done.
    pub finished: u64,
    /// Jobs that could never run: a task of theirs is larger than every agent they may use.
    pub impossible: u64,
    /// Jobs submitted that have a deadline.
    pub due: u64,
    /// Of those, jobs that were done by then.
    pub on_time: u64,
    /// Tasks launched on agents.
    pub launched: u64,
    /// Tasks reported finished.
    pub tasks_finished: u64,
    /// Tasks reported killed, or finished when another attempt at the same was known to be.
    pub tasks_killed: u64,
    /// Tasks reported lost, with their agent or their offer.
    pub tasks_lost: u64,
    /// Tasks reported preempted: what they ran on was taken back for others.
    pub tasks_preempted: u64,
    /// Tasks never launched because their offer was no longer valid, or what a shared one showed was gone; they are lost ones,
    /// too.
    pub refused: u64,
    /// Time that lost and killed batch tasks had run for nothing.
    pub work_lost: Span,
    /// Tasks launched that are copies of tasks that ran for too long.
    pub copies: u64,
    /// Of those, done before the attempt that was slow.
    pub copies_won: u64,
    /// Tasks launched that prefer some agents, and those of them launched on one.
    pub choosy: u64,
    /// Of those, launched where their data is.
    pub local: u64,
    /// Offers made to it.
    pub offers: u64,
    /// Offers it launched something on.
    pub accepted: u64,
    /// Offers taken back.
    pub rescinded: u64,
    /// Mean use between the start and the horizon, in units of each kind.
    pub mean_usage: Resources,
    /// Thousandths of a core that its tasks worked on, on average between the start and the horizon, if
    /// that is known.
    pub mean_used: Option<u64>,
    /// Requests that arrived.
    pub requests: u64,
    /// Requests answered later than the objective, or never.
    pub missed: u64,
    /// Median response time over all requests.
    pub latency_p50: Span,
    /// 95th percentile of the response time over all requests.
    pub latency_p95: Span,
    /// 99th percentile of the response time over all requests.
    pub latency_p99: Span,
}

/// Totals of one run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Events the master was told.
    pub events: u64,
    /// Actions the master ordered.
    pub actions: u64,
    /// When the last thing happened.
    pub end: Time,
    /// Whether the run ended because nothing could happen any more although jobs waited.
    pub stalled: bool,
}

/// What a framework used during a time step, on average.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageRow {
    /// When the step begins.
    pub start: Time,
    /// Whose use.
    pub framework: FrameworkId,
    /// In units of each kind, running tasks only, rounded down.
    pub running: Resources,
    /// In units of each kind, offers not answered, rounded down.
    pub offered: Resources,
    /// Thousandths of a core that its tasks worked on, rounded down, if that is known.
    pub used: Option<u64>,
}

/// How a service did during a time step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceRow {
    /// When the step begins.
    pub start: Time,
    /// Which service.
    pub framework: FrameworkId,
    /// Requests that arrived.
    pub requests: u64,
    /// Instances that served, on average, in thousandths.
    pub instances: u64,
    /// Requests still waiting at the end of the step.
    pub backlog: u64,
    /// Requests answered later than the objective, or never.
    pub missed: u64,
    /// Median response time of the requests that arrived.
    pub latency_p50: Span,
    /// 95th percentile of it.
    pub latency_p95: Span,
    /// 99th percentile of it.
    pub latency_p99: Span,
}

/// How much of an agent, or of as many as stand in one row, a framework used during a time step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostRow {
    /// When the step begins.
    pub start: Time,
    /// Which agent, or the first of those in the row.
    pub agent: AgentId,
    /// Who used it.
    pub framework: FrameworkId,
    /// The dominant share of the agent in use, averaged, in parts of a million.
    pub share: u32,
}

/// What a row of the table of tasks is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskKind {
    /// A task of a job.
    Task,
    /// A task of a job inside an executor.
    Inside,
    /// An executor.
    Executor,
    /// An instance of a service.
    Instance,
}

impl TaskKind {
    /// The word that stands in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Inside => "in executor",
            Self::Executor => "executor",
            Self::Instance => "instance",
        }
    }
}

/// How an attempt at a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskEnd {
    /// It ran to its end, and its work counts: of all attempts at a task this is one at most.
    Finished,
    /// It ran to its end in vain: another attempt was done before, or its agent was lost before anybody
    /// had heard of it.
    Discarded,
    /// It ended by itself without its work done.
    Failed,
    /// It was told to end.
    Killed,
    /// Its agent was lost.
    Lost,
    /// Its agent, or its executor, was gone when the order to start it came there, or it was given up
    /// before that.
    Unstarted,
    /// It had not ended when the run did.
    Running,
    /// What it ran on was taken back for somebody else.
    Preempted,
}

impl TaskEnd {
    /// The word that stands in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Discarded => "discarded",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Lost => "lost",
            Self::Preempted => "preempted",
            Self::Unstarted => "unstarted",
            Self::Running => "running",
        }
    }
}

impl From<Outcome> for TaskEnd {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Finished => Self::Finished,
            Outcome::Failed => Self::Failed,
            Outcome::Killed => Self::Killed,
            Outcome::Lost => Self::Lost,
            Outcome::Preempted => Self::Preempted,
        }
    }
}

/// A task, from its start to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskRow {
    /// Whose task.
    pub framework: FrameworkId,
    /// What it is.
    pub kind: TaskKind,
    /// Its number within the framework, or that of its executor.
    pub task: TaskId,
    /// Job, stage and index, of a task of a job.
    pub unit: Option<(JobId, u32, u32)>,
    /// How many tasks of its stage it is, from that index on: more than one of a gang that runs as one, which has
    /// a row an agent.
    pub tasks: u32,
    /// The how many-th attempt at it this is.
    pub attempt: Option<u32>,
    /// Where it ran.
    pub agent: AgentId,
    /// What it, or its executor, used.
    pub needs: Resources,
    /// When its job was submitted.
    pub submitted: Option<Time>,
    /// When it could have begun: its job was submitted, and what it waits for had ended.
    pub ready: Option<Time>,
    /// When it started, or was to.
    pub started: Time,
    /// When it ended, or the run did.
    pub ended: Time,
    /// How.
    pub outcome: TaskEnd,
    /// Whether it ran where its data is; nothing if that does not matter.
    pub local: Option<bool>,
}

/// How many agents stand in one row of the hosts table: one by one up to a thousand, beyond that
/// in two hundred rows, which is what a picture can show.
pub const fn agents_a_row(agents: usize) -> usize {
    if agents <= 1000 {
        1
    } else {
        agents.div_ceil(HOST_ROWS)
    }
}

/// The most rows of the hosts picture.
pub const HOST_ROWS: usize = 200;

/// One recipe under several policies, on the same traces.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The recipe's name: the folder of its results.
    pub name: String,
    /// A line that says what it is.
    pub title: String,
    /// What the page of the results begins with; without it there is no page.
    pub about: String,
    /// The recipe with every default filled in, as TOML.
    pub recipe: String,
    /// All that the agents have together.
    pub capacity: Resources,
    /// How many agents there are.
    pub agents: u32,
    /// When arrivals and load end.
    pub horizon: Span,
    /// The length of the time steps in `usage`.
    pub step: Span,
    /// The length of the time steps in `hosts`.
    pub host_step: Span,
    /// The seeds that were run, in order.
    pub seeds: Vec<u64>,
    /// The frameworks by id.
    pub frameworks: Vec<FrameworkInfo>,
    /// The policies in the order asked for; the first is the baseline.
    pub policies: Vec<PolicyRuns>,
    /// What the traces do not say, by framework, and assumptions of the simulator itself (no
    /// framework).
    pub assumptions: Vec<(Option<FrameworkId>, Assumption)>,
    /// The files that were read.
    pub inputs: Vec<Input>,
    /// What a reader has to know: impossible jobs, seeds not run, too few seeds.
    pub warnings: Vec<String>,
    /// Tables of findings beside the comparison: what an assumption is worth, what was measured.
    pub sheets: Vec<Sheet>,
    /// What a real run of the recipe measured.
    pub measured: Option<Measured>,
}

/// A table of findings that is not one of the tables of rows: shown as it is, by report and page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// Its heading.
    pub title: String,
    /// What a reader has to know beside it.
    pub note: String,
    /// The columns; the first names the row.
    pub heads: Vec<String>,
    /// One text a column.
    pub rows: Vec<Vec<String>>,
}

/// What the report says about a framework.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameworkInfo {
    /// Its name in the recipe.
    pub name: String,
    /// The kind of its workload in the recipe: hadoop, rails, swim, ...
    pub kind: String,
    /// Which of its tasks it runs on what it is offered; nothing of a service.
    pub scheduler: String,
    /// Whether it serves requests instead of running jobs.
    pub service: bool,
    /// The service-level objective of a service.
    pub slo: Span,
    /// Agents it would own were the cluster partitioned.
    pub share: u32,
    /// How much it counts, in thousandths.
    pub weight: u32,
    /// The role it is in.
    pub role: Option<String>,
}

/// The runs of one policy, one a seed.
#[derive(Clone, Debug)]
pub struct PolicyRuns {
    /// The name asked for: `static-best`.
    pub name: String,
    /// What was run: `static[split=2:4:3]`.
    pub resolved: String,
    /// In the order of the comparison's seeds.
    pub runs: Vec<Run>,
}
