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

use crate::error::ReadError;
use crate::formats::cells::Cell;

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

/// Whether an event of this code ends what was running.
pub const fn is_end(event: u8) -> bool {
    event >= 2 && event <= 6
}

/// Why a row was made up by those who published the trace: 0 a snapshot shows what no transition
/// does, 1 neither does, 2 the beginning is missing.
fn missing(cell: Cell<'_>) -> Result<Option<u8>, ReadError> {
    cell.maybe(|cell| cell.code("a reason why something is missing", 2))
}

fn time(cell: Cell<'_>) -> Result<u64, ReadError> {
    cell.whole("microseconds", AFTER)
}

fn event(cell: Cell<'_>) -> Result<u8, ReadError> {
    cell.code("an event", EVENTS.len() as u8 - 1)
}

fn amount(cell: Cell<'_>) -> Result<Option<u64>, ReadError> {
    use crate::formats::cells::BILLIONTHS;
    cell.maybe(|cell| cell.decimal("times the largest machine", BILLIONTHS, MOST_MACHINES))
}

/// A number that stands for a machine, a job or a task.
fn id(cell: Cell<'_>) -> Result<u64, ReadError> {
    cell.whole("an identifier", u64::MAX)
}

/// What each table is, for an empty file.
const ABOUT: &str = "a row of this table is CSV without a header, see the schema of the trace";
/// The unit of amounts in tables for people.
const UNIT: &str = "billionths of the largest machine";
