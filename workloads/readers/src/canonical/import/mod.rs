//! Public formats as canonical traces: what the converters of the formats, which stand in their files,
//! have in common.
//!
//! A converter says only what its source says. What the form needs and the source lacks stays
//! missing; where the form needs a decision (is a GPU a task?), the decision is an assumption that
//! the trace carries with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Manifest;
use super::account::{Became, Contains, Thing};
use super::store::{Opened, Part, Shelf, Writer};
use super::tables::{Edge, Job, Machine, Stage, Tasks, Tenant, Unknown};
use crate::canonical::account::Contents;
use crate::error::ReadError;
use crate::formats::survey::Unread;
use crate::formats::{ColumnMap, Format, ReadAs, input};
use output::Counting;
use plan::ImportPlan;

pub(crate) mod gathered;
mod output;
mod plan;
mod report;

pub use report::Report;

/// What an assumption about columns that nobody reads is called.
pub(super) const NOT_READ: &str = "not read";
/// Why a record is dropped that cannot be understood.
pub(super) const DAMAGED: &str = "damaged";

/// After how many records whoever watches hears of them.
const TOLD: u64 = 4096;
/// How many problems of dropped records are listed.
const LISTED: usize = 10;

/// A source on its way into a trace.
pub(crate) struct Import<'w> {
    watch: &'w dyn Fn(u64),
    out: Counting,
    read: u64,
    unread: BTreeSet<String>,
    problems: Vec<ReadError>,
    drop: bool,
    tenants: BTreeMap<String, u64>,
    jobs: u64,
    earliest: Option<u64>,
    columns: &'w ColumnMap,
}

/// A job as a converter knows it.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) name: String,
    /// Empty for nobody.
    pub(crate) tenant: String,
    pub(crate) submit: Option<u64>,
    pub(crate) priority: Option<u64>,
    pub(crate) gang: bool,
    /// Empty where the source does not say.
    pub(crate) outcome: String,
    /// Whatever else of a job the source tells.
    pub(crate) more: Job,
    pub(crate) stages: Vec<StageDraft>,
}

/// A stage of it; a job with one stage without a name has no stages.
#[derive(Clone, Default)]
pub(crate) struct StageDraft {
    pub(crate) name: String,
    pub(crate) parents: Vec<u64>,
    pub(crate) tasks: Vec<Tasks>,
}

impl Draft {
    /// A job of one kind of tasks.
    pub(crate) fn simple(name: impl Into<String>, submit: Option<u64>, tasks: Tasks) -> Self {
        Self {
            name: name.into(),
            submit,
            stages: vec![StageDraft {
                tasks: vec![tasks],
                ..StageDraft::default()
            }],
            ..Self::default()
        }
    }

    pub(crate) fn by(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    pub(crate) fn gang(mut self) -> Self {
        self.gang = true;
        self
    }

    pub(crate) fn ended(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = outcome.into();
        self
    }
}

/// Seconds in microseconds.
pub(crate) const fn seconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000_000)
}

/// Milliseconds in microseconds.
pub(crate) const fn millis(millis: u64) -> u64 {
    millis.saturating_mul(1000)
}

/// A task that ended after so long; of one whose times cannot be right it is not known after how long.
pub(crate) fn ended(run: Option<u64>) -> Tasks {
    Tasks {
        count: 1,
        run,
        unknown: run.is_none().then_some(Unknown::Damaged),
        ..Tasks::default()
    }
}

/// A task of whose run time the source tells nothing.
pub(crate) fn untold() -> Tasks {
    Tasks {
        count: 1,
        ..Tasks::default()
    }
}

/// A task of whose run the trace holds so much, if that is known, and not all.
pub(crate) fn censored(run: Option<u64>) -> Tasks {
    Tasks {
        count: 1,
        run,
        unknown: Some(Unknown::Censored),
        ..Tasks::default()
    }
}

/// A task that never ran.
pub(crate) fn unstarted() -> Tasks {
    Tasks {
        count: 1,
        unknown: Some(Unknown::Unstarted),
        ..Tasks::default()
    }
}

