//! Looking at a whole file: counts, the first rows, every problem.
//!
//! A format says what its records are and what to count; this page does the rest the same way
//! for all of them.

use std::path::Path;

use serde::Serialize;

use crate::error::ReadError;
use crate::formats::ColumnMap;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::seen::Seen;

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

/// A record as people see it.
pub(crate) trait Shown {
    /// The names of its columns; one without a name is not shown.
    const HEADER: &'static [&'static str];

    /// What stands in those that are shown.
    fn row(&self) -> Vec<String>;
}

/// A record that says by itself what it is counted as.
pub(crate) trait Told: Shown {
    /// Tells it.
    fn see(&self, seen: &mut Seen);
}

/// What remembers something from record to record to count them.
pub(crate) trait Survey: Default {
    /// What it counts.
    type Record: Shown;

    /// Tells what a record is counted as.
    fn see(&mut self, record: &Self::Record, seen: &mut Seen);

    /// Tells what is known after the last one.
    fn end(self, _seen: &mut Seen) {}
}

/// The survey of records that need no memory.
pub(crate) struct Plain<R>(std::marker::PhantomData<R>);

impl<R> Default for Plain<R> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<R: Told> Survey for Plain<R> {
    type Record = R;

    fn see(&mut self, record: &R, seen: &mut Seen) {
        record.see(seen);
    }
}

/// The records of a file, whatever its shape.
pub(crate) trait Reader:
    Iterator<Item = Result<Self::Record, ReadError>> + Unread + Sized
{
    /// One of them.
    type Record;

    /// Opens a file, or a folder or archive of its parts where the format has them.
    fn open(path: &Path) -> Result<Self, ReadError>;

    /// The same, where somebody says which column is what; formats that know it by themselves never
    /// hear of it.
    fn mapped(path: &Path, _columns: &ColumnMap) -> Result<Self, ReadError> {
        Self::open(path)
    }

    /// Where the record read last stands.
    fn place(&self) -> Option<Place>;

    /// Tells what is known of the file as a whole, after the last record.
    fn end(&self, _seen: &mut Seen) {}
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

/// The counts of a file.
pub(crate) fn stat<R: Reader, S: Survey<Record = R::Record>>(
    path: &Path,
    columns: &ColumnMap,
) -> Result<Stat, ReadError> {
    let mut records = R::mapped(path, columns)?;
    let (mut survey, mut seen) = (S::default(), Seen::default());
    for record in records.by_ref() {
        seen.begin();
        survey.see(&record?, &mut seen);
        seen.odd();
    }
    records.end(&mut seen);
    survey.end(&mut seen);
    let unread = records.unread();
    if !unread.is_empty() {
        seen.set("not_read", unread.join(", "));
    }
    Ok(seen.stat())
}

/// The first records of a file.
pub(crate) fn head<R: Reader<Record: Shown>>(
    path: &Path,
    columns: &ColumnMap,
    count: usize,
) -> Result<Head, ReadError> {
    let rows = R::mapped(path, columns)?.take(count);
    let rows = rows.map(|record| Ok(record?.row()));
    let names = R::Record::HEADER.iter().copied();
    Ok(Head {
        header: names.filter(|name| !name.is_empty()).collect(),
        rows: rows.collect::<Result<_, ReadError>>()?,
    })
}

/// Everything that is wrong with a file.
pub(crate) fn check<R: Reader, S: Survey<Record = R::Record>>(
    path: &Path,
    columns: &ColumnMap,
    limit: usize,
) -> Check {
    let mut check = Check::default();
    let mut records = match R::mapped(path, columns) {
        Ok(records) => records,
        Err(problem) => {
            check.problem(problem, limit);
            return check;
        }
    };
    let (mut survey, mut seen) = (S::default(), Seen::default());
    while let Some(record) = records.next() {
        match record {
            Ok(record) => {
                check.records += 1;
                seen.begin();
                survey.see(&record, &mut seen);
                let mut odd = seen.odd().peekable();
                if odd.peek().is_some() {
                    let place = records.place();
                    let at = |odd| match &place {
                        Some(place) => place.of(odd),
                        None => odd.file(path),
                    };
                    check.warn(odd.map(at), limit);
                }
            }
            Err(problem) => check.problem(problem, limit),
        }
    }
    records.end(&mut seen);
    survey.end(&mut seen);
    check.warn(seen.odd().map(|odd| odd.file(path)), limit);
    check
}
