//! The rows of `sacct -P`: any columns in any order, one record on one or more lines.
//!
//! Nothing is quoted, which `unquoted.rs` deals with: texts are the names of jobs, the lines they submitted.

use super::notation::job_id;
use super::sacct::{Field, Record};
use crate::error::{ReadError, quoted};
use crate::formats::place::Place;
use crate::formats::unquoted::{FirstLine, UnquotedRecords};

/// The columns that hold what people wrote.
const FREE: [&str; 13] = [
    "JobName",
    "SubmitLine",
    "Comment",
    "AdminComment",
    "SystemComment",
    "WorkDir",
    "Extra",
    "StdErr",
    "StdIn",
    "StdOut",
    "Container",
    "WCKey",
    "Reason",
];

/// What the first line says.
#[derive(Default)]
pub(crate) struct AccountLayout {
    between: char,
    width: usize,
    /// Whether every line ends with a separator (`-p`).
    closed: bool,
    /// The positions of the columns that are read, by their fields.
    positions: Vec<Option<usize>>,
    /// The positions of what people wrote.
    free: Vec<usize>,
}

/// The records of an account.
pub(crate) type Records = UnquotedRecords<AccountLayout>;

/// Whether a first line names the columns of an account.
pub(crate) fn looks_so(line: &str) -> bool {
    AccountLayout::read(line).is_ok_and(|(layout, _)| layout.positions.iter().flatten().count() > 1)
}

impl AccountLayout {
    /// The column of the job's id.
    fn id(&self) -> Option<usize> {
        self.at(Field::JobID).or(self.at(Field::JobIDRaw))
    }

    /// Where a field stands.
    fn at(&self, field: Field) -> Option<usize> {
        self.positions.get(field as usize).copied().flatten()
    }
}

impl FirstLine for AccountLayout {
    type Record = Record;
    const MEMBER: &'static str = "sacct.txt";
    const ONE: &'static str = "job";
    const ABOUT: &'static str = "the output of sacct -P: JobID|State|Submit|Start|End|...";
    const SEVERAL: &'static str = "the separator stands in texts, and the row can be read in several ways; \
                                   leave JobName or SubmitLine out, or use sacct --delimiter";

    fn read(line: &str) -> Result<(Self, Vec<String>), ReadError> {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let between = line.chars().find(|c| !name(*c)).unwrap_or('|');
        let mut names: Vec<&str> = line.split(between).collect();
        let closed = names.len() > 1 && names.last().is_some_and(|name| name.is_empty());
        if closed {
            names.pop();
        }
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let at = |field: Field| names.iter().position(|name| same(name, field.name()));
        let positions: Vec<Option<usize>> = Field::ALL.into_iter().map(at).collect();
        let read = |at: usize| positions.contains(&Some(at));
        let unread = names.iter().enumerate().filter(|(at, _)| !read(*at));
        let unread = unread.map(|(_, name)| (*name).to_owned()).collect();
        let layout = Self {
            between,
            width: names.len(),
            closed,
            positions,
            free: (0..names.len())
                .filter(|at| FREE.iter().any(|free| same(free, names[*at])))
                .collect(),
        };
        if layout.id().is_none() {
            let expected = "a first line that names the columns, JobID among them";
            let error = ReadError::expected(expected, quoted(line));
            return Err(
                error.hint("the output of sacct -P, without -n: JobID|State|Submit|Start|End|...")
            );
        }
        if between.is_whitespace() && between != '\t' {
            let error = ReadError::expected("columns with one separator between", "blanks");
            return Err(error.hint("use sacct -P: without it, columns are cut off"));
        }
        Ok((layout, unread))
    }

    fn width(&self) -> usize {
        self.width
    }

    fn between(&self) -> char {
        self.between
    }

    fn free(&self) -> &[usize] {
        &self.free
    }

    fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let text = if self.closed {
            text.strip_suffix(self.between).unwrap_or(text)
        } else {
            text
        };
        text.split(self.between).collect()
    }

    /// Whether a line begins a record: an id stands where ids stand, or behind what people wrote.
    fn begins(&self, line: &str) -> bool {
        let Some(at) = self.id() else { return false };
        let cells = self.split(line);
        let id = |cell: &&str| job_id(cell).is_some();
        if self.free.iter().any(|free| *free < at) {
            return cells.iter().skip(at).any(id);
        }
        cells.get(at).is_some_and(id)
    }

    fn record(&self, cells: &[&str]) -> Result<Record, ReadError> {
        let cell = |field: Field| {
            let at = self.at(field)?;
            Some((cells.get(at)?.trim_ascii(), at))
        };
        Record::read(cell)
    }

    fn alike(one: &Record, other: &Record) -> bool {
        one.is_like(other)
    }

    fn at(record: Record, place: Place, _: u64) -> Record {
        Record {
            place: Some(place),
            ..record
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_known_by_their_columns() {
        for (line, known) in [
            ("JobID|State|End", true),
            ("jobid|state|", true),
            ("JobIDRaw\tElapsed", true),
            ("JobID", false),
            ("JobID State", false),
            ("job|state", false),
            ("", false),
        ] {
            assert_eq!(looks_so(line), known, "{line}");
        }
    }
}
