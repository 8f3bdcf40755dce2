//! An account with one record a line, whatever the system.

use std::collections::BTreeSet;

use super::Accounted;
use crate::formats::ahead::{Ahead, TextLine};
use crate::formats::prelude::*;
use crate::formats::survey::Unread;

/// More names than these are those of data.
const MOST_NAMES: usize = 200;

/// How a system writes a record on a line.
pub trait RecordLine: Default {
    /// What a file is called inside an archive.
    const MEMBER: &'static str;
    /// What the file looks like, for one that is empty.
    const ABOUT: &'static str;
    /// What a line begins with that is a comment.
    const COMMENT: Option<char> = None;

    /// Understands a line, and notes what of it is not read.
    ///
    /// # Errors
    /// When it is damaged.
    fn read(&mut self, line: &str, unread: &mut NamesUnread) -> Result<Accounted, ReadError>;
}

/// What stands in records and is not read, each once.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct NamesUnread(BTreeSet<String>);

impl NamesUnread {
    /// Notes one.
    pub(crate) fn see(&mut self, name: &str) {
        if self.0.len() < MOST_NAMES && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }

    /// All of them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// The records of an account that is written so, or of a folder of such files.
pub struct AccountLines<L> {
    lines: Ahead,
    how: L,
    unread: NamesUnread,
    place: Place,
    any: bool,
    ended: bool,
}

impl<L: RecordLine> Iterator for AccountLines<L> {
    type Item = Result<Accounted, ReadError>;

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
                    let error = ReadError::expected("at least one record", "none");
                    let mut place = self.lines.place();
                    place.line = place.line.max(1);
                    return (!self.any).then(|| Err(place.of(error.hint(L::ABOUT))));
                }
            };
            let TextLine { text, place, .. } = line;
            self.place = place;
            if L::COMMENT.is_some_and(|mark| text.starts_with(mark)) {
                continue;
            }
            self.any = true;
            let read = self.how.read(&text, &mut self.unread);
            return Some(read.map_err(|error| self.place.of(error)));
        }
        None
    }
}

impl<L: RecordLine> Reader for AccountLines<L> {
    type Record = Accounted;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let lines = Ahead::open(path, L::MEMBER)?;
        Ok(Self {
            place: lines.place(),
            lines,
            how: L::default(),
            unread: NamesUnread::default(),
            any: false,
            ended: false,
        })
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn end(&self, seen: &mut Seen) {
        for (name, count) in self.lines.passed().facts() {
            seen.set(name, count);
        }
        self.lines.passed().tell(seen);
    }
}

impl<L> Unread for AccountLines<L> {
    fn unread(&self) -> Vec<String> {
        self.unread.names()
    }
}
