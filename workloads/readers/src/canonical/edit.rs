//! Making a trace of traces: slices, merges, scaled and anonymous ones.
//!
//! All of it streams. Jobs, tenants, machines and services keep their numbers in a slice, so the slices
//! of a trace can be merged into the whole again, with the same digest.

use std::collections::BTreeSet;
use std::path::Path;

use super::store::{Opened, Part, Writer, place as place_of};
use super::tables::{
    Change, Edge, Job, Load, Machine, Service, Stage, Table, Tasks, Tenant, Usage,
};
use super::{MachineSize, Manifest};
use crate::error::ReadError;
use crate::models::arrivals::assumption;
use crate::rng::stream;

/// Which part of a trace is wanted. What is not said leaves everything in.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Slice {
    /// Jobs submitted and load from then on, in microseconds on the trace's clock.
    pub from: Option<u64>,
    /// Only what comes before then.
    pub to: Option<u64>,
    /// Jobs of these tenants, by name.
    pub tenants: Vec<String>,
    /// A job in so many thousandths of all is drawn.
    pub sample: Option<u32>,
    /// The seed of the drawing.
    pub seed: u64,
    /// Everything that would be left out, instead of what would be in.
    pub rest: bool,
}

impl Slice {
    fn begins(&self, time: u64) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }

    /// Whether a job is drawn: by its number alone, so that other limits shift no draw.
    fn draws(&self, job: u64) -> bool {
        let Some(share) = self.sample else {
            return true;
        };
        let drawn = stream(self.seed, &format!("slice/{job}")).below(1000);
        drawn < u64::from(share)
    }

    /// That something is selected.
    fn check(&self) -> Result<(), ReadError> {
        let all = Self {
            seed: self.seed,
            rest: self.rest,
            ..Self::default()
        };
        if *self == all {
            let error = ReadError::expected("a part: --from, --to, --tenant or --sample", "none");
            return Err(error.hint("the whole trace is there already, and its rest is nothing"));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && to < from
        {
            let error =
                ReadError::expected("an end not before the beginning, --from", "an earlier one");
            return Err(error.place("--to"));
        }
        Ok(())
    }

    fn told(&self) -> String {
        let mut parts = Vec::new();
        let mut part = |name: &str, value: Option<String>| {
            parts.extend(value.map(|value| format!("{name} {value}")));
        };
        part("from", self.from.map(|time| format!("{time} us")));
        part("before", self.to.map(|time| format!("{time} us")));
        part(
            "tenants",
            (!self.tenants.is_empty()).then(|| self.tenants.join(", ")),
        );
        let share = self
            .sample
            .map(|n| format!("{n} of 1000 jobs, seed {}", self.seed));
        part("a sample of", share);
        if self.rest {
            parts.push("and of this the rest".to_owned());
        }
        parts.join("; ")
    }
}

/// What an assumption is called that says what was taken, tenants by name.
pub(super) const PART: &str = "part of the trace";

/// What an assumption is called that says which machine a merged trace has.
const MACHINE: &str = "size of the machine";

pub(super) fn begun(trace: &Opened, place: &Path) -> Result<Writer, ReadError> {
    let mut writer = Writer::new(place, trace.manifest.units.clone())?;
    writer.machine = trace.manifest.machine;
    writer.clock.clone_from(&trace.manifest.clock);
    writer.sources.clone_from(&trace.manifest.sources);
    writer.assumptions.clone_from(&trace.manifest.assumptions);
    Ok(writer)
}

pub(super) fn copy<T: Part>(trace: &Opened, out: &mut Writer) -> Result<(), ReadError> {
    trace.rows::<T>()?.try_for_each(|row| out.push(row?))
}

fn copy_if<T: Part>(
    trace: &Opened,
    out: &mut Writer,
    wanted: impl Fn(&T) -> bool,
) -> Result<(), ReadError> {
    for row in trace.rows::<T>()? {
        let row = row?;
        if wanted(&row) {
            out.push(row)?;
        }
    }
    Ok(())
}

