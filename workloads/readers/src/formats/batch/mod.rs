//! What the accounts of batch systems have in common: one record for all of them, how it is counted, and how it
//! becomes a job.
//!
//! Each system has its own file and its own words for the same things: who asked for how much of what, when it was
//! submitted, began and ended, and how. A reader says it as an [`Accounted`]; what becomes of several records of one job
//! (it was queued, it began, it was started again) is decided once, in [`import`].

pub mod hosts;
pub mod import;
pub(crate) mod draft;
pub mod expanded;
pub mod lines;
pub(crate) mod notation;
pub(crate) mod values;

use crate::formats::prelude::*;

pub(crate) use import::import;

/// Equal tasks of a job, that are placed each for itself.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Chunk {
    /// How many.
    pub count: u64,
    /// Processors of each, in thousandths.
    pub cpus: Option<u64>,
    /// Memory of each, in KiB.
    pub memory: Option<u64>,
    /// GPUs of each, in thousandths.
    pub gpus: Option<u64>,
    /// The model of GPU that it is for; empty for any.
    pub model: String,
}

impl Chunk {
    /// Whether another is the same, whatever their counts.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let amounts = |one: &Self| (one.cpus, one.memory, one.gpus);
        amounts(self) == amounts(other) && self.model == other.model
    }
}

/// What a record says of a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum RunPhase {
    /// The job waits.
    #[default]
    Waits,
    /// It runs on.
    Runs,
    /// It ended and will be started again.
    Again,
    /// Somebody, or the system, took it away.
    Gone,
    /// It is over.
    Over,
    /// Nothing of it ran yet: how long it will is known, or not.
    Planned,
    /// It is of no job, for this reason not kept.
    Other(&'static str),
}

/// One record of an account.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Accounted {
    /// What kind of record it is, in the words of the source.
    pub kind: String,
    /// What it says of a run.
    pub phase: RunPhase,
    /// The job's id, with the number within its array.
    pub id: String,
    /// The id of the array that it is a part of, where its parts are told apart.
    pub array: Option<String>,
    /// How many jobs of an array it stands for, where it stands for all that have not begun.
    pub parts: u64,
    /// What its user calls it.
    pub name: String,
    /// Who submitted it.
    pub user: String,
    /// The account, project or group of its user.
    pub group: String,
    /// The queue.
    pub queue: String,
    /// Its part of the cluster.
    pub partition: String,
    /// Its class of service.
    pub class: String,
    /// Its priority, larger for more urgent.
    pub priority: Option<u64>,
    /// When this was written down, in microseconds by the clock of the place.
    pub logged: Option<u64>,
    /// When it was submitted, in microseconds since 1970.
    pub submit: Option<u64>,
    /// When it began to run; nothing for what never did.
    pub start: Option<u64>,
    /// When it ended.
    pub end: Option<u64>,
    /// How long it ran, where start and end do not tell.
    pub run: Option<u64>,
    /// How long it may run.
    pub limit: Option<u64>,
    /// Processors that it asked for, in thousandths, where `chunks` have those that it was given.
    pub requested: Option<u64>,
    /// Its tasks.
    pub chunks: Vec<Chunk>,
    /// Memory that all of it used, in KiB.
    pub used: Option<u64>,
    /// Processor time that all of it used, in microseconds.
    pub busy: Option<u64>,
    /// Bytes that all of it read.
    pub read: Option<u64>,
    /// Bytes that all of it wrote.
    pub write: Option<u64>,
    /// How often it was started.
    pub attempts: Option<u64>,
    /// How it ended, in the words of the source.
    pub outcome: String,
    /// The job that it waited for.
    pub after: String,
}

impl Accounted {
    /// A record of no job.
    pub(crate) fn other(kind: impl Into<String>, why: &'static str) -> Self {
        Self {
            kind: kind.into(),
            phase: RunPhase::Other(why),
            ..Self::default()
        }
    }

