//! `OpenDC`'s tables of tasks: jobs of a cluster or virtual machines with their sizes.
//!
//! Source: github.com/atlarge-research/opendc, `workloadTraces/*/tasks.parquet`: SURF's Lisa cluster
//! and Bitbrains' machines. Parquet, or CSV with the same columns: milliseconds since 1970, the speed
//! of all cores together in MHz, memory in the unit of whoever published it. Deadlines were made up.
//! Tables of workflows have parents and children, some have GPUs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::sheets::{Item, SheetRow, Sheets};
use crate::formats::survey::{Column, Stat, Survey, tally};

/// The latest time, in milliseconds since 1970 (the year 2262).
const LATEST_MILLIS: u64 = (i64::MAX / 1_000_000) as u64;
/// The most cores of one task.
const MOST_CORES: u64 = 1 << 20;
/// The most speed or memory of one task.
const MOST: u64 = 1_000_000_000_000;

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub id: String,
    /// When it was submitted, in milliseconds since 1970.
    pub submit: u64,
    /// How long it ran, in milliseconds.
    pub duration: u64,
    /// Its cores.
    pub cores: u64,
    /// The speed of all its cores together, in millionths of a MHz.
    pub speed: u64,
    /// Its memory, in the unit of whoever published it.
    pub memory: u64,
    /// The tasks that it waits for.
    pub parents: Vec<String>,
    /// The tasks that wait for it.
    pub children: Vec<String>,
    /// Its GPUs, where the table has them.
    pub gpus: Option<u64>,
}

/// The records of a table; in CSV a bad row does not end them.
pub type Records = Sheets<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Sheets::open(path)
}

impl SheetRow for Record {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "submission_time",
        "duration",
        "cpu_count",
        "cpu_capacity",
        "mem_capacity",
        "parents",
        "children",
        "gpu_count",
    ];
    const REQUIRED: usize = 6;
    const ONE: &'static str = "task";
    const MEMBER: &'static str = "tasks.csv";

    fn row(items: &[Item], place: Place) -> Result<Self, ReadError> {
        Ok(Self {
            place,
            id: items[0].name("a task")?,
            submit: items[1].whole("milliseconds", LATEST_MILLIS)?,
            duration: items[2].whole("milliseconds", LATEST_MILLIS)?,
            cores: items[3].whole("cores", MOST_CORES)?,
            speed: items[4].decimal("MHz", MILLIONTHS, MOST)?,
            memory: items[5].whole("units of memory", MOST)?,
            parents: items[6].names()?,
            children: items[7].names()?,
            gpus: match &items[8] {
                missing if missing.is_missing() => None,
                item => Some(item.whole("GPUs", MOST_CORES)?),
            },
        })
    }
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    cores: BTreeMap<u64, u64>,
    work: u128,
    submits: Figures,
    durations: Figures,
    memory: Figures,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "id",
        "submission_time_ms",
        "duration_ms",
        "cpu_count",
        "cpu_capacity_mhz",
        "mem_capacity",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.id.clone(),
            record.submit.to_string(),
            record.duration.to_string(),
            record.cores.to_string(),
            written(u128::from(record.speed), MILLIONTHS),
            record.memory.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        *self.cores.entry(record.cores).or_default() += 1;
        self.work += u128::from(record.duration) * u128::from(record.cores);
        self.submits.push(record.submit);
        self.durations.push(record.duration);
        self.memory.push(record.memory);
    }

    fn close(&mut self, records: &Records, _: &mut Vec<ReadError>) {
        self.columns = records.columns();
    }

    fn stat(self) -> Stat {
        Stat {
            facts: vec![
                ("tasks", self.submits.len().to_string()),
                ("columns", self.columns.to_string()),
                ("cpu_count", tally(&self.cores)),
                ("core_ms", self.work.to_string()),
            ],
            columns: vec![
                Column::of("submission_time_ms", "milliseconds", self.submits),
                Column::of("duration_ms", "milliseconds", self.durations),
                Column::of("mem_capacity", "units of memory", self.memory),
            ],
        }
    }
}
