//! Lines that can be looked at before they are taken, where a record may go over several of them.
//!
//! A format says what its lines are ([`Lined`]); this page reads the file ([`LinedRecords`]), and names the place of
//! everything that is wrong.

use std::collections::VecDeque;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::lines::Lines;
use crate::formats::place::Place;
use crate::formats::rows::Passed;
use crate::formats::seen::Seen;
use crate::formats::survey::{Reader, Unread};

/// A line, where it stands, and the number of its file.
pub struct TextLine {
    pub(crate) text: String,
    pub(crate) place: Place,
    pub(crate) part: u64,
}

/// The lines of a file or of a folder of parts; blank ones are passed over.
pub struct Ahead {
    lines: Lines,
    waiting: VecDeque<Result<TextLine, ReadError>>,
    passed: Passed,
}

impl Ahead {
    pub(crate) fn open(path: &Path, member: &'static str) -> Result<Self, ReadError> {
        Ok(Self {
            lines: Lines::lenient(path, member, true)?,
            waiting: VecDeque::new(),
            passed: Passed::default(),
        })
    }

    /// Where the line stands that was read last.
    pub(crate) fn place(&self) -> Place {
        self.lines.place()
    }

    /// What was passed over or repaired so far.
    pub(crate) const fn passed(&self) -> Passed {
        self.passed
    }

    /// Takes the next line.
    pub(crate) fn next(&mut self) -> Option<Result<TextLine, ReadError>> {
        if let Some(line) = self.waiting.pop_front() {
            return Some(line);
        }
        loop {
            let (text, part) = match self.lines.next_of_part()? {
                Ok((line, _)) if line.trim_ascii().is_empty() => {
                    self.passed.blank += 1;
                    continue;
                }
                Ok((line, part)) => (line.to_owned(), part),
                Err(error) => return Some(Err(error)),
            };
            self.passed.repaired = self.lines.repaired();
            self.passed.unfinished = !self.lines.complete();
            let place = self.lines.place();
            return Some(Ok(TextLine { text, place, part }));
        }
    }

    /// The next line, if there is one that can be read.
    pub(crate) fn peek(&mut self) -> Option<&TextLine> {
        if self.waiting.is_empty() {
            let next = self.next()?;
            self.waiting.push_back(next);
        }
        self.waiting.front()?.as_ref().ok()
    }

    /// Takes lines back: they come next, in their order.
    pub(crate) fn give_back(&mut self, lines: impl DoubleEndedIterator<Item = TextLine>) {
        for line in lines.rev() {
            self.waiting.push_front(Ok(line));
        }
    }
}

/// How a format understands its lines.
pub trait Lined: Default {
    /// What is read.
    type Record;
    /// What a file is called inside an archive.
    const MEMBER: &'static str;
    /// One record in a word.
    const ONE: &'static str;
    /// What the file looks like, for one that is empty.
    const ABOUT: &'static str;

    /// Understands the first line of a file; tells whether it is no more than that.
    ///
    /// # Errors
    /// When nothing behind such a line can be read.
    fn header(&mut self, _line: &str) -> Result<bool, ReadError> {
        Ok(false)
    }

    /// The record that begins on a line, with those behind it that belong to it; nothing where none begins.
    ///
    /// # Errors
    /// When it is damaged; without a line it is on this one.
    fn record(
        &mut self,
        line: TextLine,
        ahead: &mut Ahead,
    ) -> Result<Option<Self::Record>, ReadError>;

    /// What stands in the file and is not read, each once.
    fn unread(&self) -> Vec<String>;

    /// Tells what the file says as a whole.
    fn end(&self, _seen: &mut Seen) {}
}

/// The records of such a file, or of a folder of its parts.
pub struct LinedRecords<L> {
    lines: Ahead,
    how: L,
    /// How many files' first lines are behind us.
    headed: u64,
    place: Place,
    any: bool,
    ended: bool,
}

impl<L> LinedRecords<L> {
    /// What was learned of the file.
    pub(crate) const fn how(&self) -> &L {
        &self.how
    }
}

impl<L: Lined> Iterator for LinedRecords<L> {
    type Item = Result<L::Record, ReadError>;

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
                    let error = ReadError::expected(format!("at least one {}", L::ONE), "none");
                    let mut place = self.lines.place();
                    place.line = place.line.max(1);
                    return (!self.any).then(|| Err(place.of(error.hint(L::ABOUT))));
                }
            };
            self.place = line.place.clone();
            if line.part > self.headed {
                self.headed = line.part;
                match self.how.header(&line.text) {
                    Ok(false) => {}
                    Ok(true) => continue,
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(self.place.of(error)));
                    }
                }
            }
            let read = self.how.record(line, &mut self.lines);
            let read = read.map_err(|error| match error.line {
                Some(_) => error,
                None => self.place.of(error),
            });
            if let Some(record) = read.transpose() {
                self.any = true;
                return Some(record);
            }
        }
        None
    }
}

impl<L: Lined> Reader for LinedRecords<L> {
    type Record = L::Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let lines = Ahead::open(path, L::MEMBER)?;
        Ok(Self {
            place: lines.place(),
            lines,
            how: L::default(),
            headed: 0,
            any: false,
            ended: false,
        })
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn end(&self, seen: &mut Seen) {
        self.how.end(seen);
        for (name, count) in self.lines.passed().facts() {
            seen.set(name, count);
        }
        self.lines.passed().tell(seen);
    }
}

impl<L: Lined> Unread for LinedRecords<L> {
    fn unread(&self) -> Vec<String> {
        self.how.unread()
    }
}
