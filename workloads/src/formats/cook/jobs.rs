//! Jobs of Cook's simulator: who submitted what when, and how long it runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::ReadError;
use crate::formats::documents::{Document, Documents};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::survey::{Column, Stat, Survey, tally};

/// The farthest a time may lie from zero, in milliseconds (a hundred years).
const FARTHEST: i64 = 3_155_760_000_000;
/// The most of any resource one job may ask for.
const MOST: f64 = 1e12;

/// One job.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Where it begins.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// Its name.
    #[serde(rename = "job/uuid")]
    pub uuid: String,
    /// Who submitted it.
    #[serde(rename = "job/user")]
    pub user: String,
    /// Its priority within the user's jobs.
    #[serde(rename = "job/priority", default)]
    pub priority: Option<i64>,
    /// The jobs it belongs to.
    #[serde(rename = "job/group", default)]
    pub group: Option<String>,
    /// When it is submitted, in milliseconds; may lie before zero.
    #[serde(rename = "submit-time-ms")]
    pub submit: i64,
    /// How long it runs, in milliseconds.
    #[serde(rename = "run-time-ms")]
    pub run: i64,
    /// What it asks for.
    #[serde(rename = "job/resource")]
    pub resources: Vec<Amount>,
}

/// An amount of one resource.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Amount {
    /// Which: `resource.type/cpus`, `resource.type/mem` (MB), `resource.type/gpus`.
    #[serde(rename = "resource/type", alias = "type")]
    pub kind: String,
    /// How much.
    #[serde(rename = "resource/amount", alias = "amount")]
    pub amount: f64,
}

impl Record {
    /// How much it asks for of the resource called `name`, in millionths.
    pub fn amount(&self, name: &str) -> u64 {
        let of = |amount: &&Amount| amount.kind.rsplit('/').next() == Some(name);
        let amounts = self.resources.iter().filter(of);
        let amounts = amounts.map(|amount| libm::round(amount.amount * 1e6) as u64);
        amounts.fold(0, u64::saturating_add)
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "trace.json";
    const KEYS: &'static str =
        "keys: job/uuid, job/user, submit-time-ms, run-time-ms, job/resource[{type, amount}]";

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    fn check(&self) -> Result<(), ReadError> {
        if !(-FARTHEST..=FARTHEST).contains(&self.submit) {
            let expected = "a time within a hundred years of zero";
            return Err(ReadError::expected(expected, self.submit).place("key `submit-time-ms`"));
        }
        if !(0..=FARTHEST).contains(&self.run) {
            let expected = "a run time of at most a hundred years";
            return Err(ReadError::expected(expected, self.run).place("key `run-time-ms`"));
        }
        let wrong = self
            .resources
            .iter()
            .find(|a| !(0.0..=MOST).contains(&a.amount));
        match wrong {
            Some(wrong) => {
                let error = ReadError::expected("an amount from 0 to 10^12", wrong.amount);
                Err(error.place("key `job/resource`"))
            }
            None => Ok(()),
        }
    }
}

/// The jobs of a file; a bad one does not end them.
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
    users: BTreeMap<String, u64>,
    millionths: [u128; 3],
    submits: Figures,
    runs: Figures,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "uuid",
        "user",
        "submit_time_ms",
        "run_time_ms",
        "cpus",
        "mem_mb",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.uuid.clone(),
            record.user.clone(),
            record.submit.to_string(),
            record.run.to_string(),
            millionths(u128::from(record.amount("cpus"))),
            millionths(u128::from(record.amount("mem"))),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        *self.users.entry(record.user.clone()).or_default() += 1;
        for (sum, name) in self.millionths.iter_mut().zip(["cpus", "mem", "gpus"]) {
            *sum += u128::from(record.amount(name));
        }
        self.submits.push_signed(record.submit);
        self.runs.push_signed(record.run);
    }

    fn stat(self) -> Stat {
        let [cpus, mem, gpus] = self.millionths.map(millionths);
        Stat {
            facts: vec![
                ("jobs", self.runs.len().to_string()),
                ("users", tally(&self.users)),
                ("cpus_sum", cpus),
                ("mem_sum", mem),
                ("gpus_sum", gpus),
            ],
            columns: vec![
                Column::of("submit_time_ms", "milliseconds", self.submits),
                Column::of("run_time_ms", "milliseconds", self.runs),
            ],
        }
    }
}

fn millionths(amount: u128) -> String {
    crate::formats::cells::written(amount, crate::formats::cells::MILLIONTHS)
}