/// A part of a trace: its jobs with all that belongs to them, and its load. Machines, tenants and
/// services stay whole.
///
/// # Errors
/// When nothing is selected, the trace cannot be read, a tenant is unknown, or the slice not written.
pub fn slice(trace: &Opened, slice: &Slice, place: &Path) -> Result<Manifest, ReadError> {
    slice.check()?;
    let mut tenants = BTreeSet::new();
    let mut unknown: BTreeSet<&String> = slice.tenants.iter().collect();
    for tenant in trace.rows::<Tenant>()? {
        let tenant = tenant?;
        if slice.tenants.contains(&tenant.name) {
            unknown.remove(&tenant.name);
            tenants.insert(tenant.id);
        }
    }
    if let Some(name) = unknown.first() {
        let found = crate::error::quoted(name);
        return Err(ReadError::expected("the name of a tenant", found).place("--tenant"));
    }
    let mut out = begun(trace, place)?;
    let mut kept = BTreeSet::new();
    let timed = slice.from.is_some() || slice.to.is_some();
    for job in trace.rows::<Job>()? {
        let job = job?;
        let whose = job.tenant.is_some_and(|tenant| tenants.contains(&tenant));
        let wanted = (slice.tenants.is_empty() || whose)
            && job.submit.map_or(!timed, |submit| slice.begins(submit))
            && slice.draws(job.id);
        if wanted != slice.rest {
            kept.insert(job.id);
            out.push(job)?;
        }
    }
    copy::<Machine>(trace, &mut out)?;
    copy::<Change>(trace, &mut out)?;
    copy::<Tenant>(trace, &mut out)?;
    copy::<Service>(trace, &mut out)?;
    copy_if::<Stage>(trace, &mut out, |row| kept.contains(&row.job))?;
    copy_if::<Edge>(trace, &mut out, |row| kept.contains(&row.job))?;
    copy_if::<Tasks>(trace, &mut out, |row| kept.contains(&row.job))?;
    copy_if::<Usage>(trace, &mut out, |row| kept.contains(&row.job))?;
    copy_if::<Load>(trace, &mut out, |row| slice.begins(row.start) != slice.rest)?;
    out.assumptions.push(assumption(PART, slice.told()));
    out.finish()
}

/// Several traces as one. What stands in all of them with the same numbers, such as the machines of
/// slices, is taken once; with `renumber`, nothing is the same and everything gets new numbers.
///
/// # Errors
/// When units differ, or different things have the same number.
pub fn merge(traces: &[Opened], renumber: bool, place: &Path) -> Result<Manifest, ReadError> {
    let Some(first) = traces.first() else {
        return Err(ReadError::expected("traces to merge", "none"));
    };
    let mut units = first.manifest.units.clone();
    for trace in traces {
        units.origin = units.origin.min(trace.manifest.units.origin);
        let mut same = trace.manifest.units.clone();
        same.origin = units.origin;
        if same != units {
            let found = format!("{} and {}", same.cpus, same.memory);
            let expected = format!("amounts in {} and {}", units.cpus, units.memory);
            let error = ReadError::expected(expected, found).place("key `units`");
            return Err(error.file(&trace.manifest_path()));
        }
    }
    let mut out = Writer::new(place, units)?;
    // The logs of different machines have no size together.
    let size = first.manifest.machine;
    let same = traces.iter().all(|trace| trace.manifest.machine == size);
    out.machine = size.filter(|_| same);
    if !same {
        let why = "not kept: the traces tell different ones, and which is meant is not known";
        out.assumptions.push(assumption(MACHINE, why));
    } else if renumber && size.is_some() && traces.len() > 1 {
        out.assumptions.push(assumption(
            MACHINE,
            "the one that each of the traces tells, once",
        ));
    }
    let clock = &first.manifest.clock;
    if traces.iter().all(|trace| trace.manifest.clock == *clock) {
        out.clock.clone_from(clock);
    } else {
        let why = "not kept: the traces tell different ones";
        out.assumptions.push(assumption("clock", why));
    }
    for trace in traces {
        out.sources.extend(trace.manifest.sources.iter().cloned());
        out.assumptions
            .extend(trace.manifest.assumptions.iter().cloned());
    }
    out.sources.sort();
    out.sources.dedup();
    macro_rules! merge_rows {
        ($row:ident) => {
            if renumber {
                let mut offset = Offset::default();
                for trace in traces {
                    let next = offset.after(trace)?;
                    for row in trace.rows::<$row>()? {
                        out.push(offset.moved(row?))?;
                    }
                    offset = next;
                }
            } else {
                merge_table::<$row>(traces, &mut out)?;
            }
        };
    }
    each_table!(merge_rows);
    out.finish()
}

