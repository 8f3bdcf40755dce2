//! Looking at a whole file: counts, the first rows, every problem.
//!
//! A format says what its records are and what to count; this page does the rest the same way
//! for all of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::ReadError;
use crate::formats::figures::Figures;

/// A reader that knows what it passes by.
pub(crate) trait Unread {
    /// The columns or members that were there and that it does not use, each once.
    fn unread(&self) -> Vec<String>;
}

impl<T: Unread> Unread for &mut T {
    fn unread(&self) -> Vec<String> {
        (**self).unread()
    }
}

/// The counts of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stat {
    /// Named counts and facts of the format: jobs, seconds, whether times are sorted.
    pub facts: Vec<(&'static str, String)>,
    /// What the numbers of each numeric column look like.
    pub columns: Vec<Column>,
}

/// The numbers of one column.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The unit of its numbers.
    pub unit: &'static str,
    /// How many numbers there are.
    pub n: u64,
    /// The smallest.
    pub min: i64,
    /// The median, by nearest rank.
    pub p50: i64,
    /// The 95th percentile, by nearest rank.
    pub p95: i64,
    /// The largest.
    pub max: i64,
    /// All of them together.
    pub sum: i128,
}

/// The first records of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The names of the columns.
    pub header: Vec<&'static str>,
    /// As many records as were asked for, if there are so many.
    pub rows: Vec<Vec<String>>,
}

/// Everything that is wrong with a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Check {
    /// How many records can be used.
    pub records: u64,
    /// What cannot be used, in the order of the file, up to the limit.
    pub problems: Vec<ReadError>,
    /// How many problems there are in all.
    pub problem_count: u64,
    /// What can be used but is odd, up to the limit.
    pub warnings: Vec<ReadError>,
    /// How many warnings there are in all.
    pub warning_count: u64,
}

impl Column {
    /// The figures of `values`, all zero when there are none.
    ///
    /// # Panics
    /// When the numbers that were put aside in a temporary file cannot be read again: the machine
    /// is broken, not the trace.
    pub(crate) fn of(name: &'static str, unit: &'static str, values: Figures) -> Self {
        let ranks = values.ranks();
        let ranks = ranks.expect("numbers put aside in a temporary file are there");
        Self {
            name,
            unit,
            n: ranks.n,
            min: ranks.min,
            p50: ranks.p50,
            p95: ranks.p95,
            max: ranks.max,
            sum: ranks.sum,
        }
    }
}

impl Check {
    /// Whether a simulation can use the file.
    pub const fn is_ok(&self) -> bool {
        self.problem_count == 0
    }

    /// Takes over what is odd, and lists as much of it as there is room for.
    pub(crate) fn warn(&mut self, odd: impl Iterator<Item = ReadError>, limit: usize) {
        for warning in odd {
            self.warning_count += 1;
            if self.warnings.len() < limit {
                self.warnings.push(warning);
            }
        }
    }

    /// Takes over what cannot be used.
    pub(crate) fn problem(&mut self, problem: ReadError, limit: usize) {
        self.problem_count += 1;
        if self.problems.len() < limit {
            self.problems.push(problem);
        }
    }
}

/// How often each thing comes: "1: 20, 5: 3".
pub(crate) fn tally<K: std::fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(k, n)| format!("{k}: {n}")).collect();
    counts.join(", ")
}

/// `yes` or `no`.
pub(crate) fn yes(fact: bool) -> String {
    if fact { "yes" } else { "no" }.to_owned()
}
