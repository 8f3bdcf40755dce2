//! The rows of `sacct -P`: any columns in any order, one record on one or more lines.
//!
//! Nothing is quoted: the separator and line ends may stand in what people wrote, the names of jobs and
//! the lines they submitted. A row that has more columns than the first line is understood where it can be
//! read in one way only; a line that begins no job belongs to the one before.

use std::collections::BTreeSet;
use std::path::Path;

use super::notation::job_id;
use super::sacct::{Field, Record};
use crate::error::{ReadError, quoted};
use crate::formats::LONGEST_LINE;
use crate::formats::ahead::{Ahead, TextLine};
use crate::formats::place::Place;
use crate::formats::seen::Seen;
use crate::formats::survey::{Reader, Unread};

/// Over how many lines one record may go.
const MOST_LINES: usize = 200;
/// In how many ways a row is read that has more columns than it should.
const MOST_WAYS: usize = 200;

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
struct AccountLayout {
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
pub(crate) struct Records {
    lines: Ahead,
    layout: AccountLayout,
    headed: u64,
    place: Place,
    unread: BTreeSet<String>,
    any: bool,
    ended: bool,
    /// Rows in which the separator stands in a text, and lines that belong to the one before.
    odd: [u64; 2],
}

/// Whether a first line names the columns of an account.
pub(crate) fn looks_so(line: &str) -> bool {
    AccountLayout::read(line).is_ok_and(|(layout, _)| layout.positions.iter().flatten().count() > 1)
}

impl AccountLayout {
    /// Understands the names of the columns; gives those that are not read.
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

    /// The column of the job's id.
    fn id(&self) -> Option<usize> {
        self.at(Field::JobID).or(self.at(Field::JobIDRaw))
    }

    /// Where a field stands.
    fn at(&self, field: Field) -> Option<usize> {
        self.positions.get(field as usize).copied().flatten()
    }

    /// The cells of a text.
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

    /// Understands the cells of a record.
    fn record(&self, cells: &[&str]) -> Result<Record, ReadError> {
        let cell = |field: Field| {
            let at = self.at(field)?;
            Some((cells.get(at)?.trim_ascii(), at))
        };
        Record::read(cell)
    }

    /// Understands a record, whose texts may hold separators; also says whether they do.
    fn understand(&self, text: &str) -> Result<(Record, bool), ReadError> {
        let cells = self.split(text);
        let more = match cells.len().checked_sub(self.width) {
            Some(0) => return Ok((self.record(&cells)?, false)),
            Some(more) if !self.free.is_empty() => more,
            _ => {
                let expected = format!("{} columns, as the first line has", self.width);
                return Err(ReadError::uneven(expected, cells.len()));
            }
        };
        let mut first = None;
        let mut error = None;
        for way in ways(self.free.len(), more) {
            let joined = self.joined(text, &way);
            let cells: Vec<&str> = joined.iter().map(String::as_str).collect();
            match (self.record(&cells), &first) {
                (Ok(record), None) => first = Some(record),
                // Only what people wrote may be understood in two ways.
                (Ok(record), Some(known)) if !record.is_like(known) => {
                    let found = format!("{} columns", self.width + more);
                    let error = ReadError::expected(format!("{} columns", self.width), found);
                    return Err(error.hint(
                        "the separator stands in texts, and the row can be read in several ways; \
                         leave JobName or SubmitLine out, or use sacct --delimiter",
                    ));
                }
                (Ok(_), Some(_)) => {}
                (Err(problem), _) => error = error.or(Some(problem)),
            }
        }
        match (first, error) {
            (Some(record), _) => Ok((record, true)),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ReadError::uneven(
                format!("{} columns, as the first line has", self.width),
                self.width + more,
            )),
        }
    }

    /// The cells, when each text that people wrote has so many separators in it.
    fn joined(&self, text: &str, way: &[usize]) -> Vec<String> {
        let mut cells = self.split(text).into_iter();
        let mut joined = Vec::with_capacity(self.width);
        for at in 0..self.width {
            let mut cell = cells.next().unwrap_or_default().to_owned();
            let more = self.free.iter().position(|free| *free == at);
            for _ in 0..more.map_or(0, |free| way[free]) {
                cell.push(self.between);
                cell += cells.next().unwrap_or_default();
            }
            joined.push(cell);
        }
        joined
    }
}

