//! Gavel's lists of training jobs: steps, not seconds.
//!
//! Source: github.com/stanford-futuredata/gavel, `scheduler/traces` (Narayanan et al., OSDI 2020).
//! Tab-separated without a header: type of job, template of its command, name of its option for
//! steps, whether it needs a data folder, steps, arrival in seconds, GPUs. How long a job runs
//! depends on the GPU: steps divided by the throughput of its type ([`super::throughputs`]). The
//! command is text here and nothing runs it. Newer lists have more columns behind (priority,
//! objective); they are not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{Cell, MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::philly::MOST_GPUS;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 7] = [
    "job_type",
    "command",
    "num_steps_arg",
    "needs_data_dir",
    "total_steps",
    "arrival_time",
    "scale_factor",
];
/// The most steps of one job.
const MOST_STEPS: u64 = 1 << 50;

/// One job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// What it trains: `ResNet-18 (batch size 32)`.
    pub kind: String,
    /// The template of its command.
    pub command: String,
    /// How many steps it takes.
    pub steps: u64,
    /// When it arrived, in microseconds.
    pub arrival: u64,
    /// How many GPUs it runs on.
    pub gpus: u64,
}

/// The records of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = usize;
    const MEMBER: &'static str = "trace.trace";
    const ONE: &'static str = "job";
    const ABOUT: &'static str =
        "7 columns separated by tabs: job type, command, option, data folder, steps, arrival, GPUs";

    fn row(line: &str, layout: &mut usize) -> Result<Option<Self>, ReadError> {
        let mut columns = line.split('\t');
        let cells: [Cell<'_>; COLUMNS.len()] = std::array::from_fn(|position| {
            Cell::new(position, COLUMNS[position], columns.next().unwrap_or(""))
        });
        let found = line.split('\t').count();
        if found < COLUMNS.len() {
            let expected = format!("at least {} columns separated by tabs", COLUMNS.len());
            let error = ReadError::expected(expected, found);
            return Err(error.hint(COLUMNS.join(", ")));
        }
        *layout = found;
        let [kind, command, _, _, steps, arrival, gpus] = cells;
        Ok(Some(Self {
            place: Place::nowhere(),
            kind: kind.word("a type of job")?.to_owned(),
            command: command.text().to_owned(),
            steps: steps.round("steps", MOST_STEPS)?,
            arrival: arrival.decimal("seconds", MILLIONTHS, LATEST)?,
            gpus: gpus.round("GPUs", MOST_GPUS)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    last: u64,
    unsorted: u64,
    kinds: BTreeSet<String>,
    gpus: BTreeMap<u64, u64>,
    arrivals: Figures,
    steps: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] =
        &["job_type", "total_steps", "arrival_s", "scale_factor"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.kind.clone(),
            record.steps.to_string(),
            written(u128::from(record.arrival), MILLIONTHS),
            record.gpus.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        if record.arrival < self.last {
            self.unsorted += 1;
            let last = written(u128::from(self.last), MILLIONTHS);
            let expected = format!("a time not before the row above ({last})");
            let found = written(u128::from(record.arrival), MILLIONTHS);
            let error = ReadError::expected(expected, found);
            warn.push(record.place.of(error).place("column 6 (arrival_time)"));
        }
        self.last = record.arrival;
        self.kinds.insert(record.kind.clone());
        *self.gpus.entry(record.gpus).or_default() += 1;
        self.arrivals.push(record.arrival);
        self.steps.push(record.steps);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = *records.layout();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("jobs", self.steps.len().to_string()),
            ("columns", self.columns.to_string()),
            ("arrival_nondecreasing", yes(self.unsorted == 0)),
            ("job_types", self.kinds.len().to_string()),
            ("scale_factor", tally(&self.gpus)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("arrival_s", "millionths of a second", self.arrivals),
                Column::of("num_steps", "steps", self.steps),
            ],
        }
    }
}
