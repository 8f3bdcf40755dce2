//! The machines of a trace, read under the model of what it does not say ([`MachinesSpec`]).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::Time;
use fairground_workloads::models::machines::{Life, Machines, MachinesSpec};

use crate::canonical::tables::{Change, Machine};
use crate::canonical::{Imports, Opened, Units};
use crate::error::ReadError;
use crate::formats::ReadAs;
use crate::models::arrivals::assumption;
use crate::trace::Assumption;

/// What the machines of a trace say.
#[derive(Default)]
struct Told {
    /// Whether any says its processors, or its memory; where none does, the model speaks for all.
    cpus: bool,
    mem: bool,
    /// Those that have no capacity; however often one changes, it is one.
    without: BTreeSet<u64>,
}

impl Told {
    fn of(trace: &Opened) -> Result<Self, ReadError> {
        let mut told = Self::default();
        let mut hear = |cpus: Option<u64>, mem: Option<u64>| {
            told.cpus |= cpus.is_some();
            told.mem |= mem.is_some();
        };
        for row in trace.rows::<Machine>()? {
            let row = row?;
            hear(row.cpus, row.memory);
        }
        for row in trace.rows::<Change>()? {
            let row = row?;
            hear(row.cpus, row.memory);
        }
        Ok(told)
    }
}

/// Reads the machines; the path is relative to `folder`.
pub(crate) fn load(
    spec: &MachinesSpec,
    folder: &Path,
    imports: &mut Imports,
) -> Result<Machines, ReadError> {
    spec.check()?;
    let (trace, inputs) = imports.open(
        folder,
        &spec.file,
        ReadAs::said(spec.format.as_deref(), "")?,
    )?;
    let units = &trace.manifest.units;
    let mut told = Told::of(&trace)?;
    let mut lives: BTreeMap<u64, Life> = BTreeMap::new();
    let mut platforms = BTreeSet::new();
    for row in trace.rows::<Machine>()? {
        let row = row?;
        let gpus = Milligpus(row.gpus.unwrap_or(0).min(Resources::MAX_UNITS));
        let size = size(spec, row.id, (row.cpus, row.memory), units, &mut told);
        let life = Life {
            size: size.map(|size| size.with_gpus(gpus)),
            gpus,
            model: row.platform.clone().filter(|_| gpus.0 > 0),
            changes: Vec::new(),
        };
        lives.insert(row.id, life);
        platforms.extend(row.platform);
    }
    for row in trace.rows::<Change>()? {
        let row = row?;
        let Some(life) = lives.get_mut(&row.machine) else {
            continue;
        };
        let up = row.kind != "down";
        let amounts = (row.cpus, row.memory);
        let size = up.then(|| size(spec, row.machine, amounts, units, &mut told));
        let size = size.flatten().map(|size| size.with_gpus(life.gpus));
        life.changes.push((Time::from_micros(row.time), size));
    }
    if lives.is_empty() {
        let error = ReadError::expected("machines in the trace", "none");
        return Err(error.file(&spec.file));
    }
    let has_some =
        |life: &Life| life.size.is_some() || life.changes.iter().any(|(_, size)| size.is_some());
    if !lives.values().any(has_some) {
        let error = ReadError::expected("a machine with processors and memory", "none");
        return Err(error.file(&spec.file));
    }
    for life in lives.values_mut() {
        life.changes.sort_by_key(|(time, _)| *time);
    }
    let mut assumptions = trace.manifest.assumptions.clone();
    assumptions.extend(assumed(spec, &told, lives.len(), units));
    Ok(Machines {
        spec: spec.clone(),
        lives: lives.into_values().collect(),
        platforms,
        assumptions,
        inputs,
    })
}

fn assumed(spec: &MachinesSpec, told: &Told, machines: usize, units: &Units) -> Vec<Assumption> {
    let mut assumptions = Vec::new();
    let (cpus, mem) = (spec.cpus, spec.mem);
    if !told.cpus {
        let model = Resources::new(cpus, Mebibytes(0));
        let model = format!("{model} each ({machines} in the trace)");
        assumptions.push(assumption("processors of machines that do not say", model));
    }
    if !told.mem {
        let model = Resources::new(Millicores(0), mem);
        let model = format!("{model} each ({machines} in the trace)");
        assumptions.push(assumption("memory of machines that do not say", model));
    }
    if !told.without.is_empty() {
        let model = format!(
            "{} in the trace; nothing is placed there while they say no processors or no memory",
            told.without.len()
        );
        assumptions.push(assumption("machines without capacity", model));
    }
    if units.relative {
        let largest = Resources::new(spec.largest_cpus, spec.largest_mem);
        assumptions.push(assumption("the largest machine", format!("{largest}")));
    }
    assumptions
}

/// What a machine has; nothing if it has no processors or no memory, as one that does not say what
/// others do.
fn size(
    spec: &MachinesSpec,
    machine: u64,
    (cpus, mem): (Option<u64>, Option<u64>),
    units: &Units,
    told: &mut Told,
) -> Option<Resources> {
    let part = |amount: u64, whole: u64, largest: u64| {
        let amount = u128::from(amount) * u128::from(largest) / u128::from(whole.max(1));
        u64::try_from(amount)
            .unwrap_or(u64::MAX)
            .clamp(1, Resources::MAX_UNITS)
    };
    if (told.cpus && cpus.unwrap_or(0) == 0) || (told.mem && mem.unwrap_or(0) == 0) {
        told.without.insert(machine);
        return None;
    }
    let cpus = cpus.map_or(spec.cpus.0, |cpus| match units.cpus_whole {
        0..=1000 => cpus.clamp(1, Resources::MAX_UNITS),
        whole => part(cpus, whole, spec.largest_cpus.0),
    });
    let mem = mem.map_or(spec.mem.0, |mem| match units.memory_whole {
        0..=1 => mem.clamp(1, Resources::MAX_UNITS),
        whole => part(mem, whole, spec.largest_mem.0),
    });
    Some(Resources::new(Millicores(cpus), Mebibytes(mem)))
}