/// Rows by where they belong. A slice has all rows of a place or none of them (load is cut at the
/// beginning of a step), so traces that have the same rows there have them from slicing, and are
/// read once however many slices overlap; other rows are two things with one number.
fn merge_table<T: Part>(traces: &[Opened], out: &mut Writer) -> Result<(), ReadError> {
    let mut inputs = Vec::with_capacity(traces.len());
    for trace in traces {
        inputs.push(trace.rows::<T>()?.peekable());
    }
    loop {
        let mut least: Option<(u64, u64)> = None;
        for input in &mut inputs {
            if let Some(row) = input.peek() {
                let place = place_of(row.as_ref().map_err(Clone::clone)?);
                least = Some(least.map_or(place, |least| least.min(place)));
            }
        }
        let Some(place) = least else {
            return Ok(());
        };
        let mut merged: Vec<T> = Vec::new();
        for input in &mut inputs {
            let mut rows = Vec::new();
            while let Some(row) =
                input.next_if(|row| row.as_ref().is_ok_and(|row| place_of(row) == place))
            {
                rows.push(row?);
            }
            if merged.is_empty() || rows == merged {
                merged = rows;
            } else if !rows.is_empty() {
                let number = place.0;
                let error = ReadError::expected("the same in all traces", "something else");
                let error = error.place(format!("table `{}`, number {number}", T::NAME));
                return Err(error.hint("these are no slices of one trace: use --renumber"));
            }
        }
        merged.into_iter().try_for_each(|row| out.push(row))?;
    }
}

/// By how much numbers are moved.
#[derive(Clone, Copy, Default)]
struct Offset {
    machine: u64,
    tenant: u64,
    job: u64,
    service: u64,
}

impl Offset {
    /// The offset of what comes behind `trace`.
    fn after(self, trace: &Opened) -> Result<Self, ReadError> {
        fn most<T: Table>(trace: &Opened) -> Result<u64, ReadError> {
            trace
                .rows::<T>()?
                .try_fold(0, |most, row| Ok(most.max(row?.key() + 1)))
        }
        Ok(Self {
            machine: self.machine + most::<Machine>(trace)?,
            tenant: self.tenant + most::<Tenant>(trace)?,
            job: self.job + most::<Job>(trace)?,
            service: self.service + most::<Service>(trace)?,
        })
    }

    fn moved<T: Move>(self, mut row: T) -> T {
        row.shift(self);
        row
    }
}

/// A row whose numbers can be moved.
trait Move {
    fn shift(&mut self, by: Offset);
}

macro_rules! moves {
    ($($row:ident: $($field:ident by $offset:ident),+;)+) => {$(
        impl Move for $row {
            fn shift(&mut self, by: Offset) {
                $(self.$field.add_offset(by.$offset);)+
            }
        }
    )+};
}

trait AddOffset {
    fn add_offset(&mut self, offset: u64);
}

impl AddOffset for u64 {
    fn add_offset(&mut self, offset: u64) {
        *self += offset;
    }
}

impl AddOffset for Option<u64> {
    fn add_offset(&mut self, offset: u64) {
        *self = self.map(|number| number + offset);
    }
}

moves! {
    Machine: id by machine;
    Change: machine by machine;
    Tenant: id by tenant;
    Job: id by job, tenant by tenant;
    Stage: job by job;
    Edge: job by job;
    Tasks: job by job;
    Service: id by service, tenant by tenant;
    Load: service by service;
    Usage: job by job;
}

/// By how much a trace is stretched, in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// The time between arrivals; run times stay.
    pub time: u32,
    /// Requests, and how often each job comes: a part of a job is drawn.
    pub load: u32,
    /// How many machines there are of each: a part of a machine is drawn.
    pub cluster: u32,
    /// The seed of the drawing.
    pub seed: u64,
}

impl Scale {
    /// How often number `id` comes.
    fn copies(self, factor: u32, purpose: &str, id: u64) -> u64 {
        let part = u64::from(factor % 1000);
        let drawn = stream(self.seed, &format!("scale/{purpose}/{id}")).below(1000) < part;
        u64::from(factor / 1000) + u64::from(drawn)
    }

