//! Alibaba cluster-trace-v2018: eight days of batch jobs on 4,000 machines.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2018/schema.txt`. The tables are CSV
//! without a header; empty cells are missing. The hour of jobs that comes with the generator
//! `spar` (Tian et al., `SoCC` 2019) has other columns: arrivals and durations instead of starts and
//! ends. Both are read and told apart by the number of columns of the first line.
//!
//! CPU is in hundredths of a core, which the schema calls percent; memory is in percent of a
//! machine. Both are kept in millionths of that.

use crate::canonical::Units;
use crate::formats::prelude::*;

pub mod instances;
pub mod machines;
pub mod tasks;

/// The most CPU one task may ask for, in percent of a core (ten thousand cores).
pub const MOST_PERCENT: u64 = 1_000_000;
/// The most instances one task may have.
pub const MOST_INSTANCES: u64 = 10_000_000;

/// What a table is, for an empty file.
const ABOUT: &str = "a row of this table is CSV without a header, see the schema of the trace";
/// The units of columns for people.
const CPU: &str = "millionths of a percent of a core";
const MEMORY: &str = "millionths of a percent of a machine";

/// Alibaba's words for what a task does.
pub(super) const WAITING: &str = "Waiting";
pub(super) const READY: &str = "Ready";
pub(super) const INIT: &str = "Init";
pub(super) const RUNNING: &str = "Running";

/// Memory is relative to the largest machine.
pub(super) fn relative() -> Units {
    Units {
        memory: "billionths of the largest machine".to_owned(),
        memory_whole: 1_000_000_000,
        relative: true,
        ..Units::absolute()
    }
}

/// A percent of a core, in millionths, as thousandths of a core.
pub(super) const fn millicores(percent: u64) -> u64 {
    percent / 100_000
}

/// How long a task ran: an end at zero has not come yet. The sample has durations only.
fn run_of(status: &str, start: Option<u64>, end: Option<u64>, duration: Option<u64>) -> Tasks {
    let come = |time: Option<u64>| time.is_some_and(|time| time > 0);
    if come(end) || (end.is_none() && duration.is_some()) {
        return ended(duration.map(seconds));
    }
    match status {
        WAITING | READY | INIT => unstarted(),
        RUNNING => censored(None),
        _ if come(start) => censored(None),
        _ => ended(None),
    }
}

fn percent(cell: Cell<'_>) -> Result<Option<u64>, ReadError> {
    cell.maybe(|cell| cell.decimal("percent", MILLIONTHS, MOST_PERCENT))
}

/// How a task is named: `R3_1_2` is task 3 and waits for tasks 1 and 2 of its job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DagName {
    /// The letters in front: M for map, R for reduce, J for join.
    pub kind: String,
    /// Its number within the job.
    pub number: u32,
    /// The numbers of the tasks it waits for.
    pub parents: Vec<u32>,
}

impl DagName {
    /// Understands a name; `None` for a task that has no place in a graph, such as `task_x`.
    ///
    /// Parts that are no numbers, such as `Stg1` in `M1_Stg1`, say nothing about dependencies.
    pub fn of(name: &str) -> Option<Self> {
        let (kind, number, parents) = parts(name)?;
        Some(Self {
            kind: kind.to_owned(),
            number,
            parents: parents.collect(),
        })
    }

    /// How many tasks a task of this name waits for.
    pub fn waits(name: &str) -> u64 {
        parts(name).map_or(0, |(_, _, parents)| parents.count() as u64)
    }
}

/// The letters of a name, its number and those that it waits for.
fn parts(name: &str) -> Option<(&str, u32, impl Iterator<Item = u32>)> {
    let mut parts = name.split('_');
    let first = parts.next()?;
    let digits = first.find(|letter: char| letter.is_ascii_digit())?;
    let (kind, number) = first.split_at(digits);
    let letters = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !letters {
        return None;
    }
    let number = number.parse().ok()?;
    Some((kind, number, parts.filter_map(|part| part.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::DagName;

    fn check(name: &str, expected: Option<(&str, u32, &[u32])>) {
        let found = DagName::of(name);
        let found = found
            .as_ref()
            .map(|dag| (dag.kind.as_str(), dag.number, dag.parents.as_slice()));
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn names_hold_dependencies() {
        check("M1", Some(("M", 1, &[])));
        check("J24_20_23", Some(("J", 24, &[20, 23])));
        check("M12_Stg1", Some(("M", 12, &[])));
        check("R3_1_Stg2", Some(("R", 3, &[1])));
        check("task_LTg0MTUwNTYwNTgzNTk=", None);
        check("MergeTask", None);
        check("99", None);
        check("M99999999999", None);
        check("", None);
    }
}
