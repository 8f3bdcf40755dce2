//! Google `ClusterData` 2011 (version 2): machines, jobs and tasks of one cell in May 2011.
//!
//! Source: github.com/google/cluster-data, "Google cluster-usage traces: format + schema" (Reiss,
//! Wilkes, Hellerstein). Every table is CSV without a header, split into `gzip`ped parts; a folder
//! is read as its parts in the order of their numbers. Empty cells are missing. Lines that begin
//! with `#` are passed over, as hand-made samples have them.
//!
//! Time is in microseconds from 600 s before the trace begins. What happened before stands at
//! [`BEFORE`]: the tasks running then began nobody knows when, and ask together for more than the
//! machines have. What is known to happen after the end stands at [`AFTER`]; most tasks that are
//! still running have no end at all.
//!
//! Capacities and requests are relative to the largest machine, and kept in billionths of it.

use crate::formats::prelude::*;

pub mod jobs;
pub mod machines;
pub mod tasks;
pub mod usage;

/// The time of everything before the trace.
pub const BEFORE: u64 = 0;
/// The time of everything after the trace.
pub const AFTER: u64 = i64::MAX as u64;
/// The most an amount may be, relative to the largest machine.
pub const MOST_MACHINES: u64 = 1000;

/// What can happen to a job or a task, by its code.
pub const EVENTS: [&str; 9] = [
    "submit",
    "schedule",
    "evict",
    "fail",
    "finish",
    "kill",
    "lost",
    "update_pending",
    "update_running",
];
/// The code of a submission.
pub const SUBMIT: u8 = 0;
/// The code of a start on a machine.
pub const SCHEDULE: u8 = 1;
/// The code of an eviction.
const EVICT: u8 = 2;

/// Whether an event of this code ends what was running.
pub const fn is_end(event: u8) -> bool {
    event >= 2 && event <= 6
}

const TIME: Whole = Whole("microseconds", AFTER);
/// A number that stands for a machine, a job or a task.
const ID: Whole = Whole("an identifier", u64::MAX);
/// Why a row was made up by those who published the trace: 0 a snapshot shows what no transition
/// does, 1 neither does, 2 the beginning is missing.
const MISSING: Maybe<Code> = Maybe(Code("a reason why something is missing", 2));
const CLASS: Maybe<Code> = Maybe(Code("a scheduling class", 3));
const AMOUNT: Maybe<Decimal> = Maybe(Decimal(
    "times the largest machine",
    BILLIONTHS,
    MOST_MACHINES,
));
/// The unit of amounts in tables for people.
const UNIT: &str = "billionths of the largest machine";

pub(super) const SAME_JOB: &str = "another event of the same job";
pub(super) const SAME_TASK: &str = "another event of the same task";
pub(super) const RUNS: &str = "from the last time that a task was scheduled to its end; a task that does not end in \
                               the trace has run until its last event, and of one that ran before nobody knows how long";

/// A task between two events.
#[derive(Clone, Copy, Default)]
pub(super) struct Live {
    /// When it began to run, if it does.
    pub(super) started: Option<u64>,
    /// Whether it was seen to wait.
    pub(super) waited: bool,
    /// Whether it ran already when the trace began.
    pub(super) before: bool,
    pub(super) cpus: Option<u64>,
    pub(super) memory: Option<u64>,
    /// When it was submitted, if the trace saw it.
    pub(super) submitted: Option<u64>,
    /// How long it waited for its first start after that.
    pub(super) wait: Option<u64>,
    /// How often it was started.
    pub(super) attempts: u64,
}

impl Live {
    /// It waits from then on.
    pub(super) fn submit(&mut self, time: u64) {
        self.waited = true;
        if self.attempts == 0 {
            self.submitted = self.submitted.or(Some(time).filter(|time| *time > BEFORE));
        }
    }

    /// It runs from then on; of what ran before the trace began nobody knows since when.
    pub(super) fn start(&mut self, time: u64) {
        self.started = Some(time).filter(|time| *time > BEFORE);
        self.before = self.started.is_none();
        if self.attempts == 0 {
            let waited = self.started.zip(self.submitted);
            self.wait = waited.and_then(|(start, submit)| start.checked_sub(submit));
        }
        self.attempts += 1;
    }

    /// How long a task of a job ran when it ended then, or when the trace did.
    pub(super) fn ran(self, job: u64, time: u64, in_trace: bool) -> Tasks {
        let run = self.started.map(|started| time.checked_sub(started));
        let ran = match run {
            Some(run) if in_trace => ended(run),
            Some(run) => censored(run),
            None if self.before || !self.waited => censored(None),
            None => unstarted(),
        };
        Tasks {
            job,
            cpus: self.cpus,
            memory: self.memory,
            wait: self.wait,
            attempts: Some(self.attempts),
            ..ran
        }
    }
}
