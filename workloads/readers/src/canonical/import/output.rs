//! Where an import puts its rows: every one is counted on its way.

use std::collections::BTreeMap;

use crate::canonical::account::{Became, Contents, ImportAccount, Thing, sum};
use crate::canonical::store::{Part, Writer};
use crate::canonical::{MachineSize, Manifest, Units, WallClock};
use crate::error::ReadError;
use crate::models::arrivals::assumption;
use crate::models::jobs::MOST_TASKS;
use crate::trace::Input;

/// A trace on its way and its account, of which neither is to be had without the other.
pub(super) struct Counting {
    out: Writer,
    account: ImportAccount,
    /// What was settled so far.
    settled: Contents,
    /// Tasks of which it is not known how long they ran, by what is said of that.
    unknown: BTreeMap<&'static str, u64>,
}

impl Counting {
    pub(super) fn new(out: Writer) -> Self {
        Self {
            out,
            account: ImportAccount::default(),
            settled: Contents::default(),
            unknown: BTreeMap::new(),
        }
    }

    /// Adds a row and counts it as imported. A job of impossible size is left out in the end.
    pub(super) fn push<T: Part>(&mut self, row: T) -> Result<(), ReadError> {
        if let Some((thing, count)) = row.counted() {
            self.settle(thing, Became::Imported, count);
            if let Some(about) = row.unknown_run() {
                let tasks = self.unknown.entry(about).or_default();
                *tasks = tasks.saturating_add(count);
            }
            if thing == Thing::Tasks && count > u64::from(MOST_TASKS) {
                self.out.impossible.extend(row.of_job());
            }
        }
        self.out.push(row)
    }

    /// Whether records were found and nothing of them is in the trace.
    pub(super) fn is_empty(&self) -> bool {
        let mut lines = self.account.lines();
        self.account.lines().count() > 0
            && lines.all(|(_, line)| line.imported + sum(&line.merged) == 0)
    }

    /// More was found than records say they contain.
    pub(super) const fn find(&mut self, thing: Thing, count: u64) {
        self.account.find(thing, count);
    }

    /// Something other than a row became of so many.
    pub(super) fn settle(&mut self, thing: Thing, became: Became, count: u64) {
        self.account.settle(thing, became, count);
        self.settled = self.settled.and(thing, count);
    }

    pub(super) const fn settled(&self) -> Contents {
        self.settled
    }

    /// A record was found and became this; before it, so much was settled.
    pub(super) fn record(&mut self, contents: Contents, before: Contents, became: Became) {
        self.account
            .record(contents, self.settled.since(before), became);
    }

    pub(super) fn assume(&mut self, about: &str, model: impl Into<String>) {
        self.out.assumptions.push(assumption(about, model));
    }

    pub(super) fn source(&mut self, source: Input) {
        self.out.sources.push(source);
    }

    pub(super) const fn machine(&mut self, size: Option<MachineSize>) {
        self.out.machine = size;
    }

    pub(super) fn clock(&mut self, clock: Option<WallClock>) {
        self.out.clock = clock;
    }

    pub(super) const fn units(&mut self) -> &mut Units {
        &mut self.out.units
    }

    /// Writes the trace, if the account balances.
    pub(super) fn finish(mut self) -> Result<(Manifest, ImportAccount), ReadError> {
        let all = self.account.of(Thing::Tasks).imported;
        for (about, count) in std::mem::take(&mut self.unknown) {
            self.assume(about, format!("{count} of {all} tasks"));
        }
        self.out.account = Some(self.account);
        self.out.settle = true;
        let manifest = self.out.finish()?;
        let account = manifest.account.clone().unwrap_or_default();
        Ok((manifest, account))
    }
}
