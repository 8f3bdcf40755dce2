//! What the formats with one record a line have in common: opening, parts, headers, blank lines.
//!
//! A format says how its first line and every other one are to be understood ([`Row`]); this page
//! reads the file ([`Rows`]), names the place of everything that is wrong, and counts what was
//! passed over or repaired.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::bare;
use crate::formats::lines::Lines;
use crate::formats::place::Place;
use crate::formats::seen::Seen;
use crate::formats::survey::{Reader, Unread};
use crate::formats::tables;

/// A record that is one line of text.
pub trait Row: Sized {
    /// What the beginning of the file says about the rest: the order of its columns, its header.
    type Layout: Default;
    /// What a file of this format is called inside an archive.
    const MEMBER: &'static str;
    /// One record in a word: "job".
    const ONE: &'static str;
    /// What a file of this format looks like.
    const ABOUT: &'static str = "";
    /// What a line that is a comment begins with.
    const COMMENT: Option<char> = None;
    /// Whether a folder is read as the parts of one file, in the order of their numbers.
    const PARTS: bool = false;
    /// What the names of the files have in them that are read of a folder with several tables in it.
    const TABLE: &'static str = "";
    /// How the names of those files of an archive end that are the parts of one data set; where
    /// this says nothing, an archive holds one file of this format.
    const MEMBERS: Option<&'static str> = None;
    /// Whether the first line names the columns. A file whose first line does not is not read on.
    const HEADED: bool = false;

    /// The names of the columns of files that have no header as published.
    const NAMES: &'static [&'static [&'static str]] = &[];

    /// The columns that are read, of a file whose first line names them; if none are told here, all
    /// of them.
    const READ: &'static [&'static str] = &[];
    /// What stands between columns.
    const BETWEEN: char = ',';
    /// Whether more columns may stand behind those that are read, of a file without a header.
    const MORE: bool = false;

    /// What a file of this format looks like, for an empty one.
    fn about() -> String {
        Self::ABOUT.to_owned()
    }

    /// Whether a first line of a file without a header holds just names, as somebody put there.
    fn is_header(line: &str) -> bool {
        names_columns::<Self>(line)
    }

    /// Whether a column that the first line names is read.
    fn reads(name: &str) -> bool {
        Self::READ.is_empty() || Self::READ.contains(&name)
    }

    /// What else a file had in it that is not read.
    fn unread(_layout: &Self::Layout) -> Vec<String> {
        Vec::new()
    }

    /// Understands the first line of a file whose columns are named.
    ///
    /// # Errors
    /// When columns are missing.
    fn header(_line: &str, _layout: &mut Self::Layout) -> Result<(), ReadError> {
        Ok(())
    }

    /// Understands a line; `None` for one that holds no record, such as a comment.
    ///
    /// # Errors
    /// When the line is damaged.
    fn row(line: &str, layout: &mut Self::Layout) -> Result<Option<Self>, ReadError>;

    /// The same record, standing there, if it is to know.
    #[must_use]
    fn at(self, _place: impl FnOnce() -> Place) -> Self {
        self
    }

    /// Tells what the file says as a whole, after so many blank lines.
    fn end(_layout: &Self::Layout, _blank: u64, _seen: &mut Seen) {}
}

/// The records of a file; a bad one does not end them.
pub struct Rows<R: Row> {
    lines: Lines,
    layout: R::Layout,
    /// How many files' headers are behind us.
    headed: u64,
    any: bool,
    ended: bool,
    passed: Passed,
    /// Columns that first lines name and nobody reads.
    unread: BTreeSet<String>,
}

/// What was passed over or repaired on the way.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Passed {
    /// Lines with nothing on them.
    pub blank: u64,
    /// Lines whose bytes are not UTF-8; each such byte is read as U+FFFD.
    pub repaired: u64,
    /// Whether the last line has no newline: the file may be truncated.
    pub unfinished: bool,
}

impl Passed {
    /// What was passed over in two files together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            blank: self.blank + other.blank,
            repaired: self.repaired + other.repaired,
            unfinished: self.unfinished || other.unfinished,
        }
    }

    /// The same as facts for `trace stat`.
    pub(crate) fn facts(self) -> [(&'static str, String); 2] {
        [
            ("blank_lines", self.blank.to_string()),
            ("lines_not_utf8", self.repaired.to_string()),
        ]
    }

    /// The same as warnings.
    pub(crate) fn tell(self, seen: &mut Seen) {
        if self.repaired > 0 {
            let error =
                ReadError::expected("text in UTF-8", format!("{} other lines", self.repaired));
            seen.warn(error.hint("bytes that are not UTF-8 are read as U+FFFD"));
        }
        if self.unfinished {
            let error = ReadError::expected("a newline after the last line", "the end of the file");
            seen.warn(error.hint("the file may be truncated, even in the middle of a number"));
        }
    }
}

