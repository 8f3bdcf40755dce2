//! Lines that can be looked at before they are taken, where a record may go over several of them.

use std::collections::VecDeque;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::lines::Lines;
use crate::formats::place::Place;
use crate::formats::rows::Passed;

/// A line, where it stands, and the number of its file.
pub(crate) struct TextLine {
    pub(crate) text: String,
    pub(crate) place: Place,
    pub(crate) part: u64,
}

/// The lines of a file or of a folder of parts; blank ones are passed over.
pub(crate) struct Ahead {
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