    /// How many tasks it has, at least one.
    pub(crate) fn tasks(&self) -> u64 {
        let counts = self.chunks.iter().map(|chunk| chunk.count);
        counts.fold(0, u64::saturating_add).max(1)
    }

    /// Whether it tells of a whole run, so that a job may be made of it alone.
    pub(crate) const fn is_run(&self) -> bool {
        self.is_over() || matches!(self.phase, RunPhase::Again)
    }

    /// Whether nothing more will be told of the job.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.phase, RunPhase::Over | RunPhase::Planned)
    }

    /// How long it ran, if that is told.
    pub(crate) fn ran(&self) -> Option<u64> {
        let times = self.end.zip(self.start);
        let between = times.and_then(|(end, start)| end.checked_sub(start));
        between.or(self.run)
    }

    /// The sum of an amount of all tasks.
    fn sum(&self, amount: impl Fn(&Chunk) -> Option<u64>) -> Option<u64> {
        let told = self.chunks.iter().filter_map(|chunk| {
            let each = amount(chunk)?;
            Some(each.saturating_mul(chunk.count))
        });
        told.reduce(u64::saturating_add)
    }
}

/// The equal parts of an amount that many tasks share, rounded up.
pub(crate) fn each_of(amount: Option<u64>, count: u64) -> Option<u64> {
    amount.map(|amount| amount.div_ceil(count.max(1)))
}

contents! { Accounted: |row|
    Jobs u64::from(row.is_run()), Tasks if row.is_run() { row.tasks() } else { 0 };
}

shows! { Accounted: |one|
    "kind": one.kind, "id": one.id, "submit_s": digits(one.submit, MILLIONTHS),
    "start_s": digits(one.start, MILLIONTHS), "end_s": digits(one.end, MILLIONTHS), "outcome": one.outcome,
    "tasks": one.tasks(), "cpus": digits(one.sum(|chunk| chunk.cpus), 3),
    "mem_mib": one.sum(|chunk| chunk.memory).map(|kib| kib.div_ceil(1024)),
    "gpus": digits(one.sum(|chunk| chunk.gpus), 3), "user": one.user, "queue": one.queue,
}

/// A text that is there.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl Told for Accounted {
    fn see(&self, seen: &mut Seen) {
        seen.count("records");
        seen.tally("kinds", some(&self.kind));
        let over = self.is_over();
        let ended = self.phase == RunPhase::Over;
        seen.count_if("jobs_that_ended", ended);
        seen.least("first_submit_s", self.submit)
            .written(MILLIONTHS);
        seen.most("last_submit_s", self.submit).written(MILLIONTHS);
        seen.distinct("users", some(&self.user));
        seen.tally("queues", some(&self.queue).filter(|_| over));
        seen.tally("outcomes", some(&self.outcome).filter(|_| over));
        seen.count_if("never_started", ended && self.start.is_none());
        if !over {
            return;
        }
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end < start
        {
            let start = digits(start, MILLIONTHS);
            let expected = format!("an end not before the start ({start})");
            let odd = ReadError::expected(expected, digits(end, MILLIONTHS));
            seen.warn(odd.place(format!("job {}", quoted(&self.id))));
        }
        let run = self.ran().filter(|_| self.start.is_some() || !ended);
        seen.figures("run_s", "millionths of a second", run);
        seen.figures("tasks", "tasks of a job", [self.tasks()]);
        let cpus = self.sum(|chunk| chunk.cpus);
        seen.figures("cpus", "thousandths of a core of a job", cpus);
        let memory = self.sum(|chunk| chunk.memory);
        let memory = memory.map(|kib| kib.div_ceil(1024));
        seen.figures("mem", "MiB of a job", memory);
        let gpus = self.sum(|chunk| chunk.gpus);
        seen.figures("gpus", "thousandths of a GPU of a job", gpus);
        seen.figures("limit_s", "millionths of a second", self.limit);
    }
}
