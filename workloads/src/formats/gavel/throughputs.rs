//! How many steps a second each type of job makes on each kind of GPU, alone and beside another.
//!
//! Source: github.com/stanford-futuredata/gavel, `scheduler/simulation_throughputs.json`
//! (Narayanan et al., OSDI 2020). One JSON object: kind of GPU, then job type with its number of
//! GPUs as Python writes a pair, then `null` for the job alone or the type of another job for the two
//! side by side.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::ReadError;
use crate::formats::documents::{Document, Documents};
use crate::formats::place::Place;
use crate::formats::survey::{Stat, Survey, tally};

/// The entries of one kind of GPU by type of job.
type Entries = BTreeMap<String, BTreeMap<String, Value>>;

/// A whole table.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(transparent)]
pub struct Record {
    /// Where it begins.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// Kinds of GPU with their entries.
    pub workers: BTreeMap<String, Entries>,
}

impl Record {
    /// Steps a second of a job of this type alone on `gpus` GPUs of this kind.
    pub fn alone(&self, worker: &str, kind: &str, gpus: u64) -> Option<f64> {
        let key = format!("('{kind}', {gpus})");
        self.workers.get(worker)?.get(&key)?.get("null")?.as_f64()
    }
}

impl Document for Record {
    const ONE: &'static str = "table of throughputs";
    const MEMBER: &'static str = "simulation_throughputs.json";
    const KEYS: &'static str = "kind of GPU: { \"('job type', GPUs)\": { null: steps a second } }";

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    fn check(&self) -> Result<(), ReadError> {
        for (worker, entries) in &self.workers {
            for (kind, speeds) in entries {
                let pair = |value: &Value| match value {
                    Value::Array(pair) => pair.len() == 2 && pair.iter().all(Value::is_number),
                    other => other.is_number(),
                };
                let sound = kind.starts_with("('")
                    && kind.ends_with(')')
                    && speeds.get("null").is_none_or(Value::is_number)
                    && speeds.values().all(pair);
                if !sound {
                    let place = format!("key `{worker}`, key `{kind}`");
                    let expected = "a pair of job type and GPUs, with numbers of steps a second";
                    return Err(ReadError::expected(expected, "something else").place(place));
                }
            }
        }
        Ok(())
    }
}

/// The tables of a file: one.
pub type Records = Documents<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Documents::open(path)
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    entries: BTreeMap<String, u64>,
    alone: u64,
    pairs: u64,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["worker_types", "entries"];

    fn row(record: &Record) -> Vec<String> {
        let entries: usize = record.workers.values().map(BTreeMap::len).sum();
        vec![record.workers.len().to_string(), entries.to_string()]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        for (worker, entries) in &record.workers {
            *self.entries.entry(worker.clone()).or_default() += entries.len() as u64;
            for speeds in entries.values() {
                let alone = speeds.contains_key("null");
                self.alone += u64::from(alone);
                self.pairs += speeds.len() as u64 - u64::from(alone);
            }
        }
    }

    fn stat(self) -> Stat {
        Stat {
            facts: vec![
                ("entries_per_worker_type", tally(&self.entries)),
                ("throughputs_alone", self.alone.to_string()),
                ("throughputs_side_by_side", self.pairs.to_string()),
            ],
            columns: Vec::new(),
        }
    }
}