impl Import<'_> {
    /// Does something with every record, which says what became of it; a bad one ends the import, or
    /// is dropped and counted.
    pub(crate) fn each<R: Contains>(
        &mut self,
        mut records: impl Iterator<Item = Result<R, ReadError>> + Unread,
        mut act: impl FnMut(&mut Self, R) -> Result<Became, ReadError>,
    ) -> Result<(), ReadError> {
        for record in records.by_ref() {
            match record {
                Ok(record) => {
                    self.read += 1;
                    if self.read.is_multiple_of(TOLD) {
                        (self.watch)(self.read);
                    }
                    let (contents, before) = (record.contents(), self.out.settled());
                    let became = act(self, record)?;
                    self.out.record(contents, before, became);
                }
                Err(problem) if self.drop => {
                    let before = self.out.settled();
                    self.out
                        .record(Contents::default(), before, Became::Dropped(DAMAGED));
                    if self.problems.len() < LISTED {
                        self.problems.push(problem);
                    }
                }
                Err(problem) => return Err(problem),
            }
        }
        self.unread.extend(records.unread());
        Ok(())
    }

    /// Which column is what, as far as somebody says.
    pub(crate) const fn columns(&self) -> &ColumnMap {
        self.columns
    }

    /// Adds a row to the trace, which counts it.
    pub(crate) fn push<T: Part>(&mut self, row: T) -> Result<(), ReadError> {
        self.out.push(row)
    }

    pub(crate) fn assume(&mut self, about: &str, model: impl Into<String>) {
        self.out.assume(about, model);
    }

    /// So many of the record say more of something that is known.
    pub(crate) fn merged(&mut self, thing: Thing, count: u64, why: &'static str) {
        self.out.settle(thing, Became::Merged(why), count);
    }

    /// What becomes of a record that tells of one of these things: the first stands for the thing.
    pub(crate) fn told_of(&mut self, known: bool, thing: Thing, why: &'static str) -> Became {
        if known {
            self.merged(thing, 1, why);
            return Became::Merged(why);
        }
        Became::Imported
    }

    /// This became of so many of the record.
    pub(crate) fn settle(&mut self, thing: Thing, became: Became, count: u64) {
        self.out.settle(thing, became, count);
    }

    /// So many of the record are sound and not kept.
    pub(crate) fn passed(&mut self, thing: Thing, count: u64, why: &'static str) {
        self.out.settle(thing, Became::Passed(why), count);
    }

    pub(crate) fn sees(&mut self, time: u64) {
        self.earliest = Some(self.earliest.map_or(time, |earliest| earliest.min(time)));
    }

    /// The number of a tenant; nobody has no name.
    pub(crate) fn tenant(&mut self, name: &str) -> Result<Option<u64>, ReadError> {
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(id) = self.tenants.get(name) {
            return Ok(Some(*id));
        }
        let id = self.tenants.len() as u64;
        self.tenants.insert(name.to_owned(), id);
        let name = name.to_owned();
        self.push(Tenant { id, name })?;
        Ok(Some(id))
    }

    /// The number of the next job.
    pub(crate) const fn number(&mut self) -> u64 {
        let id = self.jobs;
        self.jobs += 1;
        id
    }

    /// More was found than records say they contain.
    pub(crate) const fn find(&mut self, thing: Thing, count: u64) {
        self.out.find(thing, count);
    }

    /// Lists in which every record is a machine.
    pub(crate) fn machines<R: Contains>(
        &mut self,
        records: impl Iterator<Item = Result<R, ReadError>> + Unread,
        machine: impl Fn(R) -> Machine,
    ) -> Result<(), ReadError> {
        let mut id = 0;
        self.each(records, |import, record| {
            let row = Machine {
                id,
                ..machine(record)
            };
            id += 1;
            import.push(row)?;
            Ok(Became::Imported)
        })
    }

    /// Lists in which every record is a training job by its GPUs.
    pub(crate) fn training<R: Contains>(
        &mut self,
        records: impl Iterator<Item = Result<R, ReadError>> + Unread,
        job: impl Fn(R) -> Draft,
    ) -> Result<(), ReadError> {
        let shape = "a task a GPU, all at the same time; CPU and memory are not in the source";
        self.assume("job shape", shape);
        self.each(records, |import, record| import.job(job(record).gang()))
    }

    /// A record that is a job.
    pub(crate) fn job(&mut self, draft: Draft) -> Result<Became, ReadError> {
        let id = self.number();
        self.numbered(id, draft)?;
        Ok(Became::Imported)
    }

    pub(crate) fn numbered(&mut self, id: u64, draft: Draft) -> Result<(), ReadError> {
        let tenant = self.tenant(&draft.tenant)?;
        if let Some(submit) = draft.submit {
            self.sees(submit);
        }
        self.push(Job {
            id,
            name: draft.name,
            tenant,
            submit: draft.submit,
            priority: draft.priority,
            gang: u64::from(draft.gang),
            outcome: Some(draft.outcome).filter(|outcome| !outcome.is_empty()),
            ..draft.more
        })?;
        let plain = draft.stages.len() == 1 && draft.stages[0].name.is_empty();
        for (stage, one) in draft.stages.into_iter().enumerate() {
            let stage = stage as u64;
            let job = id;
            if !plain {
                let name = one.name;
                self.push(Stage { job, stage, name })?;
            }
            for parent in one.parents {
                self.push(Edge { job, stage, parent })?;
            }
            for tasks in one.tasks {
                self.push(Tasks {
                    job,
                    stage,
                    ..tasks
                })?;
            }
        }
        Ok(())
    }
}