/// All ways to deal so many separators to so many texts, those first that deal them to one.
fn ways(texts: usize, separators: usize) -> Vec<Vec<usize>> {
    let mut ways = vec![Vec::new()];
    for text in 0..texts {
        let mut longer = Vec::new();
        for way in &ways {
            let left = separators - way.iter().sum::<usize>();
            let least = if text + 1 == texts { left } else { 0 };
            for count in (least..=left).rev() {
                if longer.len() < MOST_WAYS {
                    longer.push([way.as_slice(), &[count]].concat());
                }
            }
        }
        ways = longer;
    }
    ways
}

impl Records {
    /// How often separators stood in texts, and lines belonged to the one before.
    pub(super) const fn odd(&self) -> [u64; 2] {
        self.odd
    }

    /// Understands a line, and those that belong to it; nothing where it belongs to what was before.
    fn row(&mut self, line: TextLine) -> Option<Result<Record, ReadError>> {
        let TextLine {
            mut text, place, ..
        } = line;
        let begins = self.layout.begins(&text);
        let last = self.layout.width - 1;
        if !begins && self.any && self.layout.free.contains(&last) {
            // A text at the end of a row goes on: nothing of it is read.
            self.odd[1] += 1;
            return None;
        }
        let mut more = Vec::new();
        let problem = loop {
            let problem = match self.layout.understand(&text) {
                Ok((mut record, separators)) => {
                    self.odd[0] += u64::from(separators);
                    self.odd[1] += more.len() as u64;
                    record.place = Some(place);
                    return Some(Ok(record));
                }
                Err(problem) => problem,
            };
            let fits = more.len() < MOST_LINES && text.len() < LONGEST_LINE;
            let next = self.lines.peek();
            let goes_on = next.is_some_and(|next| !self.layout.begins(&next.text));
            if !fits || !goes_on || self.layout.free.is_empty() {
                break problem;
            }
            let Some(Ok(next)) = self.lines.next() else {
                break problem;
            };
            text.push('\n');
            text.push_str(&next.text);
            more.push(next);
        };
        // What is wrong with the line alone is told.
        let alone = text.lines().next().unwrap_or_default();
        let problem = if more.is_empty() {
            problem
        } else {
            self.layout.understand(alone).err().unwrap_or(problem)
        };
        self.lines.give_back(more.into_iter());
        Some(Err(place.of(problem)))
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let line = match self.lines.next() {
                Some(Ok(line)) => line,
                Some(Err(error)) => {
                    self.any = true;
                    return Some(Err(error));
                }
                None => {
                    self.ended = true;
                    let error = ReadError::expected("at least one job", "none");
                    let error =
                        error.hint("the output of sacct -P: JobID|State|Submit|Start|End|...");
                    let mut place = self.lines.place();
                    place.line = place.line.max(1);
                    return (!self.any).then(|| Err(place.of(error)));
                }
            };
            self.place = line.place.clone();
            if line.part > self.headed {
                self.headed = line.part;
                match AccountLayout::read(&line.text) {
                    Ok((layout, unread)) => {
                        self.layout = layout;
                        self.unread.extend(unread);
                    }
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(line.place.of(error)));
                    }
                }
                continue;
            }
            if let Some(row) = self.row(line) {
                self.any = true;
                return Some(row);
            }
        }
        None
    }
}

impl Reader for Records {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let lines = Ahead::open(path, "sacct.txt")?;
        Ok(Self {
            place: lines.place(),
            lines,
            layout: AccountLayout::default(),
            headed: 0,
            unread: BTreeSet::new(),
            any: false,
            ended: false,
            odd: [0; 2],
        })
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn end(&self, seen: &mut Seen) {
        seen.fill("columns", self.layout.width);
        seen.set("rows_with_separators_in_texts", self.odd[0]);
        seen.set("lines_of_texts", self.odd[1]);
        for (name, count) in self.lines.passed().facts() {
            seen.set(name, count);
        }
        self.lines.passed().tell(seen);
    }
}

impl Unread for Records {
    fn unread(&self) -> Vec<String> {
        self.unread.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_dealt_in_every_way() {
        assert_eq!(ways(1, 2), [[2]]);
        assert_eq!(ways(2, 1), [[1, 0], [0, 1]]);
        assert_eq!(ways(3, 2).len(), 6);
        assert!(ways(13, 40).len() <= MOST_WAYS);
    }

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
