//! Hosts of Cook's simulator: what each has, by role.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::ReadError;
use crate::formats::documents::{Document, Documents};
use crate::formats::place::Place;
use crate::formats::survey::{Stat, Survey};

/// The most of any resource one host may have.
const MOST: u64 = 1 << 40;

/// One host.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Where it begins.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// Its name.
    pub hostname: String,
    /// What it has by resource and role, `*` for any role. Ports are ranges, not amounts.
    pub resources: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Record {
    /// How much it has of `resource`, over all roles; fractions are left off.
    pub fn amount(&self, resource: &str) -> u64 {
        let roles = self.resources.get(resource).into_iter().flatten();
        let amounts = roles.filter_map(|(_, amount)| whole(amount));
        amounts.fold(0, u64::saturating_add)
    }
}

fn whole(amount: &Value) -> Option<u64> {
    let whole = amount.as_u64();
    let whole = whole.or_else(|| amount.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64));
    whole.filter(|amount| *amount <= MOST)
}

impl Document for Record {
    const ONE: &'static str = "host";
    const MEMBER: &'static str = "hosts.json";
    const KEYS: &'static str = "keys: hostname, resources { cpus: { *: n }, mem: { *: MB } }";

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    fn check(&self) -> Result<(), ReadError> {
        for name in ["cpus", "mem", "gpus"] {
            for (role, amount) in self.resources.get(name).into_iter().flatten() {
                if whole(amount).is_none() {
                    let expected = format!("an amount from 0 to {MOST}");
                    let place = format!("key `resources.{name}.{role}`");
                    return Err(ReadError::expected(expected, amount).place(place));
                }
            }
        }
        Ok(())
    }
}

/// The hosts of a file; a bad one does not end them.
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
    hosts: u64,
    sums: [u128; 3],
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["hostname", "cpus", "mem_mb", "gpus"];

    fn row(record: &Record) -> Vec<String> {
        let amounts = ["cpus", "mem", "gpus"].map(|name| record.amount(name).to_string());
        std::iter::once(record.hostname.clone())
            .chain(amounts)
            .collect()
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.hosts += 1;
        for (sum, name) in self.sums.iter_mut().zip(["cpus", "mem", "gpus"]) {
            *sum += u128::from(record.amount(name));
        }
    }

    fn stat(self) -> Stat {
        let [cpus, mem, gpus] = self.sums.map(|sum| sum.to_string());
        Stat {
            facts: vec![
                ("hosts", self.hosts.to_string()),
                ("cpus", cpus),
                ("mem", mem),
                ("gpus", gpus),
            ],
            columns: Vec::new(),
        }
    }
}
