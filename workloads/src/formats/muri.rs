//! Virtual clusters of Philly as Muri replays them: real jobs with made-up models.
//!
//! Source: github.com/Rivendile/Muri, `simulator/trace-data` (Zhao et al., SIGCOMM 2022). CSV with
//! a header; times in milliseconds. Submission, GPUs and duration are Philly's; model, batch size,
//! iterations and what an iteration takes of GPU, CPU and storage were drawn by the authors.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::MILLIONTHS;
use crate::formats::figures::Figures;
use crate::formats::philly::MOST_GPUS;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 9] = [
    "job_id",
    "num_gpu",
    "submit_time",
    "duration",
    "model_name",
    "iterations",
    "batch_size",
    "iteration_time",
    "priority",
];
/// The latest time and the most iterations: a hundred years of milliseconds.
const MOST_MILLIS: u64 = LATEST * 1000;

/// One job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its number.
    pub job: u64,
    /// How many GPUs it has.
    pub gpus: u64,
    /// When it was submitted, in milliseconds.
    pub submit: u64,
    /// How long it ran, in milliseconds.
    pub duration: u64,
    /// The model it is said to train.
    pub model: String,
    /// How often.
    pub iterations: Option<u64>,
    /// What one iteration takes, in millionths of a millisecond.
    pub iteration: Option<u64>,
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
    type Layout = Table<9>;
    const MEMBER: &'static str = "trace.csv";
    const ONE: &'static str = "job";
    const ABOUT: &'static str = "columns: job_id, num_gpu, submit_time, duration, model_name, ...";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<9>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, 4)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<9>) -> Result<Option<Self>, ReadError> {
        let [
            job_id,
            num_gpu,
            submit_time,
            duration,
            model_name,
            iterations,
            _,
            iteration_time,
            _,
        ] = table.cells(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            job: job_id.round("a job number", u64::from(u32::MAX))?,
            gpus: num_gpu.round("GPUs", MOST_GPUS)?,
            submit: submit_time.round("milliseconds", MOST_MILLIS)?,
            duration: duration.round("milliseconds", MOST_MILLIS)?,
            model: model_name.text().to_owned(),
            iterations: iterations.maybe(|cell| cell.round("iterations", MOST_MILLIS))?,
            iteration: iteration_time
                .maybe(|cell| cell.decimal("milliseconds", MILLIONTHS, LATEST))?,
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
    gpus: BTreeMap<u64, u64>,
    models: BTreeMap<String, u64>,
    submits: Figures,
    durations: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "job_id",
        "num_gpu",
        "submit_time_ms",
        "duration_ms",
        "model",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.job.to_string(),
            record.gpus.to_string(),
            record.submit.to_string(),
            record.duration.to_string(),
            record.model.clone(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        if record.submit < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the row above ({})", self.last);
            let error = ReadError::expected(expected, record.submit);
            warn.push(record.place.of(error).place("column submit_time"));
        }
        self.last = record.submit;
        *self.gpus.entry(record.gpus).or_default() += 1;
        *self.models.entry(record.model.clone()).or_default() += 1;
        self.submits.push(record.submit);
        self.durations.push(record.duration);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("jobs", self.submits.len().to_string()),
            ("columns", self.columns.to_string()),
            ("submit_nondecreasing", yes(self.unsorted == 0)),
            ("num_gpu", tally(&self.gpus)),
            ("models", tally(&self.models)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("submit_time_ms", "milliseconds", self.submits),
                Column::of("duration_ms", "milliseconds", self.durations),
            ],
        }
    }
}
