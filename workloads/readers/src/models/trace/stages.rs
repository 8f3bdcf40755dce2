//! The stages of a trace's jobs: what their tasks ask for, how long they run, what they wait for.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::Span;
use fairground_workloads::models::trace::{Left, TraceSpec};
use serde::{Deserialize, Serialize};

use super::read::Told;
use crate::canonical::Units;
use crate::canonical::tables::{Edge, Tasks, Unknown, Usage};
use crate::error::ReadError;
use crate::models::jobs::task_count;

/// How long tasks run: so many for so long, one after the other.
pub(super) type RunTimes = Vec<(u32, Span)>;

/// Tasks of one size of a job, as the trace tells of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ReadStage {
    pub(super) needs: Resources,
    pub(super) tasks: u32,
    /// The positions of those that it waits for.
    pub(super) parents: Vec<u32>,
    pub(super) times: RunTimes,
    /// The models of GPU that will do, where they are asked for and that is heeded.
    pub(super) models: Option<Vec<String>>,
}

/// What tasks of one stage must be alike in, to be one: their stage, what they need, and which GPUs will do.
type Alike = (u64, [u64; 4], Option<Vec<String>>);

/// The stages of a job, parents first. Tasks of one stage that ask for different amounts become
/// stages of their own, which wait for the same and are waited for together.
pub(super) fn stages(
    spec: &TraceSpec,
    tasks: &[Tasks],
    edges: &[Edge],
    units: &Units,
    told: &mut Told,
) -> Result<Vec<ReadStage>, Left> {
    let mut sizes: BTreeMap<Alike, (u64, RunTimes)> = BTreeMap::new();
    for row in tasks.iter().filter(|row| row.count > 0) {
        let Some(run) = run_of(spec, row, told) else {
            continue;
        };
        let needs = needs(spec, row, units, told);
        let models = models(spec, row, told);
        let alike = (row.stage, needs.units(), models);
        let (tasks, times) = sizes.entry(alike).or_default();
        *tasks = tasks.saturating_add(row.count);
        task_count(*tasks).map_err(|_| Left::TooMany)?;
        times.push((row.count as u32, run));
    }
    let mut parents: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for (stage, ..) in sizes.keys() {
        parents.entry(*stage).or_default();
    }
    for edge in edges {
        // A parent without tasks has nothing to wait for.
        if parents.contains_key(&edge.parent) && parents.contains_key(&edge.stage) {
            parents.entry(edge.stage).or_default().insert(edge.parent);
        }
    }
    let mut places: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    let mut stages = Vec::with_capacity(sizes.len());
    while places.len() < parents.len() {
        let ready = |(stage, waits): &(&u64, &BTreeSet<u64>)| {
            !places.contains_key(stage) && waits.iter().all(|one| places.contains_key(one))
        };
        let ready: Vec<u64> = parents
            .iter()
            .filter(ready)
            .map(|(stage, _)| *stage)
            .collect();
        if ready.is_empty() {
            return Err(Left::Loop);
        }
        for stage in ready {
            let waits = parents[&stage].iter().flat_map(|one| places[one].clone());
            let waits: Vec<u32> = waits.collect();
            let mine = sizes.range((stage, [0; 4], None)..);
            let mine = mine.take_while(|((of, ..), _)| *of == stage);
            let mut here = Vec::new();
            for ((_, needs, models), (tasks, times)) in mine {
                here.push(stages.len() as u32);
                stages.push(ReadStage {
                    needs: Resources::from_units(*needs),
                    tasks: *tasks as u32,
                    parents: waits.clone(),
                    times: times.clone(),
                    models: models.clone(),
                });
            }
            places.insert(stage, here);
        }
    }
    Ok(stages)
}

/// The models of GPU that will do for a task, in the words of the source; nothing where any will.
fn models(spec: &TraceSpec, row: &Tasks, told: &mut Told) -> Option<Vec<String>> {
    let models = gpu_models(row)?;
    if spec.gpu_models {
        return Some(models);
    }
    told.models += row.count;
    None
}

/// The models of GPU that a task with GPUs asks for, in order; nothing where it asks for none.
pub fn gpu_models(row: &Tasks) -> Option<Vec<String>> {
    let asked = row.model.as_ref().filter(|_| row.gpus.unwrap_or(0) > 0)?;
    let models = asked.split('|').map(str::trim_ascii);
    let models: BTreeSet<&str> = models.filter(|model| !model.is_empty()).collect();
    let models: Vec<String> = models.into_iter().map(str::to_owned).collect();
    Some(models).filter(|models| !models.is_empty())
}