    /// How many requests become of some, in step `number`: a part of one is drawn.
    fn requests(self, amount: u64, number: u64) -> u64 {
        let thousandths = u128::from(amount) * u128::from(self.load);
        let part = (thousandths % 1000) as u64;
        if part == 0 {
            return self.more(amount);
        }
        let drawn = stream(self.seed, &format!("scale/requests/{number}")).below(1000) < part;
        self.more(amount).saturating_add(u64::from(drawn))
    }

    fn more(self, amount: u64) -> u64 {
        let amount = u128::from(amount) * u128::from(self.load) / 1000;
        u64::try_from(amount)
            .unwrap_or(u64::MAX)
            .min(super::tables::MOST)
    }

    fn machine(self, size: MachineSize) -> MachineSize {
        let more = |count: u64| {
            let count = u128::from(count) * u128::from(self.cluster) / 1000;
            u64::try_from(count).unwrap_or(u64::MAX)
        };
        MachineSize {
            processors: size.processors.map(more),
            nodes: size.nodes.map(more),
            ..size
        }
    }

    fn time(self, time: u64) -> u64 {
        let time = u128::from(time) * u128::from(self.time) / 1000;
        u64::try_from(time)
            .unwrap_or(u64::MAX)
            .min(super::tables::MOST)
    }
}

/// A trace with its time, load or cluster stretched.
///
/// # Errors
/// When it cannot be read or written.
pub fn scale(trace: &Opened, by: Scale, place: &Path) -> Result<Manifest, ReadError> {
    let mut out = begun(trace, place)?;
    out.units.origin = by.time(out.units.origin);
    out.machine = out.machine.map(|size| by.machine(size));
    // No clock runs faster.
    out.clock = out.clock.filter(|_| by.time == 1000);
    let most = u64::from(by.load.div_ceil(1000).max(by.cluster.div_ceil(1000)).max(1));
    // The copies of a thing get numbers of their own next to it.
    let copies_of = |id: u64, factor: u32, purpose: &str| {
        (0..by.copies(factor, purpose, id)).map(move |copy| id * most + copy)
    };
    for row in trace.rows::<Machine>()? {
        let row = row?;
        for id in copies_of(row.id, by.cluster, "machine") {
            out.push(Machine { id, ..row.clone() })?;
        }
    }
    for row in trace.rows::<Change>()? {
        let row = row?;
        let time = by.time(row.time);
        for machine in copies_of(row.machine, by.cluster, "machine") {
            out.push(Change {
                machine,
                time,
                ..row.clone()
            })?;
        }
    }
    copy::<Tenant>(trace, &mut out)?;
    copy::<Service>(trace, &mut out)?;
    for row in trace.rows::<Job>()? {
        let row = row?;
        let submit = row.submit.map(|time| by.time(time));
        for id in copies_of(row.id, by.load, "job") {
            out.push(Job {
                id,
                submit,
                ..row.clone()
            })?;
        }
    }
    macro_rules! of_jobs {
        ($($row:ident),+) => {$(
            for row in trace.rows::<$row>()? {
                let row = row?;
                for job in copies_of(row.job, by.load, "job") {
                    out.push($row { job, ..row.clone() })?;
                }
            }
        )+};
    }
    of_jobs!(Stage, Edge, Tasks, Usage);
    for (row, number) in trace.rows::<Load>()?.zip(0_u64..) {
        let mut row = row?;
        let end = by.time(row.start.saturating_add(row.length));
        row.start = by.time(row.start);
        row.length = end.saturating_sub(row.start);
        let before = row.requests;
        row.requests = by.requests(before, number);
        if before == 1 && row.length <= 1 {
            // A request that is told alone comes as often, or not at all.
            row.length = 1;
            let copies = std::mem::replace(&mut row.requests, 1);
            (0..copies).try_for_each(|_| out.push(row.clone()))?;
            continue;
        }
        row.work = row.work.map(|amount| by.more(amount));
        row.read = row.read.map(|amount| by.more(amount));
        row.write = row.write.map(|amount| by.more(amount));
        out.push(row)?;
    }
    let told = format!(
        "time x {}, load x {}, cluster x {} (thousandths), seed {}; run times and usage stay",
        by.time, by.load, by.cluster, by.seed
    );
    out.assumptions.push(assumption("scaled trace", told));
    out.finish()
}
