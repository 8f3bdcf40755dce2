//! The rows of a trace file: any columns in any order, nothing quoted.
//!
//! The separator may stand in what people wrote, and so may line ends where scripts are asked for. A
//! row that does not have as many columns as the first line is understood where one of these texts
//! can hold what is too much.

use std::collections::BTreeSet;
use std::path::Path;

use super::Record;
use crate::error::{ReadError, quoted};
use crate::formats::LONGEST_LINE;
use crate::formats::ahead::{Ahead, TextLine};
use crate::formats::cells::Cell;
use crate::formats::place::Place;
use crate::formats::seen::Seen;
use crate::formats::survey::{Reader, Unread};

/// The columns that are read.
const READ: [&str; 25] = [
    "task_id",
    "process",
    "name",
    "status",
    "container",
    "attempt",
    "submit",
    "start",
    "complete",
    "duration",
    "realtime",
    "%cpu",
    "cpus",
    "memory",
    "time",
    "queue",
    "rss",
    "peak_rss",
    "rchar",
    "wchar",
    "read_bytes",
    "write_bytes",
    "accelerator",
    "accelerator_type",
    "exit",
];
/// The columns that hold what people wrote.
const FREE: [&str; 8] = [
    "name",
    "tag",
    "script",
    "env",
    "process",
    "module",
    "container",
    "workdir",
];
/// Over how many lines one record may go.
const MOST_LINES: usize = 200;
/// What a trace file looks like.
const ABOUT: &str =
    "the file of nextflow -with-trace: task_id, hash, native_id, name, status, exit, submit, ...";

/// What the first line says.
#[derive(Clone, Default)]
pub(super) struct TraceLayout {
    between: char,
    names: Vec<String>,
    /// Where the columns stand that are read, in the order of [`READ`].
    positions: [Option<usize>; READ.len()],
    /// Where what people wrote stands.
    free: Vec<usize>,
}

/// The records of a trace file.
pub(crate) struct Records {
    lines: Ahead,
    layout: TraceLayout,
    headed: u64,
    place: Place,
    unread: BTreeSet<String>,
    any: bool,
    ended: bool,
    /// Rows in which the separator stands in a text, and lines that belong to the one before.
    odd: [u64; 2],
}

/// Whether a first line names the columns of a trace file.
pub(crate) fn looks_so(line: &str) -> bool {
    TraceLayout::read(line).is_ok_and(|layout| {
        let own = [
            "hash",
            "native_id",
            "realtime",
            "%cpu",
            "peak_rss",
            "process",
        ];
        layout.names.iter().any(|name| own.contains(&name.as_str()))
    })
}

impl TraceLayout {
    fn read(line: &str) -> Result<Self, ReadError> {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '%');
        let between = line.chars().find(|c| !name(*c)).unwrap_or('\t');
        let names: Vec<String> = line
            .split(between)
            .map(|n| n.trim_ascii().to_owned())
            .collect();
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        let positions = READ.map(at);
        if positions[0].is_none() || names.len() < 2 {
            let expected = "a first line that names the columns, task_id among them";
            return Err(ReadError::expected(expected, quoted(line)).hint(ABOUT));
        }
        let free = FREE.iter().filter_map(|name| at(name)).collect();
        Ok(Self {
            between,
            names,
            positions,
            free,
        })
    }

    fn unread(&self) -> impl Iterator<Item = &String> {
        let names = self.names.iter();
        names.filter(|name| !READ.contains(&name.as_str()))
    }

    /// Whether a line begins a record: the number of a task stands where one does.
    fn begins(&self, line: &str) -> bool {
        let at = self.positions[0].unwrap_or(0);
        let free = self.free.iter().filter(|free| **free < at).count();
        // Behind texts it may stand further on.
        let most = if free > 0 { usize::MAX } else { at };
        let cells = line.split(self.between).enumerate();
        let mut cells = cells.skip_while(|(position, _)| *position < at);
        cells.any(|(position, text)| position <= most && is_number(text))
    }

    /// The record of these cells.
    fn record(&self, cells: &[&str]) -> Result<Record, ReadError> {
        let cell = |name: &'static str| {
            let column = READ.iter().position(|known| *known == name)?;
            let at = self.positions[column]?;
            let text = cells.get(at)?.trim_ascii();
            (!matches!(text, "" | super::notation::NOTHING)).then(|| Cell::new(at, name, text))
        };
        Record::read(&cell)
    }

    /// Understands a record, and says whether separators stand in its texts.
    fn understand(&self, text: &str) -> Result<(Record, bool), ReadError> {
        let cells: Vec<&str> = text.split(self.between).collect();
        let width = self.names.len();
        let uneven = || {
            let expected = format!("{width} columns, as the first line has");
            ReadError::uneven(expected, cells.len())
        };
        let Some(more) = cells.len().checked_sub(width) else {
            return Err(uneven());
        };
        if more == 0 {
            return Ok((self.record(&cells)?, false));
        }
        // One text holds all that is too much; which one, all other columns tell.
        let mut found: Option<Record> = None;
        let mut problem = None;
        for free in &self.free {
            let joined = cells[*free..=free + more].join(&self.between.to_string());
            let mut way = cells[..*free].to_vec();
            way.push(&joined);
            way.extend(&cells[free + more + 1..]);
            match (self.record(&way), &found) {
                (Ok(record), None) => found = Some(record),
                (Ok(record), Some(known)) if !record.is_like(known) => {
                    let hint = "the separator stands in texts, and the row can be read in several \
                                ways; write the trace with another trace.sep";
                    return Err(uneven().hint(hint));
                }
                (Ok(_), Some(_)) => {}
                (Err(error), _) => problem = problem.or(Some(error)),
            }
        }
        match (found, problem) {
            (Some(record), _) => Ok((record, true)),
            (None, problem) => Err(problem.unwrap_or_else(uneven)),
        }
    }
}

