//! How many steps a second each type of job makes on each kind of GPU, alone and beside another.
//!
//! Source: github.com/stanford-futuredata/gavel, `scheduler/simulation_throughputs.json`
//! (Narayanan et al., OSDI 2020). One JSON object: kind of GPU, then job type with its number of
//! GPUs as Python writes a pair, then `null` for the job alone or the type of another job for the two
//! side by side.

use serde::Deserialize;
use serde_json::Value;

use crate::formats::prelude::*;

/// The entries of one kind of GPU by type of job.
type Entries = BTreeMap<String, BTreeMap<String, Value>>;

pub(crate) const FORM: Form = Form {
    about: "steps a second of each type of job on each GPU, JSON (Gavel)",
    signs: &[Holds("\"('"), Named("throughputs")],
    import: Err("it holds speeds and no jobs; import the jobs"),
    samples: &[r#"{
    "k80": {
        "('ResNet-18 (batch size 16)', 1)": {
            "null": 4.795, "('ResNet-18 (batch size 32)', 1)": [2.5, 3.1]
        }
    },
    "v100": {}
}
"#],
    ..Form::of::<Documents<Record>>()
};

/// A whole table.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(transparent)]
pub struct Record {
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

shows! { Record: |one|
    "worker_types": one.workers.len(),
    "entries": one.workers.values().map(BTreeMap::len).sum::<usize>(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        for (worker, entries) in &self.workers {
            seen.tally_by("entries_per_worker_type", worker, entries.len() as u64);
        }
        let speeds = self.workers.values().flat_map(BTreeMap::values);
        let alone = speeds.clone().filter(|speeds| speeds.contains_key("null"));
        let (alone, all) = (alone.count(), speeds.map(BTreeMap::len).sum::<usize>());
        seen.tally("entries_per_worker_type", None::<&str>);
        seen.sum("throughputs_alone", alone as u64);
        seen.sum("throughputs_side_by_side", (all - alone) as u64);
    }
}
