//! An account with one record a line, whatever the system.

use std::collections::BTreeSet;

use super::Accounted;
use crate::formats::ahead::{Ahead, Lined, LinedRecords, TextLine};
use crate::formats::prelude::*;

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

/// An account that is written so.
#[derive(Default)]
pub struct AccountText<L> {
    how: L,
    unread: NamesUnread,
}

/// The records of such an account, or of a folder of such files.
pub type AccountLines<L> = LinedRecords<AccountText<L>>;

impl<L: RecordLine> Lined for AccountText<L> {
    type Record = Accounted;
    const MEMBER: &'static str = L::MEMBER;
    const ONE: &'static str = "record";
    const ABOUT: &'static str = L::ABOUT;

    fn record(&mut self, line: TextLine, _: &mut Ahead) -> Result<Option<Accounted>, ReadError> {
        if L::COMMENT.is_some_and(|mark| line.text.starts_with(mark)) {
            return Ok(None);
        }
        self.how.read(&line.text, &mut self.unread).map(Some)
    }

    fn unread(&self) -> Vec<String> {
        self.unread.names()
    }
}