fn is_number(text: &str) -> bool {
    let text = text.trim_ascii();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Records {
    /// How often separators stood in texts, and lines belonged to the one before.
    pub(super) const fn odd(&self) -> [u64; 2] {
        self.odd
    }

    /// Understands a line, and those that belong to it.
    fn row(&mut self, line: TextLine) -> Result<Record, ReadError> {
        let TextLine {
            mut text,
            place,
            part,
        } = line;
        let mut more = Vec::new();
        let mut first = None;
        loop {
            match self.layout.understand(&text) {
                Ok((record, separators)) => {
                    self.odd[0] += u64::from(separators);
                    self.odd[1] += more.len() as u64;
                    return Ok(Record {
                        place: Some(place),
                        run: part,
                        ..record
                    });
                }
                Err(problem) => first = first.or(Some(problem)),
            }
            let fits = more.len() < MOST_LINES && text.len() < LONGEST_LINE;
            let next = self.lines.peek().filter(|next| next.part == part);
            let goes_on = next.is_some_and(|next| !self.layout.begins(&next.text));
            let next = if fits && goes_on && !self.layout.free.is_empty() {
                self.lines.next().and_then(Result::ok)
            } else {
                None
            };
            let Some(next) = next else {
                // What is wrong with the line alone is told.
                self.lines.give_back(more.into_iter());
                let problem = first.unwrap_or_else(|| ReadError::said("no row"));
                return Err(place.of(problem));
            };
            text.push('\n');
            text.push_str(&next.text);
            more.push(next);
        }
    }

    /// Understands the first line of a file.
    fn header(&mut self, line: &TextLine) -> Result<(), ReadError> {
        self.headed = line.part;
        let layout = TraceLayout::read(&line.text).map_err(|error| line.place.of(error))?;
        self.unread.extend(layout.unread().cloned());
        self.layout = layout;
        Ok(())
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
                    let error = ReadError::expected("at least one task", "none").hint(ABOUT);
                    let mut place = self.lines.place();
                    place.line = place.line.max(1);
                    return (!self.any).then(|| Err(place.of(error)));
                }
            };
            self.place = line.place.clone();
            if line.part > self.headed {
                if let Err(error) = self.header(&line) {
                    self.ended = true;
                    return Some(Err(error));
                }
                continue;
            }
            let last = self.layout.names.len() - 1;
            if self.any && self.layout.free.contains(&last) && !self.layout.begins(&line.text) {
                // A text at the end of a row goes on: nothing of it is read.
                self.odd[1] += 1;
                continue;
            }
            self.any = true;
            return Some(self.row(line));
        }
        None
    }
}

impl Reader for Records {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let lines = Ahead::open(path, "trace.txt")?;
        Ok(Self {
            place: lines.place(),
            lines,
            layout: TraceLayout::default(),
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
        seen.fill("columns", self.layout.names.len());
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