/// How long a task runs; nothing for one that never did.
fn run_of(spec: &TraceSpec, row: &Tasks, told: &mut Told) -> Option<Span> {
    let (count, known) = match (row.unknown, row.run) {
        (Some(Unknown::Unstarted), _) => {
            told.unstarted += row.count;
            return None;
        }
        (Some(Unknown::Damaged), _) => (&mut told.damaged, None),
        (Some(Unknown::Censored), None) => (&mut told.open, None),
        (Some(Unknown::Censored), run) => (&mut told.censored, run),
        (None, None) => (&mut told.run, None),
        (None, Some(0)) => (&mut told.zero, Some(0)),
        (None, run) => return run.map(Span::from_micros),
    };
    *count += row.count;
    Some(known.map_or(spec.run, |run| Span::from_micros(run.max(1))))
}

/// What a task asks for, and what the model adds.
fn needs(spec: &TraceSpec, row: &Tasks, units: &Units, told: &mut Told) -> Resources {
    let part = |amount: u64, whole: u64, largest: u64, relative: bool| {
        if !relative {
            return amount.min(Resources::MAX_UNITS);
        }
        let amount = (u128::from(amount) * u128::from(largest)).div_ceil(u128::from(whole));
        u64::try_from(amount)
            .unwrap_or(u64::MAX)
            .min(Resources::MAX_UNITS)
    };
    told.cpus += if row.cpus.is_none() { row.count } else { 0 };
    told.memory += if row.memory.is_none() { row.count } else { 0 };
    let cpus = row.cpus.map_or(spec.cpus.0, |cpus| {
        let relative = units.cpus_whole > 1000;
        part(cpus, units.cpus_whole, spec.largest_cpus.0, relative)
    });
    let mem = row.memory.map_or(spec.mem.0, |memory| {
        let relative = units.memory_whole > 1;
        part(memory, units.memory_whole, spec.largest_mem.0, relative)
    });
    // A task that asks for nothing at all would fit anywhere any number of times.
    let cpus = if cpus == 0 && mem == 0 { 1 } else { cpus };
    let gpus = row.gpus.unwrap_or(0).min(Resources::MAX_UNITS);
    Resources::new(Millicores(cpus), Mebibytes(mem)).with_gpus(Milligpus(gpus))
}

/// The rows of a table, job after job.
pub(super) struct Group<I: Iterator> {
    rows: std::iter::Peekable<I>,
}

pub(super) trait OfJob {
    fn job(&self) -> u64;
}

impl OfJob for Tasks {
    fn job(&self) -> u64 {
        self.job
    }
}

impl OfJob for Edge {
    fn job(&self) -> u64 {
        self.job
    }
}

impl OfJob for Usage {
    fn job(&self) -> u64 {
        self.job
    }
}

/// What a job used on average over all of its readings, in millionths of what it had.
pub(super) fn mean_use(readings: &[Usage]) -> Option<u32> {
    // A reading of no length is one of a moment.
    let weight = |one: &Usage| u128::from(one.length.max(1));
    let length: u128 = readings.iter().map(weight).sum();
    let used: u128 = readings
        .iter()
        .map(|one| u128::from(one.cpus) * weight(one))
        .sum();
    let mean = used.checked_div(length)?;
    Some(u32::try_from(mean).unwrap_or(u32::MAX).min(MOST_USED))
}

/// No job is taken to use more than this, in millionths of what it has.
const MOST_USED: u32 = 1_000_000_000;

impl<T: OfJob, I: Iterator<Item = Result<T, ReadError>>> Group<I> {
    pub(super) fn new(rows: I) -> Self {
        let rows = rows.peekable();
        Self { rows }
    }

    /// The rows of a job; jobs must be asked for in the order of their numbers.
    pub(super) fn of(&mut self, job: u64) -> Result<Vec<T>, ReadError> {
        let mut rows = Vec::new();
        let here = |row: &Result<T, ReadError>| row.as_ref().map_or(true, |row| row.job() <= job);
        while let Some(row) = self.rows.next_if(here) {
            let row = row?;
            if row.job() == job {
                rows.push(row);
            }
        }
        Ok(rows)
    }
}
