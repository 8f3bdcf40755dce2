//! What an import tells of its source, beside the trace.

use super::DAMAGED;
use crate::canonical::account::{ImportAccount, Thing, sum};
use crate::error::ReadError;

/// What an import tells of its source, beside the trace.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// What was found and what became of it: it balances.
    pub account: ImportAccount,
    /// Columns and members that the source has and the reader does not use.
    pub unread: Vec<String>,
    /// What the reader understands and the form has no place for.
    pub unkept: Vec<&'static str>,
    /// The first problems of records that were dropped.
    pub problems: Vec<ReadError>,
}

impl Report {
    /// Records that were read and understood.
    pub fn records(&self) -> u64 {
        self.account.of(Thing::Records).found - self.damaged()
    }

    /// Records that could not be understood and were dropped.
    pub fn damaged(&self) -> u64 {
        let dropped = &self.account.of(Thing::Records).dropped;
        let damaged = dropped.iter().filter(|(why, _)| why == DAMAGED);
        damaged.map(|(_, count)| count).sum()
    }

    /// Records that were left out because something is wrong with them.
    pub fn dropped(&self) -> u64 {
        sum(&self.account.of(Thing::Records).dropped)
    }
}