impl<R: Row> Rows<R> {
    /// Opens a file of this format, or a folder or archive of its parts where it has them.
    ///
    /// # Errors
    /// When it cannot be opened or unpacked.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Ok(Self {
            lines: match R::MEMBERS {
                Some(ending) => Lines::members(path, R::MEMBER, ending)?,
                None if !R::TABLE.is_empty() => {
                    Lines::files(tables::of(path, R::TABLE)?, path, R::MEMBER)?
                }
                None => Lines::lenient(path, R::MEMBER, R::PARTS)?,
            },
            layout: R::Layout::default(),
            headed: 0,
            any: false,
            ended: false,
            passed: Passed::default(),
            unread: BTreeSet::new(),
        })
    }

    /// Where the line read last stands.
    pub fn place(&self) -> Place {
        self.lines.place()
    }

    /// What the lines read so far said about the file as a whole.
    pub const fn layout(&self) -> &R::Layout {
        &self.layout
    }

    /// What was passed over or repaired so far.
    pub const fn passed(&self) -> Passed {
        self.passed
    }

    fn empty(&self) -> ReadError {
        let expected = format!("at least one {}", R::ONE);
        let error = ReadError::expected(expected, "none");
        self.lines.here(error.hint(R::about()))
    }
}

/// A column as it is told of; one without a name has one here.
fn named(name: &str) -> String {
    if name.is_empty() {
        return "a column without a name".to_owned();
    }
    name.to_owned()
}

impl<R: Row> Reader for Rows<R> {
    type Record = R;

    fn open(path: &Path) -> Result<Self, ReadError> {
        Self::open(path)
    }

    fn place(&self) -> Option<Place> {
        Some(self.place())
    }

    fn end(&self, seen: &mut Seen) {
        R::end(&self.layout, self.passed.blank, seen);
        for (name, count) in self.passed.facts() {
            seen.set(name, count);
        }
        self.passed.tell(seen);
    }
}

impl<R: Row> Unread for Rows<R> {
    fn unread(&self) -> Vec<String> {
        let mut unread: Vec<String> = self.unread.iter().cloned().collect();
        unread.extend(R::unread(&self.layout));
        unread
    }
}

/// Whether a line holds nothing but the names of the columns.
fn names_columns<R: Row>(line: &str) -> bool {
    let same = |cell: &str, name: &str| {
        let cell = bare(cell).bytes().map(|byte| match byte {
            b' ' => b'_',
            other => other.to_ascii_lowercase(),
        });
        cell.eq(name.bytes())
    };
    R::NAMES.iter().any(|names| {
        let mut cells = line.split(',');
        names
            .iter()
            .all(|name| cells.next().is_some_and(|cell| same(cell, name)))
            && cells.next().is_none()
    })
}

impl<R: Row> Iterator for Rows<R> {
    type Item = Result<R, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let read = match self.lines.next_of_part() {
                Some(Ok((line, _))) if line.trim_ascii().is_empty() => {
                    self.passed.blank += 1;
                    continue;
                }
                Some(Ok((line, part))) if R::HEADED && part > self.headed => {
                    self.headed = part;
                    let header = R::header(line, &mut self.layout);
                    self.ended = header.is_err();
                    if header.is_ok() {
                        let names = line.split(R::BETWEEN).map(bare);
                        let unread = names.filter(|name| !R::reads(name));
                        self.unread.extend(unread.map(named));
                    }
                    header.map(|()| None)
                }
                Some(Ok((line, part))) if part > self.headed => {
                    self.headed = part;
                    if R::is_header(line) {
                        continue;
                    }
                    R::row(line, &mut self.layout)
                }
                Some(Ok((line, _))) => R::row(line, &mut self.layout),
                Some(Err(error)) => {
                    self.any = true;
                    return Some(Err(error));
                }
                None => {
                    self.ended = true;
                    return (!self.any).then(|| Err(self.empty()));
                }
            };
            self.passed.repaired = self.lines.repaired();
            self.passed.unfinished = !self.lines.complete();
            match read {
                Ok(None) => {}
                Ok(Some(row)) => {
                    self.any = true;
                    return Some(Ok(row.at(|| self.lines.place())));
                }
                Err(error) => {
                    self.any = true;
                    return Some(Err(self.lines.here(error)));
                }
            }
        }
        None
    }
}
