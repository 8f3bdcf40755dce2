//! Microsoft's ITP clusters, 2021: training jobs of ten clusters, published with `ElasticFlow`.
//!
//! Source: github.com/microsoft/elasticflow-traces (Gu et al., ASPLOS 2023). One CSV file a cluster
//! with a header: job, seconds from the beginning to its submission, run time in seconds, GPUs. The
//! archive has all clusters in it and is read as it is; so are one file and a folder of them.

use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::philly::MOST_GPUS;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 4] = ["job_id", "submission_time", "duration", "num_gpu"];

/// One job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands; of a folder, the file is the cluster.
    pub place: Place,
    /// Its name.
    pub job: String,
    /// When it was submitted, in seconds.
    pub submit: u64,
    /// How long it ran, in seconds.
    pub duration: u64,
    /// How many GPUs it had.
    pub gpus: u64,
}

/// The records of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format, a folder of its parts or their archive.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Table<4>;
    const MEMBER: &'static str = "cluster.csv";
    const ONE: &'static str = "job";
    const ABOUT: &'static str = "columns: job_id, submission_time, duration, num_gpu";
    const PARTS: bool = true;
    const MEMBERS: Option<&'static str> = Some(".csv");
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<4>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<4>) -> Result<Option<Self>, ReadError> {
        let [job, submit, duration, gpus] = table.cells(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            job: job.word("a job")?.to_owned(),
            submit: submit.round("seconds", LATEST)?,
            duration: duration.round("seconds", LATEST)?,
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
    submits: Figures,
    durations: Figures,
    gpus: Figures,
    work: u128,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &COLUMNS;

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.job.clone(),
            record.submit.to_string(),
            record.duration.to_string(),
            record.gpus.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.submits.push(record.submit);
        self.durations.push(record.duration);
        self.gpus.push(record.gpus);
        self.work += u128::from(record.duration) * u128::from(record.gpus);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let hours = (self.work * 1_000_000 + 1800) / 3600;
        let mut facts = vec![
            ("jobs", self.gpus.len().to_string()),
            ("gpu_s", self.work.to_string()),
            ("gpu_hours", written(hours, MILLIONTHS)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("submission_time_s", "seconds", self.submits),
                Column::of("duration_s", "seconds", self.durations),
                Column::of("num_gpu", "GPUs", self.gpus),
            ],
        }
    }
}