/// A task with a run time in microseconds, if it is known.
pub(crate) fn ran(run: Option<u64>) -> Tasks {
    Tasks { run, ..untold() }
}

/// As many tasks as a job has GPUs, with one each.
pub(crate) fn workers(gpus: u64, run: Option<u64>) -> Tasks {
    Tasks {
        count: gpus.max(1),
        gpus: Some(if gpus == 0 { 0 } else { 1000 }),
        ..ran(run)
    }
}

/// A stage of tasks that wait for stages.
pub(crate) fn stage(name: impl Into<String>, parents: Vec<u64>, tasks: Vec<Tasks>) -> StageDraft {
    StageDraft {
        name: name.into(),
        parents,
        tasks,
    }
}

/// Why a format cannot become a trace by itself; `None` if it can.
pub fn refusal(format: Format) -> Option<&'static str> {
    format.form().import.err()
}

/// Makes a trace of a file. A bad record ends it, unless `drop` says to leave such records out.
///
/// # Errors
/// The first problem of the file, or that the format cannot become a trace.
pub fn import(
    path: &Path,
    how: impl Into<ReadAs>,
    place: &Path,
    drop: bool,
) -> Result<(Manifest, Report), ReadError> {
    watched(path, &how.into(), place, drop, &|_| {})
}

/// The same; `watch` hears now and then how many records were read.
///
/// # Errors
/// As [`import`].
pub fn watched(
    path: &Path,
    how: &ReadAs,
    place: &Path,
    drop: bool,
    watch: &dyn Fn(u64),
) -> Result<(Manifest, Report), ReadError> {
    let plan = ImportPlan::of(path, how)?;
    let writer = Writer::new(place, plan.units())?;
    written(path, (&plan, &how.columns), writer, drop, watch)
}

/// A trace of a file, in memory.
///
/// # Errors
/// As [`import`].
pub(super) fn in_memory(path: &Path, how: &ReadAs) -> Result<Opened, ReadError> {
    let plan = ImportPlan::of(path, how)?;
    let shelf = Shelf::default();
    let writer = Writer::in_memory(shelf.clone(), plan.units());
    let (manifest, _) = written(path, (&plan, &how.columns), writer, false, &|_| {})?;
    Ok(Opened::in_memory(shelf, path, manifest))
}

/// Makes a trace of a file with `writer`.
fn written(
    path: &Path,
    (plan, columns): (&ImportPlan, &ColumnMap),
    writer: Writer,
    drop: bool,
    watch: &dyn Fn(u64),
) -> Result<(Manifest, Report), ReadError> {
    let mut import = Import {
        watch,
        out: Counting::new(writer),
        read: 0,
        unread: BTreeSet::new(),
        problems: Vec::new(),
        drop,
        tenants: BTreeMap::new(),
        jobs: 0,
        earliest: None,
        columns,
    };
    for file in &plan.sources {
        import.out.source(input(file, file)?);
    }
    for (format, path) in &plan.steps {
        let convert = format.form().import.map_err(ReadError::said)?;
        convert(&mut import, path)?;
    }
    if !plan.passed.is_empty() {
        import.assume("files passed over", plan.passed.join(", "));
    }
    if import.drop && import.out.is_empty() {
        // What is wrong with the first of them is told: often it is not the format that was named.
        let all = "all records were dropped, so that nothing is left; this is the first";
        let none = || {
            let none = ReadError::expected("a record that can be used", "none");
            none.file(path).place("all of the file")
        };
        let first = import.problems.into_iter().next().unwrap_or_else(none);
        let hint = match first.hint.as_str() {
            "" => all.to_owned(),
            hint => format!("{hint}; {all}"),
        };
        return Err(first.hint(hint));
    }
    import.out.units().origin = import.earliest.unwrap_or(0);
    let unread: Vec<String> = import.unread.into_iter().collect();
    if !unread.is_empty() {
        import.out.assume(NOT_READ, unread.join(", "));
    }
    let formats = plan.steps.iter();
    let unkept: Vec<&str> = formats
        .flat_map(|(format, _)| format.form().unkept)
        .copied()
        .collect();
    if !unkept.is_empty() {
        import.out.assume("read and not kept", unkept.join(", "));
    }
    let (manifest, account) = import.out.finish().map_err(|error| match error.file {
        None => error.file(path),
        Some(_) => error,
    })?;
    let report = Report {
        account,
        unread,
        unkept,
        problems: import.problems,
    };
    Ok((manifest, report))
}
