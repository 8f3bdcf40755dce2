//! The account of an import: what was found in a source, and what became of every bit of it.
//!
//! Found = imported + merged + dropped + passed over, of every kind of thing. What is found is
//! counted where a record is read and what is imported where a row is written, by nobody who
//! converts anything, so that a converter that loses something cannot hide it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tables::{
    Change, Edge, Job, Load, Machine, Service, Stage, Tasks, Tenant, Unknown, Usage,
};
use crate::error::ReadError;
use crate::models::arrivals::assumption;
use crate::trace::Assumption;

/// A kind of thing that a source has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// Lines, rows or documents, those that cannot be understood included.
    Records,
    /// Jobs, each time that one is told of.
    Jobs,
    /// Tasks, each time that one is told of.
    Tasks,
    /// Pairs of stages of which one waits for the other.
    Edges,
    /// Requests to services.
    Requests,
    /// Machines, each time that one is told of.
    Machines,
    /// Measurements of what was used.
    Readings,
}

impl Thing {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Records,
        Self::Jobs,
        Self::Tasks,
        Self::Edges,
        Self::Requests,
        Self::Machines,
        Self::Readings,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Jobs => "jobs",
            Self::Tasks => "tasks",
            Self::Edges => "edges",
            Self::Requests => "requests",
            Self::Machines => "machines",
            Self::Readings => "readings",
        }
    }
}

/// How many things of each kind a record has in it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Contents([u64; Thing::ALL.len()]);

impl Contents {
    /// The same and so many of these.
    pub(crate) const fn and(mut self, thing: Thing, count: u64) -> Self {
        let at = thing as usize;
        self.0[at] = self.0[at].saturating_add(count);
        self
    }

    /// What is here and was not `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] - before.0[at]))
    }
}

/// What a record has in it, as its format says: an import must settle all of it.
pub(crate) trait Contains {
    /// So many things of each kind.
    fn contents(&self) -> Contents;
}

/// What a record has in it, as its format is defined and before anything is made of it: kinds and
/// numbers, the numbers of one by one. A row that tells of something once more has it in it each time.
macro_rules! contents {
    ($($record:path: |$one:pat_param| $($thing:ident $count:expr),+;)+) => {$(
        impl $crate::canonical::account::Contains for $record {
            fn contents(&self) -> $crate::canonical::account::Contents {
                let $one = self;
                $crate::canonical::account::Contents::default()
                    $(.and($crate::canonical::account::Thing::$thing, $count))+
            }
        }
    )+};
}

pub(crate) use contents;

/// What became of a record. What it contains and nothing was said of shares the outcome, but for `Imported`: that is counted
/// by the rows that are written.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Became {
    /// It is in the trace, or will be once all is read.
    Imported,
    /// It says more of something that is known already.
    Merged(&'static str),
    /// It is wrong in itself, though it can be read.
    Dropped(&'static str),
    /// It is sound and says nothing that the form keeps.
    Passed(&'static str),
}

/// How many, by the reason.
pub type Reasons = Vec<(Cow<'static, str>, u64)>;

/// What was found of one kind, and what became of it.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct AccountLine {
    /// How many the source has.
    pub found: u64,
    /// How many are in the trace.
    pub imported: u64,
    /// How many say more of one that is in the trace already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Reasons,
    /// How many are wrong and left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Reasons,
    /// How many the form does not keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Reasons,
}

/// How many in all.
pub fn sum(reasons: &Reasons) -> u64 {
    reasons.iter().map(|(_, count)| count).sum()
}

fn add(reasons: &mut Reasons, why: &'static str, count: u64) {
    match reasons.iter_mut().find(|(known, _)| known == why) {
        Some((_, known)) => *known += count,
        None => reasons.push((Cow::Borrowed(why), count)),
    }
}

impl AccountLine {
    fn settle(&mut self, became: Became, count: u64) {
        if count == 0 {
            return;
        }
        match became {
            Became::Imported => self.imported = self.imported.saturating_add(count),
            Became::Merged(why) => add(&mut self.merged, why, count),
            Became::Dropped(why) => add(&mut self.dropped, why, count),
            Became::Passed(why) => add(&mut self.passed, why, count),
        }
    }

    /// Whether nothing is missing and nothing is there twice.
    pub fn balances(&self) -> bool {
        let out = [&self.merged, &self.dropped, &self.passed].map(sum);
        self.imported + out.iter().sum::<u64>() == self.found
    }
}

/// The account of an import by kind of thing.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(
    into = "BTreeMap<Thing, AccountLine>",
    from = "BTreeMap<Thing, AccountLine>"
)]
pub struct ImportAccount([AccountLine; Thing::ALL.len()]);

impl From<ImportAccount> for BTreeMap<Thing, AccountLine> {
    fn from(account: ImportAccount) -> Self {
        let lines = Thing::ALL.into_iter().zip(account.0);
        lines.filter(|(_, line)| line.found > 0).collect()
    }
}

impl From<BTreeMap<Thing, AccountLine>> for ImportAccount {
    fn from(mut lines: BTreeMap<Thing, AccountLine>) -> Self {
        Self(Thing::ALL.map(|thing| lines.remove(&thing).unwrap_or_default()))
    }
}

impl ImportAccount {
    /// What was found of a kind and what became of it.
    pub const fn of(&self, thing: Thing) -> &AccountLine {
        &self.0[thing as usize]
    }

    /// The lines of what was found at all.
    pub fn lines(&self) -> impl Iterator<Item = (Thing, &AccountLine)> {
        let lines = Thing::ALL.into_iter().zip(&self.0);
        lines.filter(|(_, line)| line.found > 0 || !line.balances())
    }

    /// More of a kind was found.
    pub(crate) const fn find(&mut self, thing: Thing, count: u64) {
        let line = &mut self.0[thing as usize];
        line.found = line.found.saturating_add(count);
    }

    /// This became of so many of a kind.
    pub(crate) fn settle(&mut self, thing: Thing, became: Became, count: u64) {
        self.0[thing as usize].settle(became, count);
    }

    /// A record with these contents was found and became this, after so much of them was settled.
    pub(crate) fn record(&mut self, contents: Contents, settled: Contents, became: Became) {
        self.find(Thing::Records, 1);
        self.settle(Thing::Records, became, 1);
        for (at, line) in self.0.iter_mut().enumerate().skip(1) {
            let count = contents.0[at];
            line.found = line.found.saturating_add(count);
            if became != Became::Imported {
                line.settle(became, count.saturating_sub(settled.0[at]));
            }
        }
    }

    /// What was counted as imported is left out after all.
    pub(crate) fn leave_out(&mut self, thing: Thing, became: Became, count: u64) {
        let line = &mut self.0[thing as usize];
        line.imported = line.imported.saturating_sub(count);
        line.settle(became, count);
    }

    /// What is left out, as assumptions. What shares the reason of its record is told with the record.
    pub(crate) fn assumptions(&self) -> Vec<Assumption> {
        let records = self.of(Thing::Records);
        let mut said = Vec::new();
        for (thing, line) in self.lines() {
            let ways = [
                ("dropped", &line.dropped, &records.dropped),
                ("passed over", &line.passed, &records.passed),
            ];
            for (way, reasons, with) in ways {
                let own = reasons.iter().filter(|(why, _)| {
                    thing == Thing::Records || !with.iter().any(|(known, _)| known == why)
                });
                let about = format!("{} {way}", thing.name());
                said.extend(own.map(|(why, count)| assumption(&about, format!("{count}: {why}"))));
            }
        }
        said
    }

    /// Whether found = imported + merged + dropped + passed over, of every kind.
    ///
    /// # Errors
    /// When it is not: the converter has a fault.
    pub fn check(&self) -> Result<(), ReadError> {
        for (thing, line) in Thing::ALL.into_iter().zip(&self.0) {
            if !line.balances() {
                let [merged, dropped, passed] =
                    [&line.merged, &line.dropped, &line.passed].map(sum);
                let error = ReadError::said(format!(
                    "the account of {} does not balance: {} found, but {} imported, {merged} \
                     merged, {dropped} dropped and {passed} passed over",
                    thing.name(),
                    line.found,
                    line.imported
                ));
                return Err(error.hint(
                    "this is a fault of the import and not of the file: please report it with \
                     the name of the format",
                ));
            }
        }
        Ok(())
    }
}

/// What a row of a table counts as.
pub trait Counted {
    /// A kind of thing and how many; nothing for rows that only describe.
    fn counted(&self) -> Option<(Thing, u64)>;

    /// The job that it is part of, if it is of one.
    fn of_job(&self) -> Option<u64>;

    /// What is said of its tasks, where it is not known how long they ran.
    fn unknown_run(&self) -> Option<&'static str> {
        None
    }
}

macro_rules! counted {
    ($($row:ident of $job:expr, $counted:expr $(, unknown $unknown:expr)?;)+) => {$(
        impl Counted for $row {
            fn counted(&self) -> Option<(Thing, u64)> {
                let counted: fn(&Self) -> Option<(Thing, u64)> = $counted;
                counted(self)
            }

            fn of_job(&self) -> Option<u64> {
                let job: fn(&Self) -> Option<u64> = $job;
                job(self)
            }

            $(fn unknown_run(&self) -> Option<&'static str> {
                let unknown: fn(&Self) -> Option<&'static str> = $unknown;
                unknown(self)
            })?
        }
    )+};
}

counted! {
    Machine of |_| None, |_| Some((Thing::Machines, 1));
    Change of |_| None, |_| None;
    Tenant of |_| None, |_| None;
    Job of |row| Some(row.id), |_| Some((Thing::Jobs, 1));
    Stage of |row| Some(row.job), |_| None;
    Edge of |row| Some(row.job), |_| Some((Thing::Edges, 1));
    Tasks of |row| Some(row.job), |row| Some((Thing::Tasks, row.count)),
        unknown |row| match (row.unknown, row.run) {
            (Some(Unknown::Unstarted), _) => Some("tasks that never started, and add no load"),
            (Some(Unknown::Damaged), _) => Some("run times that are damaged"),
            (Some(Unknown::Censored), _) => Some("run times of which the trace holds a part"),
            (None, None) => Some("run times that the source does not tell"),
            (None, Some(_)) => None,
        };
    Service of |_| None, |_| None;
    Load of |_| None, |row| Some((Thing::Requests, row.requests));
    Usage of |row| Some(row.job), |_| Some((Thing::Readings, 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(thing: Thing) -> Contents {
        Contents::default().and(thing, 1)
    }

    #[test]
    fn what_is_lost_or_doubled_does_not_balance() {
        let mut account = ImportAccount::default();
        account.check().unwrap();
        account.record(
            one(Thing::Jobs),
            Contents::default(),
            Became::Passed("small"),
        );
        account.check().unwrap();
        assert_eq!(sum(&account.of(Thing::Jobs).passed), 1);
        account.record(one(Thing::Jobs), Contents::default(), Became::Imported);
        let lost = account.check().unwrap_err().problem;
        assert!(
            lost.starts_with("the account of jobs does not balance: 2 found"),
            "{lost}"
        );
        account.settle(Thing::Jobs, Became::Imported, 1);
        account.check().unwrap();
        account.settle(Thing::Jobs, Became::Imported, 1);
        account.check().unwrap_err();
        account.leave_out(Thing::Jobs, Became::Dropped("a loop"), 1);
        account.check().unwrap_err();
        account.find(Thing::Jobs, 1);
        account.check().unwrap();
    }

    #[test]
    fn an_outcome_settles_what_nothing_was_said_of() {
        let mut account = ImportAccount::default();
        account.settle(Thing::Tasks, Became::Imported, 2);
        let settled = Contents::default().and(Thing::Tasks, 2);
        let contents = one(Thing::Jobs).and(Thing::Tasks, 3);
        account.record(contents, settled, Became::Merged("again"));
        account.check().unwrap();
        assert_eq!(account.of(Thing::Tasks).imported, 2);
        assert_eq!(sum(&account.of(Thing::Tasks).merged), 1);
        assert_eq!(sum(&account.of(Thing::Jobs).merged), 1);
    }

    #[test]
    fn it_is_kept_as_json() {
        let mut account = ImportAccount::default();
        account.record(
            one(Thing::Edges),
            Contents::default(),
            Became::Dropped("a loop"),
        );
        let text = serde_json::to_string(&account).unwrap();
        let back: ImportAccount = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        back.check().unwrap();
    }
}
